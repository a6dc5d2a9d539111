//! Rows checked as they pass by.

use super::number::Number;
use super::seen::{Look, Seen, ValueHash};
use crate::encode::values;
use comptoir_model::quality::RuleAction;
use std::collections::HashSet;
use std::sync::Arc;

/// How many values that break a rule are kept as examples.
const EXAMPLES: usize = 3;

/// What one worker checks, and what it counted.
#[derive(Clone, Debug)]
pub struct RowChecks {
    checks: Vec<RowCheck>,
    columns: Vec<usize>,
    /// Checks that the current row breaks, with the value as an example.
    broken: Vec<(usize, Example)>,
    /// Values of this row that must be unique, with their check: they count only where the row
    /// stays.
    pending: Vec<(usize, ValueHash, Example)>,
    set_aside_by: Vec<usize>,
}

/// The start of a value.
type Example = Vec<u8>;

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    Keep,
    /// A rule quarantines it: it is not written into the parts.
    SetAside,
}

/// One rule over single rows.
#[derive(Clone, Debug)]
pub(super) struct RowCheck {
    /// Of the rule in its file.
    pub(super) rule: usize,
    column: usize,
    action: RuleAction,
    test: Test,
    pub(super) counted: Counted,
}

#[derive(Clone, Debug)]
pub(super) enum Test {
    NotNull,
    Range(Bounds),
    Set(HashSet<Vec<u8>>),
    Unique(Seen),
    Reference(Arc<HashSet<ValueHash>>),
    /// Too many values are referred to.
    ReferenceUnknown,
    /// Breaks nothing; remembers the newest value.
    Newest,
}

/// Both ends belong to the range.
#[derive(Clone, Debug)]
pub(super) enum Bounds {
    Numbers {
        min: Option<Vec<u8>>,
        max: Option<Vec<u8>>,
    },
    /// Dates and times, in the order of their text. A date is its midnight.
    Moments {
        min: Option<Vec<u8>>,
        max: Option<Vec<u8>>,
    },
}

/// What was found for one rule.
#[derive(Clone, Debug, Default)]
pub(super) struct Counted {
    pub(super) broken: u64,
    pub(super) examples: Vec<String>,
    /// Values that could not be checked.
    pub(super) undecided: u64,
    pub(super) newest: Option<Vec<u8>>,
}

impl RowCheck {
    pub(super) fn new(rule: usize, column: usize, action: RuleAction, test: Test) -> Self {
        Self {
            rule,
            column,
            action,
            test,
            counted: Counted::default(),
        }
    }
}

impl RowChecks {
    pub(super) fn new(checks: Vec<RowCheck>) -> Self {
        let mut columns: Vec<_> = checks.iter().map(|check| check.column).collect();
        columns.sort_unstable();
        columns.dedup();
        Self {
            checks,
            columns,
            broken: Vec::new(),
            pending: Vec::new(),
            set_aside_by: Vec::new(),
        }
    }

    /// The columns whose values are wanted, of each row.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// The rules that set the last row aside, by their place in the file.
    pub(super) fn set_aside_by(&self) -> &[usize] {
        &self.set_aside_by
    }

    /// Takes a value of the current row, as the server sends it.
    pub fn value(&mut self, column: usize, value: Option<&[u8]>) {
        for (place, check) in self.checks.iter_mut().enumerate() {
            if check.column != column {
                continue;
            }
            let broken = match (&check.test, value) {
                (Test::NotNull, None) => true,
                (_, None) | (Test::NotNull, Some(_)) => false,
                (Test::Range(bounds), Some(value)) => !bounds.contain(value),
                (Test::Set(set), Some(value)) => !set.contains(value),
                (Test::Reference(known), Some(value)) => !known.contains(&ValueHash::of(value)),
                (Test::ReferenceUnknown, Some(_)) => {
                    check.counted.undecided += 1;
                    false
                }
                (Test::Unique(_), Some(value)) => {
                    (self.pending).push((place, ValueHash::of(value), example(value)));
                    false
                }
                (Test::Newest, Some(value)) => {
                    check.counted.see(value);
                    false
                }
            };
            if broken {
                (self.broken).push((place, example(value.unwrap_or(b"NULL"))));
            }
        }
    }

