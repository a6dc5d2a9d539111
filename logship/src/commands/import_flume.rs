//! `comptoir-logship import-flume`.

use crate::cli::Outcome;
use crate::flume::{Positions, Properties, import};
use crate::sources::SourcesFile;
use anyhow::Context;
use comptoir_config::host_name;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Turn the configuration of a Flume agent into logship.toml
///
/// Reads taildir, exec `tail -F` and spooldir sources and HDFS sinks. What has no equal is said on
/// stderr, with its line and the reason, and of each file in taildir's position file how far Flume
/// came.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 written, 1 nothing in it can be shipped, or a file can't be read or written

Examples:
  comptoir-logship import-flume /etc/flume/flume.conf
      shows what becomes of it
  comptoir-logship import-flume /etc/flume/flume.conf -o logship.toml
  comptoir-logship ship --sources logship.toml"
)]
pub struct ImportFlumeArgs {
    /// The properties of the agent
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where to write to; a file that is there stays [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The position file of a taildir source [default: those that the agent names, where they are]
    #[arg(long, value_name = "FILE")]
    position: Option<PathBuf>,
}

pub(crate) fn run(args: &ImportFlumeArgs) -> anyhow::Result<Outcome> {
    let from = args.file.display();
    let text = std::fs::read_to_string(&args.file).with_context(|| format!("can't read {from}"));
    let text = text.map_err(|error| anyhow::anyhow!("{error:#}"))?;
    let imported = import(&Properties::parse(&text));
    let mut said = io::stderr().lock();
    for (line, property, why) in &imported.no_equal {
        writeln!(said, "{from}:{line}: {property}: {why}")?;
    }
    if imported.sources.is_empty() {
        anyhow::bail!(
            "{from} has no source that can be shipped\nhint: taildir, exec with `tail -F` and spooldir are"
        );
    }
    for path in position_files(args, &imported.position_files) {
        for note in Positions::read(&path)?.notes() {
            writeln!(said, "{}: {note}", path.display())?;
        }
    }
    let toml = imported.to_toml(&from.to_string());
    // What we write, we take.
    let output = args.output.as_deref().unwrap_or(Path::new("logship.toml"));
    SourcesFile::parse(output, &toml, &host_name())
        .map_err(|error| anyhow::anyhow!("{from} can't be taken over as it is: {error}"))?;
    match &args.output {
        None => io::stdout().lock().write_all(toml.as_bytes())?,
        Some(path) => write_new(path, &toml)
            .map_err(|error| anyhow::anyhow!("can't write {}: {error}", path.display()))?,
    }
    Ok(Outcome::Fine)
}

fn position_files(args: &ImportFlumeArgs, named: &[PathBuf]) -> Vec<PathBuf> {
    match &args.position {
        Some(path) => vec![path.clone()],
        // The configuration may be read on another machine than the agent's.
        None => named.iter().filter(|path| path.exists()).cloned().collect(),
    }
}

fn write_new(path: &Path, toml: &str) -> io::Result<()> {
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)?;
    file.write_all(toml.as_bytes())
}
