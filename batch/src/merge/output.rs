//! The merged part on its way into the lake, and back.

use super::MergeError;
use super::binary::{self, Shape};
use super::sort::Sorted;
use crate::encode::{AvroRows, Compressor, ParquetRows};
use crate::verify::{Content, read_part};
use comptoir_lake::publish::Publication;
use comptoir_lake::{LakeError, LakeWriter};
use comptoir_model::api::PartInfo;
use comptoir_model::file_format::FileFormat;
use comptoir_model::manifest::Manifest;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// What is collected before it goes to the lake.
const CHUNK: usize = 1024 * 1024;

pub(super) struct Output {
    writer: LakeWriter,
    encoder: Encoder,
    buffer: Vec<u8>,
    sha256: Sha256,
    rows: u64,
    bytes: u64,
}

/// Records into a file.
enum Encoder {
    Text(Compressor),
    Avro(AvroRows),
    Parquet(Box<ParquetRows>),
}

/// What was sent to the lake.
pub(super) struct Written {
    rows: u64,
    bytes: u64,
    sha256: String,
}

impl Output {
    /// `shape` is that of the files whose rows come; text needs none.
    pub(super) fn new(
        writer: LakeWriter,
        files: FileFormat,
        shape: Option<Shape>,
        name: &str,
    ) -> Result<Self, MergeError> {
        let encoder = match (files, shape) {
            (FileFormat::Text { compression }, _) => Encoder::Text(Compressor::new(compression)?),
            (FileFormat::Avro { codec }, Some(Shape::Avro(schema))) => {
                Encoder::Avro(AvroRows::new(&schema, codec, name))
            }
            (FileFormat::Parquet { codec }, Some(Shape::Parquet(shape))) => {
                Encoder::Parquet(Box::new(ParquetRows::new(shape, codec)?))
            }
            (FileFormat::Avro { .. } | FileFormat::Parquet { .. } | FileFormat::Csv, _) => {
                return Err(MergeError::unreadable("there is none"));
            }
        };
        Ok(Self {
            writer,
            encoder,
            buffer: Vec::with_capacity(CHUNK),
            sha256: Sha256::new(),
            rows: 0,
            bytes: 0,
        })
    }

    /// Takes records until a chunk is full; false when there are no more.
    pub(super) fn fill(&mut self, sorted: &mut Sorted) -> Result<bool, MergeError> {
        while self.buffer.len() < CHUNK {
            let Some(record) = sorted.next()? else {
                return Ok(false);
            };
            self.rows += 1;
            let out = &mut self.buffer;
            match &mut self.encoder {
                Encoder::Text(compressor) => compressor.append(&record, out)?,
                Encoder::Avro(rows) => rows.append(&record, out)?,
                Encoder::Parquet(rows) => rows.append(binary::split(&record), out)?,
            }
        }
        Ok(true)
    }

    pub(super) async fn flush(&mut self) -> Result<(), LakeError> {
        let chunk = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK));
        if chunk.is_empty() {
            return Ok(());
        }
        self.sha256.update(&chunk);
        self.bytes += chunk.len() as u64;
        self.writer.write(chunk.into()).await
    }

    pub(super) async fn close(mut self) -> Result<Written, MergeError> {
        let mut rest = std::mem::take(&mut self.buffer);
        match self.encoder {
            Encoder::Text(compressor) => compressor.finish(&mut rest)?,
            Encoder::Avro(rows) => rows.finish(&mut rest)?,
            Encoder::Parquet(rows) => rows.finish(&mut rest)?,
        }
        self.sha256.update(&rest);
        self.bytes += rest.len() as u64;
        if !rest.is_empty() {
            self.writer.write(rest.into()).await?;
        }
        self.writer.hsync().await?;
        self.writer.close().await?;
        Ok(Written {
            rows: self.rows,
            bytes: self.bytes,
            sha256: hex::encode(self.sha256.finalize()),
        })
    }
}

impl Written {
    /// Reads the part as any reader would, and describes it.
    pub(super) async fn read_back(
        self,
        publication: &Publication,
        manifest: &Manifest,
        name: String,
    ) -> Result<PartInfo, MergeError> {
        let reader = publication.open_part(&name).await?;
        let found = read_part(reader, Arc::new(Content::of(manifest))).await?;
        let total = found.rows.map_err(MergeError::unreadable)?;
        let said = (self.rows, self.bytes, &self.sha256);
        if said != (total.rows, found.bytes, &found.sha256) {
            return Err(MergeError::Altered {
                differences: format!(
                    "{} rows, {} bytes, SHA-256 {} were written, {} rows, {} bytes, SHA-256 {} are there",
                    self.rows, self.bytes, self.sha256, total.rows, found.bytes, found.sha256
                ),
            });
        }
        Ok(PartInfo {
            name,
            rows: total.rows,
            bytes: self.bytes,
            sha256: self.sha256,
            checksum: Some(total.checksum),
        })
    }
}
