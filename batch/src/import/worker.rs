//! Reading the ranges: workers, each with a connection of its own, take them from a queue.

use super::encoding::Layout;
use super::error::ImportError;
use super::incremental::Overlap;
use super::part::{self, Part, WrittenPart};
use super::request::thousands;
use super::selection::Select;
use crate::database::Database;
use comptoir_lake::LakeError;
use comptoir_lake::publish::Publication;
use futures::TryStreamExt;
use indicatif::ProgressBar;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
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
    pub(super) publication: Publication,
    /// Of an incremental import that reads rows again.
    pub(super) overlap: Option<Arc<Overlap>>,
    pub(super) progress: ProgressBar,
    pub(super) next: AtomicUsize,
    pub(super) rows: AtomicU64,
    pub(super) bytes: AtomicU64,
}

impl Job {
    pub(super) fn new(
        layout: Layout,
        selects: Vec<Select>,
        publication: Publication,
        overlap: Option<Arc<Overlap>>,
        progress: ProgressBar,
    ) -> Self {
        progress.set_length(selects.len() as u64);
        Self {
            layout,
            selects,
            publication,
            overlap,
            progress,
            next: AtomicUsize::new(0),
            rows: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        }
    }

    fn show(&self, (rows, bytes): (u64, u64)) {
        let rows = self.rows.fetch_add(rows, Ordering::Relaxed) + rows;
        let bytes = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.progress.set_message(format!(
            "{} rows, {} MB",
            thousands(rows),
            thousands(bytes / 1_000_000)
        ));
    }
}

/// Writes all parts, in the order of their ranges. The first error ends all workers: another
/// connection would show another moment.
pub(super) async fn write_parts(
    job: &Arc<Job>,
    connections: Vec<Database>,
) -> Result<Vec<WrittenPart>, ImportError> {
    let mut workers = JoinSet::new();
    for connection in connections.into_iter().take(job.selects.len()) {
        workers.spawn(work(Arc::clone(job), connection));
    }
    let mut parts = Vec::with_capacity(job.selects.len());
    while let Some(ended) = workers.join_next().await {
        let written = ended.unwrap_or_else(|error| {
            Err(ImportError::Worker {
                reason: error.to_string(),
            })
        });
        match written {
            Ok(written) => parts.extend(written),
            Err(error) => {
                workers.shutdown().await;
                return Err(error);
            }
        }
    }
    parts.sort_by(|one, other| one.info.name.cmp(&other.info.name));
    Ok(parts)
}

/// One worker, until the queue is empty.
async fn work(job: Arc<Job>, mut connection: Database) -> Result<Vec<WrittenPart>, ImportError> {
    let mut parts = Vec::new();
    // A part is closed while the next one is read.
    let mut closing: JoinSet<Result<WrittenPart, LakeError>> = JoinSet::new();
    loop {
        let index = job.next.fetch_add(1, Ordering::Relaxed);
        let Some(select) = job.selects.get(index) else {
            break;
        };
        let part = read_part(
            &job,
            &mut connection,
            part::name(index, job.layout.files),
            select,
        )
        .await?;
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
    Ok(parts)
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
    name: String,
    select: &Select,
) -> Result<part::UnclosedPart, ImportError> {
    let what = format!("reading `{}`", job.layout.table);
    let writer = job.publication.create_part(&name).await?;
    let mut part = Part::new(writer, &job.layout)?;
    let (mut shown_rows, mut shown_bytes) = (0, 0);
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
        part.append(&row, select.first)?;
        if part.flush_if_full().await? {
            let (rows, bytes) = part.progress();
            job.show((rows - shown_rows, bytes - shown_bytes));
            (shown_rows, shown_bytes) = (rows, bytes);
        }
    }
    drop(rows);
    let (rows, bytes) = part.progress();
    job.show((rows - shown_rows, bytes - shown_bytes));
    let part = part.finish(name).await?;
    job.progress.inc(1);
    Ok(part)
}
