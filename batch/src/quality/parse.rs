//! `quality.toml`: from text to rules. Pure; each error names the file and the line.

use super::events::EventRule;
use super::raw::RawFile;
use super::rules::{Rules, VALUES_MAX};
use std::ops::Range;

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

pub(super) const SHAPE: &str = "a rule is a table [[rule]] with table, check (not-null, range, set, unique, reference, row-count, freshness), what the check needs, and action (warn, quarantine, fail); one for live events is [[event]], without table";

/// A problem at a place in the text.
pub(super) struct At(
    pub(super) Range<usize>,
    pub(super) String,
    pub(super) &'static str,
);

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
        let mut events: Vec<EventRule> = Vec::new();
        for rule in raw.event {
            let span = rule.span();
            let line = line_of(text, span.start);
            let rule = rule.into_inner().into_rule(line, &span).map_err(error)?;
            if events.iter().any(|other| other.name == rule.name) {
                let problem = format!("two rules for events are called `{}`", rule.name);
                return Err(error(At(span, problem, "give one of them another name")));
            }
            events.push(rule);
        }
        Ok(Self {
            file: file.to_owned(),
            values_max: raw.values_max.unwrap_or(VALUES_MAX),
            rules: rules.collect::<Result<_, _>>()?,
            events,
        })
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().iter().take(offset);
    1 + before.filter(|byte| **byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::super::rules::Rule;
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
