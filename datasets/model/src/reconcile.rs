//! Whether what is served equals what was counted, from books that were kept apart.
//!
//! The views sink writes control totals beside its buckets, and a batch-view run writes what the
//! archive counted beside its rows: four sums that different statements made, of which each pair
//! has to agree. Positions, generations and coverage have to lie end to end. Whatever is not so is
//! named.

use crate::ids::Offset;
use crate::live::{ControlTotals, Counted, Overflow};
use crate::merge::{Coverage, Covered, GenerationNumber, PartitionKey, Side};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

#[cfg(test)]
mod tests;

/// All that is on record at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Books {
    pub partitions: BTreeMap<PartitionKey, PartitionBooks>,
    /// `None` before the first switch.
    pub run: Option<RunBooks>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionBooks {
    /// Where the views sink goes on, and in which generation.
    pub position: Offset,
    pub open: GenerationNumber,
    /// Ascending; the open one is the last.
    pub generations: Vec<GenerationBooks>,
    /// Rejected records that are stored, or were for as long as they are kept.
    pub dead_letters: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenerationBooks {
    pub number: GenerationNumber,
    pub start: Offset,
    /// `None` while it is open.
    pub end: Option<Offset>,
    /// Where its last batch ended; `None` before the first.
    pub counted_to: Option<Offset>,
    pub control: ControlTotals,
    /// Accepted events and their net, as its buckets and its totals by product hold them: nothing
    /// where they have been pruned.
    pub buckets: ControlTotals,
    pub tops: ControlTotals,
}

/// The current run's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunBooks {
    /// How often a run has become current, as the current one's own number, and as the newest
    /// number of all.
    pub version: u64,
    pub newest_version: u64,
    pub coverage: Coverage,
    /// What the archive counted, by partition.
    pub counted: BTreeMap<PartitionKey, ControlTotals>,
    pub by_archive_alone: BTreeMap<PartitionKey, BTreeSet<GenerationNumber>>,
    /// Accepted events and their net in its rows, and in its totals by product.
    pub rows: ControlTotals,
    pub tops: ControlTotals,
}

/// What does not agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The sink stands elsewhere than the last batch of its open generation ended.
    Position {
        partition: PartitionKey,
        expected: Offset,
        found: Offset,
    },
    /// The position names another generation as the open one.
    OpenGeneration {
        partition: PartitionKey,
        expected: Option<GenerationNumber>,
        found: GenerationNumber,
    },
    /// A generation does not begin where the one before ends, or ends where no batch did.
    OutOfLine {
        partition: PartitionKey,
        generation: GenerationNumber,
        expected: Offset,
        found: Offset,
    },
    /// A generation that its buckets serve does not have what was counted in it.
    Buckets {
        partition: PartitionKey,
        generation: GenerationNumber,
        kept: Kept,
        counted: ControlTotals,
        found: ControlTotals,
    },
    /// Not every rejected record is a dead letter.
    DeadLetters {
        partition: PartitionKey,
        rejected: u64,
        found: u64,
    },
    /// Another run than the newest one is current.
    Run { newest: u64, found: u64 },
    /// Coverage does not end where its last generation does; `None`: there is no such generation.
    Coverage {
        partition: PartitionKey,
        generation: GenerationNumber,
        expected: Option<Offset>,
        found: Offset,
    },
    /// The archive counted otherwise than the generations that it covers say.
    Archive {
        partition: PartitionKey,
        counted: ControlTotals,
        found: ControlTotals,
    },
    /// The current run's rows do not add up to what the archive counted.
    Rows {
        kept: Kept,
        counted: ControlTotals,
        found: ControlTotals,
    },
}

/// Which of the served totals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    Buckets,
    Tops,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciliation {
    /// All records below the positions, whatever became of them.
    pub records: u64,
    pub differences: Vec<Difference>,
}

