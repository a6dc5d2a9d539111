//! A result as one file, published as imports are.

use crate::views::catalog::View;
use crate::views::error::ViewError;
use crate::views::result;
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
use csv::{Terminator, WriterBuilder};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;
use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt::Display;

/// What is encoded before it goes to the lake, in bytes; a row group of Parquet.
const PENDING: usize = 16 * 1024 * 1024;

/// The one part of a result in the lake.
pub(super) struct File {
    publication: Publication,
    writer: LakeWriter,
    encoding: Encoding,
    sha256: Sha256,
    bytes: u64,
}

/// What becomes of rows, and waits for the lake.
pub(super) enum Encoding {
    Parquet(Box<ArrowWriter<Vec<u8>>>),
    /// By RFC 4180, with a line of names.
    Csv(Vec<u8>),
}

impl Encoding {
    pub(super) fn parquet(schema: &SchemaRef) -> Result<Self, ViewError> {
        let properties = WriterProperties::builder()
            .set_created_by(format!("comptoir {}", env!("CARGO_PKG_VERSION")))
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        let parquet = ArrowWriter::try_new(Vec::new(), SchemaRef::clone(schema), Some(properties));
        Ok(Self::Parquet(Box::new(parquet.map_err(unwritable)?)))
    }

    pub(super) fn csv(columns: &[ViewColumn]) -> Result<Self, ViewError> {
        let names = columns.iter().map(|column| column.name.clone()).collect();
        let mut encoded = Vec::new();
        append_csv(&mut encoded, [names])?;
        Ok(Self::Csv(encoded))
    }

    fn write(&mut self, batch: &RecordBatch, columns: &[ViewColumn]) -> Result<(), ViewError> {
        match self {
            Self::Parquet(parquet) => parquet.write(batch).map_err(unwritable),
            Self::Csv(encoded) => {
                let rows = 0..batch.num_rows();
                append_csv(
                    encoded,
                    rows.map(|row| texts(result::row(batch, row, columns))),
                )
            }
        }
    }

    /// What is enough to go to the lake.
    fn full(&mut self) -> Result<Option<Vec<u8>>, ViewError> {
        match self {
            Self::Parquet(parquet) if parquet.in_progress_size() >= PENDING => {
                parquet.flush().map_err(unwritable)?;
                Ok(Some(std::mem::take(parquet.inner_mut())))
            }
            Self::Csv(encoded) if encoded.len() >= PENDING => Ok(Some(std::mem::take(encoded))),
            _ => Ok(None),
        }
    }

    fn rest(&mut self) -> Result<Vec<u8>, ViewError> {
        match self {
            Self::Parquet(parquet) => {
                // What `inner_mut` gave away before is not in it.
                parquet.finish().map_err(unwritable)?;
                Ok(std::mem::take(parquet.inner_mut()))
            }
            Self::Csv(encoded) => Ok(std::mem::take(encoded)),
        }
    }

    fn part(&self) -> &'static str {
        match self {
            Self::Parquet(_) => "part-00000.parquet",
            Self::Csv(_) => "part-00000.csv",
        }
    }

    fn format(&self) -> FileFormat {
        match self {
            Self::Parquet(_) => FileFormat::Parquet {
                codec: ParquetCodec::Zstd,
            },
            Self::Csv(_) => FileFormat::Csv,
        }
    }
}

/// NULL and the empty text are both an empty field.
fn texts(row: Value) -> Vec<String> {
    let cells = match row {
        Value::Array(cells) => cells,
        other => vec![other],
    };
    let text = |cell| match cell {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    };
    cells.into_iter().map(text).collect()
}

fn append_csv(
    encoded: &mut Vec<u8>,
    rows: impl IntoIterator<Item = Vec<String>>,
) -> Result<(), ViewError> {
    let mut csv = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(encoded);
    for row in rows {
        csv.write_record(row).map_err(unwritable)?;
    }
    csv.flush().map_err(unwritable)
}

impl File {
    pub(super) async fn begin(
        lake: &Lake,
        target: &LakePath,
        run: &RunId,
        encoding: Encoding,
    ) -> Result<Self, ViewError> {
        let publication = Publication::begin(lake, target, run.clone()).await?;
        let writer = publication.create_part(encoding.part()).await?;
        Ok(Self {
            publication,
            writer,
            encoding,
            sha256: Sha256::new(),
            bytes: 0,
        })
    }

    pub(super) async fn write(
        &mut self,
        batch: &RecordBatch,
        columns: &[ViewColumn],
    ) -> Result<(), ViewError> {
        self.encoding.write(batch, columns)?;
        match self.encoding.full()? {
            Some(bytes) => self.send(bytes).await,
            None => Ok(()),
        }
    }

    async fn send(&mut self, bytes: Vec<u8>) -> Result<(), ViewError> {
        self.sha256.update(&bytes);
        self.bytes += bytes.len() as u64;
        Ok(self.writer.write(Bytes::from(bytes)).await?)
    }

    /// How many bytes the file has.
    pub(super) async fn publish(
        mut self,
        view: &View,
        about: &ViewAbout,
        rows: u64,
        now: Timestamp,
    ) -> Result<u64, ViewError> {
        let rest = self.encoding.rest()?;
        self.send(rest).await?;
        self.writer.close().await?;
        let part = PartInfo {
            name: self.encoding.part().to_owned(),
            rows,
            bytes: self.bytes,
            sha256: hex::encode(self.sha256.finalize()),
            checksum: None,
        };
        let files = self.encoding.format();
        let manifest = manifest(view, about, self.publication.run().clone(), files, part);
        self.publication.commit(&manifest, now).await?;
        Ok(self.bytes)
    }

    pub(super) async fn abandon(self) {
        if let Err(error) = self.publication.abandon().await {
            tracing::debug!(%error, "the next run frees what this one wrote");
        }
    }
}

fn unwritable(error: impl Display) -> ViewError {
    ViewError::Write(error.to_string())
}

/// As of an import, so that everything that reads imports reads results.
fn manifest(
    view: &View,
    about: &ViewAbout,
    run: RunId,
    files: FileFormat,
    part: PartInfo,
) -> Manifest {
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
        files,
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
