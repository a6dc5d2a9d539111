//! `comptoir-sample`: writes `sales_data_sample.csv`.

use anyhow::Context as _;
use clap::Parser;
use comptoir_sample::{DEFAULT_SEED, generate, write_csv};
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::PathBuf;

/// Write invented order lines as CSV: the same seed gives the same file
#[derive(Parser)]
#[command(
    version,
    after_help = "Examples:\n  comptoir-sample --output datasets/sales_data_sample.csv\n  comptoir-sample --seed 7 | head"
)]
struct Args {
    /// Another seed gives other customers, orders and prices of the same shape
    #[arg(long, default_value_t = DEFAULT_SEED)]
    seed: u64,
    /// The file to write; standard output without it
    #[arg(long, short)]
    output: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let rows = generate(args.seed);
    match &args.output {
        None => write_csv(&rows, io::stdout().lock()).context("standard output"),
        Some(path) => {
            let context = || path.display().to_string();
            let mut file = BufWriter::new(File::create(path).with_context(context)?);
            write_csv(&rows, &mut file).with_context(context)?;
            file.flush().with_context(context)
        }
    }
}