pub fn reconcile(books: &Books) -> Result<Reconciliation, Overflow> {
    let mut outcome = Reconciliation::default();
    let nothing = Coverage::default();
    let coverage = books.run.as_ref().map_or(&nothing, |run| &run.coverage);
    for (key, partition) in &books.partitions {
        in_line(key, partition, &mut outcome.differences);
        all_letters_kept(key, partition, &mut outcome.differences);
        for generation in &partition.generations {
            outcome.records += generation.control.records();
            if coverage.side_of(key, generation.number) == Side::Buckets {
                same_in_buckets(key, generation, &mut outcome.differences)?;
            }
        }
    }
    if let Some(run) = &books.run {
        same_in_run(run, books, &mut outcome.differences)?;
    }
    Ok(outcome)
}

fn in_line(key: &PartitionKey, books: &PartitionBooks, differences: &mut Vec<Difference>) {
    let mut start = Offset(0);
    let mut number = GenerationNumber::FIRST;
    for generation in &books.generations {
        let mut differs = |expected, found| {
            differences.push(Difference::OutOfLine {
                partition: key.clone(),
                generation: generation.number,
                expected,
                found,
            });
        };
        // A generation that is missing leaves a hole in the offsets.
        if generation.start != start || generation.number != number {
            differs(start, generation.start);
        }
        let counted_to = generation.counted_to.unwrap_or(generation.start);
        match generation.end {
            Some(end) if end != counted_to => differs(counted_to, end),
            _ => {}
        }
        start = generation.end.unwrap_or(counted_to);
        number = generation.number.next();
    }
    let open = books.generations.last();
    let open = open.filter(|generation| generation.end.is_none());
    let expected = open.map(|generation| generation.number);
    if expected != Some(books.open) {
        differences.push(Difference::OpenGeneration {
            partition: key.clone(),
            expected,
            found: books.open,
        });
    }
    if start != books.position {
        differences.push(Difference::Position {
            partition: key.clone(),
            expected: start,
            found: books.position,
        });
    }
}

fn all_letters_kept(key: &PartitionKey, books: &PartitionBooks, differences: &mut Vec<Difference>) {
    let generations = books.generations.iter();
    let rejected = generations.map(|generation| generation.control.counted().rejected);
    let rejected = rejected.sum();
    if books.dead_letters != rejected {
        differences.push(Difference::DeadLetters {
            partition: key.clone(),
            rejected,
            found: books.dead_letters,
        });
    }
}

fn same_in_buckets(
    key: &PartitionKey,
    generation: &GenerationBooks,
    differences: &mut Vec<Difference>,
) -> Result<(), Overflow> {
    let counted = accepted(&generation.control)?;
    let kept = [
        (Kept::Buckets, &generation.buckets),
        (Kept::Tops, &generation.tops),
    ];
    for (kept, found) in kept {
        if *found != counted {
            differences.push(Difference::Buckets {
                partition: key.clone(),
                generation: generation.number,
                kept,
                counted: counted.clone(),
                found: found.clone(),
            });
        }
    }
    Ok(())
}

fn same_in_run(
    run: &RunBooks,
    books: &Books,
    differences: &mut Vec<Difference>,
) -> Result<(), Overflow> {
    if run.version != run.newest_version {
        differences.push(Difference::Run {
            newest: run.newest_version,
            found: run.version,
        });
    }
    let mut all = ControlTotals::default();
    for (key, covered) in &run.coverage.0 {
        let counted = run.counted.get(key).cloned().unwrap_or_default();
        all.add(&accepted(&counted)?)?;
        let generations = books.partitions.get(key);
        let generations = generations.map_or(&[][..], |books| &books.generations);
        let last = generations.iter().find(|one| one.number == covered.through);
        let expected = last.and_then(|last| last.end);
        if expected != Some(covered.end) {
            differences.push(Difference::Coverage {
                partition: key.clone(),
                generation: covered.through,
                expected,
                found: covered.end,
            });
        }
        // What the views sink has lost of it nobody but the archive can say.
        if run.by_archive_alone.get(key).is_none_or(BTreeSet::is_empty) {
            let recorded = recorded(covered, generations)?;
            if recorded != counted {
                differences.push(Difference::Archive {
                    partition: key.clone(),
                    counted: recorded,
                    found: counted,
                });
            }
        }
    }
    for (kept, found) in [(Kept::Buckets, &run.rows), (Kept::Tops, &run.tops)] {
        if *found != all {
            differences.push(Difference::Rows {
                kept,
                counted: all.clone(),
                found: found.clone(),
            });
        }
    }
    Ok(())
}

