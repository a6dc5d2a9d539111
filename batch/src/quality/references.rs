//! The values that others refer to, loaded before the rows come.

use super::rules::{Reference, Rules};
use super::seen::ValueHash;
use crate::database::{Database, DatabaseError, quoted};
use crate::encode::source_bytes;
use futures::TryStreamExt;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// Of each column that is referred to, its values.
#[derive(Clone, Debug, Default)]
pub struct References(BTreeMap<Reference, Known>);

/// The values of one column.
#[derive(Clone, Debug)]
pub(super) enum Known {
    All(Arc<HashSet<ValueHash>>),
    /// There are more than are remembered.
    TooMany,
}

impl References {
    pub(super) fn get(&self, reference: &Reference) -> Option<&Known> {
        self.0.get(reference)
    }

    /// Takes the values of a column from wherever they come.
    #[cfg(test)]
    pub(super) fn with(mut self, reference: Reference, values: &[&[u8]]) -> Self {
        let values = values.iter().map(|value| ValueHash::of(value)).collect();
        self.0.insert(reference, Known::All(Arc::new(values)));
        self
    }
}

/// Loads what the rules refer to, over a connection that stands in the import's snapshot.
pub async fn load_references(
    database: &mut Database,
    rules: &Rules,
) -> Result<References, DatabaseError> {
    let mut references = References::default();
    for reference in rules.references() {
        let known = load(database, &reference, rules.values_max).await?;
        references.0.insert(reference, known);
    }
    Ok(references)
}

async fn load(
    database: &mut Database,
    reference: &Reference,
    values_max: usize,
) -> Result<Known, DatabaseError> {
    let what = format!("reading the values of {reference}");
    // `crm.customers` is the table `customers` of the database `crm`.
    let table: Vec<_> = reference.table.split('.').map(quoted).collect();
    let column = quoted(&reference.column);
    // A constant comes first: see the import's own statements.
    let sql = format!(
        "SELECT DISTINCT 0, {column} FROM {} WHERE {column} IS NOT NULL",
        table.join(".")
    );
    let url = database.url().clone();
    let mut values = HashSet::new();
    let mut scratch = String::new();
    let mut rows = database.rows(&what, &sql);
    while let Some(row) = rows.try_next().await? {
        let value =
            (row.get(1)).map_err(|error| DatabaseError::value(&url, &reference.table, error))?;
        let Some(bytes) = source_bytes(value, &mut scratch) else {
            continue;
        };
        if values.len() >= values_max {
            return Ok(Known::TooMany);
        }
        values.insert(ValueHash::of(bytes));
    }
    Ok(Known::All(Arc::new(values)))
}
