//! Holds the table against itself: what a version names is in the lake, and its rows are those that
//! its positions speak of.

use crate::error::Result;
use crate::rows::long;
use crate::snapshot::{Snapshot, integers, texts};
use comptoir_lake::{Entry, LakeError};
use comptoir_model::ids::{Offset, Partition, StreamId};
use comptoir_model::merge::PartitionKey;
use deltalake::datafusion::functions_aggregate::expr_fn::{count, count_distinct, max};
use deltalake::datafusion::prelude::{col, lit};
use std::collections::{BTreeMap, HashMap};
use std::fmt;

/// Something that nobody who archives does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A data file is gone.
    Missing { file: String },
    /// A data file is not as long as it was written.
    Resized {
        file: String,
        named: u64,
        found: u64,
    },
    /// Offsets that stand there more than once.
    Doubled { key: PartitionKey, rows: u64 },
    /// Rows at the partition's position or behind it.
    Beyond {
        key: PartitionKey,
        position: Offset,
        last: Offset,
    },
    /// Rows without a position.
    NoPosition { key: PartitionKey },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { file } => write!(f, "{file} is gone"),
            Self::Resized { file, named, found } => {
                write!(f, "{file} has {found} bytes, not {named}")
            }
            Self::Doubled { key, rows } => {
                write!(
                    f,
                    "{key} has {rows} rows more than offsets: records stand there twice"
                )
            }
            Self::Beyond {
                key,
                position,
                last,
            } => write!(
                f,
                "{key} has a row of offset {}, and its position is {}",
                last.0, position.0
            ),
            Self::NoPosition { key } => write!(f, "{key} has rows, but no position"),
        }
    }
}

impl Snapshot {
    /// Whether each data file that this version names is in the lake, as long as it was written.
    /// Only directories are read.
    pub async fn verify_files(&self) -> Result<Vec<Fault>> {
        let mut named: BTreeMap<String, Vec<(String, u64)>> = BTreeMap::new();
        for file in self.state.log_data().iter() {
            let path = file.object_store_path().to_string();
            let size = u64::try_from(file.size()).unwrap_or_default();
            let (day, name) = path.rsplit_once('/').unwrap_or(("", &path));
            let of_day = named.entry(day.to_owned()).or_default();
            of_day.push((name.to_owned(), size));
        }
        let mut faults = Vec::new();
        for (day, files) in named {
            let there = self.sizes(&day).await?;
            for (name, named) in files {
                let file = format!("{}/{day}/{name}", self.table);
                match there.get(&name) {
                    None => faults.push(Fault::Missing { file }),
                    Some(found) if *found != named => faults.push(Fault::Resized {
                        file,
                        named,
                        found: *found,
                    }),
                    Some(_) => {}
                }
            }
        }
        Ok(faults)
    }

    /// Whether each offset stands there once, and before its partition's position. All rows are
    /// read.
    pub async fn verify_rows(&self) -> Result<Vec<Fault>> {
        let frame = self.frame().await.and_then(|frame| {
            let offset = || col("_offset");
            frame.filter(col("_end_offset").is_null())?.aggregate(
                vec![col("_stream"), col("_partition")],
                vec![count(lit(1)), count_distinct(offset()), max(offset())],
            )
        });
        let mut faults = Vec::new();
        for batch in self.collect(frame).await? {
            let (partitions, rows) = (integers(&batch, 1)?, integers(&batch, 2)?);
            let (offsets, lasts) = (integers(&batch, 3)?, integers(&batch, 4)?);
            for (row, stream) in texts(&batch, 0)?.into_iter().enumerate() {
                let key = PartitionKey {
                    stream: StreamId(stream),
                    partition: Partition(u32::try_from(partitions[row]).unwrap_or_default()),
                };
                let doubled = rows[row].saturating_sub(offsets[row]);
                if let Ok(rows @ 1..) = u64::try_from(doubled) {
                    let key = key.clone();
                    faults.push(Fault::Doubled { key, rows });
                }
                match self.position(&key).await? {
                    None => faults.push(Fault::NoPosition { key }),
                    Some(position) if lasts[row] >= long(position) => faults.push(Fault::Beyond {
                        key,
                        position,
                        last: Offset(u64::try_from(lasts[row]).unwrap_or_default()),
                    }),
                    Some(_) => {}
                }
            }
        }
        Ok(faults)
    }

    /// Of the files of a directory; none where there is no such directory.
    async fn sizes(&self, day: &str) -> Result<HashMap<String, u64>> {
        let directory = self.table.directory.join(day)?;
        let entries = match self.table.lake.list(&directory).await {
            Err(LakeError::NotFound { .. }) => Vec::new(),
            listed => listed?,
        };
        let size = |entry: Entry| (entry.name().to_owned(), entry.length);
        Ok(entries.into_iter().map(size).collect())
    }
}