/// What the views sink counted in the generations that the archive counts.
fn recorded(covered: &Covered, generations: &[GenerationBooks]) -> Result<ControlTotals, Overflow> {
    let mut recorded = ControlTotals::default();
    for generation in generations {
        let number = generation.number;
        if number <= covered.through && !covered.set_aside.contains(&number) {
            recorded.add(&generation.control)?;
        }
    }
    Ok(recorded)
}

/// The part of control totals that served figures have.
fn accepted(control: &ControlTotals) -> Result<ControlTotals, Overflow> {
    let counted = Counted {
        accepted: control.counted().accepted,
        ..Counted::default()
    };
    ControlTotals::new(counted, control.net())
}

impl Difference {
    /// Its stable name.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Position { .. } => "position",
            Self::OpenGeneration { .. } => "open_generation",
            Self::OutOfLine { .. } => "out_of_line",
            Self::Buckets { .. } => "buckets",
            Self::DeadLetters { .. } => "dead_letters",
            Self::Run { .. } => "run",
            Self::Coverage { .. } => "coverage",
            Self::Archive { .. } => "archive",
            Self::Rows { .. } => "rows",
        }
    }

    /// Where it is, if not everywhere.
    pub fn partition(&self) -> Option<&PartitionKey> {
        match self {
            Self::Position { partition, .. }
            | Self::OpenGeneration { partition, .. }
            | Self::OutOfLine { partition, .. }
            | Self::Buckets { partition, .. }
            | Self::DeadLetters { partition, .. }
            | Self::Coverage { partition, .. }
            | Self::Archive { partition, .. } => Some(partition),
            Self::Run { .. } | Self::Rows { .. } => None,
        }
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Buckets => "the totals by minute and dimension",
            Self::Tops => "the totals by product",
        })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Position {
                partition,
                expected,
                found,
            } => write!(
                f,
                "{partition}: the views sink stands at {}, its last batch ended at {}",
                found.0, expected.0
            ),
            Self::OpenGeneration {
                partition, found, ..
            } => write!(f, "{partition}: generation {found} is not the open one"),
            Self::OutOfLine {
                partition,
                generation,
                expected,
                found,
            } => write!(
                f,
                "{partition}: generation {generation} is cut at {}, not at {}",
                found.0, expected.0
            ),
            Self::Buckets {
                partition,
                generation,
                kept,
                counted,
                found,
            } => write!(
                f,
                "{partition}, generation {generation}: {kept} have {}, counted were {}",
                Said(found),
                Said(counted)
            ),
            Self::DeadLetters {
                partition,
                rejected,
                found,
            } => write!(
                f,
                "{partition}: {rejected} records were rejected, {found} dead letters are stored"
            ),
            Self::Run { newest, found } => write!(
                f,
                "run version {found} is current, although version {newest} was"
            ),
            Self::Coverage {
                partition,
                generation,
                expected,
                found,
            } => match expected {
                Some(expected) => write!(
                    f,
                    "{partition}: coverage ends at {}, its generation {generation} at {}",
                    found.0, expected.0
                ),
                None => write!(
                    f,
                    "{partition}: coverage ends with generation {generation}, which is not sealed"
                ),
            },
            Self::Archive {
                partition,
                counted,
                found,
            } => write!(
                f,
                "{partition}: the archive counted {}, the covered generations {}",
                Said(found),
                Said(counted)
            ),
            Self::Rows {
                kept,
                counted,
                found,
            } => write!(
                f,
                "the current run: {kept} have {}, the archive counted {}",
                Said(found),
                Said(counted)
            ),
        }
    }
}

/// In words: `3 records, 2 accepted, net 1.05 EUR`.
struct Said<'a>(&'a ControlTotals);

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let accepted = self.0.counted().accepted;
        write!(f, "{} records, {accepted} accepted", self.0.records())?;
        for (currency, net) in self.0.net() {
            let net = rust_decimal::Decimal::new(net.0, 2);
            write!(f, ", net {net} {currency}")?;
        }
        Ok(())
    }
}
