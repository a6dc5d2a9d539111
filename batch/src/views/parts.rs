//! The parts of a published run as batches of typed columns, as their bytes come.

use super::columns::ColumnBuilder;
use crate::verify::Content;
use crate::verify::avro;
use crate::verify::file_value::FileValue;
use crate::verify::lake_bytes::LakeBytes;
use crate::verify::text::{Rest, WholeRecords, hexadecimal};
use comptoir_lake::LakeError;
use comptoir_lake::published::PublishedRun;
use comptoir_model::file_format::TextCompression;
use comptoir_model::row_checksum::CanonicalForm;
use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::error::DataFusionError;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::sync::Arc;
use tokio::sync::mpsc::Sender;

/// Rows of a batch.
const BATCH: usize = 8192;

/// Where batches go; it waits until the query takes them.
pub(super) type Batches = Sender<Result<RecordBatch, DataFusionError>>;

/// Why a part was not read to its end.
pub(super) enum Stopped {
    /// The query has all it wants.
    NotWanted,
    Unreadable(String),
}

impl From<String> for Stopped {
    fn from(reason: String) -> Self {
        Self::Unreadable(reason)
    }
}

/// The part's bytes are checked on the way: the query fails at its end where they are not right.
pub(super) async fn text(
    run: &PublishedRun,
    index: usize,
    compression: TextCompression,
    schema: &SchemaRef,
    batches: &Batches,
) -> Result<(), DataFusionError> {
    let content = Content::of(run.manifest());
    let mut part = run.part(index).map_err(external)?;
    let mut records =
        WholeRecords::new(compression).map_err(|reason| unreadable(run, index, reason))?;
    let mut rows = Rows::new(Arc::clone(schema));
    let take = |rows: &mut Rows, whole: &[u8]| -> Result<(), String> {
        for values in content.format.decode(whole, &content.kinds) {
            let mut values =
                values.map_err(|error| format!("record {}: {error}", rows.taken + 1))?;
            for (value, form) in values.iter_mut().zip(&content.forms) {
                if let (Some(text), CanonicalForm::Binary) = (value, form) {
                    let mut bytes = Vec::new();
                    hexadecimal(text, &mut bytes);
                    *text = bytes;
                }
            }
            rows.push(values.iter().map(Option::as_deref))?;
        }
        Ok(())
    };
    while let Some(chunk) = part.next_chunk().await.map_err(external)? {
        records
            .append(&chunk, &content.format, |whole| take(&mut rows, whole))
            .map_err(|reason| unreadable(run, index, reason))?;
        for batch in rows.full()? {
            if batches.send(Ok(batch)).await.is_err() {
                return Ok(());
            }
        }
    }
    let rest = (records.finish(&content.format, |whole| take(&mut rows, whole)))
        .map_err(|reason| unreadable(run, index, reason))?;
    let promised = run.manifest().parts[index].rows;
    if rest == Rest::HalfARecord || rows.taken != promised {
        let found = rows.taken;
        return Err(unreadable(
            run,
            index,
            format!("it has {found} whole rows, its manifest says {promised}"),
        ));
    }
    for batch in rows.all()? {
        if batches.send(Ok(batch)).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// Reads a part on a thread that may wait.
pub(super) fn blocking(
    run: &PublishedRun,
    index: usize,
    read: impl FnOnce(&LakeBytes) -> Result<(), Stopped>,
) -> Result<(), DataFusionError> {
    let file = LakeBytes::new(run.open_part(index).map_err(external)?);
    let done = read(&file);
    if let Some(failure) = file.take_failure() {
        return Err(external(failure));
    }
    match done {
        Ok(()) | Err(Stopped::NotWanted) => Ok(()),
        Err(Stopped::Unreadable(reason)) => Err(unreadable(run, index, reason)),
    }
}

pub(super) fn avro_rows(
    run: &PublishedRun,
    file: &LakeBytes,
    schema: &SchemaRef,
    batches: &Batches,
) -> Result<(), Stopped> {
    let forms = Content::of(run.manifest()).forms;
    let mut rows = Rows::new(Arc::clone(schema));
    let mut is_wanted = true;
    let mut printed: Vec<Option<Vec<u8>>> = Vec::new();
    let read = avro::for_each_row(file, forms.len(), |values| {
        printed.clear();
        for (value, form) in values.iter().zip(&forms) {
            printed.push(value.as_ref().map(|value| {
                let mut out = Vec::new();
                match (value, form) {
                    // Their canonical form is their bits.
                    (FileValue::Float32(number), _) => {
                        out.extend_from_slice(number.to_string().as_bytes());
                    }
                    (FileValue::Float64(number), _) => {
                        out.extend_from_slice(number.to_string().as_bytes());
                    }
                    (value, form) => value.append_canonical(*form, &mut out),
                }
                out
            }));
        }
        rows.push(printed.iter().map(Option::as_deref))?;
        for batch in rows.full().map_err(|error| error.to_string())? {
            if batches.blocking_send(Ok(batch)).is_err() {
                is_wanted = false;
                return Err(String::new());
            }
        }
        Ok(())
    });
    if !is_wanted {
        return Err(Stopped::NotWanted);
    }
    read?;
    for batch in rows.all().map_err(|error| error.to_string())? {
        batches
            .blocking_send(Ok(batch))
            .map_err(|_| Stopped::NotWanted)?;
    }
    Ok(())
}

pub(super) fn parquet_rows(
    file: &LakeBytes,
    schema: &SchemaRef,
    batches: &Batches,
) -> Result<(), Stopped> {
    let said = |error: &dyn std::fmt::Display| Stopped::Unreadable(error.to_string());
    let builder = ParquetRecordBatchReaderBuilder::try_new(file.clone()).map_err(|e| said(&e))?;
    let reader = (builder.with_batch_size(BATCH).build()).map_err(|error| said(&error))?;
    for batch in reader {
        let batch = batch.map_err(|error| said(&error))?;
        if batch.num_columns() != schema.fields().len() {
            return Err(Stopped::Unreadable(format!(
                "it has {} columns, {} are expected",
                batch.num_columns(),
                schema.fields().len()
            )));
        }
        let columns = (batch.columns().iter().zip(schema.fields()))
            .map(|(column, field)| cast(column, field.data_type()));
        let columns: Vec<ArrayRef> = columns.collect::<Result<_, _>>().map_err(|e| said(&e))?;
        let batch = RecordBatch::try_new(Arc::clone(schema), columns).map_err(|e| said(&e))?;
        batches
            .blocking_send(Ok(batch))
            .map_err(|_| Stopped::NotWanted)?;
    }
    Ok(())
}

/// Rows on their way into batches.
pub(super) struct Rows {
    schema: SchemaRef,
    builders: Vec<ColumnBuilder>,
    pending: usize,
    full: Vec<Vec<ArrayRef>>,
    taken: u64,
}

impl Rows {
    pub(super) fn new(schema: SchemaRef) -> Self {
        let types = schema.fields().iter().map(|field| field.data_type());
        Self {
            builders: types.map(ColumnBuilder::new).collect(),
            schema,
            pending: 0,
            full: Vec::new(),
            taken: 0,
        }
    }

    /// Takes a row of values in their canonical form.
    pub(super) fn push<'a>(
        &mut self,
        values: impl Iterator<Item = Option<&'a [u8]>>,
    ) -> Result<(), String> {
        for ((value, builder), index) in values.zip(&mut self.builders).zip(0..) {
            builder.append(value).map_err(|expected| {
                let index: usize = index;
                let shown = String::from_utf8_lossy(value.unwrap_or_default());
                let name = self.schema.field(index).name();
                let record = self.taken + 1;
                format!("record {record}, column {name}: `{shown}` is not {expected}")
            })?;
        }
        self.taken += 1;
        self.pending += 1;
        if self.pending == BATCH {
            self.end_batch();
        }
        Ok(())
    }

    fn end_batch(&mut self) {
        let columns = self.builders.iter_mut().map(ColumnBuilder::finish);
        self.full.push(columns.collect());
        self.pending = 0;
    }

    /// The batches that are full.
    pub(super) fn full(&mut self) -> Result<Vec<RecordBatch>, DataFusionError> {
        let batches = std::mem::take(&mut self.full).into_iter();
        (batches.map(|columns| Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)))
            .collect()
    }

    /// All rows that are left.
    pub(super) fn all(&mut self) -> Result<Vec<RecordBatch>, DataFusionError> {
        if self.pending > 0 {
            self.end_batch();
        }
        self.full()
    }
}

fn external(error: LakeError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// A retry can't help: the part is not what its manifest says.
fn unreadable(run: &PublishedRun, index: usize, reason: String) -> DataFusionError {
    let part = &run.manifest().parts[index].name;
    match run.location().join(part) {
        Ok(path) => external(LakeError::Corrupt { path, reason }),
        Err(error) => external(error),
    }
}
