//! Parquet files, with the columns of the first of them.

use super::Opened;
use super::streams::{More, OpenFile, streams};
use crate::verify::lake_bytes::LakeBytes;
use crate::views::error::ViewError;
use crate::views::parts::{Batches, Stopped, parquet_rows};
use comptoir_lake::{Entry, Lake, LakeError, LakePath, LakeReader};
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::error::DataFusionError;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::sync::Arc;

#[derive(Clone, Debug)]
struct ParquetFile {
    path: LakePath,
    reader: LakeReader,
}

pub(super) async fn open(
    lake: &Lake,
    entries: &[Entry],
    streams_max: usize,
) -> Result<Opened, ViewError> {
    let mut schema: Option<SchemaRef> = None;
    let (mut files, mut rows) = (Vec::new(), 0);
    for entry in entries {
        let reader = lake.open_read(&entry.path).await?;
        let (found, of_file) = look(&entry.path, &reader).await?;
        match &schema {
            None => schema = Some(found),
            Some(first) => check(&entry.path, first, &found)?,
        }
        rows += of_file;
        files.push(ParquetFile {
            path: entry.path.clone(),
            reader,
        });
    }
    let schema = schema.unwrap_or_else(|| Arc::new(Schema::empty()));
    let streams = streams(&files, &schema, streams_max);
    Ok((schema, streams, rows))
}

/// The columns, under lower-case names, and how many rows there are.
async fn look(path: &LakePath, reader: &LakeReader) -> Result<(SchemaRef, u64), LakeError> {
    let reader = reader.clone();
    let looked = tokio::task::spawn_blocking(move || {
        let bytes = LakeBytes::new(reader);
        let found = ParquetRecordBatchReaderBuilder::try_new(bytes.clone());
        let found = found.map(|builder| {
            let rows = builder.metadata().file_metadata().num_rows();
            (Arc::clone(builder.schema()), rows)
        });
        (
            found.map_err(|error| error.to_string()),
            bytes.take_failure(),
        )
    });
    match looked.await {
        Ok((_, Some(error))) => Err(error),
        Ok((Ok((schema, rows)), None)) => {
            let field = |field: &Arc<Field>| {
                let name = field.name().to_lowercase();
                Field::new(name, field.data_type().clone(), true)
            };
            let fields: Vec<Field> = schema.fields().iter().map(field).collect();
            let rows = u64::try_from(rows).unwrap_or(0);
            Ok((Arc::new(Schema::new(fields)), rows))
        }
        Ok((Err(reason), None)) => Err(corrupt(path, reason)),
        Err(error) => Err(corrupt(path, error.to_string())),
    }
}

fn check(path: &LakePath, first: &Schema, found: &Schema) -> Result<(), LakeError> {
    let names = |schema: &Schema| -> Vec<String> {
        let names = schema.fields().iter().map(|field| field.name().clone());
        names.collect()
    };
    let (first, found) = (names(first), names(found));
    if first == found {
        return Ok(());
    }
    let reason = format!(
        "it has the columns {}, the first file has {}",
        found.join(", "),
        first.join(", ")
    );
    Err(corrupt(path, reason))
}

fn corrupt(path: &LakePath, reason: String) -> LakeError {
    LakeError::Corrupt {
        path: path.clone(),
        reason,
    }
}

impl OpenFile for ParquetFile {
    fn send(&self, schema: &SchemaRef, batches: &Batches) -> Result<More, DataFusionError> {
        let bytes = LakeBytes::new(self.reader.clone());
        let done = parquet_rows(&bytes, schema, batches);
        let failed = |error| Err(DataFusionError::External(Box::new(error)));
        match (bytes.take_failure(), done) {
            (Some(error), _) => failed(error),
            (None, Ok(())) => Ok(More::Wanted),
            (None, Err(Stopped::NotWanted)) => Ok(More::NotWanted),
            (None, Err(Stopped::Unreadable(reason))) => failed(corrupt(&self.path, reason)),
        }
    }
}
