//! What a run reads: the table, its columns, and the ranges that cut it.

use super::columns::{Fidelity, ReadColumn};
use super::encoding::Layout;
use super::error::ImportError;
use super::request::{ImportRequest, Selection, SplitMethod};
use super::sampling::Sampled;
use super::selection::{self, Select};
use super::snapshot::SnapshotMode;
use super::split_column;
use super::splits::{self, Coverage, Cutting, Splitter};
use super::worker::WORKERS_MAX;
use crate::database::{Database, Product, TableInfo, quoted};

/// What is read, and by which column it is cut.
pub(super) struct Plan {
    pub(super) table: TableInfo,
    pub(super) columns: Vec<ReadColumn>,
    /// The column in SQL, its name, and how it is cut.
    cut: Option<(String, String, Splitter)>,
}

impl Plan {
    pub(super) async fn of(
        database: &mut Database,
        request: &ImportRequest,
    ) -> Result<Self, ImportError> {
        let table = selection::describe(database, &request.selection).await?;
        let wanted = match &request.selection {
            Selection::Table { columns, .. } => columns.as_deref(),
            Selection::Query(_) => None,
        };
        let columns = request.rendering.columns(&table, wanted)?;
        let product = database.product();
        let chosen = split_column::choose(&table, request.mappers, &request.split, product)?;
        let cut = chosen.map(|(column, splitter)| {
            let sql = match (&request.selection, &request.split.column) {
                // As the user wrote it: the query knows what it means.
                (Selection::Query(_), Some(written)) => written.clone(),
                _ => quoted(&column.name),
            };
            (sql, column.name.clone(), splitter)
        });
        if cut.is_some() && request.snapshot != SnapshotMode::Off && product != Product::Sqlite {
            split_column::ensure_snapshots(&table)?;
        }
        Ok(Self {
            table,
            columns,
            cut,
        })
    }

    /// How many connections read, where the server gives them one moment.
    pub(super) fn workers(&self, request: &ImportRequest) -> usize {
        let wanted = self.cut.as_ref().map(|_| request.mappers.get() as usize);
        wanted.unwrap_or(1).min(WORKERS_MAX)
    }

    /// The ranges, by what is in the column at the moment of the snapshot.
    pub(super) async fn cuts(
        &self,
        database: &mut Database,
        request: &ImportRequest,
    ) -> Result<Vec<Option<String>>, ImportError> {
        let Some((sql, name, splitter)) = &self.cut else {
            return Ok(vec![None]);
        };
        if request.split.method == SplitMethod::Balanced && *splitter != Splitter::Boolean {
            let sampled = Sampled {
                selection: &request.selection,
                table: &self.table,
                name,
                sql,
                splitter: *splitter,
                workers: request.mappers,
            };
            return sampled.ranges(database).await;
        }
        let boundary_query = request.split.boundary_query.as_deref();
        let (selection, table) = (&request.selection, &self.table);
        let column = (name.as_str(), *splitter);
        let (min, max) =
            selection::bounds(database, selection, table, column, boundary_query).await?;
        let as_sqoop = request.rendering.fidelity == Fidelity::AsSqoop;
        let cutting = Cutting {
            splitter: *splitter,
            column: sql,
            bounds: (min.as_deref(), max.as_deref()),
            ranges: request.mappers,
            limit: request.split.limit,
            coverage: if as_sqoop || boundary_query.is_some() {
                Coverage::Bounded
            } else {
                Coverage::Whole
            },
            faithful: as_sqoop,
        };
        splits::plan(&cutting).map_err(|source| ImportError::Bounds {
            column: name.clone(),
            source,
        })
    }

    pub(super) fn layout(&self, request: &ImportRequest) -> Layout {
        Layout {
            table: self.table.name.clone(),
            columns: self.columns.clone(),
            format: request.format.clone(),
            hive: request.rendering.hive.clone(),
            files: request.files,
            conversion: request.conversion,
        }
    }

    pub(super) fn selects(
        &self,
        cuts: &[Option<String>],
        request: &ImportRequest,
        lead: Option<&str>,
    ) -> Vec<Select> {
        let (selection, table) = (&request.selection, &self.table.name);
        cuts.iter()
            .map(|cut| selection::select(selection, &self.columns, table, cut.as_deref(), lead))
            .collect()
    }
}
