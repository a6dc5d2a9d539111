//! Quality rules held against the rows of an import while they pass by.

use super::encoding::Layout;
use super::error::ImportError;
use crate::database::{Database, Row, TableInfo};
use crate::encode::source_bytes;
use crate::quality::{Binding, Facts, RowChecks, Rules, Verdict, load_references};
use comptoir_model::quality::RuleOutcome;

/// The rules of one import, bound to its columns; without rules every row is kept.
#[derive(Default)]
pub(super) struct Inspection {
    binding: Binding,
    /// The primary key's columns, where all of them are imported: they name a row in examples.
    key: Vec<usize>,
}

/// What one worker looks at.
pub(super) struct Inspector<'a> {
    inspection: &'a Inspection,
    checks: RowChecks,
    scratch: String,
}

impl Inspection {
    /// Loads what the rules refer to over a connection that stands in the import's snapshot.
    pub(super) async fn open(
        database: &mut Database,
        rules: &Rules,
        table: &TableInfo,
        layout: &Layout,
    ) -> Result<Self, ImportError> {
        if rules.rules.is_empty() {
            return Ok(Self::default());
        }
        let references = load_references(database, rules).await?;
        let binding = Binding::new(rules.clone(), &layout.encoded_columns(), &references)?;
        let place = |name: &String| {
            let mut columns = layout.columns.iter();
            columns.position(|column| column.source.name == *name)
        };
        let key: Option<Vec<_>> = table.primary_key.iter().map(place).collect();
        Ok(Self {
            binding,
            key: key.unwrap_or_default(),
        })
    }

    pub(super) fn inspector(&self) -> Inspector<'_> {
        Inspector {
            inspection: self,
            checks: self.binding.checks(),
            scratch: String::new(),
        }
    }

    /// What came of each rule.
    pub(super) fn outcomes(&self, checks: Vec<RowChecks>, facts: &Facts) -> Vec<RuleOutcome> {
        self.binding.outcomes(checks, facts)
    }
}

impl Inspector<'_> {
    /// Looks at a row, whose values start at `first`.
    pub(super) fn inspect(
        &mut self,
        layout: &Layout,
        row: &Row,
        first: usize,
    ) -> Result<Verdict, ImportError> {
        for place in 0..self.checks.columns().len() {
            let index = self.checks.columns()[place];
            let raw = layout.get(row, first + index, &layout.columns[index])?;
            self.checks
                .value(index, source_bytes(raw, &mut self.scratch));
        }
        let key = &self.inspection.key;
        Ok(self.checks.end_row(|| key_of(key, layout, row, first)))
    }

    /// The names of the rules that set the last row aside.
    pub(super) fn broken_rules(&self) -> String {
        self.inspection.binding.broken_rules(&self.checks)
    }

    pub(super) fn into_checks(self) -> RowChecks {
        self.checks
    }
}

/// `id=17`, or `order=10100, line=3`; `None` without a primary key.
fn key_of(key: &[usize], layout: &Layout, row: &Row, first: usize) -> Option<String> {
    let mut named = Vec::with_capacity(key.len());
    for index in key {
        let name = &layout.columns[*index].source.name;
        let value = row.get(first + index).ok()?.to_text()?;
        named.push(format!("{name}={value}"));
    }
    (!named.is_empty()).then(|| named.join(", "))
}
