//! `comptoir-speed simulate`.

use crate::cli::{Outcome, TransportArgs};
use crate::simulate::{
    CatalogChoice, Extent, Hurry, Rate, Shape, Share, Shares, SimulateRequest, load_catalog, print,
    run as simulate,
};
use clap::{ArgGroup, ValueEnum};
use comptoir_config::{Settings, Sources, clock, stopped};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use std::io::{BufWriter, Write};

/// Send made-up events, as the tills of a shop would
///
/// Orders of one or more lines by customers of whom a few buy often; a pending line is decided
/// later and a paid one may be paid back, each by an event of its own. The rate is the mean of a
/// day: mornings, noon and evenings differ by the shop's time zone, unless --steady. The same
/// seed, start and catalog give the same bytes; ids are never used twice by two runs.
#[derive(Debug, clap::Args)]
#[command(
    group = ArgGroup::new("extent").multiple(true),
    after_help = "Examples:
  comptoir-speed simulate --rate 50
  comptoir-speed simulate --catalog payments --steady --rate 500 --seconds 60
  comptoir-speed simulate --transport kafka:127.0.0.1:9092 --fast --rows 5000000 --rate 2000
  comptoir-speed simulate --print --rows 1000 | comptoir-speed check
  comptoir-speed simulate --late 10 --duplicates 5 --malformed 1"
)]
pub struct SimulateArgs {
    #[command(flatten)]
    transport: TransportArgs,

    /// Events per second, down to 0.001
    #[arg(long, value_name = "N", default_value = "10")]
    rate: Rate,

    /// Always the same rate, whatever the hour
    #[arg(long)]
    steady: bool,

    /// As fast as the transport takes them; their times still follow the rate, and end about now
    #[arg(long, requires = "extent")]
    fast: bool,

    /// Print the events, one a line, instead of sending them
    #[arg(long, requires = "extent", conflicts_with_all = ["transport", "topic"])]
    print: bool,

    /// Stop after so many events
    #[arg(long, value_name = "N", group = "extent")]
    rows: Option<u64>,

    /// Stop after so many seconds
    #[arg(long, value_name = "N", group = "extent")]
    seconds: Option<u32>,

    /// Of all draws [default: another one each time; the log says which]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// The time of the first event, like 2026-11-21T14:00:00Z [default: now]
    #[arg(long, value_name = "TIME")]
    start: Option<Timestamp>,

    /// What is sold, to whom and where
    #[arg(long, value_name = "NAME", default_value = "erp")]
    catalog: CatalogName,

    /// Percents of events that are sent 2 minutes to 30 hours after they happened
    #[arg(long, value_name = "PERCENTS", default_value = "1")]
    late: Share,

    /// Percents of records that are sent again
    #[arg(long, value_name = "PERCENTS", default_value = "0.5")]
    duplicates: Share,

    /// Percents of records that are damaged, in sixteen ways
    #[arg(long, value_name = "PERCENTS", default_value = "0.02")]
    malformed: Share,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum CatalogName {
    /// The products, customers and countries of the newest import in the lake
    Erp,
    /// Groceries, electronics and travel in French cities, 5 to 750 EUR
    Payments,
}

impl SimulateArgs {
    pub(crate) fn add_to(&self, sources: Sources) -> Sources {
        self.transport.add_to(sources)
    }

    fn request(&self, settings: &Settings) -> SimulateRequest {
        let any_seed = || u64::from(clock::random_u32()) << 32 | u64::from(clock::random_u32());
        SimulateRequest {
            seed: self.seed.unwrap_or_else(any_seed),
            catalog: match self.catalog {
                CatalogName::Erp => CatalogChoice::Erp,
                CatalogName::Payments => CatalogChoice::Payments,
            },
            rate: self.rate,
            shape: if self.steady {
                Shape::Steady
            } else {
                Shape::Daily(settings.shop.time_zone.clone())
            },
            shares: Shares {
                late: self.late,
                duplicates: self.duplicates,
                malformed: self.malformed,
            },
            extent: Extent {
                rows: self.rows,
                seconds: self.seconds,
            },
            hurry: if self.fast || self.print {
                Hurry::Fast
            } else {
                Hurry::Paced
            },
            start: self.start,
        }
    }
}

pub(crate) async fn run(args: &SimulateArgs, settings: &Settings) -> anyhow::Result<Outcome> {
    if args.print {
        let request = args.request(settings);
        let catalog = load_catalog(request.catalog, settings).await?;
        print(
            request,
            catalog,
            &mut BufWriter::new(std::io::stdout().lock()),
        )?;
        return Ok(Outcome::Fine);
    }
    let stopped = stopped()?;
    let progress = progress_bar(args.rows);
    let sent = |rows| progress.set_position(rows);
    let simulated = simulate(settings, args.request(settings), sent, stopped).await;
    progress.finish_and_clear();
    let simulated = simulated?;
    writeln!(
        std::io::stdout(),
        "{} records, {} bytes",
        simulated.rows,
        simulated.bytes
    )?;
    Ok(Outcome::Fine)
}

/// On a terminal; draws nothing elsewhere.
pub(super) fn progress_bar(rows: Option<u64>) -> ProgressBar {
    let (bar, template) = match rows {
        Some(rows) => (
            ProgressBar::new(rows),
            "{spinner} {wide_bar} {human_pos}/{human_len} records, {per_sec}, {elapsed}",
        ),
        None => (
            ProgressBar::new_spinner(),
            "{spinner} {human_pos} records, {per_sec}, {elapsed}",
        ),
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
