//! The records of a partition, read back in the order of their offsets.

use crate::error::{BronzeError, Result};
use crate::rows::{Gap, long};
use crate::schema::AMOUNT;
use crate::snapshot::{Snapshot, integers, of_partition, texts};
use crate::table::Table;
use comptoir_model::ids::{Offset, Partition, StreamId};
use comptoir_model::merge::{PartitionKey, Span};
use deltalake::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use deltalake::arrow::compute::cast;
use deltalake::arrow::datatypes::{
    DataType, Decimal128Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};
use deltalake::datafusion::error::DataFusionError;
use deltalake::datafusion::execution::SendableRecordBatchStream;
use deltalake::datafusion::execution::memory_pool::FairSpillPool;
use deltalake::datafusion::execution::runtime_env::RuntimeEnvBuilder;
use deltalake::datafusion::prelude::{SessionConfig, SessionContext, col, lit};
use deltalake::parquet::errors::ParquetError;
use futures::StreamExt;
use jiff::Timestamp;
use serde_json::Map;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What putting records in order may hold in memory; what is more goes to the temporary directory.
const SORT_BYTES: usize = 128 * 1024 * 1024;
const BATCH_ROWS: usize = 2_048;

/// A record as the archive keeps it, or a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivedRecord {
    pub offset: Offset,
    /// Of the record; of the commit for a gap.
    pub timestamp: Timestamp,
    pub said: ArchivedSaid,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArchivedSaid {
    /// With a record that reads back as the same event.
    Accepted(Vec<u8>),
    /// With the reason's stable name, and the record's bytes (of a giant one its beginning).
    Rejected(String, Vec<u8>),
    Duplicate,
    Gap(Gap, Span),
}

/// Records as they are read.
pub struct Records {
    table: Table,
    key: PartitionKey,
    stream: SendableRecordBatchStream,
}

impl Snapshot {
    /// Every partition that has a row.
    pub async fn partitions(&self) -> Result<BTreeSet<PartitionKey>> {
        let frame = self.frame().await;
        let grouped = frame
            .and_then(|frame| frame.aggregate(vec![col("_stream"), col("_partition")], vec![]));
        let mut partitions = BTreeSet::new();
        for batch in self.collect(grouped).await? {
            let numbers = integers(&batch, 1)?;
            for (row, stream) in texts(&batch, 0)?.into_iter().enumerate() {
                partitions.insert(PartitionKey {
                    stream: StreamId(stream),
                    partition: Partition(u32::try_from(numbers[row]).unwrap_or_default()),
                });
            }
        }
        Ok(partitions)
    }

    /// Everything of a partition from an offset on, in order.
    pub async fn records(&self, key: &PartitionKey, from: Offset) -> Result<Records> {
        let ordered = async {
            let runtime = RuntimeEnvBuilder::new()
                .with_memory_pool(Arc::new(FairSpillPool::new(SORT_BYTES)))
                .build_arc()?;
            let config = SessionConfig::new()
                .with_target_partitions(1)
                .with_batch_size(BATCH_ROWS);
            let context = SessionContext::new_with_config_rt(config, runtime);
            let wanted = of_partition(key).and(col("_offset").gt_eq(lit(long(from))));
            let frame = context.read_table(self.builder().await?)?.filter(wanted)?;
            // A gap that begins at a record's offset comes before it.
            let order = ["_offset", "_end_offset"].map(|column| col(column).sort(true, false));
            frame.sort(order.into())?.execute_stream().await
        };
        let limited = async { Ok(ordered.await) };
        let stream = self.table.within("reading", limited).await?;
        Ok(Records {
            table: self.table.clone(),
            key: key.clone(),
            stream: stream.map_err(|cause| self.failed(cause))?,
        })
    }
}

impl Records {
    /// The next ones; `None` after the last.
    pub async fn next(&mut self) -> Result<Option<Vec<ArchivedRecord>>> {
        let (table, stream) = (self.table.clone(), &mut self.stream);
        let next = async { Ok(stream.next().await) };
        let batch = table.within("reading", next).await?.transpose();
        let failed = |cause: DataFusionError| BronzeError::Query {
            table: self.table.to_string(),
            cause: Box::new(cause),
        };
        match batch.map_err(failed)? {
            Some(batch) => Ok(Some(self.read(&batch)?)),
            None => Ok(None),
        }
    }

    fn read(&self, batch: &RecordBatch) -> Result<Vec<ArchivedRecord>> {
        let columns = Columns::of(batch)?;
        (0..batch.num_rows())
            .map(|row| {
                columns.record(row).ok_or_else(|| BronzeError::Damaged {
                    table: self.table.to_string(),
                    key: self.key.clone(),
                    reason: format!("the row of offset {}", columns.offset(row).0),
                })
            })
            .collect()
    }
}