    /// After the last value of a row. `key` says which row it is, where the table has a key; it is
    /// asked only for rows that become examples.
    pub fn end_row(&mut self, key: impl Fn() -> Option<String>) -> Verdict {
        let Self {
            checks,
            broken,
            pending,
            set_aside_by,
            ..
        } = self;
        let sets_aside = |place: usize| checks[place].action == RuleAction::Quarantine;
        let mut set_aside = broken.iter().any(|(place, _)| sets_aside(*place));
        for (place, hash, example) in pending.drain(..) {
            let check = &mut checks[place];
            let Test::Unique(seen) = &check.test else {
                continue;
            };
            if set_aside {
                continue;
            }
            match seen.look(hash) {
                Look::New => {}
                Look::Full => check.counted.undecided += 1,
                Look::Known => {
                    set_aside |= check.action == RuleAction::Quarantine;
                    broken.push((place, example));
                }
            }
        }
        set_aside_by.clear();
        for (place, example) in broken.drain(..) {
            let check = &mut checks[place];
            check.counted.breaks(&example, &key);
            if check.action == RuleAction::Quarantine {
                set_aside_by.push(check.rule);
            }
        }
        if set_aside {
            Verdict::SetAside
        } else {
            Verdict::Keep
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (check, other) in self.checks.iter_mut().zip(other.checks) {
            let Counted {
                broken,
                examples,
                undecided,
                newest,
            } = other.counted;
            check.counted.broken += broken;
            check.counted.undecided += undecided;
            let room = EXAMPLES - check.counted.examples.len();
            check
                .counted
                .examples
                .extend(examples.into_iter().take(room));
            if let Some(newest) = newest {
                check.counted.see(&newest);
            }
        }
    }

    pub(super) fn of_rule(&self, rule: usize) -> Option<&RowCheck> {
        self.checks.iter().find(|check| check.rule == rule)
    }
}

/// Of an example, in bytes.
const EXAMPLE_LENGTH: usize = 60;

fn example(value: &[u8]) -> Example {
    value[..value.len().min(EXAMPLE_LENGTH)].to_vec()
}

impl Counted {
    fn breaks(&mut self, example: &[u8], key: impl Fn() -> Option<String>) {
        self.broken += 1;
        if self.examples.len() < EXAMPLES {
            let value = String::from_utf8_lossy(example);
            self.examples.push(match key() {
                Some(key) => format!("{value} ({key})"),
                None => value.into_owned(),
            });
        }
    }

    fn see(&mut self, value: &[u8]) {
        if self.newest.as_deref() < Some(value) {
            self.newest = Some(value.to_vec());
        }
    }
}

impl Bounds {
    /// A number in another notation than plain digits is compared as a 64-bit float; what is no
    /// number at all is in no range.
    fn contain(&self, value: &[u8]) -> bool {
        match self {
            Self::Numbers { min, max } => match Number::parse(value) {
                Some(number) => {
                    let bound =
                        |bound: &Option<Vec<u8>>, within: fn(&Number<'_>, &Number<'_>) -> bool| {
                            (bound.as_deref().and_then(Number::parse))
                                .is_none_or(|bound| within(&number, &bound))
                        };
                    bound(min, |number, min| number >= min)
                        && bound(max, |number, max| number <= max)
                }
                None => values::parse::<f64>(value).is_some_and(|number| {
                    let bound =
                        |bound: &Option<Vec<u8>>| bound.as_deref().and_then(values::parse::<f64>);
                    bound(min).is_none_or(|min| number >= min)
                        && bound(max).is_none_or(|max| number <= max)
                }),
            },
            Self::Moments { min, max } => {
                min.as_deref().is_none_or(|min| value >= min)
                    && (max.as_deref())
                        .is_none_or(|max| value <= max || starts_midnight(value, max))
            }
        }
    }
}

/// `2003-02-24 00:00:00` is not after `2003-02-24`.
fn starts_midnight(value: &[u8], date: &[u8]) -> bool {
    (value.strip_prefix(date)).is_some_and(|rest| rest.iter().all(|byte| b" 0:.".contains(byte)))
}
