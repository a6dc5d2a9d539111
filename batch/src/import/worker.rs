//! Reading the ranges: workers, each with a connection of its own, take them from a queue.

use super::encoding::Layout;
use super::error::ImportError;
use super::incremental::Overlap;
use super::inspection::{Inspection, Inspector};
use super::part::{self, Part, WrittenPart};
use super::progress::Progress;
use super::quarantine::Quarantine;
use super::rate::{MaxRate, Throttle};
use super::selection::Select;
use crate::database::Database;
use crate::quality::{RowChecks, Verdict};
use comptoir_lake::LakeError;
use comptoir_lake::publish::Publication;
use futures::TryStreamExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::task::JoinSet;

/// How many connections read at most, whatever `--num-mappers` says: more parts do not need more.
pub(super) const WORKERS_MAX: usize = 8;

/// How many written parts a worker leaves open while HDFS closes them.
const CLOSING_MAX: usize = 4;

/// What the workers share.
pub(super) struct Job {
    pub(super) layout: Layout,
    /// One for each part, in order.
    pub(super) selects: Vec<Select>,
    pub(super) inspection: Inspection,
    pub(super) throttle: Option<Throttle>,
    pub(super) publication: Publication,
    /// Of an incremental import that reads rows again.
    pub(super) overlap: Option<Arc<Overlap>>,
    pub(super) progress: Progress,
    pub(super) next: AtomicUsize,
}

impl Job {
    pub(super) fn new(
        layout: Layout,
        selects: Vec<Select>,
        inspection: Inspection,
        max_rate: Option<MaxRate>,
        publication: Publication,
        overlap: Option<Arc<Overlap>>,
        progress: Progress,
    ) -> Self {
        Self {
            layout,
            selects,
            inspection,
            throttle: max_rate.map(Throttle::new),
            publication,
            overlap,
            progress,
            next: AtomicUsize::new(0),
        }
    }
}

/// What workers wrote, and what each of them saw of the quality rules.
#[derive(Default)]
pub(super) struct Written {
    pub(super) parts: Vec<WrittenPart>,
    pub(super) checks: Vec<RowChecks>,
}

/// Writes all parts, in the order of their ranges. The first error ends all workers: another
/// connection would show another moment.
pub(super) async fn write_parts(
    job: &Arc<Job>,
    connections: Vec<Database>,
) -> Result<Written, ImportError> {
    let mut workers = JoinSet::new();
    for connection in connections.into_iter().take(job.selects.len()) {
        workers.spawn(work(Arc::clone(job), connection));
    }
    let mut all = Written::default();
    while let Some(ended) = workers.join_next().await {
        let written = ended.unwrap_or_else(|error| {
            Err(ImportError::Worker {
                reason: error.to_string(),
            })
        });
        match written {
            Ok(Written { parts, checks }) => {
                all.parts.extend(parts);
                all.checks.extend(checks);
            }
            Err(error) => {
                workers.shutdown().await;
                return Err(error);
            }
        }
    }
    (all.parts).sort_by(|one, other| one.info.name.cmp(&other.info.name));
    Ok(all)
}

/// One worker, until the queue is empty.
async fn work(job: Arc<Job>, mut connection: Database) -> Result<Written, ImportError> {
    let mut inspector = job.inspection.inspector();
    let mut parts = Vec::new();
    // A part is closed while the next one is read.
    let mut closing: JoinSet<Result<WrittenPart, LakeError>> = JoinSet::new();
    loop {
        let index = job.next.fetch_add(1, Ordering::Relaxed);
        let Some(select) = job.selects.get(index) else {
            break;
        };
        let part = read_part(&job, &mut connection, &mut inspector, index, select).await?;
        closing.spawn(part.close());
        while closing.len() > CLOSING_MAX
            && let Some(closed) = closing.join_next().await
        {
            parts.push(closed.map_err(lost)??);
        }
    }
    connection.close().await;
    while let Some(closed) = closing.join_next().await {
        parts.push(closed.map_err(lost)??);
    }
    Ok(Written {
        parts,
        checks: vec![inspector.into_checks()],
    })
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn lost(error: tokio::task::JoinError) -> ImportError {
    ImportError::Worker {
        reason: error.to_string(),
    }
}

async fn read_part(
    job: &Job,
    connection: &mut Database,
    inspector: &mut Inspector<'_>,
    index: usize,
    select: &Select,
) -> Result<part::UnclosedPart, ImportError> {
    let what = format!("reading `{}`", job.layout.table);
    let name = part::name(index, job.layout.files);
    let writer = job.publication.create_part(&name).await?;
    let mut part = Part::new(writer, &job.layout)?;
    let mut quarantine = Quarantine::new(&job.publication, &job.layout, index);
    let mut meter = job.throttle.as_ref().map(Throttle::meter);
    let values = select.first + job.layout.columns.len();
    let columns = job.layout.columns.len();
    let unreadable = |error: sqlx::Error| ImportError::Worker {
        reason: format!("the check column can't be read: {error}"),
    };
    let mut rows = connection.rows(&what, &select.sql);
    while let Some(row) = rows.try_next().await? {
        if let Some(overlap) = &job.overlap
            && !overlap
                .admits(&row, select.first, columns)
                .map_err(unreadable)?
        {
            continue;
        }
        match inspector.inspect(&job.layout, &row, select.first)? {
            Verdict::Keep => part.append(&row, select.first)?,
            Verdict::SetAside => {
                let rules = inspector.broken_rules();
                quarantine.append(&row, select.first, &rules).await?;
            }
        }
        if let Some(meter) = &mut meter {
            meter.row(&row, values).await;
        }
        if part.flush_if_full().await? {
            job.progress.reading(index, part.amount());
        }
    }
    drop(rows);
    if let Some(meter) = &mut meter {
        meter.settle().await;
    }
    let amount = part.amount();
    let part = part.finish(name).await?;
    let part = part.with_quarantine(quarantine.finish().await?);
    job.progress.ended(index, amount);
    Ok(part)
}
