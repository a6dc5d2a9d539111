//! `comptoir-logship status`.

use crate::cli::Outcome;
use crate::ship::lag_seconds;
use comptoir_config::{Key, Settings, Sources, clock};
use comptoir_model::api::logs::{LogSource, LogsSummary, ShipState};
use std::io::{self, Write};
use std::time::Duration;

const ASK_MAX: Duration = Duration::from_secs(10);

/// Ask the running shipper how far each log is
///
/// Of each log: its state, how many bytes are durable in the lake, how many wait and since when,
/// where the next one stands in the file, the open piece, gap records, and the last error.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 all logs are shipped, 1 some are not, or no shipper answers, 2 wrong arguments or settings

Examples:
  comptoir-logship status
  comptoir-logship status --listen 127.0.0.1:8082 --json"
)]
pub struct StatusArgs {
    /// Where the shipper answers [default: `logship.listen`]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Print what the shipper answers, as JSON
    #[arg(long)]
    json: bool,
}

impl StatusArgs {
    pub(crate) fn add_to(&self, sources: Sources) -> Sources {
        sources.flag(Key::LogshipListen, "--listen", self.listen.as_ref())
    }
}

pub(crate) async fn run(args: &StatusArgs, settings: &Settings) -> anyhow::Result<Outcome> {
    let url = format!(
        "http://{}/api/v1/logs/summary?limit=0",
        settings.logship.listen
    );
    let summary = ask(&url).await.map_err(|error| {
        anyhow::anyhow!(
            "no shipper answers on {}: {error}\nhint: start one with `comptoir-logship ship`, or name its address with --listen",
            settings.logship.listen
        )
    })?;
    let mut out = io::stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&summary)?)?;
    } else {
        print(&summary, &mut out)?;
    }
    let is_shipped = |source: &LogSource| source.state == ShipState::Shipping;
    Ok(if summary.sources.iter().all(is_shipped) {
        Outcome::Fine
    } else {
        Outcome::SomeNotShipped
    })
}

async fn ask(url: &str) -> reqwest::Result<LogsSummary> {
    let client = reqwest::Client::builder()
        .timeout(ASK_MAX)
        .no_proxy()
        .build()?;
    let answer = client.get(url).send().await?.error_for_status()?;
    answer.json().await
}

fn print(summary: &LogsSummary, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "{:<10} {:>14} {:>12} {:>7} {:>14} {:>5}  source",
        "state", "bytes", "lag", "lag_s", "position", "gaps"
    )?;
    for source in &summary.sources {
        writeln!(
            out,
            "{:<10} {:>14} {:>12} {:>7} {:>14} {:>5}  {}",
            word(source.state),
            source.bytes,
            source.lag_bytes,
            lag_seconds(source, clock::now()),
            source.position,
            source.gaps,
            source.name
        )?;
        if let Some(piece) = &source.piece {
            writeln!(out, "           piece {piece}")?;
        }
        if let Some(error) = &source.last_error {
            let (first, _) = error
                .message
                .split_once('\n')
                .unwrap_or((&error.message, ""));
            writeln!(out, "           last error {:.0}: {first}", error.time)?;
        }
    }
    Ok(())
}

fn word(state: ShipState) -> &'static str {
    match state {
        ShipState::Recovering => "recovering",
        ShipState::Shipping => "shipping",
        ShipState::WaitingForSource => "no file",
        ShipState::WaitingForLake => "no lake",
        ShipState::Superseded => "superseded",
    }
}
