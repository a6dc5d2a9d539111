//! Which rows a run reads, and where the next one begins. Pure.

use super::super::error::ImportError;
use super::check_column::{CheckColumn, CheckKind};
use super::gaps::GapFinder;
use super::overlap::Overlap;
use comptoir_model::incremental::{Gap, IncrementalMode, Start};
use std::sync::Arc;

/// The rows of one run.
#[derive(Debug)]
pub(in super::super) struct Window {
    /// The rows, in SQL.
    pub(in super::super) condition: String,
    /// In SQL.
    pub(super) check_column: String,
    /// What these rows are complete up to.
    pub(in super::super) ceiling: String,
    pub(in super::super) next: Start,
    /// What the next runs have to look for below the ceiling.
    pub(super) gaps: Vec<Gap>,
    /// Where rows are read again; `None` where none are.
    pub(in super::super) overlap: Option<Arc<Overlap>>,
}

impl Window {
    /// The column whose values have to come with the rows.
    pub(in super::super) fn lead(&self) -> Option<&str> {
        self.overlap.is_some().then_some(self.check_column.as_str())
    }
}

/// Where the values of a run end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    Including(String),
    Before(String),
}

impl End {
    pub(super) fn value(&self) -> &str {
        match self {
            Self::Including(value) | Self::Before(value) => value,
        }
    }
}

/// The condition of a range of values. NULL is in none: such a row is never new.
pub(super) fn range(
    column: &CheckColumn,
    start: Option<&Start>,
    end: Option<&End>,
) -> Result<String, ImportError> {
    let sql = &column.sql;
    let mut conditions = Vec::new();
    match start {
        None => {}
        Some(Start::After(value)) => {
            conditions.push(format!("{sql} > {}", column.literal(value)?));
        }
        Some(Start::From(value)) => {
            conditions.push(format!("{sql} >= {}", column.literal(value)?));
        }
    }
    match end {
        None => {}
        Some(End::Including(value)) => {
            conditions.push(format!("{sql} <= {}", column.literal(value)?));
        }
        Some(End::Before(value)) => {
            conditions.push(format!("{sql} < {}", column.literal(value)?));
        }
    }
    Ok(conditions.join(" AND "))
}

/// The condition of some gaps; `None` of none.
pub(super) fn in_gaps(column: &CheckColumn, gaps: &[Gap]) -> Option<String> {
    let sql = &column.sql;
    let conditions: Vec<_> = gaps
        .iter()
        .map(|gap| match (gap.first, gap.last) {
            (first, last) if first == last => format!("{sql} = {first}"),
            (first, last) => format!("{sql} BETWEEN {first} AND {last}"),
        })
        .collect();
    (!conditions.is_empty()).then(|| conditions.join(" OR "))
}

/// Where the next run begins after one that ends at `end`; late rows have values from `safe_from`
/// on, a moment of the server's clock.
pub(super) fn next(
    mode: IncrementalMode,
    kind: CheckKind,
    end: &str,
    safe_from: Option<&str>,
) -> Start {
    let safe_from = safe_from.map(|moment| kind.of_clock(moment));
    match (mode, safe_from) {
        // Of times in one format the texts have the order of the values.
        (_, Some(moment)) if moment <= end => Start::From(moment.to_owned()),
        (IncrementalMode::LastModified, _) => Start::From(kind.of_clock(end).to_owned()),
        (IncrementalMode::Append, _) => Start::After(end.to_owned()),
    }
}

/// The range in which the keys of a run are looked for gaps; `None` of values that are no integers.
pub(super) fn range_of_keys(
    start: Option<&Start>,
    end: &str,
    since: jiff::Timestamp,
) -> Option<GapFinder> {
    let first = match start {
        None => i128::MIN,
        Some(Start::After(value)) => value.trim().parse::<i128>().ok()?.checked_add(1)?,
        Some(Start::From(value)) => value.trim().parse().ok()?,
    };
    let last = end.parse().ok()?;
    Some(GapFinder::new(vec![Gap { first, last, since }]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn column(kind: CheckKind) -> CheckColumn {
        CheckColumn {
            name: "c".to_owned(),
            sql: "`c`".to_owned(),
            kind,
        }
    }

    #[test]
    fn the_ranges_end_as_sqoops_do() {
        let after = Start::After("10".to_owned());
        let end = End::Including("15".to_owned());
        let integers = range(&column(CheckKind::Integer), Some(&after), Some(&end)).unwrap();
        assert_eq!(integers, "`c` > 10 AND `c` <= 15");
        let from = Start::From("2024-01-10 10:00:00".to_owned());
        let end = End::Before("2026-11-21 10:53:05".to_owned());
        let times = range(&column(CheckKind::Moment), Some(&from), Some(&end)).unwrap();
        assert_eq!(
            times,
            "`c` >= '2024-01-10 10:00:00' AND `c` < '2026-11-21 10:53:05'"
        );
    }

    #[test]
    fn the_next_run_begins_where_late_rows_may_come() {
        let from = |moment: &str| Start::From(moment.to_owned());
        let after = |value: &str| Start::After(value.to_owned());
        let (append, modified) = (IncrementalMode::Append, IncrementalMode::LastModified);
        let (ten, eleven) = ("2024-01-10 10:00:00", "2024-01-10 11:00:00");
        for (mode, kind, end, safe_from, start) in [
            (append, CheckKind::Integer, "15", None, after("15")),
            (append, CheckKind::Moment, eleven, Some(ten), from(ten)),
            (append, CheckKind::Moment, ten, Some(eleven), after(ten)),
            (modified, CheckKind::Moment, eleven, Some(ten), from(ten)),
            (
                modified,
                CheckKind::Day,
                eleven,
                Some(ten),
                from("2024-01-10"),
            ),
        ] {
            assert_eq!(next(mode, kind, end, safe_from), start, "{mode:?} {kind:?}");
        }
    }

    #[test]
    fn gaps_are_single_keys_and_ranges() {
        let gap = |first, last| Gap {
            first,
            last,
            since: Timestamp::UNIX_EPOCH,
        };
        let column = column(CheckKind::Integer);
        assert_eq!(in_gaps(&column, &[]), None);
        assert_eq!(
            in_gaps(&column, &[gap(3, 3), gap(5, 9)]).unwrap(),
            "`c` = 3 OR `c` BETWEEN 5 AND 9"
        );
    }
}
