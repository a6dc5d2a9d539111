//! Cutting a table into parts by ranges of a column. Pure.
//!
//! The points are Sqoop's (`IntegerSplitter` and its siblings), so that the same table gives the
//! same parts. What is made of them is not: Sqoop's ranges reach from the smallest to the largest
//! value it saw and leave out NULL, ours take in every row, whatever is in its column.

pub(super) mod balanced;
mod boolean;
mod decimal;
mod float;
mod integer;
mod moment;
mod text;

use crate::database::{Storage, TableColumn};
use std::num::{NonZeroU32, NonZeroU64};

/// How the values of a split column are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Splitter {
    Integer,
    Decimal,
    Float,
    /// DATE: points are days.
    Day,
    /// DATETIME and TIMESTAMP.
    Moment,
    /// TINYINT(1) and BIT: zero, and everything else.
    Boolean,
    Text,
}

/// Which rows the ranges have to take in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coverage {
    /// Every row: the first range has no lower end and takes the NULLs, the last no upper end.
    Whole,
    /// From the lower to the upper bound, as Sqoop does and as a boundary query asks for.
    Bounded,
}

/// What is known about a split column before it is cut.
#[derive(Clone, Debug)]
pub(super) struct Cutting<'a> {
    pub(super) splitter: Splitter,
    /// The column in SQL: quoted, or as the user wrote it for a query.
    pub(super) column: &'a str,
    /// The smallest and the largest value as the server prints them.
    pub(super) bounds: (Option<&'a str>, Option<&'a str>),
    /// How many ranges are asked for.
    pub(super) ranges: NonZeroU32,
    /// The widest range: of integers, or of seconds for dates.
    pub(super) limit: Option<NonZeroU64>,
    pub(super) coverage: Coverage,
    /// Whether doubles are cut with Sqoop's error, which leaves out rows.
    pub(super) faithful: bool,
}

/// A bound that is no value of its column's type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bound `{bound}` is no {expected}")]
pub struct BoundError {
    pub bound: String,
    pub expected: &'static str,
}

impl Splitter {
    /// `None`: parts can't be cut by such a column.
    pub(super) fn of(column: &TableColumn) -> Option<Self> {
        let is_time = column.sql_type.to_ascii_lowercase().starts_with("time");
        match column.storage {
            Storage::Integer => Some(Self::Integer),
            Storage::Decimal { .. } => Some(Self::Decimal),
            Storage::Float | Storage::Double => Some(Self::Float),
            Storage::Boolean | Storage::Bits { .. } => Some(Self::Boolean),
            Storage::DateTime => Some(Self::Moment),
            Storage::DateOrTime if is_time => None,
            Storage::DateOrTime => Some(Self::Day),
            Storage::Text => Some(Self::Text),
            Storage::Binary => None,
        }
    }
}

/// The conditions of all parts, in order; `None` is a part without a condition, which has every
/// row.
pub(super) fn plan(cutting: &Cutting<'_>) -> Result<Vec<Option<String>>, BoundError> {
    let Cutting {
        column, coverage, ..
    } = *cutting;
    let (min, max) = match (cutting.bounds, coverage) {
        // No row has a value: there are none, or they are all NULL.
        ((_, None), Coverage::Whole) => return Ok(vec![None]),
        ((_, None), Coverage::Bounded) => return Ok(vec![Some(format!("{column} IS NULL"))]),
        ((min, Some(max)), _) => (min, max),
    };
    let from = min.unwrap_or(max);
    let points = match cutting.splitter {
        Splitter::Boolean => return Ok(boolean::conditions(column, from, max, coverage)),
        Splitter::Float if cutting.faithful => {
            return float::sqoops_conditions(column, from, max, cutting.ranges);
        }
        Splitter::Text => text::literals(min.unwrap_or_default(), max, cutting.ranges),
        splitter => points(splitter, from, max, cutting.ranges, cutting.limit)?,
    };
    Ok(match (coverage, cutting.splitter) {
        (Coverage::Bounded, _) => bounded(column, &points),
        (Coverage::Whole, Splitter::Text) => first_above(column, &inner(&points)),
        (Coverage::Whole, _) => whole(column, &inner(&points)),
    })
}

/// The ends of so many ranges in SQL, the smallest and the largest value included.
fn points(
    splitter: Splitter,
    from: &str,
    to: &str,
    ranges: NonZeroU32,
    limit: Option<NonZeroU64>,
) -> Result<Vec<String>, BoundError> {
    match splitter {
        // A BIT is counted as what it holds.
        Splitter::Integer | Splitter::Boolean => integer::literals(from, to, ranges, limit),
        Splitter::Decimal => decimal::literals(from, to, ranges),
        Splitter::Float => float::literals(from, to, ranges),
        Splitter::Day => moment::days(from, to, ranges, limit),
        Splitter::Moment => moment::moments(from, to, ranges, limit),
        Splitter::Text => Ok(text::literals(from, to, ranges)),
    }
}

/// The points between the ends; points that say the same again would make empty parts.
fn inner(points: &[String]) -> Vec<&str> {
    let inner = points.get(1..points.len().saturating_sub(1));
    let mut inner: Vec<_> = inner
        .unwrap_or_default()
        .iter()
        .map(String::as_str)
        .collect();
    inner.dedup();
    inner
}

/// Open ends.
fn whole(column: &str, cuts: &[&str]) -> Vec<Option<String>> {
    let (Some(first), Some(last)) = (cuts.first(), cuts.last()) else {
        return vec![None];
    };
    let lowest = format!("{column} < {first} OR {column} IS NULL");
    let highest = format!("{column} >= {last}");
    let between = cuts.windows(2).map(|pair| match pair {
        [from, to] => format!("{column} >= {from} AND {column} < {to}"),
        _ => unreachable!("a window of two"),
    });
    std::iter::once(lowest)
        .chain(between)
        .chain(std::iter::once(highest))
        .map(Some)
        .collect()
}

/// Each row belongs to the first point above it. That holds in any order of the points, and the
/// server's collation may order them otherwise than they were computed.
fn first_above(column: &str, cuts: &[&str]) -> Vec<Option<String>> {
    if cuts.is_empty() {
        return vec![None];
    }
    let mut passed = Vec::new();
    let mut conditions = Vec::new();
    for cut in cuts {
        conditions.push(if passed.is_empty() {
            format!("{column} < {cut} OR {column} IS NULL")
        } else {
            format!("{} AND {column} < {cut}", passed.join(" AND "))
        });
        passed.push(format!("{column} >= {cut}"));
    }
    conditions.push(passed.join(" AND "));
    conditions.into_iter().map(Some).collect()
}

/// Half-open ranges from the first to the last point, which belongs to the last one.
fn bounded(column: &str, points: &[String]) -> Vec<Option<String>> {
    let last = points.len().saturating_sub(2);
    let ranges = points.windows(2).enumerate().map(|(index, pair)| {
        let below = if index == last { "<=" } else { "<" };
        match pair {
            [from, to] => Some(format!("{column} >= {from} AND {column} {below} {to}")),
            _ => unreachable!("a window of two"),
        }
    });
    ranges.collect()
}

#[cfg(test)]
mod tests;
