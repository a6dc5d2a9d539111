//! The data files of a run, written as its rows come: one for each day, where the table has days.

use super::columns::file_schema;
use super::{OutputTable, OutputVersion};
use crate::draft::writer_properties;
use crate::error::{BronzeError, Result};
use crate::table::Table;
use bytes::Bytes;
use comptoir_lake::{Create, LakePath, LakeWriter, Recursive};
use comptoir_model::view_result::ViewColumn;
use deltalake::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use deltalake::arrow::compute::{cast, filter_record_batch};
use deltalake::arrow::datatypes::{Date32Type, SchemaRef};
use deltalake::kernel::Add;
use deltalake::parquet::arrow::ArrowWriter;
use deltalake::parquet::errors::ParquetError;
use jiff::civil::{Date, date};
use jiff::{Span, Timestamp};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Files that are written side by side at most; of more days, the one that waits longest is closed.
const OPEN_MAX: usize = 24;
/// What all of them hold in memory together before the fullest goes to the lake, in bytes.
const PENDING: usize = 64 * 1024 * 1024;
/// A file that is as big is closed, and its day goes on in another one, in bytes.
const FILE: u64 = 128 * 1024 * 1024;

/// Writes a run over one version of the table. Nobody sees any of it before
/// [`OutputWriter::commit`]; files of a writer that died go with a later [`OutputTable::tidy`].
pub struct OutputWriter {
    pub(super) table: Table,
    /// The version that the run is about to replace; `None` where there is no table.
    pub(super) base: Option<OutputVersion>,
    pub(super) columns: Vec<ViewColumn>,
    /// Which column is the day that files lie by.
    pub(super) partition: Option<usize>,
    schema: SchemaRef,
    open: BTreeMap<Option<Date>, File>,
    pub(super) added: Vec<Add>,
    pub(super) rows: u64,
    turn: u64,
    now: Timestamp,
}

struct File {
    day: Option<Date>,
    /// Relative to the table, as the log names it.
    name: String,
    lake: LakeWriter,
    parquet: ArrowWriter<Vec<u8>>,
    rows: u64,
    bytes: u64,
    /// When it was written to last.
    turn: u64,
}

impl OutputTable {
    /// Begins a run over `base`, the newest version, or `None` where there is no table. `partition`
    /// is the index of a column of dates.
    pub fn begin(
        &self,
        base: Option<OutputVersion>,
        columns: Vec<ViewColumn>,
        partition: Option<usize>,
        now: Timestamp,
    ) -> OutputWriter {
        OutputWriter {
            base,
            table: self.0.clone(),
            schema: file_schema(&columns, partition),
            columns,
            partition,
            open: BTreeMap::new(),
            added: Vec::new(),
            rows: 0,
            turn: 0,
            now,
        }
    }
}

