//! Broken rules, counted as rows of a result go by: `-- broken: COUNT by RULE`. Pure.

use super::catalog::View;
use super::error::ViewError;
use super::header::BrokenCount;
use comptoir_model::view_result::{BrokenRule, ViewColumn, ViewType};
use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::arrow::error::ArrowError;
use std::collections::BTreeMap;

#[derive(Debug)]
pub(super) struct Broken {
    /// Of the rule and the count; `None` of a view that says nothing of rules.
    places: Option<(usize, usize)>,
    counts: BTreeMap<String, u64>,
}

impl Broken {
    pub(super) fn of(view: &View, columns: &[ViewColumn]) -> Result<Self, ViewError> {
        let needed = "it is not there, or of another type, and `-- broken` counts by it";
        let places = match &view.header.broken {
            None => None,
            Some(BrokenCount { count, rule }) => Some((
                view.place_of(rule, Some(ViewType::Text), columns, needed)?,
                view.place_of(count, Some(ViewType::Integer), columns, needed)?,
            )),
        };
        Ok(Self {
            places,
            counts: BTreeMap::new(),
        })
    }

    /// Rows of all columns of the result.
    pub(super) fn see(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        let Some((rule, count)) = self.places else {
            return Ok(());
        };
        let rules = cast(batch.column(rule), &DataType::Utf8)?;
        let counts = cast(batch.column(count), &DataType::Int64)?;
        let (rules, counts) = (rules.as_string::<i32>(), counts.as_primitive::<Int64Type>());
        for row in 0..batch.num_rows() {
            let count = if counts.is_null(row) {
                0
            } else {
                counts.value(row)
            };
            let count = u64::try_from(count).unwrap_or_default();
            if count > 0 && !rules.is_null(row) {
                *self.counts.entry(rules.value(row).to_owned()).or_default() += count;
            }
        }
        Ok(())
    }

    pub(super) fn found(self) -> Vec<BrokenRule> {
        let counts = self.counts.into_iter();
        counts
            .map(|(rule, count)| BrokenRule { rule, count })
            .collect()
    }
}

/// `broken: amounts are sane (17), channels (3)`; `None` where no rule is.
pub(super) fn told(broken: &[BrokenRule]) -> Option<String> {
    let rules: Vec<_> = (broken.iter())
        .map(|BrokenRule { rule, count }| format!("{rule} ({count})"))
        .collect();
    (!rules.is_empty()).then(|| format!("broken: {}", rules.join(", ")))
}
