//! Rules for live events: `[[event]]` of `quality.toml`. They never change a verdict or a live figure.

use super::number::Number;
use super::parse::At;
use super::raw::{RawAction, RawBound, RawCheck, RawRule};
use super::rules::{Check, Rule};
use comptoir_model::quality::RuleAction;
use serde::Deserialize;
use std::fmt;
use std::ops::Range;
use toml::Spanned;

/// How many weeks of the same weekday a volume is held against, where the file does not say.
const WEEKS: u32 = 4;
const WEEKS_MAX: u32 = 52;

/// Decimals and whole digits of a bound: more than any amount has, and few enough for SQL.
const DECIMALS_MAX: usize = 6;
const WHOLE_MAX: usize = 20;

const SHAPE: &str = "a rule for events is a table [[event]] with check (not-null, range, set, reference, freshness, volume), what the check needs, and action (warn, quarantine)";

#[derive(Clone, Debug, PartialEq)]
pub struct EventRule {
    /// Where it begins in the file, from 1.
    pub line: usize,
    /// No other rule for events has it.
    pub name: String,
    pub check: EventCheck,
    /// To warn or to quarantine.
    pub action: RuleAction,
}

#[derive(Clone, Debug, PartialEq)]
pub enum EventCheck {
    /// Of each event: [`Check::NotNull`], [`Check::Range`], [`Check::Set`] or [`Check::Reference`],
    /// of a column that events have.
    Each(Check),
    /// The newest event is at most so old.
    Freshness { age_max: jiff::SignedDuration },
    /// The events of a day, in percent of the mean of the same weekday in so many weeks before.
    Volume {
        percent_min: Option<u32>,
        percent_max: Option<u32>,
        weeks: u32,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
}

const COLUMNS: [(&str, Kind); 18] = [
    ("event_id", Kind::Text),
    ("order_id", Kind::Text),
    ("order_line", Kind::Number),
    ("customer_id", Kind::Text),
    ("customer_name", Kind::Text),
    ("product_id", Kind::Text),
    ("product_name", Kind::Text),
    ("category", Kind::Text),
    ("merchant", Kind::Text),
    ("quantity", Kind::Number),
    ("unit_price", Kind::Number),
    ("amount", Kind::Number),
    ("currency", Kind::Text),
    ("country", Kind::Text),
    ("city", Kind::Text),
    ("channel", Kind::Text),
    ("payment_method", Kind::Text),
    ("status", Kind::Text),
];

/// As it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEvent {
    name: Option<String>,
    check: RawEventCheck,
    action: RawAction,
    column: Option<String>,
    min: Option<Spanned<RawBound>>,
    max: Option<Spanned<RawBound>>,
    values: Option<Spanned<Vec<RawBound>>>,
    references: Option<Spanned<String>>,
    max_age: Option<Spanned<String>>,
    min_percent: Option<u32>,
    max_percent: Option<u32>,
    weeks: Option<u32>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum RawEventCheck {
    NotNull,
    Range,
    Set,
    Reference,
    Freshness,
    Volume,
}

impl RawEvent {
    pub(super) fn into_rule(self, line: usize, span: &Range<usize>) -> Result<EventRule, At> {
        let wrong = |problem: String, hint| At(span.clone(), problem, hint);
        let action = match self.action {
            RawAction::Warn => RuleAction::Warn,
            RawAction::Quarantine => RuleAction::Quarantine,
            RawAction::Fail => {
                return Err(wrong(
                    "events are counted already, so nothing can fail".to_owned(),
                    "take the action warn or quarantine",
                ));
            }
        };
        let name = self.name.clone();
        let check = match self.check.of_imports() {
            None => self.into_volume(action, span)?,
            Some(check) => {
                if self.weeks.is_some() {
                    let problem = format!("`weeks` means nothing to the check {check}");
                    return Err(wrong(problem, "take it away, or choose another check"));
                }
                match self.into_raw_rule(check, span)?.into_rule(line, span)? {
                    Rule {
                        check: Check::Freshness { age_max, .. },
                        ..
                    } => EventCheck::Freshness { age_max },
                    Rule { check, .. } => {
                        fits(&check).map_err(|(problem, hint)| wrong(problem, hint))?;
                        EventCheck::Each(check)
                    }
                }
            }
        };
        Ok(EventRule {
            line,
            name: name.unwrap_or_else(|| check.to_string()),
            check,
            action,
        })
    }