impl OutputWriter {
    /// Takes rows of all columns, in their order.
    pub async fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.rows += batch.num_rows() as u64;
        let Some(index) = self.partition else {
            return self.write_to(None, batch).await;
        };
        let days = batch.column(index);
        let days = days.as_primitive::<Date32Type>();
        if days.null_count() > 0 {
            return Err(BronzeError::NoDay {
                table: self.table.to_string(),
                column: self.columns[index].name.clone(),
            });
        }
        let mut distinct: Vec<i32> = days.values().to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        for number in distinct {
            let of_day: BooleanArray = days.iter().map(|day| Some(day == Some(number))).collect();
            let rows = filter_record_batch(batch, &of_day).map_err(ParquetError::from)?;
            self.write_to(Some(day(number)), &rows).await?;
        }
        Ok(())
    }

    async fn write_to(&mut self, day: Option<Date>, rows: &RecordBatch) -> Result<()> {
        let columns = (rows.columns().iter().enumerate())
            .filter(|(index, _)| Some(*index) != self.partition)
            .zip(self.schema.fields())
            .map(|((_, column), field)| cast(column, field.data_type()));
        let columns: Vec<ArrayRef> = columns
            .collect::<std::result::Result<_, _>>()
            .map_err(ParquetError::from)?;
        let rows = RecordBatch::try_new(Arc::clone(&self.schema), columns);
        let rows = rows.map_err(ParquetError::from)?;
        self.make_room(day).await?;
        self.turn += 1;
        let turn = self.turn;
        if !self.open.contains_key(&day) {
            let file = self.create_file(day).await?;
            self.open.insert(day, file);
        }
        if let Some(file) = self.open.get_mut(&day) {
            file.parquet.write(&rows)?;
            file.rows += rows.num_rows() as u64;
            file.turn = turn;
        }
        self.flush_pending().await?;
        if self.open.get(&day).is_some_and(|file| file.bytes >= FILE) {
            self.close(day).await?;
        }
        Ok(())
    }

    /// Closes the file that waits longest where one more would be too many.
    async fn make_room(&mut self, day: Option<Date>) -> Result<()> {
        if self.open.len() < OPEN_MAX || self.open.contains_key(&day) {
            return Ok(());
        }
        let oldest = self.open.values().min_by_key(|file| file.turn);
        match oldest.map(|file| file.day) {
            Some(day) => self.close(day).await,
            None => Ok(()),
        }
    }

    async fn create_file(&self, day: Option<Date>) -> Result<File> {
        let name = format!("{}.zstd.parquet", uuid::Uuid::new_v4());
        let name = match day.zip(self.partition) {
            None => name,
            Some((day, index)) => format!("{}={day}/{name}", self.columns[index].name),
        };
        let lake = &self.table.lake;
        let properties = Some(writer_properties().build());
        Ok(File {
            lake: lake.create(&self.path(&name)?, Create::Exclusive).await?,
            parquet: ArrowWriter::try_new(Vec::new(), Arc::clone(&self.schema), properties)?,
            day,
            name,
            rows: 0,
            bytes: 0,
            turn: 0,
        })
    }

    fn path(&self, name: &str) -> Result<LakePath> {
        let mut path = self.table.directory.clone();
        for part in name.split('/') {
            path = path.join(part)?;
        }
        Ok(path)
    }

    async fn flush_pending(&mut self) -> Result<()> {
        let pending = |file: &File| file.parquet.memory_size();
        while self.open.values().map(pending).sum::<usize>() >= PENDING {
            let Some(fullest) = self.open.values_mut().max_by_key(|file| pending(file)) else {
                break;
            };
            fullest.parquet.flush()?;
            fullest.send().await?;
        }
        Ok(())
    }

    async fn close(&mut self, day: Option<Date>) -> Result<()> {
        let Some(mut file) = self.open.remove(&day) else {
            return Ok(());
        };
        // What was taken from it before is not in it any more.
        file.parquet.finish()?;
        file.send().await?;
        file.lake.close().await?;
        let partition = self.partition.zip(day).map(|(index, day)| {
            let name = self.columns[index].name.clone();
            (name, Some(day.to_string()))
        });
        self.added.push(Add {
            path: file.name,
            partition_values: partition.into_iter().collect::<HashMap<_, _>>(),
            size: i64::try_from(file.bytes).unwrap_or(i64::MAX),
            modification_time: self.now.as_millisecond(),
            data_change: true,
            stats: Some(serde_json::json!({ "numRecords": file.rows }).to_string()),
            tags: None,
            deletion_vector: None,
            base_row_id: None,
            default_row_commit_version: None,
            clustering_provider: None,
        });
        Ok(())
    }

    /// Closes all files: what is left is the commit.
    pub async fn finish(&mut self) -> Result<()> {
        while let Some(day) = self.open.keys().next().copied() {
            self.close(day).await?;
        }
        Ok(())
    }

    /// Rows that were written.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Frees what was written, as far as the lake lets it.
    pub async fn abandon(self) {
        let open = self.open.values().map(|file| &file.name);
        let closed = self.added.iter().map(|add| &add.path);
        for name in open.chain(closed) {
            let Ok(path) = self.path(name) else { continue };
            if let Err(error) = self.table.lake.delete(&path, Recursive::No).await {
                tracing::debug!(%error, "a later run frees what this one wrote");
            }
        }
    }
}

impl File {
    async fn send(&mut self) -> Result<()> {
        let bytes = std::mem::take(self.parquet.inner_mut());
        self.bytes += bytes.len() as u64;
        Ok(self.lake.write(Bytes::from(bytes)).await?)
    }
}

/// Of days since 1970, as Arrow counts.
fn day(number: i32) -> Date {
    let epoch = date(1970, 1, 1);
    (epoch.checked_add(Span::new().days(number))).unwrap_or(Date::MAX)
}
