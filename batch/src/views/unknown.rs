//! Keys that a reference does not know, counted as rows of a result go by. Pure.

use super::catalog::View;
use super::error::ViewError;
use super::header::UnknownRule;
use comptoir_bronze::Replaced;
use comptoir_model::view_result::{UnknownKeys, ViewColumn, ViewType};
use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::error::ArrowError;
use std::collections::{BTreeMap, BTreeSet};

/// Keys that are named as examples.
const EXAMPLES: usize = 5;

#[derive(Debug)]
pub(super) struct Unknown(Vec<Counted>);

#[derive(Debug)]
struct Counted {
    rule: UnknownRule,
    is_given: bool,
    key: usize,
    known: usize,
    keys: BTreeSet<String>,
    rows: u64,
}

impl Unknown {
    /// `given` are the sources that have anything.
    pub(super) fn of(
        view: &View,
        columns: &[ViewColumn],
        given: &BTreeMap<String, bool>,
    ) -> Result<Self, ViewError> {
        let counted = view.header.unknown.iter().map(|rule| {
            Ok(Counted {
                key: view.place_of(
                    &rule.key,
                    None,
                    columns,
                    "it is not there, and `-- unknown` counts it",
                )?,
                known: view.place_of(
                    &rule.known,
                    Some(ViewType::Boolean),
                    columns,
                    "`-- unknown` needs it, a BOOLEAN\nhint: products.product_id IS NOT NULL AS …",
                )?,
                is_given: given.get(&rule.source).copied().unwrap_or(true),
                rule: rule.clone(),
                keys: BTreeSet::new(),
                rows: 0,
            })
        });
        Ok(Self(counted.collect::<Result<_, ViewError>>()?))
    }

    /// Rows of all columns of the result.
    pub(super) fn see(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        for counted in &mut self.0 {
            let known = cast(batch.column(counted.known), &DataType::Boolean)?;
            let known = known.as_boolean();
            let keys = cast(batch.column(counted.key), &DataType::Utf8)?;
            let keys = keys.as_string::<i32>();
            for row in 0..batch.num_rows() {
                let is_known = !known.is_null(row) && known.value(row);
                if !is_known && !keys.is_null(row) {
                    counted.add(keys.value(row), 1);
                }
            }
        }
        Ok(())
    }

    /// What asks the table `result` for the same of rows that stay as they are: a query for each
    /// reference, with `unknown_key` and `row_count`.
    pub(super) fn of_other_days(&self, day: &str, replaced: &Replaced) -> Vec<String> {
        let (earlier, days) = match replaced {
            Replaced::All => return Vec::new(),
            Replaced::From { first, others } => (format!(" AND {day} < DATE '{first}'"), others),
            Replaced::Days(days) => (String::new(), days),
        };
        let days: Vec<_> = days.iter().map(|day| format!("DATE '{day}'")).collect();
        let others = match days[..] {
            [] => earlier,
            _ => format!("{earlier} AND {day} NOT IN ({})", days.join(", ")),
        };
        let sql = |counted: &Counted| {
            let UnknownRule { key, known, .. } = &counted.rule;
            format!(
                "SELECT CAST({key} AS STRING) AS unknown_key, COUNT(*) AS row_count FROM result \
                 WHERE {known} = FALSE AND {key} IS NOT NULL{others} GROUP BY CAST({key} AS STRING)"
            )
        };
        self.0.iter().map(sql).collect()
    }

    /// An answer to one of these queries.
    pub(super) fn add(&mut self, query: usize, batch: &RecordBatch) -> Result<(), ArrowError> {
        let Some(counted) = self.0.get_mut(query) else {
            return Ok(());
        };
        let keys = cast(batch.column(0), &DataType::Utf8)?;
        let rows = cast(batch.column(1), &DataType::UInt64)?;
        let rows = rows.as_primitive::<datafusion::arrow::datatypes::UInt64Type>();
        for (row, key) in keys.as_string::<i32>().iter().enumerate() {
            counted.add(key.unwrap_or_default(), rows.value(row));
        }
        Ok(())
    }

    pub(super) fn found(self) -> Vec<UnknownKeys> {
        let found = |counted: Counted| UnknownKeys {
            reference: counted.rule.source,
            is_given: counted.is_given,
            keys: counted.keys.len() as u64,
            rows: counted.rows,
            examples: counted.keys.into_iter().take(EXAMPLES).collect(),
        };
        self.0.into_iter().map(found).collect()
    }
}

impl Counted {
    fn add(&mut self, key: &str, rows: u64) {
        self.rows += rows;
        if self.keys.len() < UnknownKeys::KEYS_MAX && !self.keys.contains(key) {
            self.keys.insert(key.to_owned());
        }
    }
}

/// `3 keys of products are unknown (p-1, p-2, p-3), in 17 rows`, or that there is no reference;
/// `None` where all are known.
pub(super) fn told(unknown: &UnknownKeys) -> Option<String> {
    let UnknownKeys {
        reference,
        keys,
        rows,
        ..
    } = unknown;
    if *rows == 0 {
        return None;
    }
    if !unknown.is_given {
        return Some(format!(
            "no reference {reference} ({keys} keys in {rows} rows)"
        ));
    }
    let more = if *keys > unknown.examples.len() as u64 {
        ", …"
    } else {
        ""
    };
    let examples = unknown.examples.join(", ");
    Some(format!(
        "{keys} keys of {reference} unknown ({examples}{more}), in {rows} rows"
    ))
}
