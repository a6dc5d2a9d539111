//! Files as partitions of a table: each stream reads some of them, one after the other, and no
//! faster than the query takes their rows.

use crate::views::parts::Batches;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::streaming::PartitionStream;
use std::fmt::Debug;
use std::sync::Arc;

/// Batches that wait for the query, of each stream.
const AHEAD: usize = 2;

/// Whether the query wants more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum More {
    Wanted,
    NotWanted,
}

/// A file that is open.
pub(super) trait OpenFile: Clone + Debug + Send + Sync + 'static {
    /// Sends its rows. For a thread that may wait.
    fn send(&self, schema: &SchemaRef, batches: &Batches) -> Result<More, DataFusionError>;
}

/// The files in at most so many streams.
pub(super) fn streams<F: OpenFile>(
    files: &[F],
    schema: &SchemaRef,
    streams_max: usize,
) -> Vec<Arc<dyn PartitionStream>> {
    let stream = |files: &[F]| -> Arc<dyn PartitionStream> {
        Arc::new(InTurn {
            files: files.to_vec(),
            schema: Arc::clone(schema),
        })
    };
    let each = files.len().div_ceil(streams_max);
    files.chunks(each).map(stream).collect()
}

#[derive(Debug)]
struct InTurn<F> {
    files: Vec<F>,
    schema: SchemaRef,
}

impl<F: OpenFile> PartitionStream for InTurn<F> {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let mut stream = RecordBatchReceiverStreamBuilder::new(Arc::clone(&self.schema), AHEAD);
        let (batches, files) = (stream.tx(), self.files.clone());
        let schema = Arc::clone(&self.schema);
        stream.spawn_blocking(move || {
            for file in files {
                if file.send(&schema, &batches)? == More::NotWanted {
                    break;
                }
            }
            Ok(())
        });
        stream.build()
    }
}
