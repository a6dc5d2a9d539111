//! Rules meet the columns of a table: each column is there, each bound fits its type.

use super::number::Number;
use super::references::{Known, References};
use super::row_checks::{Bounds, RowCheck, RowChecks, Test};
use super::rules::{Bound, Check, Rule, Rules};
use super::seen::Seen;
use super::whole::{self, Facts};
use crate::encode::{Column, SqlType};
use comptoir_model::quality::RuleOutcome;

/// Rules that can be checked on rows of these columns.
#[derive(Clone, Debug, Default)]
pub struct Binding {
    rules: Rules,
    /// Of the rules that look at single rows.
    checks: Vec<RowCheck>,
}

/// A rule does not fit the table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}\nhint: {hint}")]
pub struct BindError {
    pub file: String,
    pub line: usize,
    pub problem: String,
    hint: &'static str,
}

impl Binding {
    /// `rules` are those of the table ([`Rules::of_table`]).
    pub fn new(
        rules: Rules,
        columns: &[Column],
        references: &References,
    ) -> Result<Self, BindError> {
        let mut checks = Vec::new();
        for (place, rule) in rules.rules.iter().enumerate() {
            let Some(name) = rule.check.column() else {
                continue;
            };
            let error = |problem, hint| BindError {
                file: rules.file.clone(),
                line: rule.line,
                problem,
                hint,
            };
            let found = (columns.iter().enumerate())
                .find(|(_, column)| column.name.eq_ignore_ascii_case(name));
            let (index, column) = found.ok_or_else(|| {
                error(
                    format!("the import of `{}` has no column `{name}`", rule.table),
                    "check the spelling, and --columns",
                )
            })?;
            let test = test(rule, column, references, rules.values_max)
                .map_err(|Misfit(problem, hint)| error(problem, hint))?;
            checks.extend(test.map(|test| RowCheck::new(place, index, rule.action, test)));
        }
        Ok(Self { rules, checks })
    }

    /// For one worker; all of them share what unique values were seen.
    pub fn checks(&self) -> RowChecks {
        RowChecks::new(self.checks.clone())
    }

    /// The names of the rules that set aside the row that these checks saw last.
    pub fn broken_rules(&self, checks: &RowChecks) -> String {
        let names = (checks.set_aside_by().iter()).map(|place| self.rules.rules[*place].name());
        names.collect::<Vec<_>>().join("; ")
    }

    /// What came of each rule, in their order: of rows from what the workers counted, of the whole
    /// from the facts.
    pub fn outcomes(&self, workers: Vec<RowChecks>, facts: &Facts) -> Vec<RuleOutcome> {
        let checked = workers.into_iter().reduce(|mut all, one| {
            all.merge(one);
            all
        });
        let checked = checked.unwrap_or_else(|| self.checks());
        (self.rules.rules.iter().enumerate())
            .map(|(place, rule)| RuleOutcome {
                rule: rule.name(),
                column: rule.check.column().map(str::to_owned),
                action: rule.action,
                result: match checked.of_rule(place) {
                    Some(check) => whole::of_rows(&rule.check, check, facts),
                    None => whole::of_count(&rule.check, facts),
                },
            })
            .collect()
    }
}

struct Misfit(String, &'static str);

fn test(
    rule: &Rule,
    column: &Column,
    references: &References,
    values_max: usize,
) -> Result<Option<Test>, Misfit> {
    Ok(Some(match &rule.check {
        Check::NotNull { .. } => Test::NotNull,
        Check::Range { min, max, .. } => Test::Range(bounds(column, min.as_ref(), max.as_ref())?),
        Check::Set { values, .. } => Test::Set(
            values
                .iter()
                .map(|value| value.clone().into_bytes())
                .collect(),
        ),
        Check::Unique { .. } => Test::Unique(Seen::new(values_max)),
        Check::Reference { to, .. } => match references.get(to) {
            Some(Known::All(values)) => Test::Reference(values.clone()),
            Some(Known::TooMany) | None => Test::ReferenceUnknown,
        },
        Check::Freshness { .. } if is_moment(column.sql_type) => Test::Newest,
        Check::Freshness { .. } => {
            return Err(Misfit(
                format!(
                    "`{}` is {}, not a date or time",
                    column.name, column.declared
                ),
                "name a DATE, DATETIME or TIMESTAMP column",
            ));
        }
        // It looks at no column.
        Check::RowCount { .. } => return Ok(None),
    }))
}

fn bounds(column: &Column, min: Option<&Bound>, max: Option<&Bound>) -> Result<Bounds, Misfit> {
    let text = |bound: Option<&Bound>| bound.map(|bound| bound.0.clone().into_bytes());
    let (min, max) = (text(min), text(max));
    let numbers = match column.sql_type {
        SqlType::Date | SqlType::Time | SqlType::DateTime | SqlType::Timestamp => false,
        SqlType::TinyBoolean
        | SqlType::Integer { .. }
        | SqlType::Year
        | SqlType::Decimal { .. }
        | SqlType::Float
        | SqlType::Double => true,
        SqlType::Bits { .. } | SqlType::Json | SqlType::Text | SqlType::Binary => {
            return Err(Misfit(
                format!(
                    "`{}` is {}, which has no ranges",
                    column.name, column.declared
                ),
                "ranges are for numbers, dates and times; take the check set for texts",
            ));
        }
    };
    let misfit = |bound: &&Vec<u8>| {
        if numbers {
            Number::parse(bound).is_none()
        } else {
            !bound.first().is_some_and(u8::is_ascii_digit)
        }
    };
    if let Some(bound) = [&min, &max].into_iter().flatten().find(misfit) {
        return Err(Misfit(
            format!(
                "`{}` is no bound for `{}`, which is {}",
                String::from_utf8_lossy(bound),
                column.name,
                column.declared
            ),
            "write numbers in digits, dates as 2003-01-06",
        ));
    }
    Ok(if numbers {
        Bounds::Numbers { min, max }
    } else {
        Bounds::Moments { min, max }
    })
}

fn is_moment(sql_type: SqlType) -> bool {
    matches!(
        sql_type,
        SqlType::Date | SqlType::DateTime | SqlType::Timestamp
    )
}
