//! Fills a warehouse from the archive: each partition from where the views sink stands in it to
//! where the archive does.
//!
//! The archive's verdicts are taken as they are, so that both sides agree. Batches are those of the
//! views sink, fenced by the same position: it may end anywhere, and the next one goes on; a sink
//! that counts meanwhile makes it give up. Generations end where the archive's gaps begin and end,
//! so that only these are set aside by the live run. Rows that the archive has forgotten can't come
//! back: up to the last of them everything is on record as lost, and what is left of it counts.

use crate::views::Batch;
use comptoir_bronze::{ArchivedRecord, ArchivedSaid, BronzeError, Gap, Snapshot, Table};
use comptoir_config::clock;
use comptoir_model::event::Rejection;
use comptoir_model::ids::Offset;
use comptoir_model::merge::{PartitionKey, Span};
use comptoir_model::verdict::{MappingVersion, Record, Verdict, read_record};
use comptoir_warehouse::{
    Committed, PartitionId, Progress, ViewsBatch, ViewsPosition, ViewsWriter, Warehouse,
    WarehouseError,
};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// A batch is as big as those of the views sink.
const BATCH_BYTES: usize = 12 * 1024 * 1024;

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    pub partitions: usize,
    pub records: u64,
    /// What can't be had any more: figures of these days are not whole.
    pub missing: Option<Missing>,
}

/// What the archive has forgotten, and the warehouse had not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The first day, UTC, of which the archive has all rows.
    pub before: Date,
    /// `None`: nobody knows how many, because some of them had been counted, or went before anybody
    /// counted what goes.
    pub records: Option<u64>,
}

/// Why it ended. What was counted stays, and the next one goes on behind it.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    #[error(transparent)]
    Bronze(#[from] BronzeError),
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    #[error(
        "{key}: another process counts it just now\nhint: stop `comptoir-speed views` until the warehouse is filled"
    )]
    GivenUp { key: PartitionKey },
    #[error("{key}, offset {}: the archive's row can't be read: {reason}", .offset.0)]
    Unreadable {
        key: PartitionKey,
        offset: Offset,
        reason: String,
    },
}

/// `kind` and `topic` are those of the transport that was archived.
pub async fn rebuild(
    table: &Table,
    warehouse: &Warehouse,
    (kind, topic): (&str, &str),
) -> Result<Rebuilt, RebuildError> {
    warehouse.migrate().await?;
    let snapshot = Snapshot::newest(table).await?;
    let snapshot = snapshot.ok_or_else(|| BronzeError::NoTable {
        table: table.to_string(),
    })?;
    let owner = format!("rebuild, process {}", std::process::id());
    let mut writer = ViewsWriter::open(warehouse, &owner).await?;
    let mut rebuilt = Rebuilt::default();
    let forgotten = snapshot.forgotten()?;
    let gone = match &forgotten {
        None => BTreeMap::new(),
        Some(forgotten) => snapshot.gone(forgotten).await?,
    };
    for key in snapshot.partitions().await? {
        let now = clock::now();
        let registered = writer.register_stream(&key.stream, kind, topic, now);
        registered.await?;
        rebuilt.partitions += 1;
        let Some(archived) = snapshot.position(&key).await? else {
            continue;
        };
        let position = writer.position(&key, now).await?;
        let mut below = Offset(0);
        if let Some(forgotten) = &forgotten {
            below = forgotten.below.get(&key).copied().unwrap_or(Offset(0));
            if position.next < below {
                let all = rebuilt.missing.map_or(Some(0), |missing| missing.records);
                let these = gone.get(&key).filter(|_| position.next == Offset(0));
                rebuilt.missing = Some(Missing {
                    before: forgotten.before,
                    records: all.zip(these).map(|(all, these)| all + these),
                });
            }
        }
        let partition = ArchivedPartition {
            key: &key,
            archived,
            forgotten: below,
        };
        rebuilt.records += fill(&snapshot, &partition, &position, &mut writer).await?;
    }
    Ok(rebuilt)
}

/// What the archive says of a partition.
struct ArchivedPartition<'a> {
    key: &'a PartitionKey,
    /// Where it stands.
    archived: Offset,
    /// Before this offset it may have forgotten rows.
    forgotten: Offset,
}

