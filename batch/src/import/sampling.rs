//! Asks the server where the rows of a column are, for ranges of about as many rows each.

use super::error::ImportError;
use super::request::Selection;
use super::selection;
use super::splits::balanced::{self, Histogram, Slice};
use super::splits::{BoundError, Splitter};
use crate::database::{Database, DatabaseError, Product, TableInfo, quoted};
use futures::TryStreamExt;
use std::num::NonZeroU32;

/// What is to be cut.
pub(super) struct Sampled<'a> {
    pub(super) selection: &'a Selection,
    pub(super) table: &'a TableInfo,
    /// The column's name, and how it stands in the statements of the parts.
    pub(super) name: &'a str,
    pub(super) sql: &'a str,
    pub(super) splitter: Splitter,
    pub(super) workers: NonZeroU32,
}

/// How many values are sampled for each range.
const VALUES_PER_RANGE: u64 = 100;

impl Sampled<'_> {
    /// The conditions of all parts.
    pub(super) async fn ranges(
        &self,
        database: &mut Database,
    ) -> Result<Vec<Option<String>>, ImportError> {
        let cuts = match self.by_index(database).await? {
            Some(cuts) => cuts,
            None => self.by_sample(database).await?,
        };
        Ok(balanced::ranges(self.sql, &cuts))
    }

    /// By what the server estimates from the column's index: some hundred looks at two places of
    /// it, whatever the table's size. `None` where it has none, where a condition makes the index no
    /// measure of the rows, or where there are few rows.
    async fn by_index(&self, database: &mut Database) -> Result<Option<Vec<String>>, ImportError> {
        let Selection::Table { filter: None, .. } = self.selection else {
            return Ok(None);
        };
        // Texts have an order of their own, which we don't divide.
        if database.product() == Product::Sqlite || self.splitter == Splitter::Text {
            return Ok(None);
        }
        let column = quoted(self.name);
        let whole = format!("{column} IS NOT NULL");
        if self.estimate(database, &whole).await?.is_none() {
            return Ok(None);
        }
        let bounds = selection::bounds(
            database,
            self.selection,
            self.table,
            (self.name, self.splitter),
            None,
        );
        let (Some(min), Some(max)) = bounds.await? else {
            return Ok(Some(Vec::new()));
        };
        let histogram = Histogram::new(self.splitter, (&min, &max), self.workers);
        let mut histogram = histogram.map_err(|source| self.failed(source))?;
        while let Some(place) = histogram.too_heavy() {
            let pieces = histogram
                .pieces(place)
                .map_err(|source| self.failed(source))?;
            let Some(rows) = self.estimates(database, &pieces).await? else {
                return Ok(None);
            };
            histogram.divide(place, pieces, &rows);
        }
        Ok(histogram.is_telling().then(|| histogram.cuts()))
    }

    async fn estimates(
        &self,
        database: &mut Database,
        pieces: &[Slice],
    ) -> Result<Option<Vec<u64>>, DatabaseError> {
        let column = quoted(self.name);
        let mut rows = Vec::with_capacity(pieces.len());
        for piece in pieces {
            match self.estimate(database, &piece.condition(&column)).await? {
                Some(estimate) => rows.push(estimate),
                None => return Ok(None),
            }
        }
        Ok(Some(rows))
    }

    /// How many rows the server expects; `None` where it would have to look at all of them.
    async fn estimate(
        &self,
        database: &mut Database,
        condition: &str,
    ) -> Result<Option<u64>, DatabaseError> {
        let what = format!("estimating the rows of ranges of `{}`", self.name);
        let (column, table) = (quoted(self.name), quoted(&self.table.name));
        let sql =
            format!("EXPLAIN FORMAT=TRADITIONAL SELECT {column} FROM {table} WHERE {condition}");
        // MySQL has a column more in front of these: partitions.
        let (access, rows) = match database.product() {
            Product::MariaDb => (3, 8),
            Product::MySql | Product::Sqlite => (4, 9),
        };
        let plan = database.fetch_all(&what, &sql).await?;
        let [step] = plan.as_slice() else {
            return Ok(None);
        };
        if database.text(&what, Some(step), access)?.as_deref() == Some("ALL") {
            return Ok(None);
        }
        let rows = database.text(&what, Some(step), rows)?;
        // Without a number the server knows already that there are none.
        Ok(Some(rows.and_then(|rows| rows.parse().ok()).unwrap_or(0)))
    }

    /// By a random sample, for which the server reads the column once.
    async fn by_sample(&self, database: &mut Database) -> Result<Vec<String>, ImportError> {
        let what = format!("sampling `{}`", self.name);
        let values_max = balanced::how_many(u64::MAX, self.workers) * VALUES_PER_RANGE;
        let column = (self.name, self.splitter);
        let product = database.product();
        let sql = selection::sample_query(self.selection, self.table, column, product, values_max);
        let url = database.url().clone();
        let mut rows = database.rows(&what, &sql);
        let mut sample = Vec::new();
        while let Some(row) = rows.try_next().await? {
            let value = row.get(0);
            let value = value.map_err(|error| DatabaseError::value(&url, &self.table.name, error));
            sample.extend(value?.to_text());
        }
        let found = sample.len() as u64;
        // A sample that is not full is the whole column.
        let rows = if found < values_max { found } else { u64::MAX };
        balanced::quantiles(
            self.splitter,
            &sample,
            balanced::how_many(rows, self.workers),
        )
        .map_err(|source| self.failed(source))
    }

    fn failed(&self, source: BoundError) -> ImportError {
        ImportError::Bounds {
            column: self.name.to_owned(),
            source,
        }
    }
}
