//! A published run as a table of the query engine. It is streamed: each part is read when it is
//! asked for, a batch at a time, and no faster than the query takes it.

use super::columns::data_type;
use super::parts::{avro_rows, blocking, parquet_rows, text};
use crate::verify::lake_bytes::LakeBytes;
use comptoir_lake::published::PublishedRun;
use comptoir_model::file_format::FileFormat;
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::datasource::empty::EmptyTable;
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::streaming::PartitionStream;
use std::sync::Arc;

/// Batches that wait for the query, of each part.
const AHEAD: usize = 2;

/// The columns under the names that SQL knows them by without quotes, in lower case: engines differ
/// in how they treat capitals. `Err` has two columns that would have one name.
pub(super) fn schema(run: &PublishedRun) -> Result<SchemaRef, (String, String)> {
    let columns = &run.manifest().columns;
    let mut fields: Vec<Field> = Vec::with_capacity(columns.len());
    for (column, index) in columns.iter().zip(0..) {
        let name = column.name.to_lowercase();
        if let Some(other) = fields.iter().position(|field| *field.name() == name) {
            let names: [&String; 2] = [other, index].map(|at: usize| &columns[at].name);
            return Err((names[0].clone(), names[1].clone()));
        }
        fields.push(Field::new(name, data_type(column), true));
    }
    Ok(Arc::new(Schema::new(fields)))
}

/// The table of a run, read in at most so many streams at once.
pub(super) fn table(
    run: &Arc<PublishedRun>,
    schema: &SchemaRef,
    streams_max: usize,
) -> Result<Arc<dyn TableProvider>, DataFusionError> {
    if run.manifest().files == FileFormat::Csv {
        let target = run.target();
        let reason =
            format!("it is CSV that a view made\nhint: -- source NAME: csv {target}/*.csv");
        return Err(DataFusionError::Plan(reason));
    }
    let parts: Vec<usize> = (0..run.manifest().parts.len()).collect();
    if parts.is_empty() {
        return Ok(Arc::new(EmptyTable::new(Arc::clone(schema))));
    }
    let stream = |parts: &[usize]| -> Arc<dyn PartitionStream> {
        Arc::new(Parts {
            run: Arc::clone(run),
            indexes: parts.to_vec(),
            schema: Arc::clone(schema),
        })
    };
    let streams = parts.chunks(parts.len().div_ceil(streams_max)).map(stream);
    Ok(Arc::new(StreamingTable::try_new(
        Arc::clone(schema),
        streams.collect(),
    )?))
}

/// Parts that are read one after the other.
#[derive(Debug)]
struct Parts {
    run: Arc<PublishedRun>,
    indexes: Vec<usize>,
    schema: SchemaRef,
}

impl PartitionStream for Parts {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let mut stream = RecordBatchReceiverStreamBuilder::new(Arc::clone(&self.schema), AHEAD);
        let batches = stream.tx();
        let (run, schema) = (Arc::clone(&self.run), Arc::clone(&self.schema));
        let indexes = self.indexes.clone();
        match run.manifest().files {
            FileFormat::Text { compression } => {
                stream.spawn(async move {
                    for index in indexes {
                        text(&run, index, compression, &schema, &batches).await?;
                    }
                    Ok(())
                });
            }
            FileFormat::Avro { .. } => {
                stream.spawn_blocking(move || {
                    indexes.into_iter().try_for_each(|index| {
                        let read = |file: &LakeBytes| avro_rows(&run, file, &schema, &batches);
                        blocking(&run, index, read)
                    })
                });
            }
            FileFormat::Parquet { .. } | FileFormat::Csv => {
                stream.spawn_blocking(move || {
                    indexes.into_iter().try_for_each(|index| {
                        let read = |file: &LakeBytes| parquet_rows(file, &schema, &batches);
                        blocking(&run, index, read)
                    })
                });
            }
        }
        stream.build()
    }
}
