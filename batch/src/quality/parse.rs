//! `quality.toml`: from text to rules. Pure; each error names the file and the line.

use super::rules::{Bound, Check, Reference, Rule, Rules, Share, VALUES_MAX};
use comptoir_model::quality::RuleAction;
use serde::Deserialize;
use std::fmt;
use std::ops::Range;
use toml::Spanned;

/// The file does not say what can be checked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}\nhint: {hint}")]
pub struct ParseError {
    pub file: String,
    /// From 1.
    pub line: usize,
    pub problem: String,
    hint: &'static str,
}

const SHAPE: &str = "a rule is a table [[rule]] with table, check (not-null, range, set, unique, reference, row-count, freshness), what the check needs, and action (warn, quarantine, fail)";

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    values_max: Option<usize>,
    #[serde(default)]
    rule: Vec<Spanned<RawRule>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    name: Option<String>,
    table: String,
    check: RawCheck,
    action: RawAction,
    column: Option<String>,
    min: Option<Spanned<RawBound>>,
    max: Option<Spanned<RawBound>>,
    values: Option<Spanned<Vec<RawBound>>>,
    references: Option<Spanned<String>>,
    min_percent: Option<u32>,
    max_percent: Option<u32>,
    max_age: Option<Spanned<String>>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum RawCheck {
    NotNull,
    Range,
    Set,
    Unique,
    Reference,
    RowCount,
    Freshness,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RawAction {
    Warn,
    Quarantine,
    Fail,
}

/// A number, a text or a date, as one likes to write it.
#[derive(Deserialize)]
#[serde(untagged)]
enum RawBound {
    Integer(i64),
    Float(f64),
    Date(toml::value::Datetime),
    Text(String),
}

/// A problem at a place in the text.
struct At(Range<usize>, String, &'static str);

impl Rules {
    /// Reads the text of `file`.
    pub fn parse(file: &str, text: &str) -> Result<Self, ParseError> {
        let error = |At(span, problem, hint): At| ParseError {
            file: file.to_owned(),
            line: line_of(text, span.start),
            problem,
            hint,
        };
        let raw: RawFile = toml::from_str(text).map_err(|toml| {
            let span = toml.span().unwrap_or(0..0);
            error(At(span, toml.message().trim().to_owned(), SHAPE))
        })?;
        let rules = raw.rule.into_iter().map(|rule| {
            let span = rule.span();
            let line = line_of(text, span.start);
            rule.into_inner().into_rule(line, &span).map_err(error)
        });
        Ok(Self {
            file: file.to_owned(),
            values_max: raw.values_max.unwrap_or(VALUES_MAX),
            rules: rules.collect::<Result<_, _>>()?,
        })
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().iter().take(offset);
    1 + before.filter(|byte| **byte == b'\n').count()
}

impl RawRule {
    fn into_rule(self, line: usize, span: &Range<usize>) -> Result<Rule, At> {
        self.refuse_strangers(span)?;
        let kind = self.check;
        let action = match self.action {
            RawAction::Warn => RuleAction::Warn,
            RawAction::Quarantine => RuleAction::Quarantine,
            RawAction::Fail => RuleAction::Fail,
        };
        let of_all_rows = matches!(kind, RawCheck::RowCount | RawCheck::Freshness);
        if action == RuleAction::Quarantine && of_all_rows {
            return Err(At(
                span.clone(),
                format!("{kind} is about all rows, so none can be set aside"),
                "take the action warn or fail",
            ));
        }
        Ok(Rule {
            line,
            name: self.name.clone(),
            table: self.table.clone(),
            check: self.into_check(span)?,
            action,
        })
    }

    /// What another check needs is not ignored.
    fn refuse_strangers(&self, span: &Range<usize>) -> Result<(), At> {
        use RawCheck::{Freshness, Range, Reference, RowCount, Set};
        let kind = self.check;
        let bounds = matches!(kind, Range | RowCount);
        for (key, is_there, belongs) in [
            ("column", self.column.is_some(), kind != RowCount),
            ("min", self.min.is_some(), bounds),
            ("max", self.max.is_some(), bounds),
            ("values", self.values.is_some(), kind == Set),
            ("references", self.references.is_some(), kind == Reference),
            ("min_percent", self.min_percent.is_some(), kind == RowCount),
            ("max_percent", self.max_percent.is_some(), kind == RowCount),
            ("max_age", self.max_age.is_some(), kind == Freshness),
        ] {
            if is_there && !belongs {
                return Err(At(
                    span.clone(),
                    format!("`{key}` means nothing to the check {kind}"),
                    "take it away, or choose another check",
                ));
            }
        }
        Ok(())
    }

    fn into_check(self, span: &Range<usize>) -> Result<Check, At> {
        let missing = |key: &str| {
            At(
                span.clone(),
                format!("the check {} needs `{key}`", self.check),
                SHAPE,
            )
        };
        let column = self.column.clone().ok_or_else(|| missing("column"));
        Ok(match self.check {
            RawCheck::NotNull => Check::NotNull { column: column? },
            RawCheck::Unique => Check::Unique { column: column? },
            RawCheck::Range => {
                if self.min.is_none() && self.max.is_none() {
                    return Err(missing("min` or `max"));
                }
                let bound = |raw: Option<Spanned<RawBound>>| {
                    raw.map(|raw| Bound(raw.into_inner().into_text()))
                };
                Check::Range {
                    column: column?,
                    min: bound(self.min),
                    max: bound(self.max),
                }
            }
            RawCheck::Set => {
                let values = self.values.ok_or_else(|| missing("values"))?;
                let values = values.into_inner().into_iter().map(RawBound::into_text);
                Check::Set {
                    column: column?,
                    values: values.collect(),
                }
            }
            RawCheck::Reference => {
                let to = self.references.ok_or_else(|| missing("references"))?;
                let at = to.span();
                let text = to.into_inner();
                let (table, to) = text.rsplit_once('.').ok_or_else(|| {
                    At(
                        at,
                        format!("`{text}` names no column of a table"),
                        "write references = \"customers.id\"",
                    )
                })?;
                Check::Reference {
                    column: column?,
                    to: Reference {
                        table: table.to_owned(),
                        column: to.to_owned(),
                    },
                }
            }
            RawCheck::RowCount => {
                let share = Share {
                    percent_min: self.min_percent,
                    percent_max: self.max_percent,
                };
                let has_share = share.percent_min.is_some() || share.percent_max.is_some();
                if self.min.is_none() && self.max.is_none() && !has_share {
                    return Err(missing("min`, `max`, `min_percent` or `max_percent"));
                }
                Check::RowCount {
                    min: self.min.map(rows).transpose()?,
                    max: self.max.map(rows).transpose()?,
                    share: has_share.then_some(share),
                }
            }
            RawCheck::Freshness => {
                let age = self.max_age.ok_or_else(|| missing("max_age"))?;
                let (at, text) = (age.span(), age.into_inner());
                let age_max = text.parse().map_err(|error: jiff::Error| {
                    At(
                        at,
                        format!("`{text}` is no length of time: {error}"),
                        "write it in hours and minutes: max_age = \"36h\"",
                    )
                })?;
                Check::Freshness {
                    column: column?,
                    age_max,
                }
            }
        })
    }
}

fn rows(bound: Spanned<RawBound>) -> Result<u64, At> {
    let span = bound.span();
    match bound.into_inner() {
        RawBound::Integer(number) if number >= 0 => Ok(number.cast_unsigned()),
        other => Err(At(
            span,
            format!("`{}` is no number of rows", other.into_text()),
            "write a whole number",
        )),
    }
}

impl RawBound {
    fn into_text(self) -> String {
        match self {
            Self::Integer(number) => number.to_string(),
            Self::Float(number) => number.to_string(),
            Self::Date(date) => date.to_string().replace('T', " "),
            Self::Text(text) => text,
        }
    }
}

impl fmt::Display for RawCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotNull => "not-null",
            Self::Range => "range",
            Self::Set => "set",
            Self::Unique => "unique",
            Self::Reference => "reference",
            Self::RowCount => "row-count",
            Self::Freshness => "freshness",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &str = r#"
values_max = 1000

[[rule]]
table = "sales"
check = "not-null"
column = "ORDERNUMBER"
action = "fail"

[[rule]]
name = "prices are sane"
table = "sales"
check = "range"
column = "PRICEEACH"
min = 0
max = 99999.99
action = "quarantine"

[[rule]]
table = "sales"
check = "range"
column = "ORDERDATE"
min = 2003-01-06
action = "warn"

[[rule]]
table = "sales"
check = "set"
column = "DEALSIZE"
values = ["Small", "Medium", "Large"]
action = "warn"

[[rule]]
table = "sales"
check = "unique"
column = "id"
action = "fail"

[[rule]]
table = "orders"
check = "reference"
column = "customer"
references = "crm.customers.id"
action = "warn"

[[rule]]
table = "sales"
check = "row-count"
min = 1
min_percent = 80
action = "fail"

[[rule]]
table = "sales"
check = "freshness"
column = "ORDERDATE"
max_age = "36h"
action = "warn"
"#;

    #[test]
    fn reads_every_check() {
        let rules = Rules::parse("quality.toml", ALL).unwrap();
        assert_eq!(rules.values_max, 1000);
        let names: Vec<_> = rules.rules.iter().map(Rule::name).collect();
        assert_eq!(
            names,
            [
                "ORDERNUMBER is not null",
                "prices are sane",
                "ORDERDATE is at least 2003-01-06",
                "DEALSIZE is one of Small, Medium, Large",
                "id is unique",
                "customer is in crm.customers.id",
                "rows: at least 1, at least 80 % of the run before",
                "ORDERDATE is at most 36h old",
            ]
        );
        assert_eq!(rules.rules[1].line, 10);
        assert_eq!(rules.of_table("SALES").rules.len(), 7);
        assert_eq!(rules.references()[0].table, "crm.customers");
    }

    #[test]
    fn names_the_file_and_the_line_of_what_is_wrong() {
        let rule = |lines: &str| format!("[[rule]]\ntable = \"t\"\n{lines}\n");
        for (text, line, said) in [
            (rule("check = \"odd\"\naction = \"warn\""), 3, "odd"),
            (
                rule("check = \"unique\"\naction = \"warn\""),
                1,
                "needs `column`",
            ),
            (
                rule("check = \"unique\"\ncolumn = \"a\"\nmin = 1\naction = \"warn\""),
                1,
                "`min` means nothing to the check unique",
            ),
            (
                rule("check = \"unique\"\ncolumn = \"a\"\nlimit = 1\naction = \"warn\""),
                5,
                "limit",
            ),
            (
                rule(
                    "check = \"freshness\"\ncolumn = \"a\"\nmax_age = \"soon\"\naction = \"warn\"",
                ),
                5,
                "`soon` is no length of time",
            ),
            (
                rule("check = \"row-count\"\nmin = -1\naction = \"fail\""),
                4,
                "`-1` is no number of rows",
            ),
            (
                rule("check = \"row-count\"\nmin = 1\naction = \"quarantine\""),
                1,
                "none can be set aside",
            ),
            (
                rule(
                    "check = \"reference\"\ncolumn = \"a\"\nreferences = \"b\"\naction = \"fail\"",
                ),
                5,
                "names no column",
            ),
            ("[[rule]\n".to_owned(), 1, ""),
        ] {
            let error = Rules::parse("/etc/quality.toml", &text).unwrap_err();
            assert_eq!(error.line, line, "{error}");
            let error = error.to_string();
            let place = format!("/etc/quality.toml:{line}: ");
            assert!(error.starts_with(&place) && error.contains(said), "{error}");
            assert!(error.contains("\nhint: "), "{error}");
        }
    }
}