/// The columns of a batch in the types that they have to have.
struct Columns {
    offsets: ArrayRef,
    ends: ArrayRef,
    timestamps: ArrayRef,
    verdicts: ArrayRef,
    reasons: ArrayRef,
    raw: ArrayRef,
    event_times: ArrayRef,
    texts: Vec<(&'static str, ArrayRef)>,
    numbers: Vec<(&'static str, ArrayRef)>,
    amounts: Vec<(&'static str, ArrayRef)>,
}

/// The fields of an event that are texts in a record, as the others beside them.
const TEXTS: [&str; 14] = [
    "event_id",
    "order_id",
    "customer_id",
    "customer_name",
    "product_id",
    "product_name",
    "category",
    "merchant",
    "currency",
    "country",
    "city",
    "channel",
    "payment_method",
    "status",
];
const NUMBERS: [&str; 2] = ["order_line", "quantity"];
const AMOUNTS: [&str; 2] = ["unit_price", "amount"];

impl Columns {
    fn of(batch: &RecordBatch) -> Result<Self> {
        let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let (digits, decimals) = AMOUNT;
        let amount = DataType::Decimal128(digits, decimals.cast_signed());
        let column = |name: &str, kind: &DataType| typed(batch, name, kind);
        let named = |names: &[&'static str], kind: &DataType| -> Result<Vec<_>> {
            let columns = names.iter().map(|name| Ok((*name, column(name, kind)?)));
            columns.collect()
        };
        Ok(Self {
            offsets: column("_offset", &DataType::Int64)?,
            ends: column("_end_offset", &DataType::Int64)?,
            timestamps: column("_timestamp", &time)?,
            verdicts: column("_verdict", &DataType::Utf8)?,
            reasons: column("_reason", &DataType::Utf8)?,
            raw: column("_raw", &DataType::Binary)?,
            event_times: column("event_time", &time)?,
            texts: named(&TEXTS, &DataType::Utf8)?,
            numbers: named(&NUMBERS, &DataType::Int64)?,
            amounts: named(&AMOUNTS, &amount)?,
        })
    }

    fn offset(&self, row: usize) -> Offset {
        offset(self.offsets.as_primitive::<Int64Type>().value(row))
    }

    /// `None` of a row that no archive wrote.
    fn record(&self, row: usize) -> Option<ArchivedRecord> {
        let raw = || self.raw.as_binary::<i32>().value(row).to_vec();
        let gap = |gap| {
            let end = offset(self.ends.as_primitive::<Int64Type>().value(row));
            Span::new(self.offset(row), end).map(|span| ArchivedSaid::Gap(gap, span))
        };
        let said = match self.verdicts.as_string::<i32>().value(row) {
            "accepted" => ArchivedSaid::Accepted(self.event(row)?),
            "rejected" => {
                let reason = self.reasons.as_string::<i32>().value(row);
                ArchivedSaid::Rejected(reason.to_owned(), raw())
            }
            "duplicate" => ArchivedSaid::Duplicate,
            "hole" => gap(Gap::Hole)?,
            "blind" => gap(Gap::Blind)?,
            _ => return None,
        };
        Some(ArchivedRecord {
            offset: self.offset(row),
            timestamp: moment(&self.timestamps, row)?,
            said,
        })
    }

    /// The event as a record.
    fn event(&self, row: usize) -> Option<Vec<u8>> {
        let mut event = Map::new();
        for (name, column) in &self.texts {
            if column.is_valid(row) {
                let text = column.as_string::<i32>().value(row);
                event.insert((*name).to_owned(), text.into());
            }
        }
        for (name, column) in &self.numbers {
            let number = column.as_primitive::<Int64Type>().value(row);
            event.insert((*name).to_owned(), number.into());
        }
        for (name, column) in &self.amounts {
            let amount = column.as_primitive::<Decimal128Type>().value_as_string(row);
            event.insert((*name).to_owned(), amount.into());
        }
        let time = moment(&self.event_times, row)?.to_string();
        event.insert("event_time".to_owned(), time.into());
        serde_json::to_vec(&event).ok()
    }
}

fn typed(batch: &RecordBatch, name: &str, kind: &DataType) -> Result<ArrayRef> {
    let column = batch
        .column_by_name(name)
        .ok_or_else(|| ParquetError::General(format!("the table has no column `{name}`")))?;
    Ok(cast(column, kind).map_err(ParquetError::from)?)
}

fn moment(times: &ArrayRef, row: usize) -> Option<Timestamp> {
    let times = times.as_primitive::<TimestampMicrosecondType>();
    Timestamp::from_microsecond(times.value(row)).ok()
}

fn offset(number: i64) -> Offset {
    Offset(u64::try_from(number).unwrap_or_default())
}
