//! One version of the table, for readers: it never changes, whatever is committed meanwhile.

use crate::archive::app_id;
use crate::error::{BronzeError, Result};
use crate::plan::Rows;
use crate::rows::{Gap, long};
use crate::table::Table;
use comptoir_model::ids::Offset;
use comptoir_model::merge::{Gaps, PartitionKey, Span};
use deltalake::arrow::array::{Array, AsArray};
use deltalake::arrow::datatypes::Int64Type;
use deltalake::arrow::record_batch::RecordBatch;
use deltalake::datafusion::catalog::TableProvider;
use deltalake::datafusion::error::DataFusionError;
use deltalake::datafusion::prelude::{DataFrame, Expr, SessionContext, col, lit};
use deltalake::delta_datafusion::TableProviderBuilder;
use deltalake::table::state::DeltaTableState;
use std::sync::Arc;

/// A version of the table.
pub struct Snapshot {
    pub(crate) table: Table,
    pub(crate) state: DeltaTableState,
}

impl Snapshot {
    pub(crate) fn new(table: Table, state: DeltaTableState) -> Self {
        Self { table, state }
    }

    /// The newest version; `None` where nothing was ever archived.
    pub async fn newest(table: &Table) -> Result<Option<Self>> {
        let state = table.load().await?;
        Ok(state.map(|state| Self::new(table.clone(), state)))
    }

    pub fn version(&self) -> u64 {
        self.state.version()
    }

    /// Every record of the partition below it is in this version, or in one of its holes; none at
    /// it or behind it is. `None` of a partition that was never archived.
    pub async fn position(&self, key: &PartitionKey) -> Result<Option<Offset>> {
        let version = (self.state).transaction_version(self.table.log.as_ref(), app_id(key));
        let version = self.table.within("reading", version).await?;
        version
            .map(|version| {
                u64::try_from(version)
                    .map(Offset)
                    .map_err(|_| self.damaged(key, format!("its position is {version}")))
            })
            .transpose()
    }

    /// What the archive can't vouch for, in the order of the offsets.
    pub async fn gaps(&self, key: &PartitionKey) -> Result<Gaps> {
        let rows = self
            .rows(
                of_partition(key).and(col("_end_offset").is_not_null()),
                &["_verdict", "_offset", "_end_offset"],
            )
            .await?;
        let mut gaps = Gaps::default();
        for batch in rows {
            let verdicts = texts(&batch, 0)?;
            let (starts, ends) = (batch.column(1), batch.column(2));
            let (starts, ends) = (
                starts.as_primitive::<Int64Type>(),
                ends.as_primitive::<Int64Type>(),
            );
            for (row, verdict) in verdicts.iter().enumerate() {
                let offset = |number: i64| Offset(u64::try_from(number).unwrap_or_default());
                let span = Span::new(offset(starts.value(row)), offset(ends.value(row)));
                let span = span.ok_or_else(|| self.damaged(key, "a gap is empty".to_owned()))?;
                if verdict == Gap::Hole.as_str() {
                    gaps.lost.push(span);
                } else {
                    gaps.blind.push(span);
                }
            }
        }
        gaps.lost.sort_unstable();
        gaps.blind.sort_unstable();
        Ok(gaps)
    }

    /// The ids of the events in a span, accepted and duplicates, in the order of their offsets.
    pub async fn ids(&self, key: &PartitionKey, span: Span) -> Result<Vec<(Offset, String)>> {
        let within = col("_offset")
            .gt_eq(lit(long(span.start())))
            .and(col("_offset").lt(lit(long(span.end()))))
            .and(col("event_id").is_not_null());
        let rows = self
            .rows(of_partition(key).and(within), &["_offset", "event_id"])
            .await?;
        let mut ids = Vec::new();
        for batch in rows {
            let offsets = batch.column(0).as_primitive::<Int64Type>();
            for (row, id) in texts(&batch, 1)?.into_iter().enumerate() {
                let offset = u64::try_from(offsets.value(row)).unwrap_or_default();
                ids.push((Offset(offset), id));
            }
        }
        ids.sort_unstable();
        Ok(ids)
    }

    pub(crate) async fn rows_of(&self, key: &PartitionKey) -> Result<Rows> {
        let frame = self.frame().await.and_then(|frame| {
            frame
                .filter(of_partition(key))?
                .select(vec![col("_offset")])?
                .limit(0, Some(1))
        });
        let found = self.collect(frame).await?;
        Ok(if found.iter().any(|batch| batch.num_rows() > 0) {
            Rows::Some
        } else {
            Rows::None
        })
    }

    /// The rows of this version, for queries.
    pub async fn provider(&self) -> Result<Arc<dyn TableProvider>> {
        (self.builder().await).map_err(|cause| self.failed(cause))
    }

    pub(crate) fn builder(&self) -> TableProviderBuilder {
        TableProviderBuilder::default()
            .with_log_store(Arc::clone(&self.table.log))
            .with_eager_snapshot(self.state.snapshot().clone())
    }

    async fn rows(&self, filter: Expr, columns: &[&str]) -> Result<Vec<RecordBatch>> {
        let columns = columns.iter().map(|name| col(*name)).collect::<Vec<_>>();
        let frame = self
            .frame()
            .await
            .and_then(|frame| frame.filter(filter)?.select(columns));
        self.collect(frame).await
    }

    pub(crate) async fn frame(&self) -> std::result::Result<DataFrame, DataFusionError> {
        let context = SessionContext::new();
        context.read_table(self.builder().await?)
    }

    pub(crate) async fn collect(
        &self,
        frame: std::result::Result<DataFrame, DataFusionError>,
    ) -> Result<Vec<RecordBatch>> {
        let collect = async { Ok(frame?.collect().await) };
        (self.table.within("reading", collect).await?).map_err(|cause| self.failed(cause))
    }

    pub(crate) fn failed(&self, cause: DataFusionError) -> BronzeError {
        BronzeError::Query {
            table: self.table.to_string(),
            cause: Box::new(cause),
        }
    }

    fn damaged(&self, key: &PartitionKey, reason: String) -> BronzeError {
        BronzeError::Damaged {
            table: self.table.to_string(),
            key: key.clone(),
            reason,
        }
    }
}

pub(crate) fn of_partition(key: &PartitionKey) -> Expr {
    let number = i32::try_from(key.partition.0).unwrap_or(i32::MAX);
    (col("_stream").eq(lit(key.stream.0.clone()))).and(col("_partition").eq(lit(number)))
}

/// A column of texts, in whichever of Arrow's layouts a query gives them.
pub(crate) fn texts(batch: &RecordBatch, column: usize) -> Result<Vec<String>> {
    use deltalake::arrow::compute::cast;
    use deltalake::arrow::datatypes::DataType;
    use deltalake::parquet::errors::ParquetError;
    let texts = cast(batch.column(column), &DataType::Utf8).map_err(ParquetError::from)?;
    let texts = texts.as_string::<i32>();
    Ok((0..texts.len())
        .map(|row| texts.value(row).to_owned())
        .collect())
}

/// A column of whole numbers, in whichever width a query gives them; 0 for NULL.
pub(crate) fn integers(batch: &RecordBatch, column: usize) -> Result<Vec<i64>> {
    use deltalake::arrow::compute::cast;
    use deltalake::arrow::datatypes::DataType;
    use deltalake::parquet::errors::ParquetError;
    let numbers = cast(batch.column(column), &DataType::Int64).map_err(ParquetError::from)?;
    let numbers = numbers.as_primitive::<Int64Type>();
    Ok(numbers.iter().map(Option::unwrap_or_default).collect())
}
