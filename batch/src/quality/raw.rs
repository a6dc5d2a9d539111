//! `quality.toml` as it is written, before anybody asks what it means.

use super::events::RawEvent;
use serde::Deserialize;
use std::fmt;
use toml::Spanned;

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFile {
    pub(super) values_max: Option<usize>,
    #[serde(default)]
    pub(super) rule: Vec<Spanned<RawRule>>,
    #[serde(default)]
    pub(super) event: Vec<Spanned<RawEvent>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    pub(super) name: Option<String>,
    pub(super) table: String,
    pub(super) check: RawCheck,
    pub(super) action: RawAction,
    pub(super) column: Option<String>,
    pub(super) min: Option<Spanned<RawBound>>,
    pub(super) max: Option<Spanned<RawBound>>,
    pub(super) values: Option<Spanned<Vec<RawBound>>>,
    pub(super) references: Option<Spanned<String>>,
    pub(super) min_percent: Option<u32>,
    pub(super) max_percent: Option<u32>,
    pub(super) max_age: Option<Spanned<String>>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawCheck {
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
pub(super) enum RawAction {
    Warn,
    Quarantine,
    Fail,
}

/// A number, a text or a date, as one likes to write it.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum RawBound {
    Integer(i64),
    Float(f64),
    Date(toml::value::Datetime),
    Text(String),
}

impl RawBound {
    pub(super) fn into_text(self) -> String {
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
