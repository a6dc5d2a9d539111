//! Which days may be missing, and which may go next. Pure.

use super::{Going, Retention, Taken};
use comptoir_model::ids::{Offset, Partition, StreamId};
use comptoir_model::merge::PartitionKey;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

/// What may be missing: records of days before `before` at offsets below these. Everything else is
/// there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forgotten {
    /// The first day that is whole, UTC.
    pub before: Date,
    pub below: BTreeMap<PartitionKey, Offset>,
    /// How many records these were, those that are about to go among them; nothing of a partition
    /// of which some went before anybody counted.
    pub rows: BTreeMap<PartitionKey, u64>,
}

/// Why a day that is old enough stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptBack {
    pub day: Date,
    /// Whose rows of that day not everybody has taken.
    pub key: PartitionKey,
    /// Up to where everybody has; `None` where nobody has taken anything of it.
    pub taken: Option<Taken>,
}

impl fmt::Display for KeptBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { day, key, taken } = self;
        write!(f, "days from {day} on stay: of {key} ")?;
        match taken {
            None => write!(f, "the live run has taken nothing"),
            Some(Taken { below, by }) => {
                write!(f, "{by} has taken only what lies below offset {}", below.0)
            }
        }
    }
}

/// Up to where a partition's rows of a day go.
#[derive(Clone, Debug)]
pub(super) struct Occupied {
    pub(super) day: Date,
    pub(super) key: PartitionKey,
    pub(super) last: Offset,
}

/// As the table keeps it.
#[derive(Serialize, Deserialize)]
struct Stored {
    before: Date,
    below: Vec<Below>,
}

#[derive(Serialize, Deserialize)]
struct Below {
    stream: StreamId,
    partition: Partition,
    offset: Offset,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rows: Option<u64>,
}

impl Default for Forgotten {
    fn default() -> Self {
        Self {
            before: Date::MIN,
            below: BTreeMap::new(),
            rows: BTreeMap::new(),
        }
    }
}

impl Forgotten {
    pub(super) fn parse(text: &str) -> serde_json::Result<Self> {
        let Stored { before, below } = serde_json::from_str(text)?;
        let mut forgotten = Self {
            before,
            ..Self::default()
        };
        for of in below {
            let Below {
                stream,
                partition,
                offset,
                rows,
            } = of;
            let key = PartitionKey { stream, partition };
            forgotten.rows.extend(rows.map(|rows| (key.clone(), rows)));
            forgotten.below.insert(key, offset);
        }
        Ok(forgotten)
    }

    pub(super) fn to_json(&self) -> String {
        let below = self.below.iter().map(|(key, offset)| Below {
            stream: key.stream.clone(),
            partition: key.partition,
            offset: *offset,
            rows: self.rows.get(key).copied(),
        });
        let stored = Stored {
            before: self.before,
            below: below.collect(),
        };
        serde_json::json!(stored).to_string()
    }

    /// With what goes now; it never gets less. `left` are rows that are known to go, and are there
    /// still because nobody ended what was begun: they are counted already.
    pub(super) fn widened(
        mut self,
        before: Date,
        going: &BTreeMap<PartitionKey, Going>,
        left: &BTreeMap<PartitionKey, Going>,
    ) -> Self {
        self.before = self.before.max(before);
        for (key, going) in going {
            let left = left.get(key).map_or(0, |left| left.rows.total());
            let more = going.rows.total().saturating_sub(left);
            match self.below.entry(key.clone()) {
                Entry::Vacant(new) => {
                    new.insert(going.below);
                    self.rows.insert(key.clone(), more);
                }
                Entry::Occupied(mut known) => {
                    let below = (*known.get()).max(going.below);
                    known.insert(below);
                    // Where nobody knows how many there were, nobody knows it now.
                    if let Some(rows) = self.rows.get_mut(key) {
                        *rows += more;
                    }
                }
            }
        }
        self
    }
}

