//! Publishing a result: rows go to the lake and to the warehouse as they are computed, and nobody
//! sees any of them before [`ResultWriter::publish`].

use super::catalog::View;
use super::error::ViewError;
use super::header::Output;
use super::result;
use bytes::Bytes;
use comptoir_lake::publish::Publication;
use comptoir_lake::{Lake, LakePath, LakeWriter};
use comptoir_model::api::PartInfo;
use comptoir_model::file_format::{FileFormat, ParquetCodec};
use comptoir_model::ids::RunId;
use comptoir_model::manifest::{
    Appended, Column, MANIFEST_VERSION, Manifest, SourceInfo, SourceRows,
};
use comptoir_model::text_format::{ColumnKind, TextFormat};
use comptoir_model::view_result::{ViewAbout, ViewColumn, ViewType};
use comptoir_warehouse::{JobLock, ViewResultWriter, Warehouse};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::fmt::Display;

/// What the warehouse serves at most of one view: the API sorts and filters it in memory.
const ROWS_MAX: u64 = 100_000;
const BYTES_MAX: u64 = 32 * 1024 * 1024;

/// The rows of a chunk in the warehouse, in bytes of JSON.
const CHUNK: usize = 256 * 1024;

/// What a row group of the file holds before it goes to the lake, in bytes.
const ROW_GROUP: usize = 16 * 1024 * 1024;

/// What was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) rows: u64,
    /// Of the file in the lake, or of the rows in the warehouse where there is no file.
    pub(super) bytes: u64,
}

pub(super) struct ResultWriter<'a> {
    view: &'a View,
    columns: Vec<ViewColumn>,
    schema: SchemaRef,
    lake: Option<File>,
    warehouse: ViewResultWriter,
    /// Rows that are not in the warehouse yet: a JSON array without its end.
    chunk: String,
    chunk_rows: u64,
    rows: u64,
    served_bytes: u64,
}

/// The one part of a result in the lake.
struct File {
    publication: Publication,
    writer: LakeWriter,
    parquet: ArrowWriter<Vec<u8>>,
    sha256: Sha256,
    bytes: u64,
}

const PART: &str = "part-00000.parquet";

impl<'a> ResultWriter<'a> {
    /// The caller holds the lock of the view's job.
    pub(super) async fn begin(
        view: &'a View,
        columns: Vec<ViewColumn>,
        run: &RunId,
        (lake, target): (&Lake, &LakePath),
        warehouse: &Warehouse,
        now: Timestamp,
    ) -> Result<Self, ViewError> {
        let schema = result::schema(&columns);
        let lake = match view.header.output {
            Output::Warehouse => None,
            Output::Parquet => Some(File::begin(lake, target, run, &schema).await?),
        };
        Ok(Self {
            view,
            columns,
            schema,
            lake,
            warehouse: warehouse.begin_view_result(&view.name, run, now).await?,
            chunk: "[".to_owned(),
            chunk_rows: 0,
            rows: 0,
            served_bytes: 0,
        })
    }

