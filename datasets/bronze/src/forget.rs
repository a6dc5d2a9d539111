//! Retention: rows of old days go, once nobody needs them.
//!
//! A day is forgotten as a whole: never before everybody who reads the archive has all of its rows,
//! and never out of order, so that one day, the horizon, tells what may be missing. Rows whose ids
//! duplicates are still found by stay, as do those that say what the archive can't vouch for.
//!
//! The horizon is a version of its own, before any row goes: what it says may be missing is more
//! than what is, at every moment, and readers need no more than that.

mod horizon;

pub use horizon::{Forgotten, KeptBack};

use crate::archive::{NOTE, is_conflict};
use crate::draft::{RowCounts, archive_properties};
use crate::error::{BronzeError, Result};
use crate::schema::DAY;
use crate::snapshot::{Snapshot, integers, of_partition, texts};
use crate::table::Table;
use crate::upkeep::Sweep;
use comptoir_config::fault;
use comptoir_model::ids::{Offset, Partition, StreamId};
use comptoir_model::merge::PartitionKey;
use comptoir_model::verdict::Reach;
use deltalake::DeltaTable;
use deltalake::arrow::array::RecordBatch;
use deltalake::datafusion::functions_aggregate::expr_fn::{count, max};
use deltalake::datafusion::prelude::{Expr, col, lit};
use deltalake::datafusion::scalar::ScalarValue;
use deltalake::kernel::Action;
use deltalake::kernel::models::MetadataExt;
use deltalake::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake::protocol::DeltaOperation;
use horizon::{Occupied, horizon};
use jiff::civil::{Date, date};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The table property that says what may be missing. Foreign engines keep it and look away.
const FORGOTTEN: &str = "comptoir.forgotten";

/// How often it is decided anew because others committed meanwhile.
const ATTEMPTS: usize = 5;

/// What may go.
#[derive(Clone, Debug)]
pub struct Retention {
    /// Only days before it, UTC.
    pub before: Date,
    /// Up to where everybody who reads the archive has taken its rows. Nothing goes of a partition
    /// that is not named.
    pub taken: BTreeMap<PartitionKey, Taken>,
    /// How far back duplicates are looked for.
    pub reach: Reach,
}

impl Retention {
    fn taken_of(&self, key: &PartitionKey) -> Offset {
        (self.taken.get(key)).map_or(Offset(0), |taken| taken.below)
    }
}

/// Up to where a partition was taken by everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    pub below: Offset,
    /// Who has taken least of it, in words.
    pub by: String,
}

/// What went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forgot {
    pub rows: RowCounts,
    /// The first day that is whole; `None` where every day is.
    pub before: Option<Date>,
    /// The first day that is old enough and stays, and why.
    pub kept_back: Option<KeptBack>,
}

/// What goes of one partition.
#[derive(Clone, Copy, Debug)]
struct Going {
    rows: RowCounts,
    /// Behind its last row.
    below: Offset,
}

impl Snapshot {
    /// What this version may be without; `None` where nothing was ever forgotten.
    pub fn forgotten(&self) -> Result<Option<Forgotten>> {
        let configuration = self.state.metadata().configuration();
        let text = configuration.get(FORGOTTEN);
        (text.map(|text| Forgotten::parse(text)).transpose()).map_err(|error| {
            BronzeError::Property {
                table: self.table.to_string(),
                property: FORGOTTEN,
                reason: error.to_string(),
            }
        })
    }

    /// How many records of each partition are gone of those that may be missing; nothing of one of
    /// which nobody knows. Less than what is known to go where a process was killed before they went.
    pub async fn gone(&self, forgotten: &Forgotten) -> Result<BTreeMap<PartitionKey, u64>> {
        let left = self.going(forgotten.before, &forgotten.below).await?;
        let gone = forgotten.rows.iter().map(|(key, rows)| {
            let left = left.get(key).map_or(0, |left| left.rows.total());
            (key.clone(), rows.saturating_sub(left))
        });
        Ok(gone.collect())
    }

    /// The newest day that has a row.
    pub fn newest_day(&self) -> Option<Date> {
        let files = self.state.log_data();
        let day = |values: HashMap<String, Option<String>>| {
            let day = values.get(DAY).cloned().flatten();
            day.and_then(|day| day.parse().ok())
        };
        (files.iter())
            .filter_map(|file| day(file.partition_values_map()))
            .max()
    }