/// The first day that has to stay whole: no day goes before everybody has all of its rows, none
/// before an earlier one, and none comes back. Late rows of a day that went don't hold others up:
/// each of them stays until everybody has it.
pub(super) fn horizon(
    known: Option<Date>,
    retention: &Retention,
    occupied: &[Occupied],
) -> (Date, Option<KeptBack>) {
    let kept_back = (occupied.iter())
        .filter(|of| Some(of.day) >= known && of.last >= retention.taken_of(&of.key))
        .min_by_key(|of| of.day);
    let wanted = kept_back.map_or(retention.before, |of| of.day.min(retention.before));
    let before = known.map_or(wanted, |known| known.max(wanted));
    let kept_back = kept_back.map(|of| KeptBack {
        day: of.day,
        key: of.key.clone(),
        taken: retention.taken.get(&of.key).cloned(),
    });
    (before, kept_back)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::RowCounts;
    use comptoir_model::verdict::Reach;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn key(number: u32) -> PartitionKey {
        PartitionKey {
            stream: StreamId("a".to_owned()),
            partition: Partition(number),
        }
    }

    fn day(number: i8) -> Date {
        date(2026, 1, number)
    }

    fn occupied(day_number: i8, partition: u32, last: u64) -> Occupied {
        Occupied {
            day: day(day_number),
            key: key(partition),
            last: Offset(last),
        }
    }

    fn taken_below(end: u64) -> Taken {
        Taken {
            below: Offset(end),
            by: "the view top".to_owned(),
        }
    }

    fn retention(before: i8, taken: &[(u32, u64)]) -> Retention {
        Retention {
            before: day(before),
            taken: (taken.iter())
                .map(|(partition, end)| (key(*partition), taken_below(*end)))
                .collect(),
            reach: Reach::new(0),
        }
    }

    #[test]
    fn a_day_stays_until_everybody_has_all_of_it() {
        let rows = [occupied(2, 0, 9), occupied(3, 0, 19), occupied(3, 1, 5)];
        let all = retention(5, &[(0, 20), (1, 6)]);
        assert_eq!(horizon(None, &all, &rows), (day(5), None));
        let (before, kept_back) = horizon(None, &retention(5, &[(0, 20), (1, 5)]), &rows);
        assert_eq!(before, day(3));
        assert_eq!(
            kept_back.unwrap().to_string(),
            "days from 2026-01-03 on stay: of partition 1 of a the view top has taken only what lies \
             below offset 5"
        );
        // A partition that nobody has taken anything of.
        let (before, kept_back) = horizon(None, &retention(5, &[(0, 20)]), &rows);
        assert_eq!(before, day(3));
        assert_eq!(
            kept_back.unwrap().to_string(),
            "days from 2026-01-03 on stay: of partition 1 of a the live run has taken nothing"
        );
    }

    #[test]
    fn a_late_row_of_a_day_that_went_holds_no_other_day_up() {
        let rows = [occupied(2, 0, 30), occupied(4, 0, 25)];
        let taken = retention(6, &[(0, 26)]);
        assert_eq!(horizon(Some(day(3)), &taken, &rows), (day(6), None));
        // Longer than before: what went does not come back.
        let longer = retention(2, &[(0, 26)]);
        assert_eq!(horizon(Some(day(3)), &longer, &[]), (day(3), None));
    }

    #[test]
    fn what_may_be_missing_is_read_back_and_only_grows() {
        let nothing = BTreeMap::new();
        let first = Forgotten::default().widened(day(3), &going(&[(0, 9, 5), (1, 4, 2)]), &nothing);
        assert_eq!(Forgotten::parse(&first.to_json()).unwrap(), first);
        // It was not ended: nothing is new.
        let same = going(&[(0, 9, 5), (1, 4, 2)]);
        assert_eq!(first.clone().widened(day(3), &same, &same), first);
        let left = going(&[(0, 9, 5)]);
        let next = going(&[(0, 5, 6), (1, 8, 3)]);
        let second = first.widened(day(2), &next, &left);
        assert_eq!(second.before, day(3));
        assert_eq!(
            second.below,
            [(key(0), Offset(9)), (key(1), Offset(8))].into()
        );
        assert_eq!(second.rows, [(key(0), 6), (key(1), 5)].into());
    }

    #[test]
    fn what_went_before_anybody_counted_stays_unknown() {
        let text = r#"{"before":"2026-01-03","below":[{"stream":"a","partition":0,"offset":9}]}"#;
        let known = Forgotten::parse(text).unwrap();
        let more = going(&[(0, 12, 2), (1, 4, 2)]);
        let known = known.widened(day(4), &more, &BTreeMap::new());
        assert_eq!(known.below[&key(0)], Offset(12));
        assert_eq!(known.rows, [(key(1), 2)].into());
        assert_eq!(Forgotten::parse(&known.to_json()).unwrap(), known);
    }

    /// Rows of these partitions, all accepted, up to before these offsets.
    fn going(partitions: &[(u32, u64, u64)]) -> BTreeMap<PartitionKey, Going> {
        let going = partitions.iter().map(|(partition, below, accepted)| {
            let rows = RowCounts {
                accepted: *accepted,
                ..RowCounts::default()
            };
            let below = Offset(*below);
            (key(*partition), Going { rows, below })
        });
        going.collect()
    }

    proptest! {
        /// Whatever is asked for, every row of a day that newly went had been taken.
        #[test]
        fn no_day_goes_with_a_row_that_somebody_has_not(
            known in prop::option::of(1_i8..9),
            wanted in 1_i8..12,
            taken in prop::collection::vec((0_u32..3, 0_u64..20), 0..3),
            rows in prop::collection::vec((1_i8..12, 0_u32..4, 0_u64..20), 0..20),
        ) {
            let rows: Vec<_> = (rows.into_iter())
                .filter(|(of_day, ..)| *of_day < wanted)
                .map(|(of_day, partition, last)| occupied(of_day, partition, last))
                .collect();
            let retention = retention(wanted, &taken);
            let known = known.map(day);
            let (before, _) = horizon(known, &retention, &rows);
            prop_assert!(known.is_none_or(|known| known <= before));
            prop_assert!(before <= known.map_or(day(wanted), |known| known.max(day(wanted))));
            for of in &rows {
                if of.day < before && known.is_none_or(|known| of.day >= known) {
                    prop_assert!(of.last < retention.taken_of(&of.key), "{of:?}");
                }
            }
        }
    }
}
