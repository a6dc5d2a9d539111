//! Publishing a result: rows go to the lake and to the warehouse as they are computed, and nobody
//! sees any of them before [`ResultWriter::publish`].

mod file;
mod table;

use super::catalog::View;
use super::error::ViewError;
use super::header::{Format, LakeOutput, Output};
use super::recorded::Recorded;
use super::result;
use comptoir_bronze::{OutputVersion, Replaced};
use comptoir_config::fault;
use comptoir_lake::LakePath;
use comptoir_model::ids::RunId;
use comptoir_model::merge::Coverage;
use comptoir_model::view_result::{InLake, LakeFormat, ViewAbout, ViewColumn};
use comptoir_warehouse::{JobLock, ViewResultWriter};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use file::{Encoding, File};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeSet;
use table::Table;

/// What the warehouse serves at most of one view: the API sorts and filters it in memory.
const ROWS_MAX: u64 = 100_000;
const BYTES_MAX: u64 = 32 * 1024 * 1024;

/// The rows of a chunk in the warehouse, in bytes of JSON.
const CHUNK: usize = 256 * 1024;

/// What was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// Of the whole result, also those that stayed.
    pub(super) rows: u64,
    /// Of the files in the lake, or of the rows in the warehouse where there are none.
    pub(super) bytes: u64,
}

/// What a run is about to replace.
pub(super) struct Target {
    pub(super) path: LakePath,
    /// The version of the table, of a result that is one and was published before.
    pub(super) base: Option<OutputVersion>,
    pub(super) replaced: Replaced,
    /// Days that get rows besides those that they have.
    pub(super) added: BTreeSet<Date>,
}

/// What a run says of itself when it is published.
pub(super) struct Said {
    pub(super) about: ViewAbout,
    /// Which events it read.
    pub(super) coverage: Option<Coverage>,
    /// Days before it may be without some of their events.
    pub(super) whole_from: Option<Date>,
}

pub(super) struct ResultWriter<'a> {
    view: &'a View,
    columns: Vec<ViewColumn>,
    schema: SchemaRef,
    run: RunId,
    location: String,
    lake: Place,
    warehouse: ViewResultWriter,
    /// Rows that are not in the warehouse yet: a JSON array without its end.
    chunk: String,
    chunk_rows: u64,
    rows: u64,
    served_bytes: u64,
}

/// Where in the lake the rows go.
enum Place {
    Nowhere,
    File(Box<File>),
    Table(Box<Table>),
}

impl<'a> ResultWriter<'a> {
    /// The caller holds the lock of the view's job.
    pub(super) async fn begin(
        view: &'a View,
        columns: Vec<ViewColumn>,
        run: &RunId,
        target: Target,
        stores: &super::sources::Stores,
        now: Timestamp,
    ) -> Result<Self, ViewError> {
        let schema = result::schema(&columns);
        let location = target.path.to_string();
        let lake = match &view.header.output {
            Output::Warehouse => Place::Nowhere,
            Output::Lake(LakeOutput { format, .. }) => {
                let encoding = match format {
                    Format::Delta(_) => None,
                    Format::Parquet => Some(Encoding::parquet(&schema)?),
                    Format::Csv => Some(Encoding::csv(&columns)?),
                };
                if let Some(encoding) = encoding {
                    let file = File::begin(&stores.lake, &target.path, run, encoding);
                    Place::File(Box::new(file.await?))
                } else {
                    let table = stores.output(&target.path)?;
                    let table = Table::begin(view, table, target, &columns, now)?;
                    Place::Table(Box::new(table))
                }
            }
        };
        let warehouse = &stores.warehouse;
        Ok(Self {
            view,
            columns,
            schema,
            run: run.clone(),
            location,
            lake,
            warehouse: warehouse.begin_view_result(&view.name, run, now).await?,
            chunk: "[".to_owned(),
            chunk_rows: 0,
            rows: 0,
            served_bytes: 0,
        })
    }