    /// Of each day before this one, where its rows end in each partition.
    async fn occupied(&self, before: Date) -> Result<Vec<Occupied>> {
        let frame = self.frame().await.and_then(|frame| {
            let rows = frame.filter(is_record().and(col(DAY).lt(of_day(before))))?;
            let by = vec![col(DAY), col("_stream"), col("_partition")];
            rows.aggregate(by, vec![max(col("_offset"))])
        });
        let mut occupied = Vec::new();
        for batch in self.collect(frame).await? {
            let (days, keys) = (texts(&batch, 0)?, keys(&batch, 1)?);
            let lasts = integers(&batch, 3)?;
            for ((day, key), last) in days.into_iter().zip(keys).zip(lasts) {
                occupied.push(Occupied {
                    // A day that can't be read is as new as can be: it stays.
                    day: day.parse().unwrap_or(Date::MAX),
                    key,
                    last: offset(last),
                });
            }
        }
        Ok(occupied)
    }

    /// Which rows of days before `before` lie below these offsets.
    async fn going(
        &self,
        before: Date,
        limits: &BTreeMap<PartitionKey, Offset>,
    ) -> Result<BTreeMap<PartitionKey, Going>> {
        let mut going: BTreeMap<_, Going> = BTreeMap::new();
        let Some(condition) = condition(before, limits) else {
            return Ok(going);
        };
        let frame = self.frame().await.and_then(|frame| {
            let by = vec![col("_stream"), col("_partition"), col("_verdict")];
            let found = vec![count(lit(1)), max(col("_offset"))];
            frame.filter(condition)?.aggregate(by, found)
        });
        for batch in self.collect(frame).await? {
            let (keys, verdicts) = (keys(&batch, 0)?, texts(&batch, 2)?);
            let (counts, lasts) = (integers(&batch, 3)?, integers(&batch, 4)?);
            for (row, key) in keys.into_iter().enumerate() {
                let of_partition = going.entry(key).or_insert(Going {
                    rows: RowCounts::default(),
                    below: Offset(0),
                });
                let rows = &mut of_partition.rows;
                let counted = match verdicts[row].as_str() {
                    "rejected" => &mut rows.rejected,
                    "duplicate" => &mut rows.duplicates,
                    _ => &mut rows.accepted,
                };
                *counted += u64::try_from(counts[row]).unwrap_or_default();
                let behind = Offset(offset(lasts[row]).0 + 1);
                of_partition.below = of_partition.below.max(behind);
            }
        }
        Ok(going)
    }
}

impl Table {
    /// Deletes the rows that may go, or only counts them. Files stay until they are vacuumed, for
    /// readers of earlier versions. It may end anywhere: the next one ends what it began.
    pub async fn forget(&self, retention: &Retention, sweep: Sweep) -> Result<Forgot> {
        for _ in 0..ATTEMPTS {
            let state = self.load().await?.ok_or_else(|| BronzeError::NoTable {
                table: self.to_string(),
            })?;
            let snapshot = Snapshot::new(self.clone(), state);
            let known = snapshot.forgotten()?;
            let since = known.as_ref().map(|known| known.before);
            let last = since.map_or(retention.before, |since| since.max(retention.before));
            let occupied = snapshot.occupied(last).await?;
            let (before, kept_back) = horizon(since, retention, &occupied);
            let mut limits = BTreeMap::new();
            for Occupied { key, .. } in occupied.iter().filter(|of| of.day < before) {
                let position = snapshot.position(key).await?.unwrap_or(Offset(0));
                let taken = retention.taken_of(key).min(retention.reach.start(position));
                limits.insert(key.clone(), taken);
            }
            let going = snapshot.going(before, &limits).await?;
            let mut rows = RowCounts::default();
            for going in going.values() {
                rows.add(going.rows);
            }
            if going.is_empty() || sweep == Sweep::Look {
                let before = if going.is_empty() {
                    since
                } else {
                    Some(before)
                };
                return Ok(Forgot {
                    rows,
                    before,
                    kept_back,
                });
            }
            let below = going.iter().map(|(key, going)| (key.clone(), going.below));
            let below: BTreeMap<_, _> = below.collect();
            let left = match &known {
                None => BTreeMap::new(),
                Some(known) => snapshot.going(known.before, &known.below).await?,
            };
            let forgotten = (known.clone().unwrap_or_default()).widened(before, &going, &left);
            let is_known = known.as_ref() == Some(&forgotten);
            if !is_known && !self.commit_horizon(&snapshot, &forgotten).await? {
                continue;
            }
            fault::pass("archive-horizon-known");
            if self.delete(before, &below, &going).await? {
                return Ok(Forgot {
                    rows,
                    before: Some(before),
                    kept_back,
                });
            }
        }
        Err(BronzeError::Crowded {
            table: self.to_string(),
        })
    }

