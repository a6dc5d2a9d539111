//! `comptoir-speed replay`.

use super::simulate::progress_bar;
use crate::cli::{Outcome, TransportArgs};
use crate::replay::{Passes, ReplayRequest, run as replay};
use crate::simulate::Rate;
use comptoir_config::{Settings, Sources, stopped};
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

/// Send the rows of a CSV file as events
///
/// Each row becomes one JSON object with the names of the header. Values are texts, exactly as they
/// are written; those of the columns of --number are numbers where they can be. An empty value is
/// null. Rows that a topic has seen before under the same `event_id` are duplicates there.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  comptoir-speed replay sales.csv --topic sales --rate 50 --key ORDERNUMBER
  comptoir-speed replay till.csv --rate 5 --every 10s --loop")]
pub struct ReplayArgs {
    /// A CSV file with a header, in UTF-8
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    transport: TransportArgs,

    /// Rows per second, down to 0.001
    #[arg(long, value_name = "N", default_value = "10")]
    rate: Rate,

    /// Again and again, until stopped
    #[arg(long = "loop")]
    looped: bool,

    /// The pause between two passes: 500ms, 10s, 5m
    #[arg(long, value_name = "PAUSE", default_value = "0s", value_parser = pause, requires = "looped")]
    every: Duration,

    /// The column that keeps rows together: one partition, in their order [default: `order_id`, else
    /// each row alone]
    #[arg(long, value_name = "COLUMN")]
    key: Option<String>,

    /// Columns with numbers
    #[arg(
        long,
        value_name = "COLUMN",
        value_delimiter = ',',
        default_value = "order_line,quantity"
    )]
    number: Vec<String>,
}

impl ReplayArgs {
    pub(crate) fn add_to(&self, sources: Sources) -> Sources {
        self.transport.add_to(sources)
    }
}

pub(crate) async fn run(args: &ReplayArgs, settings: &Settings) -> anyhow::Result<Outcome> {
    let stopped = stopped()?;
    let request = ReplayRequest {
        file: args.file.clone(),
        rate: args.rate,
        passes: if args.looped {
            Passes::Repeated { pause: args.every }
        } else {
            Passes::Once
        },
        key: args.key.clone(),
        numbers: args.number.clone(),
    };
    let progress = progress_bar(None);
    let sent = |rows| progress.set_position(rows);
    let rows = replay(settings, &request, sent, stopped).await;
    progress.finish_and_clear();
    writeln!(std::io::stdout(), "{} records", rows?)?;
    Ok(Outcome::Fine)
}

fn pause(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|unit: char| unit.is_ascii_alphabetic());
    let milliseconds = match &text[digits.len()..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err("a number with ms, s, m or h, like 10s".to_owned()),
    };
    let number: u32 = digits
        .parse()
        .map_err(|_| "a whole number with its unit, like 10s".to_owned())?;
    Ok(Duration::from_millis(u64::from(number) * milliseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_has_a_unit() {
        assert_eq!(pause("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(pause("2h"), Ok(Duration::from_hours(2)));
        for text in ["", "10", "s", "-1s", "1.5s", "10 s", "10d"] {
            assert!(pause(text).is_err(), "{text}");
        }
    }
}
