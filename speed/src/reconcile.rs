//! A look at everything: the warehouse, the archive that it is counted from, and the log.
//!
//! The warehouse has the latest one for whoever can look at nothing but the warehouse.

use crate::sink::{SinkError, Upkeep};
use crate::transport::Transport;
use comptoir_bronze::{BronzeError, Snapshot, Table};
use comptoir_config::clock;
use comptoir_model::api::reconcile::{
    DifferenceInfo, LogBounds, ReconcileReport, ReconciledPartition,
};
use comptoir_model::ids::Offset;
use comptoir_model::merge::PartitionKey;
use comptoir_warehouse::{FULL_LOOK_JOB, Warehouse};
use tracing::error;

/// So many differences are kept for others; `comptoir-speed reconcile` names them all.
const KEPT_MAX: usize = 1_000;

/// What is looked at.
pub(crate) struct Books {
    pub(crate) warehouse: Warehouse,
    pub(crate) table: Table,
    pub(crate) transport: Transport,
}

/// Looks at intervals, and keeps what it saw.
pub(crate) struct FullLook(pub(crate) Books);

impl Upkeep for FullLook {
    const JOB: &'static str = FULL_LOOK_JOB;

    async fn turn(&self) -> Result<String, SinkError> {
        let mut report = self.0.look().await?;
        report.differences.truncate(KEPT_MAX);
        self.0.warehouse.keep_full_look(&report).await?;
        if let Some(DifferenceInfo { kind, detail, .. }) = report.differences.first() {
            error!("the first difference is {kind}: {detail}");
        }
        Ok(format!("reconciled: {}", report.verdict))
    }
}

impl Books {
    /// The warehouse first, then the archive, then the log: each has what the one before it was
    /// made of, goes on meanwhile, and never back.
    pub(crate) async fn look(&self) -> Result<ReconcileReport, SinkError> {
        let mut report = self.warehouse.reconcile(clock::now()).await?;
        report.unchecked.clear();
        with_archive(&mut report, &self.table).await?;
        with_log(&mut report, &self.transport).await;
        Ok(report.summed_up())
    }
}

/// Adds how far the archive is, and what it does not have although it counts or is named. Where
/// nothing was ever archived there is nothing to compare but what was counted from it.
async fn with_archive(report: &mut ReconcileReport, table: &Table) -> Result<(), BronzeError> {
    let snapshot = Snapshot::newest(table).await?;
    if let Some(snapshot) = &snapshot {
        for fault in snapshot.verify_files().await? {
            report.add_difference(DifferenceInfo {
                kind: "archive_file".to_owned(),
                stream: None,
                partition: None,
                detail: fault.to_string(),
            });
        }
    }
    let mut found = Vec::new();
    for reconciled in &mut report.partitions {
        let key = key(reconciled);
        if let Some(snapshot) = &snapshot {
            reconciled.archived = snapshot.position(&key).await?;
        }
        let archived = reconciled.archived.unwrap_or(Offset(0));
        if archived < reconciled.covered {
            let detail = format!(
                "{key} is counted from the archive up to offset {}, which ends at {}",
                reconciled.covered.0, archived.0
            );
            found.push(difference("archive_position", &key, detail));
        }
    }
    add_all(report, found);
    Ok(())
}

/// Adds what the log holds, and the differences from it. A log that can't be asked now is no
/// difference: the report says that it was not looked at.
async fn with_log(report: &mut ReconcileReport, transport: &Transport) {
    let topic = match transport.describe().await {
        Ok(topic) => topic,
        Err(error) => return report.unchecked.push(format!("the log: {error}")),
    };
    let (mut found, mut unchecked) = (Vec::new(), Vec::new());
    let here =
        (report.partitions.iter_mut()).filter(|reconciled| reconciled.stream == topic.stream.id);
    for reconciled in here {
        let key = key(reconciled);
        let mut described = topic.partitions.iter();
        let described = described.find(|described| described.partition == key.partition);
        let Some((start, end)) = described.and_then(|described| described.bounds) else {
            unchecked.push(format!("the log of {key}: it has no leader"));
            continue;
        };
        let bounds = LogBounds { start, end };
        reconciled.log = Some(bounds);
        found.extend(against_log(&key, reconciled, bounds));
    }
    add_all(report, found);
    report.unchecked.extend(unchecked);
}

fn against_log(
    key: &PartitionKey,
    reconciled: &ReconciledPartition,
    LogBounds { start, end }: LogBounds,
) -> Vec<DifferenceInfo> {
    let next = reconciled.next;
    let mut found = Vec::new();
    if next > end {
        let detail = format!(
            "{key}: the log ends at {}, counted is up to {}",
            end.0, next.0
        );
        found.push(difference("log_end", key, detail));
    }
    if next < start {
        let detail = format!(
            "{key}: the log begins at {}, so offsets from {} on went before they were counted",
            start.0, next.0
        );
        found.push(difference("log_start", key, detail));
    }
    if let Some(archived) = reconciled.archived
        && archived > end
    {
        let detail = format!(
            "{key}: the log ends at {}, the archive at {}",
            end.0, archived.0
        );
        found.push(difference("archive_position", key, detail));
    }
    found
}

fn add_all(report: &mut ReconcileReport, found: Vec<DifferenceInfo>) {
    for difference in found {
        report.add_difference(difference);
    }
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