    fn into_volume(self, action: RuleAction, span: &Range<usize>) -> Result<EventCheck, At> {
        let wrong = |problem: String, hint| At(span.clone(), problem, hint);
        for (key, is_there) in [
            ("column", self.column.is_some()),
            ("min", self.min.is_some()),
            ("max", self.max.is_some()),
            ("values", self.values.is_some()),
            ("references", self.references.is_some()),
            ("max_age", self.max_age.is_some()),
        ] {
            if is_there {
                let problem = format!("`{key}` means nothing to the check volume");
                return Err(wrong(problem, "take it away, or choose another check"));
            }
        }
        if action == RuleAction::Quarantine {
            return Err(wrong(
                "volume is about all events, so none can be set aside".to_owned(),
                "take the action warn",
            ));
        }
        if self.min_percent.is_none() && self.max_percent.is_none() {
            let problem = "the check volume needs `min_percent` or `max_percent`".to_owned();
            return Err(wrong(problem, SHAPE));
        }
        let weeks = self.weeks.unwrap_or(WEEKS);
        if !(1..=WEEKS_MAX).contains(&weeks) {
            let problem = format!("`weeks` is {weeks}, a number from 1 to {WEEKS_MAX} is expected");
            return Err(wrong(problem, "leave it out for 4"));
        }
        Ok(EventCheck::Volume {
            percent_min: self.min_percent,
            percent_max: self.max_percent,
            weeks,
        })
    }

    /// The same as a rule of an import, whose freshness names its column.
    fn into_raw_rule(self, check: RawCheck, span: &Range<usize>) -> Result<RawRule, At> {
        let column = match (check, self.column) {
            (RawCheck::Freshness, None) => Some("event_time".to_owned()),
            (RawCheck::Freshness, Some(_)) => {
                return Err(At(
                    span.clone(),
                    "the freshness of events is always that of `event_time`".to_owned(),
                    "take `column` away",
                ));
            }
            (_, column) => column,
        };
        Ok(RawRule {
            name: self.name,
            table: "events".to_owned(),
            check,
            action: self.action,
            column,
            min: self.min,
            max: self.max,
            values: self.values,
            references: self.references,
            min_percent: self.min_percent,
            max_percent: self.max_percent,
            max_age: self.max_age,
        })
    }
}

impl RawEventCheck {
    /// `None` of the one that imports do not have.
    fn of_imports(self) -> Option<RawCheck> {
        Some(match self {
            Self::NotNull => RawCheck::NotNull,
            Self::Range => RawCheck::Range,
            Self::Set => RawCheck::Set,
            Self::Reference => RawCheck::Reference,
            Self::Freshness => RawCheck::Freshness,
            Self::Volume => return None,
        })
    }
}

/// Whether events have the column, of a type that can be checked so.
fn fits(check: &Check) -> Result<(), (String, &'static str)> {
    let column = check.column().unwrap_or_default();
    let Some((_, kind)) = COLUMNS.iter().find(|(name, _)| *name == column) else {
        let hint = "order_line, quantity, unit_price and amount are numbers; event_id, order_id, customer_id, customer_name, product_id, product_name, category, merchant, currency, country, city, channel, payment_method and status are texts";
        return Err((format!("events have no column `{column}`"), hint));
    };
    match (check, kind) {
        (Check::Range { .. }, Kind::Text) => Err((
            format!("`{column}` is a text, and a range is one of numbers"),
            "take the check set",
        )),
        (Check::Set { .. } | Check::Reference { .. }, Kind::Number) => Err((
            format!("`{column}` is a number, and only a text can be in a set or a reference"),
            "take the check range",
        )),
        (Check::Range { min, max, .. }, Kind::Number) => {
            let bounds = [min, max].into_iter().flatten();
            let odd = bounds.map(|bound| &bound.0).find(|text| !is_bound(text));
            odd.map_or(Ok(()), |text| {
                let problem = format!("`{text}` is no number that `{column}` can be held against");
                Err((problem, "write at most 20 digits, and 6 behind the point"))
            })
        }
        (Check::Reference { to, .. }, Kind::Text) => {
            let is_name = comptoir_model::view_result::is_identifier;
            if is_name(&to.table) && is_name(&to.column) {
                return Ok(());
            }
            let problem = format!("`{to}` is no column of a reference");
            Err((
                problem,
                "lower-case letters, digits and `_`: references = \"customers.customer_id\"",
            ))
        }
        _ => Ok(()),
    }
}

fn is_bound(text: &str) -> bool {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    Number::parse(text.as_bytes()).is_some()
        && whole.len() <= WHOLE_MAX
        && decimals.len() <= DECIMALS_MAX
}

impl fmt::Display for EventCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Each(check) => check.fmt(f),
            Self::Freshness { age_max } => write!(f, "the newest event is at most {age_max:#} old"),
            Self::Volume {
                percent_min,
                percent_max,
                weeks,
            } => {
                f.write_str("events of a day: ")?;
                match (percent_min, percent_max) {
                    (Some(min), Some(max)) => write!(f, "from {min} % to {max} %"),
                    (Some(min), None) => write!(f, "at least {min} %"),
                    (None, Some(max)) => write!(f, "at most {max} %"),
                    (None, None) => Ok(()),
                }?;
                write!(f, " of the same weekday in {weeks} weeks")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::quality::{EventCheck, Rules};

    const ALL: &str = r#"
[[rule]]
table = "sales"
check = "unique"
column = "id"
action = "fail"

[[event]]
name = "amounts are sane"
check = "range"
column = "amount"
min = 0.01
max = 5000
action = "quarantine"

[[event]]
check = "set"
column = "channel"
values = ["web", "store"]
action = "warn"

[[event]]
check = "reference"
column = "customer_id"
references = "customers.customer_id"
action = "warn"

[[event]]
check = "not-null"
column = "customer_id"
action = "quarantine"

[[event]]
check = "freshness"
max_age = "30m"
action = "warn"

[[event]]
check = "volume"
min_percent = 50
max_percent = 300
action = "warn"
"#;

    #[test]
    fn reads_every_check_beside_the_rules_of_imports() {
        let rules = Rules::parse("quality.toml", ALL).unwrap();
        assert_eq!(rules.rules.len(), 1);
        let names: Vec<_> = rules.events.iter().map(|rule| rule.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "amounts are sane",
                "channel is one of web, store",
                "customer_id is in customers.customer_id",
                "customer_id is not null",
                "the newest event is at most 30m old",
                "events of a day: from 50 % to 300 % of the same weekday in 4 weeks",
            ]
        );
        assert_eq!(rules.events[0].line, 8);
        assert!(matches!(
            rules.events[5].check,
            EventCheck::Volume { weeks: 4, .. }
        ));
        // An import is not concerned.
        assert_eq!(rules.for_import_of("sales").unwrap().events, []);
        assert!(rules.ensure_all_used(&["sales".to_owned()]).is_ok());
    }

