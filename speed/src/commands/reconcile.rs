//! `comptoir-speed reconcile`.

use crate::archive;
use crate::cli::{Outcome, TableArgs, TransportArgs, WarehouseArgs};
use crate::transport::Transport;
use crate::warehouse;
use comptoir_bronze::{BronzeError, Snapshot};
use comptoir_config::{Settings, Sources, TransportSettings, clock};
use comptoir_model::api::live::GapKind;
use comptoir_model::api::reconcile::{
    DifferenceInfo, LogBounds, ReconcileReport, ReconciledPartition,
};
use comptoir_model::ids::Offset;
use comptoir_model::merge::PartitionKey;
use std::io::{self, Write};

/// Hold what is served against what was counted
///
/// Adds up, in one snapshot of the warehouse, every bucket and every row of the current batch-view
/// run, and compares them with the control totals that were kept apart from them. Positions,
/// generations and coverage have to lie end to end, and rejected records have to be stored. The log
/// must not end before what is counted, nor begin behind it. Where there is an archive, it has to
/// reach as far as it is counted from, with all its files. What does not agree is named.
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
    let warehouse = warehouse::of(&settings.warehouse)?;
    let mut report = warehouse.reconcile(clock::now()).await?;
    report.unchecked.clear();
    // After the warehouse: both have gone on meanwhile, and never back.
    with_log(&mut report, &settings.transport).await;
    let table = archive::table(&settings.lake, &settings.archive)?;
    // Whoever archives nothing has nothing to compare.
    if let Some(snapshot) = Snapshot::newest(&table).await? {
        with_archive(&mut report, &snapshot).await?;
    }
    let report = report.summed_up();
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

/// Adds what the log holds, and the differences from it. A log that can't be asked now is no
/// difference: the report says that it was not looked at.
async fn with_log(report: &mut ReconcileReport, settings: &TransportSettings) {
    let described = match Transport::open(settings) {
        Ok(transport) => transport.describe().await,
        Err(error) => Err(error),
    };
    let topic = match described {
        Ok(topic) => topic,
        Err(error) => return report.unchecked.push(format!("the log: {error}")),
    };
    let here =
        (report.partitions.iter_mut()).filter(|reconciled| reconciled.stream == topic.stream.id);
    for reconciled in here {
        let key = key(reconciled);
        let mut described = topic.partitions.iter();
        let described = described.find(|described| described.partition == key.partition);
        let Some((start, end)) = described.and_then(|described| described.bounds) else {
            report
                .unchecked
                .push(format!("the log of {key}: it has no leader"));
            continue;
        };
        reconciled.log = Some(LogBounds { start, end });
        let next = reconciled.next;
        if next > end {
            report.differences.push(difference(
                "log_end",
                &key,
                format!(
                    "{key}: the log ends at {}, counted is up to {}",
                    end.0, next.0
                ),
            ));
        }
        if next < start {
            report.differences.push(difference(
                "log_start",
                &key,
                format!(
                    "{key}: the log begins at {}, so offsets from {} on went before they were counted",
                    start.0, next.0
                ),
            ));
        }
    }
}

/// Adds how far the archive is, and what it does not have although it counts or is named.
async fn with_archive(
    report: &mut ReconcileReport,
    snapshot: &Snapshot,
) -> Result<(), BronzeError> {
    for fault in snapshot.verify_files().await? {
        report.differences.push(DifferenceInfo {
            kind: "archive_file".to_owned(),
            stream: None,
            partition: None,
            detail: fault.to_string(),
        });
    }
    for reconciled in &mut report.partitions {
        let key = key(reconciled);
        reconciled.archived = snapshot.position(&key).await?;
        let archived = reconciled.archived.unwrap_or(Offset(0));
        if archived < reconciled.covered {
            report.differences.push(difference(
                "archive_position",
                &key,
                format!(
                    "{key} is counted from the archive up to offset {}, which ends at {}",
                    reconciled.covered.0, archived.0
                ),
            ));
        }
    }
    Ok(())
}

fn key(reconciled: &ReconciledPartition) -> PartitionKey {
    PartitionKey {
        stream: reconciled.stream.clone(),
        partition: reconciled.partition,
    }
}

fn difference(kind: &str, key: &PartitionKey, detail: String) -> DifferenceInfo {
    DifferenceInfo {
        kind: kind.to_owned(),
        stream: Some(key.stream.clone()),
        partition: Some(key.partition),
        detail,
    }
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