    /// Whether it is known from now on; not if another writer has committed meanwhile.
    async fn commit_horizon(&self, over: &Snapshot, forgotten: &Forgotten) -> Result<bool> {
        let text = forgotten.to_json();
        let metadata = over.state.metadata().clone();
        let metadata = (metadata.add_config_key(FORGOTTEN.to_owned(), text.clone()))
            .map_err(|cause| self.failed("describing", cause.into()))?;
        let operation = DeltaOperation::SetTableProperties {
            properties: HashMap::from([(FORGOTTEN.to_owned(), text)]),
        };
        // Without retries: it was decided over this version.
        let properties = CommitProperties::default().with_max_retries(0);
        let commit = CommitBuilder::from(properties)
            .with_actions(vec![Action::Metadata(metadata)])
            .build(Some(&over.state), Arc::clone(&self.log), operation);
        let committed = self.within("committing to", commit.into_future()).await;
        match committed {
            Ok(_) => Ok(true),
            Err(BronzeError::Delta { cause, .. }) if is_conflict(&cause) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether the rows are gone; not if another writer has changed their files meanwhile.
    async fn delete(
        &self,
        before: Date,
        below: &BTreeMap<PartitionKey, Offset>,
        going: &BTreeMap<PartitionKey, Going>,
    ) -> Result<bool> {
        let Some(condition) = condition(before, below) else {
            return Ok(true);
        };
        let note = going.iter().map(|(key, going)| {
            json!({
                "stream": key.stream.0,
                "partition": key.partition.0,
                "from": 0,
                "to": going.below.0,
                "rows": going.rows,
            })
        });
        let properties =
            CommitProperties::default().with_metadata([(NOTE.to_owned(), note.collect())]);
        let deleting = DeltaTable::new(Arc::clone(&self.log))
            .delete()
            .with_predicate(condition)
            .with_writer_properties(archive_properties())
            .with_commit_properties(properties);
        match deleting.await {
            Ok(_) => Ok(true),
            Err(cause) if is_conflict(&cause) => Ok(false),
            Err(cause) => Err(self.failed("deleting rows of", cause)),
        }
    }
}

/// Of rows that are no gap.
fn is_record() -> Expr {
    col("_end_offset").is_null()
}

fn of_day(day: Date) -> Expr {
    let days = day.duration_since(date(1970, 1, 1)).as_hours() / 24;
    lit(ScalarValue::Date32(i32::try_from(days).ok()))
}

/// Records of days before `before` below these offsets; `None` where there can't be any.
fn condition(before: Date, below: &BTreeMap<PartitionKey, Offset>) -> Option<Expr> {
    let of_partitions = below.iter().filter(|(_, below)| below.0 > 0);
    let of_partitions = of_partitions.map(|(key, below)| {
        let below = i64::try_from(below.0).unwrap_or(i64::MAX);
        of_partition(key).and(col("_offset").lt(lit(below)))
    });
    let of_partitions = of_partitions.reduce(Expr::or)?;
    Some(
        col(DAY)
            .lt(of_day(before))
            .and(is_record())
            .and(of_partitions),
    )
}

/// Of two columns, from `first` on.
fn keys(batch: &RecordBatch, first: usize) -> Result<Vec<PartitionKey>> {
    let numbers = integers(batch, first + 1)?;
    let keys = texts(batch, first)?.into_iter().zip(numbers);
    let key = |(stream, number)| PartitionKey {
        stream: StreamId(stream),
        partition: Partition(u32::try_from(number).unwrap_or_default()),
    };
    Ok(keys.map(key).collect())
}

fn offset(number: i64) -> Offset {
    Offset(u64::try_from(number).unwrap_or_default())
}
