//! `comptoir-speed archive history|compact|forget|vacuum|verify`.

use crate::archive::{Keeping, VACUUM_AFTER, table, told};
use crate::cli::Outcome;
use crate::transport::Transport;
use crate::warehouse;
use comptoir_bronze::{BronzeError, Change, Snapshot, Sweep};
use comptoir_config::{ARCHIVE_KEEP_DAYS_MIN, Settings, clock};
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
    /// Delete rows of days that were kept for their time
    ///
    /// Only days of which the live run and every incremental view have all events go, whole and in
    /// their order; the last rows of a partition stay, by whose ids duplicates are found. Figures
    /// stay what they are, and late events of such days still count. The archive sinks do it at
    /// each upkeep where `archive.keep_days` is set.
    #[command(after_help = "Examples:
  comptoir-speed archive forget --keep-days 400 --look
      says how many rows would go
  comptoir-speed archive forget
      by archive.keep_days, without waiting for the next upkeep")]
    Forget {
        /// For how many days rows stay, instead of `archive.keep_days`
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(i64::from(ARCHIVE_KEEP_DAYS_MIN)..=36_500))]
        keep_days: Option<u32>,
        /// Delete nothing, count the rows
        #[arg(long)]
        look: bool,
    },
    /// Delete files that no version needs, and what killed writers left behind
    #[command(after_help = "Examples:
  comptoir-speed archive vacuum --look
      names what would be deleted
  comptoir-speed archive vacuum --older-than 48
      gives readers of an earlier version two days")]
    Vacuum {
        /// Only files that are so old: longer than any query runs
        #[arg(long, value_name = "HOURS", default_value_t = VACUUM_AFTER.as_secs() / 3_600, value_parser = clap::value_parser!(u64).range(1..=87_600))]
        older_than: u64,
        /// Delete nothing, name the files
        #[arg(long)]
        look: bool,
    },
    /// Hold the table against itself, and name what is wrong
    ///
    /// Every data file is in the lake and as long as it was written; every offset stands there once,
    /// before its partition's position. All rows are read, unless only the files are asked for.
    #[command(
        after_help = "Exit codes: 0 nothing is wrong, 1 something is, or the archive could not be read

Examples:
  comptoir-speed archive verify
  comptoir-speed archive verify --files --lake hdfs://127.0.0.1:8020"
    )]
    Verify {
        /// Look at the files only
        #[arg(long)]
        files: bool,
    },
}

pub(super) async fn run(upkeep: &Upkeep, settings: &Settings) -> anyhow::Result<Outcome> {
    let table = table(&settings.lake, &settings.archive)?;
    let (mut out, mut outcome) = (Vec::new(), Outcome::Fine);
    match upkeep {
        Upkeep::History { last } => {
            for change in table.history(*last).await? {
                show(&change, &mut out)?;
            }
        }
        Upkeep::Verify { files } => {
            let snapshot = Snapshot::newest(&table).await?;
            let snapshot = snapshot.ok_or_else(|| BronzeError::NoTable {
                table: table.to_string(),
            })?;
            let mut faults = snapshot.verify_files().await?;
            // A missing file can't be read.
            if faults.is_empty() && !files {
                faults = snapshot.verify_rows().await?;
            }
            for fault in &faults {
                writeln!(out, "{fault}")?;
            }
            let version = snapshot.version();
            writeln!(out, "version {version} of {table}: {} faults", faults.len())?;
            if !faults.is_empty() {
                outcome = Outcome::NotComplete;
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
        Upkeep::Forget { keep_days, look } => {
            let days = keep_days.or(settings.archive.keep_days);
            let keeping = Keeping {
                days: days.ok_or_else(never)?,
                warehouse: warehouse::of(&settings.warehouse)?,
                reach: Transport::open(&settings.transport)?.reach(),
                table,
            };
            let sweep = if *look { Sweep::Look } else { Sweep::Delete };
            let forgot = keeping.forget(clock::now(), sweep).await?;
            writeln!(out, "{}", told(&forgot, sweep))?;
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
    Ok(outcome)
}

fn never() -> anyhow::Error {
    anyhow::anyhow!(
        "rows stay for ever: archive.keep_days is not set\nhint: set it, or say --keep-days"
    )
}

/// The version, and a line for each partition that it moved on, or rows of which went.
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
