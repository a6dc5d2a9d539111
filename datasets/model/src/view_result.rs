//! What a batch view answers: named, typed columns, and rows of cells.
//!
//! A row is kept as a JSON array with a cell for each column: integers, floats and booleans as
//! themselves, decimals as strings of all their digits, dates as `YYYY-MM-DD`, times as RFC 3339 in
//! UTC, NULL as `null`.

use crate::ids::{JobName, RunId};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::cmp::Ordering;
use std::fmt;

/// The name of a view: 1 to 48 lower-case letters, digits and `_`, the first of which is a letter.
/// It becomes part of lake paths, names of jobs and tables in SQL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ViewName(String);

/// A text that can't be a [`ViewName`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` can't be the name of a view\nhint: 1 to 48 lower-case letters, digits and `_`, beginning with a letter"
)]
pub struct InvalidViewName(pub String);

impl ViewName {
    /// Checks the characters and the length.
    pub fn parse(text: &str) -> Result<Self, InvalidViewName> {
        if text.len() <= 48 && is_identifier(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidViewName(text.to_owned()))
        }
    }

    /// The run that the live figures are made of. It is no view that can be read.
    pub fn live() -> Self {
        Self("live".to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What its runs are called on record, beside the jobs of the operator.
    pub fn job(&self) -> JobName {
        JobName::parse(&format!("{JOB_PREFIX}{}", self.0))
            .expect("the name of a view is shorter, and of fewer characters")
    }

    /// The view whose runs are called so.
    pub fn of_job(job: &JobName) -> Option<Self> {
        let name = job.as_str().strip_prefix(JOB_PREFIX)?;
        Self::parse(name).ok()
    }
}

const JOB_PREFIX: &str = "view.";

/// Whether SQL takes it as a name without quotes, and folds nothing of it.
pub fn is_identifier(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && (text.bytes())
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

impl fmt::Display for ViewName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ViewName {
    type Error = InvalidViewName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<ViewName> for String {
    fn from(name: ViewName) -> Self {
        name.0
    }
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ViewType {
    Boolean,
    /// 64 bits.
    Integer,
    /// At most 38 digits, `scale` of them behind the point.
    Decimal {
        precision: u8,
        scale: u8,
    },
    /// 64 bits.
    Float,
    Date,
    /// An instant, to the microsecond.
    Timestamp,
    Text,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ViewColumn {
    pub name: String,
    #[serde(flatten)]
    pub kind: ViewType,
}

/// The published run that a view read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SourceRun {
    /// What the view's SQL calls it.
    pub name: String,
    /// A path of the lake.
    pub location: String,
    pub run: RunId,
    pub rows: u64,
    /// What the source held at this moment is included.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub time: Timestamp,
}

/// All of a result but its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewAbout {
    pub description: String,
    pub columns: Vec<ViewColumn>,
    pub sources: Vec<SourceRun>,
    /// The oldest of the sources' moments: what came later may be missing.
    pub as_of: Timestamp,
    /// Of the view's file, in hexadecimal digits: which query this is the result of. Empty where it
    /// is not known.
    #[serde(default)]
    pub sha256: String,
    /// What lies in the lake; `None` where nothing does, or where it is not known.
    #[serde(default)]
    pub lake: Option<InLake>,
    /// Of each reference whose keys are counted.
    #[serde(default)]
    pub unknown: Vec<UnknownKeys>,
    /// Rules that what the run computed breaks.
    #[serde(default)]
    pub broken: Vec<BrokenRule>,
}

/// The rows of a result in the lake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InLake {
    pub format: LakeFormat,
    /// A path of the lake.
    pub location: String,
    pub rows: u64,
    /// Whether the warehouse has the rows as well.
    pub is_served: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LakeFormat {
    Parquet,
    Csv,
    Delta,
}

/// A rule for live events, and how many rows the run found that break it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BrokenRule {
    pub rule: String,
    pub count: u64,
}

/// The keys in a result that a reference does not know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnknownKeys {
    /// What the view's SQL calls the reference.
    pub reference: String,
    /// Whether there is a reference at all.
    pub is_given: bool,
    /// Different ones; where [`UnknownKeys::KEYS_MAX`] are reached there may be more.
    pub keys: u64,
    /// Rows that have them.
    pub rows: u64,
    /// The first few in their order.
    pub examples: Vec<String>,
}

impl UnknownKeys {
    /// So many are told apart.
    pub const KEYS_MAX: usize = 100_000;
}

impl LakeFormat {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::Delta => "delta",
        }
    }
}

impl ViewAbout {
    /// How many rows there are, of which the warehouse has `served`.
    pub fn rows(&self, served: u64) -> u64 {
        self.lake.as_ref().map_or(served, |lake| lake.rows)
    }

    /// Where the rows lie that the warehouse does not have.
    pub fn only_in_the_lake(&self) -> Option<&InLake> {
        self.lake.as_ref().filter(|lake| !lake.is_served)
    }
}

/// One value, for comparing. Cells of one column compare as their type does, NULL after all others.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    Boolean(bool),
    Integer(i64),
    /// Without the point; the column knows the scale.
    Decimal(i128),
    Float(f64),
    Date(Date),
    Timestamp(Timestamp),
    Text(String),
    Null,
}

/// A text that is no value of its column.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct InvalidCell {
    pub text: String,
    pub expected: String,
}