async fn fill(
    snapshot: &Snapshot,
    partition: &ArchivedPartition<'_>,
    position: &ViewsPosition,
    writer: &mut ViewsWriter,
) -> Result<u64, RebuildError> {
    let ArchivedPartition {
        key,
        archived,
        forgotten,
    } = *partition;
    let gaps = snapshot.gaps(key).await?;
    let gaps = gaps.lost.iter().chain(&gaps.blind);
    let mut filling = Filling {
        key,
        writer,
        partition: position.partition,
        next: position.next,
        edges: (gaps.flat_map(|gap| [gap.start(), gap.end()]))
            .chain((forgotten > position.next).then_some(forgotten))
            .collect(),
        forgotten,
        batch: Batch::default(),
        lost: Vec::new(),
        blind: Vec::new(),
        records: 0,
    };
    let mut records = snapshot.records(key, position.next).await?;
    while let Some(batch) = records.next().await? {
        for record in batch.iter().take_while(|record| record.offset < archived) {
            filling.take(record).await?;
        }
    }
    filling.commit(archived).await?;
    filling.writer.seal(clock::now()).await?;
    Ok(filling.records)
}

/// One partition on its way into the warehouse.
struct Filling<'a> {
    key: &'a PartitionKey,
    writer: &'a mut ViewsWriter,
    partition: PartitionId,
    /// Up to where everything is committed.
    next: Offset,
    /// Where generations have to end.
    edges: BTreeSet<Offset>,
    /// Before this offset the archive may have forgotten rows, which are lost to the warehouse.
    forgotten: Offset,
    batch: Batch,
    lost: Vec<Span>,
    blind: Vec<Span>,
    records: u64,
}

impl Filling<'_> {
    async fn take(&mut self, record: &ArchivedRecord) -> Result<(), RebuildError> {
        // Batches end where a record begins: a sink may go on from there.
        if self
            .edges
            .first()
            .is_some_and(|edge| *edge <= record.offset)
        {
            self.edges = self.edges.split_off(&Offset(record.offset.0 + 1));
            self.commit(record.offset).await?;
            self.writer.seal(clock::now()).await?;
        } else if self.batch.tally.bytes() > BATCH_BYTES {
            self.commit(record.offset).await?;
        }
        let counted = match &record.said {
            ArchivedSaid::Gap(Gap::Hole, span) => {
                self.lost.push(*span);
                return Ok(());
            }
            ArchivedSaid::Gap(Gap::Blind, span) => {
                self.blind.push(*span);
                return Ok(());
            }
            ArchivedSaid::Accepted(bytes) => {
                let judged = judged(record, bytes);
                match read_record(judged, MappingVersion::NEWEST) {
                    Ok(event) => self.batch.add(&judged, &Verdict::Accepted(event)),
                    Err(rejection) => return Err(self.unreadable(record, &rejection)),
                }
            }
            ArchivedSaid::Rejected(reason, bytes) => {
                let judged = judged(record, bytes);
                let rejection = match read_record(judged, MappingVersion::NEWEST) {
                    Err(rejection) if rejection.reason() == reason => rejection,
                    // Only the beginning of a giant record is there.
                    _ => Rejection::TooLarge {
                        bytes: bytes.len() as u64,
                    },
                };
                self.batch.add(&judged, &Verdict::Rejected(rejection))
            }
            ArchivedSaid::Duplicate => {
                let of = record.offset;
                (self.batch).add(&judged(record, b""), &Verdict::Duplicate { of })
            }
        };
        self.records += 1;
        counted.map_err(|error| self.unreadable(record, &error))
    }

    /// Everything before `end`.
    async fn commit(&mut self, end: Offset) -> Result<(), RebuildError> {
        let Some(span) = Span::new(self.next, end) else {
            return Ok(());
        };
        let forgotten = Span::new(self.next, end.min(self.forgotten));
        self.lost.extend(forgotten);
        let now = clock::now();
        let progress = Progress {
            log_end: end,
            fresh_through: None,
            checked_at: now,
        };
        let names = self.batch.names();
        let batch = ViewsBatch {
            partition: self.partition,
            span,
            tally: &self.batch.tally,
            lost: &self.lost,
            blind: &self.blind,
            progress,
            names: &names,
            now,
        };
        match self.writer.commit(&batch).await? {
            Committed::Applied { .. } => {}
            Committed::GivenUp { .. } => {
                let key = self.key.clone();
                return Err(RebuildError::GivenUp { key });
            }
        }
        self.batch.clear();
        self.lost.clear();
        self.blind.clear();
        self.next = end;
        Ok(())
    }

    fn unreadable(&self, record: &ArchivedRecord, reason: &impl ToString) -> RebuildError {
        RebuildError::Unreadable {
            key: self.key.clone(),
            offset: record.offset,
            reason: reason.to_string(),
        }
    }
}

fn judged<'a>(record: &ArchivedRecord, bytes: &'a [u8]) -> Record<'a> {
    Record {
        offset: record.offset,
        timestamp: record.timestamp,
        bytes,
    }
}
