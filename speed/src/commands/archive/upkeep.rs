//! `comptoir-speed archive history|compact|vacuum`.

use crate::archive::table;
use crate::cli::Outcome;
use comptoir_bronze::{Change, Sweep};
use comptoir_config::{Settings, clock};
use std::io::{self, Write};
use std::time::Duration;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Upkeep {
    /// Show the newest versions of the table, and what each holds
    #[command(after_help = "Examples:
  comptoir-speed archive history
  comptoir-speed archive history --last 3 --lake hdfs://127.0.0.1:8020")]
    History {
        /// How many versions
        #[arg(long, value_name = "COUNT", default_value_t = 20)]
        last: usize,
    },
    /// Join the small files of each day
    ///
    /// Rows and positions stay, archives go on. The small files stay too, for readers of earlier
    /// versions, until they are vacuumed.
    #[command(after_help = "Examples:
  comptoir-speed archive compact
  comptoir-speed archive compact --lake hdfs://127.0.0.1:8020")]
    Compact,
    /// Delete files that no version needs, and what killed writers left behind
    #[command(after_help = "Examples:
  comptoir-speed archive vacuum --look
      names what would be deleted
  comptoir-speed archive vacuum --older-than 48
      gives readers of an earlier version two days")]
    Vacuum {
        /// Only files that are so old: longer than any query runs
        #[arg(long, value_name = "HOURS", default_value_t = 168, value_parser = clap::value_parser!(u64).range(1..=87_600))]
        older_than: u64,
        /// Delete nothing, name the files
        #[arg(long)]
        look: bool,
    },
}

pub(super) async fn run(upkeep: &Upkeep, settings: &Settings) -> anyhow::Result<Outcome> {
    let table = table(&settings.lake, &settings.archive)?;
    let mut out = Vec::new();
    match upkeep {
        Upkeep::History { last } => {
            for change in table.history(*last).await? {
                show(&change, &mut out)?;
            }
        }
        Upkeep::Compact => {
            let done = table.compact().await?;
            writeln!(
                out,
                "{} files were joined into {}",
                done.files_removed, done.files_added
            )?;
        }
        Upkeep::Vacuum { older_than, look } => {
            let age = Duration::from_hours(*older_than);
            let sweep = if *look { Sweep::Look } else { Sweep::Delete };
            let files = table.vacuum(age, clock::now(), sweep).await?;
            for file in &files {
                writeln!(out, "{file}")?;
            }
            let done = if *look { "would be" } else { "were" };
            writeln!(out, "{} files {done} deleted", files.len())?;
        }
    }
    io::stdout().write_all(&out)?;
    Ok(Outcome::Fine)
}

/// The version, and a line for each partition that it moved on.
fn show(change: &Change, out: &mut Vec<u8>) -> io::Result<()> {
    let at = (change.at).map_or_else(|| "-".to_owned(), |at| at.to_string());
    writeln!(out, "{} {at} {}", change.version, change.operation)?;
    for part in change.note.as_array().into_iter().flatten() {
        let rows = &part["rows"];
        writeln!(
            out,
            "    partition {} of {}: {} to {}, {} accepted, {} rejected, {} duplicates, {} gaps",
            part["partition"],
            part["stream"].as_str().unwrap_or_default(),
            part["from"],
            part["to"],
            rows["accepted"],
            rows["rejected"],
            rows["duplicates"],
            rows["gaps"],
        )?;
    }
    Ok(())
}