impl ViewType {
    /// Reads a value as people write it. Nothing is rounded.
    pub fn read(self, text: &str) -> Result<Cell, InvalidCell> {
        let cell = match self {
            Self::Boolean => text.parse().ok().map(Cell::Boolean),
            Self::Integer => text.parse().ok().map(Cell::Integer),
            Self::Decimal { scale, .. } => unscaled(text, scale).map(Cell::Decimal),
            Self::Float => (text.parse().ok())
                .filter(|number: &f64| number.is_finite())
                .map(Cell::Float),
            Self::Date => text.parse().ok().map(Cell::Date),
            Self::Timestamp => text.parse().ok().map(Cell::Timestamp),
            Self::Text => Some(Cell::Text(text.to_owned())),
        };
        cell.ok_or_else(|| InvalidCell {
            text: text.to_owned(),
            expected: self.expected(),
        })
    }

    /// The cell that stands in a row; `None` where none of this type does.
    pub fn cell(self, json: &Value) -> Option<Cell> {
        match (self, json) {
            (_, Value::Null) => Some(Cell::Null),
            (Self::Boolean, Value::Bool(value)) => Some(Cell::Boolean(*value)),
            (Self::Integer, Value::Number(number)) => number.as_i64().map(Cell::Integer),
            (Self::Float, Value::Number(number)) => number.as_f64().map(Cell::Float),
            (
                Self::Decimal { .. } | Self::Date | Self::Timestamp | Self::Text,
                Value::String(text),
            ) => self.read(text).ok(),
            _ => None,
        }
    }

    fn expected(self) -> String {
        match self {
            Self::Boolean => "true or false".to_owned(),
            Self::Integer => "a whole number of 64 bits".to_owned(),
            Self::Decimal { scale, .. } => {
                format!("a decimal number with at most {scale} digits behind the point")
            }
            Self::Float => "a number".to_owned(),
            Self::Date => "a date as YYYY-MM-DD".to_owned(),
            Self::Timestamp => "a time as 2026-11-21T13:00:00Z".to_owned(),
            Self::Text => "a text".to_owned(),
        }
    }
}

/// `-12.5` of scale 2 is -1250.
fn unscaled(text: &str, scale: u8) -> Option<i128> {
    let (negative, plain) = match text.strip_prefix('-') {
        Some(plain) => (true, plain),
        None => (false, text),
    };
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    let scale = usize::from(scale);
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > scale {
        return None;
    }
    let number: i128 = format!("{whole}{fraction:0<scale$}").parse().ok()?;
    Some(if negative { -number } else { number })
}

impl Cell {
    /// Of two cells of one column.
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Boolean(a), Self::Boolean(b)) => a.cmp(b),
            (Self::Integer(a), Self::Integer(b)) => a.cmp(b),
            (Self::Decimal(a), Self::Decimal(b)) => a.cmp(b),
            (Self::Float(a), Self::Float(b)) => a.total_cmp(b),
            (Self::Date(a), Self::Date(b)) => a.cmp(b),
            (Self::Timestamp(a), Self::Timestamp(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Null, Self::Null) => Ordering::Equal,
            (Self::Null, _) => Ordering::Greater,
            (_, Self::Null) => Ordering::Less,
            // Of different columns: never asked.
            _ => Ordering::Equal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const MONEY: ViewType = ViewType::Decimal {
        precision: 18,
        scale: 2,
    };

    #[test]
    fn a_name_is_one_for_paths_and_for_sql() {
        for text in ["history", "top_10", &"x".repeat(48)] {
            let name = ViewName::parse(text).unwrap();
            assert_eq!(name.as_str(), text);
            assert_eq!(ViewName::of_job(&name.job()), Some(name));
        }
        for text in ["", "1a", "_a", "A", "a-b", "a.b", "é", &"x".repeat(49)] {
            assert!(ViewName::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn decimals_are_compared_by_their_value_and_never_rounded() {
        let read = |text| MONEY.read(text).unwrap();
        assert_eq!(read("12.5"), read("12.50"));
        assert_eq!(read("-0.05"), Cell::Decimal(-5));
        assert_eq!(read("9.99").compare(&read("10")), Ordering::Less);
        for text in ["1.234", "", ".5", "1e3", "1,5", "--1", "+1"] {
            let error = MONEY.read(text).unwrap_err();
            assert!(
                error.to_string().contains("2 digits behind"),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn a_cell_has_the_type_of_its_column() {
        for (kind, json) in [
            (ViewType::Boolean, json!(true)),
            (ViewType::Integer, json!(-7)),
            (MONEY, json!("7.00")),
            (ViewType::Float, json!(0.5)),
            (ViewType::Date, json!("2026-11-21")),
            (ViewType::Timestamp, json!("2026-11-21T13:00:00Z")),
            (ViewType::Text, json!("7")),
        ] {
            assert!(
                kind.cell(&json).is_some_and(|cell| cell != Cell::Null),
                "{kind:?}"
            );
            assert_eq!(kind.cell(&Value::Null), Some(Cell::Null));
        }
        assert_eq!(ViewType::Integer.cell(&json!("7")), None);
        assert_eq!(MONEY.cell(&json!(7.0)), None);
    }

    #[test]
    fn null_comes_last() {
        let mut cells = [Cell::Null, Cell::Integer(2), Cell::Integer(-1)];
        cells.sort_by(Cell::compare);
        assert_eq!(cells, [Cell::Integer(-1), Cell::Integer(2), Cell::Null]);
    }
}