    pub(super) async fn write(&mut self, batch: &RecordBatch) -> Result<(), ViewError> {
        let batch = result::cast(batch, &self.schema).map_err(|error| ViewError::Sql {
            file: self.view.file.clone(),
            reason: error.to_string(),
        })?;
        self.rows += batch.num_rows() as u64;
        if self.rows > ROWS_MAX {
            return Err(self.too_large(ROWS_MAX, "rows"));
        }
        if let Some(file) = &mut self.lake {
            file.write(&batch).await?;
        }
        for row in 0..batch.num_rows() {
            if self.chunk_rows > 0 {
                self.chunk.push(',');
            }
            self.chunk += &result::row(&batch, row, &self.columns).to_string();
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

    /// Makes the result the current one: in the lake first, then in the warehouse. `about` are its
    /// columns and sources.
    pub(super) async fn publish(
        mut self,
        about: &ViewAbout,
        lock: &JobLock,
        now: impl Fn() -> Timestamp,
    ) -> Result<Written, ViewError> {
        if self.chunk_rows > 0 {
            self.flush().await?;
        }
        let mut bytes = self.served_bytes;
        // Asked right before: whoever was paused and lost the lock publishes nothing.
        lock.confirm().await?;
        if let Some(file) = self.lake {
            bytes = file.publish(self.view, about, self.rows, now()).await?;
            lock.confirm().await?;
        }
        self.warehouse.publish(about, now()).await?;
        Ok(Written {
            rows: self.rows,
            bytes,
        })
    }

    /// Frees what was written in the lake; the warehouse's part goes with the next run.
    pub(super) async fn abandon(self) {
        if let Some(file) = self.lake
            && let Err(error) = file.publication.abandon().await
        {
            tracing::debug!(%error, "the next run frees what this one wrote");
        }
    }
}

impl File {
    async fn begin(
        lake: &Lake,
        target: &LakePath,
        run: &RunId,
        schema: &SchemaRef,
    ) -> Result<Self, ViewError> {
        let publication = Publication::begin(lake, target, run.clone()).await?;
        let writer = publication.create_part(PART).await?;
        let properties = WriterProperties::builder()
            .set_created_by(format!("comptoir {}", env!("CARGO_PKG_VERSION")))
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        let parquet = ArrowWriter::try_new(Vec::new(), SchemaRef::clone(schema), Some(properties));
        Ok(Self {
            publication,
            writer,
            parquet: parquet.map_err(unwritable)?,
            sha256: Sha256::new(),
            bytes: 0,
        })
    }

    async fn write(&mut self, batch: &RecordBatch) -> Result<(), ViewError> {
        self.parquet.write(batch).map_err(unwritable)?;
        if self.parquet.in_progress_size() >= ROW_GROUP {
            self.parquet.flush().map_err(unwritable)?;
            let bytes = std::mem::take(self.parquet.inner_mut());
            self.send(bytes).await?;
        }
        Ok(())
    }

    async fn send(&mut self, bytes: Vec<u8>) -> Result<(), ViewError> {
        self.sha256.update(&bytes);
        self.bytes += bytes.len() as u64;
        Ok(self.writer.write(Bytes::from(bytes)).await?)
    }

    /// How many bytes the file has.
    async fn publish(
        mut self,
        view: &View,
        about: &ViewAbout,
        rows: u64,
        now: Timestamp,
    ) -> Result<u64, ViewError> {
        // What `inner_mut` gave away before is not in it.
        self.parquet.finish().map_err(unwritable)?;
        let rest = std::mem::take(self.parquet.inner_mut());
        self.send(rest).await?;
        self.writer.close().await?;
        let part = PartInfo {
            name: PART.to_owned(),
            rows,
            bytes: self.bytes,
            sha256: hex::encode(self.sha256.finalize()),
            checksum: None,
        };
        let manifest = manifest(view, about, self.publication.run().clone(), part);
        self.publication.commit(&manifest, now).await?;
        Ok(self.bytes)
    }
}

fn unwritable(error: impl Display) -> ViewError {
    ViewError::Write(error.to_string())
}

/// As of an import, so that everything that reads imports reads results.
fn manifest(view: &View, about: &ViewAbout, run: RunId, part: PartInfo) -> Manifest {
    let columns = about.columns.iter().map(|column| Column {
        name: column.name.clone(),
        sql_type: result::sql_type(column.kind),
        kind: match column.kind {
            ViewType::Text => ColumnKind::Text,
            _ => ColumnKind::Other,
        },
        canonical: None,
    });
    Manifest {
        version: MANIFEST_VERSION,
        run,
        source: SourceInfo {
            url: "lake:".to_owned(),
            table: view.name.to_string(),
            rows: SourceRows::Query(view.sql.clone()),
            server: format!("DataFusion {}", datafusion::DATAFUSION_VERSION),
        },
        imported_at: about.as_of,
        snapshot: None,
        files: FileFormat::Parquet {
            codec: ParquetCodec::Zstd,
        },
        format: TextFormat::lossless(),
        columns: columns.collect(),
        parts: vec![part],
        ambiguous_rows: 0,
        lossy_nulls: 0,
        quarantine: Vec::new(),
        quality: Vec::new(),
        arguments: ["views", "run", view.name.as_str()]
            .map(str::to_owned)
            .into(),
        appended: Appended::default(),
        incremental: None,
    }
}
