//! Results that were read from the warehouse, whole. One of a run never changes, so it is read once.

use comptoir_model::view_result::Cell;
use comptoir_warehouse::{StoredViewResult, Warehouse, WarehouseError};
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::Mutex;

/// What is kept of all results together, in bytes of their JSON. The one that was read last is kept
/// whatever its size, which `comptoir-batch` bounds.
const BYTES_MAX: usize = 32 * 1024 * 1024;

/// The rows of a result.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) result: StoredViewResult,
    pub(super) rows: Vec<Vec<Value>>,
    bytes: usize,
}

/// The one that was asked for last comes last.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<Vec<Arc<Loaded>>>);

impl Cache {
    /// The rows of a result; `None` if another one has taken its place. One is read at a time.
    pub(super) async fn get(
        &self,
        warehouse: &Warehouse,
        result: StoredViewResult,
    ) -> Result<Option<Arc<Loaded>>, WarehouseError> {
        let mut kept = self.0.lock().await;
        let found = kept.iter().position(|loaded| loaded.result == result);
        let loaded = if let Some(index) = found {
            kept.remove(index)
        } else {
            kept.retain(|loaded| loaded.result.view != result.view);
            let Some(chunks) = warehouse.view_result_chunks(&result).await? else {
                return Ok(None);
            };
            Arc::new(Loaded::read(result, &chunks)?)
        };
        kept.push(Arc::clone(&loaded));
        while kept.len() > 1 && kept.iter().map(|loaded| loaded.bytes).sum::<usize>() > BYTES_MAX {
            kept.remove(0);
        }
        Ok(Some(loaded))
    }
}

impl Loaded {
    fn read(result: StoredViewResult, chunks: &[String]) -> Result<Self, WarehouseError> {
        let damaged = |what: String| WarehouseError::Damaged {
            table: "view_result_chunks",
            what,
        };
        let mut rows: Vec<Vec<Value>> = Vec::new();
        for chunk in chunks {
            let chunk: Vec<Vec<Value>> =
                serde_json::from_str(chunk).map_err(|error| damaged(error.to_string()))?;
            rows.extend(chunk);
        }
        let columns = result.about.columns.len();
        if rows.len() as u64 != result.rows || rows.iter().any(|row| row.len() != columns) {
            return Err(damaged(format!(
                "other rows of {} than promised",
                result.run
            )));
        }
        Ok(Self {
            bytes: chunks.iter().map(String::len).sum(),
            result,
            rows,
        })
    }

    pub(super) fn cell(&self, row: usize, column: usize) -> Cell {
        let kind = self.result.about.columns[column].kind;
        // What is no value of its column is as good as none.
        kind.cell(&self.rows[row][column]).unwrap_or(Cell::Null)
    }
}
