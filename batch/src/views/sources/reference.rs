//! References: what is known of products, customers and stores, where anything is.
//!
//! A reference is what is published in its directory, or else the CSV or Parquet files there. Each
//! key has one row: a second one would count every sale of it twice.

use super::{Opened, Sources, Stored, StoredFiles, no_run, opened_files};
use crate::views::error::ViewError;
use crate::views::header::{DeclaredColumn, FileKind, Files, Reference};
use comptoir_config::clock;
use comptoir_lake::LakePath;
use comptoir_model::view_result::SourceRun;
use datafusion::arrow::array::AsArray;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::TableProvider;
use datafusion::datasource::empty::EmptyTable;
use datafusion::prelude::col;
use futures::StreamExt;
use std::sync::Arc;

impl Sources<'_> {
    pub(super) async fn open_reference(
        &mut self,
        name: &str,
        reference: &Reference,
    ) -> Result<Opened, ViewError> {
        let directory = self.stores.places.reference(reference)?;
        let Some(given) = self.given(name, reference, &directory).await? else {
            return Ok(nobody_gave(name, reference, &directory));
        };
        let url = self.stores.lake.url_of(&directory);
        let table = self.declared(&url, reference, &given.table).await?;
        self.check_keys(&url, &reference.columns, &table).await?;
        let stored = (given.stored).narrowed(&casts(reference), &reference.columns[0].name);
        Ok(Opened {
            table,
            stored,
            ..given
        })
    }

    /// As it was given, with whatever columns.
    async fn given(
        &mut self,
        name: &str,
        reference: &Reference,
        directory: &LakePath,
    ) -> Result<Option<Opened>, ViewError> {
        if self.stores.lake.stat(directory).await?.is_none() {
            return Ok(None);
        }
        if let Some(run) = self.published_there(directory).await? {
            return self.opened_run(name, &run).map(Some);
        }
        for (extension, kind) in [
            ("csv", FileKind::Csv(reference.columns.clone())),
            ("parquet", FileKind::Parquet),
        ] {
            let pattern = format!("{directory}/*.{extension}");
            let files = Files { pattern, kind };
            if let Some(found) = self.open_files(&files).await? {
                return Ok(Some(opened_files(name, directory.as_str(), found)));
            }
        }
        Ok(None)
    }

    /// `None` also of a directory of files that nobody published.
    async fn published_there(
        &mut self,
        directory: &LakePath,
    ) -> Result<Option<Arc<comptoir_lake::published::PublishedRun>>, ViewError> {
        match self.published(directory).await {
            Err(ViewError::Lake(comptoir_lake::LakeError::Unpublished { .. })) => Ok(None),
            found => found,
        }
    }

    /// Its columns and no others, in their types, of rows that have a key.
    async fn declared(
        &self,
        url: &str,
        reference: &Reference,
        given: &Arc<dyn TableProvider>,
    ) -> Result<Arc<dyn TableProvider>, ViewError> {
        let sql = format!("SELECT {} FROM given", casts(reference).join(", "));
        let has_key = col(reference.columns[0].name.as_str()).is_not_null();
        let engine = &self.stores.engine;
        engine.view(url, &sql, [("given", given)], has_key).await
    }

    async fn check_keys(
        &self,
        url: &str,
        columns: &[DeclaredColumn],
        table: &Arc<dyn TableProvider>,
    ) -> Result<(), ViewError> {
        let key = &columns[0].name;
        let sql = format!(
            "SELECT CAST({key} AS STRING) AS twice FROM given GROUP BY {key} HAVING COUNT(*) > 1 \
             ORDER BY {key} LIMIT 1"
        );
        let planned = self.stores.engine.query(url, &sql, [("given", table)]);
        let planned = planned.await?;
        let mut batches = planned.rows()?;
        while let Some(batch) = batches.next().await {
            let batch = planned.batch(batch)?;
            if batch.num_rows() == 0 {
                continue;
            }
            let twice = cast(batch.column(0), &DataType::Utf8);
            let twice = twice.map_err(|error| ViewError::Sql {
                file: url.to_owned(),
                reason: error.to_string(),
            })?;
            return Err(ViewError::KeyTwice {
                url: url.to_owned(),
                column: key.clone(),
                key: twice.as_string::<i32>().value(0).to_owned(),
            });
        }
        Ok(())
    }
}

/// Each declared column in its type, in SQL.
fn casts(reference: &Reference) -> Vec<String> {
    let cast = |column: &DeclaredColumn| {
        let DeclaredColumn { name, sql_type } = column;
        format!("CAST({name} AS {sql_type}) AS {name}")
    };
    reference.columns.iter().map(cast).collect()
}

/// No row, of the columns that the SQL asks for.
fn nobody_gave(name: &str, reference: &Reference, directory: &LakePath) -> Opened {
    let fields =
        (reference.columns.iter()).map(|column| Field::new(&column.name, column.data_type(), true));
    let schema = Schema::new(fields.collect::<Vec<_>>());
    Opened {
        run: SourceRun {
            name: name.to_owned(),
            location: directory.to_string(),
            run: no_run(),
            rows: 0,
            time: clock::now(),
        },
        stored: Stored::new(StoredFiles::Nothing, &schema),
        table: Arc::new(EmptyTable::new(Arc::new(schema))),
        is_given: false,
        basis: Vec::new(),
    }
}
