//! `comptoir-speed reconcile`.

use crate::archive;
use crate::cli::{Outcome, TableArgs, TransportArgs, WarehouseArgs};
use crate::reconcile::Books;
use crate::transport::Transport;
use crate::warehouse;
use comptoir_config::{Settings, Sources};
use comptoir_model::api::live::GapKind;
use comptoir_model::api::reconcile::ReconcileReport;
use std::io::{self, Write};

/// Hold what is served against what was counted
///
/// Adds up, in one snapshot of the warehouse, every bucket and every row of the current batch-view
/// run, and compares them with the control totals that were kept apart from them. Positions,
/// generations and coverage have to lie end to end, and rejected records have to be stored. The log
/// must not end before what is counted, nor begin behind it. Where there is an archive, it has to
/// reach as far as it is counted from, and no further than the log, with all its files. What does not
/// agree is named.
///
/// `comptoir-speed archive` does the same every `reconcile.every_s`, for /api/v1/reconcile.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 complete, 1 something differs or was lost, or the warehouse could not be read

Examples:
  comptoir-speed reconcile
      complete up to 2026-11-21T13:42:30Z: 5210 records, 0 differences
  comptoir-speed reconcile --json | jq '.differences[].detail'
      names what does not agree"
)]
pub struct ReconcileArgs {
    #[command(flatten)]
    transport: TransportArgs,
    #[command(flatten)]
    warehouse: WarehouseArgs,
    #[command(flatten)]
    table: TableArgs,
    /// Print the whole report as one JSON object, as /api/v1/reconcile does
    #[arg(long)]
    json: bool,
}

impl ReconcileArgs {
    pub(crate) fn add_to(&self, sources: Sources) -> Sources {
        let sources = self.transport.add_to(self.warehouse.add_to(sources));
        self.table.add_to(sources)
    }
}

pub(crate) async fn run(args: &ReconcileArgs, settings: &Settings) -> anyhow::Result<Outcome> {
    let books = Books {
        warehouse: warehouse::of(&settings.warehouse)?,
        table: archive::table(&settings.lake, &settings.archive)?,
        transport: Transport::open(&settings.transport)?,
    };
    let report = books.look().await?;
    let mut out = io::stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    } else {
        print(&report, &mut out)?;
    }
    Ok(if report.complete {
        Outcome::Fine
    } else {
        Outcome::NotComplete
    })
}

fn print(report: &ReconcileReport, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", report.verdict)?;
    for difference in &report.differences {
        writeln!(out, "{}: {}", difference.kind, difference.detail)?;
    }
    for what in &report.unchecked {
        writeln!(out, "not looked at: {what}")?;
    }
    for gap in &report.gaps {
        let (stream, partition) = (&gap.stream.0, gap.partition.0);
        let (start, end) = (gap.start.0, gap.end.0);
        let what = match gap.kind {
            GapKind::Lost => "were lost",
            GapKind::Blind => "were judged without all ids before them",
        };
        writeln!(
            out,
            "gap: partition {partition} of {stream}: offsets from {start} to before {end} {what}"
        )?;
    }
    Ok(())
}
