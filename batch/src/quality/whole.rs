//! Rules over the whole import, and the results that the manifest keeps. Pure.

use super::row_checks::{Counted, RowCheck};
use super::rules::{Check, Share};
use comptoir_model::quality::RuleResult;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// What is known of the import once its rows were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Rows that stay.
    pub rows: u64,
    /// Of the run before; `None` where there was none.
    pub rows_before: Option<u64>,
    /// When the snapshot was opened.
    pub now: Timestamp,
}

pub(super) fn of_rows(check: &Check, found: &RowCheck, facts: &Facts) -> RuleResult {
    let Counted {
        broken,
        examples,
        undecided,
        newest,
    } = &found.counted;
    if let Check::Freshness { age_max, .. } = check {
        return freshness(newest.as_deref(), *age_max, facts);
    }
    if *broken > 0 {
        return RuleResult::BrokenRows {
            rows: *broken,
            examples: examples.clone(),
            unchecked: *undecided,
        };
    }
    match undecided {
        0 => RuleResult::Kept,
        values => RuleResult::Undecided {
            reason: format!("{values} values are beyond what is remembered (values_max)"),
        },
    }
}

/// Of a rule that looks at no column.
pub(super) fn of_count(check: &Check, facts: &Facts) -> RuleResult {
    let Check::RowCount { min, max, share } = check else {
        return RuleResult::Kept;
    };
    let rows = facts.rows;
    let in_range = min.is_none_or(|min| rows >= min) && max.is_none_or(|max| rows <= max);
    let before = facts.rows_before;
    let in_share = (share.zip(before)).is_none_or(|(share, before)| share.contains(rows, before));
    if in_range && in_share {
        return RuleResult::Kept;
    }
    let before = before.map_or(String::new(), |before| {
        format!(", {before} in the run before")
    });
    RuleResult::Broken {
        found: format!("{rows} rows{before}"),
    }
}

impl Share {
    fn contains(self, rows: u64, before: u64) -> bool {
        let hundredfold = u128::from(rows) * 100;
        let percent = |percent: u32| u128::from(before) * u128::from(percent);
        (self.percent_min).is_none_or(|min| hundredfold >= percent(min))
            && (self.percent_max).is_none_or(|max| hundredfold <= percent(max))
    }
}

fn freshness(newest: Option<&[u8]>, age_max: jiff::SignedDuration, facts: &Facts) -> RuleResult {
    let Some(newest) = newest else {
        return RuleResult::Broken {
            found: "no row has a date".to_owned(),
        };
    };
    let text = String::from_utf8_lossy(newest);
    let moment = (text.parse::<DateTime>().ok())
        .and_then(|moment| moment.to_zoned(TimeZone::UTC).ok())
        .map(|moment| moment.timestamp());
    match moment {
        None => RuleResult::Undecided {
            reason: format!("the newest value, `{text}`, is no date"),
        },
        Some(moment) if facts.now.duration_since(moment) <= age_max => RuleResult::Kept,
        Some(_) => RuleResult::Broken {
            found: format!("the newest is {text}"),
        },
    }
}