    #[test]
    fn names_the_file_and_the_line_of_what_is_wrong() {
        let range = |more: &str| format!("check = \"range\"\n{more}\naction = \"warn\"");
        for (lines, line, said) in [
            (range("column = \"city\"\nmin = 1"), 1, "`city` is a text"),
            (range("column = \"price\"\nmin = 1"), 1, "no column `price`"),
            (range("column = \"amount\"\nmin = \"1e5\""), 1, "`1e5` is no number"),
            (range("column = \"amount\"\nmin = \"0.0000001\""), 1, "is no number"),
            (range("column = \"amount\""), 1, "needs `min` or `max`"),
            (range("column = \"amount\"\nmin = 1\nweeks = 2"), 1, "`weeks` means nothing"),
            (
                "check = \"set\"\ncolumn = \"quantity\"\nvalues = [1]\naction = \"warn\"".to_owned(),
                1,
                "`quantity` is a number",
            ),
            (
                "check = \"not-null\"\ncolumn = \"customer_id\"\naction = \"fail\"".to_owned(),
                1,
                "nothing can fail",
            ),
            ("check = \"volume\"\naction = \"warn\"".to_owned(), 1, "needs `min_percent`"),
            (
                "check = \"volume\"\nmin_percent = 1\naction = \"quarantine\"".to_owned(),
                1,
                "none can be set aside",
            ),
            (
                "check = \"volume\"\nmin_percent = 1\ncolumn = \"city\"\naction = \"warn\"".to_owned(),
                1,
                "`column` means nothing",
            ),
            (
                "check = \"volume\"\nmin_percent = 1\nweeks = 0\naction = \"warn\"".to_owned(),
                1,
                "`weeks` is 0",
            ),
            (
                "check = \"freshness\"\nmax_age = \"soon\"\naction = \"warn\"".to_owned(),
                3,
                "`soon` is no length of time",
            ),
            (
                "check = \"reference\"\ncolumn = \"city\"\nreferences = \"a b.c\"\naction = \"warn\""
                    .to_owned(),
                1,
                "is no column of a reference",
            ),
            ("check = \"unique\"\naction = \"warn\"".to_owned(), 2, "unique"),
        ] {
            let error = Rules::parse("q.toml", &format!("[[event]]\n{lines}\n")).unwrap_err();
            let error = error.to_string();
            assert!(error.starts_with(&format!("q.toml:{line}: ")), "{error}");
            assert!(error.contains(said) && error.contains("\nhint: "), "{error}");
        }
        let fresh = "[[event]]\ncheck = \"freshness\"\nmax_age = \"1h\"\naction = \"warn\"\n";
        let error = Rules::parse("q.toml", &format!("{fresh}{fresh}")).unwrap_err();
        assert!(
            error.to_string().starts_with("q.toml:5: two rules"),
            "{error}"
        );
    }
}