    /// Answers with the rows in the types of the result.
    pub(super) async fn write(&mut self, batch: &RecordBatch) -> Result<RecordBatch, ViewError> {
        let batch = result::cast(batch, &self.schema).map_err(|error| ViewError::Sql {
            file: self.view.file.clone(),
            reason: error.to_string(),
        })?;
        self.rows += batch.num_rows() as u64;
        let is_served = self.view.header.is_served();
        if is_served && self.rows > ROWS_MAX {
            return Err(self.too_large(ROWS_MAX, "rows"));
        }
        match &mut self.lake {
            Place::Nowhere => {}
            Place::File(file) => file.write(&batch, &self.columns).await?,
            Place::Table(table) => table.write(&batch).await?,
        }
        if is_served {
            self.serve(&batch).await?;
        }
        Ok(batch)
    }

    async fn serve(&mut self, batch: &RecordBatch) -> Result<(), ViewError> {
        for row in 0..batch.num_rows() {
            if self.chunk_rows > 0 {
                self.chunk.push(',');
            }
            self.chunk += &result::row(batch, row, &self.columns).to_string();
            self.chunk_rows += 1;
            if self.chunk.len() >= CHUNK {
                self.flush().await?;
            }
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), ViewError> {
        self.chunk.push(']');
        let chunk = std::mem::replace(&mut self.chunk, "[".to_owned());
        self.served_bytes += chunk.len() as u64;
        if self.served_bytes > BYTES_MAX {
            return Err(self.too_large(BYTES_MAX, "bytes"));
        }
        let rows = std::mem::take(&mut self.chunk_rows);
        Ok(self.warehouse.append(rows, &chunk).await?)
    }

    fn too_large(&self, max: u64, what: &'static str) -> ViewError {
        ViewError::TooLarge {
            file: self.view.file.clone(),
            max,
            what,
        }
    }

    /// Makes the result the current one: in the lake first, then in the warehouse.
    pub(super) async fn publish(
        mut self,
        mut said: Said,
        lock: &JobLock,
        now: impl Fn() -> Timestamp,
    ) -> Result<(Written, ViewAbout), ViewError> {
        if self.chunk_rows > 0 {
            self.flush().await?;
        }
        let mut written = Written {
            rows: self.rows,
            bytes: self.served_bytes,
        };
        if let Place::Table(table) = &mut self.lake {
            written.rows = table.finish().await?;
        }
        said.about.lake = self.in_lake(written.rows);
        fault::pass("view-written");
        // Asked right before: whoever was paused and lost the lock publishes nothing.
        lock.confirm().await?;
        match self.lake {
            Place::Nowhere => {}
            Place::File(file) => {
                written.bytes = file
                    .publish(self.view, &said.about, self.rows, now())
                    .await?;
                lock.confirm().await?;
            }
            Place::Table(table) => {
                let about = said.about.clone();
                let mut recorded = Recorded::new(self.run, about, said.coverage.as_ref());
                recorded.whole_from = said.whole_from;
                written.bytes = table.publish(&recorded.to_json(), now()).await?;
                lock.confirm().await?;
            }
        }
        fault::pass("view-in-lake");
        self.warehouse.publish(&said.about, now()).await?;
        fault::pass("view-published");
        Ok((written, said.about))
    }

    fn in_lake(&self, rows: u64) -> Option<InLake> {
        let Output::Lake(output) = &self.view.header.output else {
            return None;
        };
        Some(InLake {
            format: match output.format {
                Format::Parquet => LakeFormat::Parquet,
                Format::Csv => LakeFormat::Csv,
                Format::Delta(_) => LakeFormat::Delta,
            },
            location: self.location.clone(),
            rows,
            is_served: self.view.header.is_served(),
        })
    }

    /// Frees what was written in the lake; the warehouse's part goes with the next run.
    pub(super) async fn abandon(self) {
        match self.lake {
            Place::Nowhere => {}
            Place::File(file) => file.abandon().await,
            Place::Table(table) => table.abandon().await,
        }
    }
}
