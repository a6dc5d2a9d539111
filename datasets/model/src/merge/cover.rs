//! How far a batch view over one snapshot of the archive may speak for the buckets.

use super::{Additive, Covered, Generation, GenerationNumber, Span};
use crate::ids::Offset;
use std::collections::{BTreeMap, BTreeSet};

/// What one sink can't vouch for in one partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gaps {
    /// Offsets that were gone before the sink could read them.
    pub lost: Vec<Span>,
    /// Offsets that it judged without knowing all ids before them: those within the duplicate
    /// window behind a hole, and behind a restart whose window could not be rebuilt in full.
    pub blind: Vec<Span>,
}

impl Gaps {
    pub fn touch(&self, span: Span) -> bool {
        self.lost
            .iter()
            .chain(&self.blind)
            .any(|gap| gap.touches(span))
    }
}

/// What decides one partition's coverage.
#[derive(Clone, Copy, Debug)]
pub struct PartitionFacts<'a, C> {
    /// What the current run covers; `None`: nothing.
    pub current: Option<&'a Covered>,
    /// The sealed generations that the current run does not cover, ascending; older ones may be
    /// among them.
    pub sealed: &'a [Generation<C>],
    /// The snapshot's `txn` of this partition: every offset below is in the archive or lost to it.
    pub archived: Offset,
    pub views_gaps: &'a Gaps,
    /// The archive's gaps, from the same snapshot.
    pub archive_gaps: &'a Gaps,
    /// The control totals of each [`due`] generation, from the same snapshot. Zero where absent,
    /// as an aggregate over no rows is.
    pub recomputed: &'a BTreeMap<GenerationNumber, C>,
}

/// A partition's new coverage and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cover<C> {
    /// `None`: nothing is covered.
    pub covered: Option<Covered>,
    /// Newly covered generations in which the views sink has a gap and the archive has none: the
    /// archive counts, and its totals were not compared.
    pub by_archive_alone: Vec<GenerationNumber>,
    /// Why coverage ends earlier than the archive would allow.
    pub stop: Option<Stop<C>>,
}

/// Why coverage can't go on. Buckets keep counting from there, so figures stay right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop<C> {
    /// Views sink and archive disagree although neither has a gap there.
    Difference {
        generation: GenerationNumber,
        span: Span,
        views: C,
        archive: C,
    },
    /// The generation does not begin where the one before ends: a row is missing.
    OutOfLine {
        generation: GenerationNumber,
        expected: Offset,
        found: Offset,
    },
}

/// The generations that would be newly covered: their control totals have to be recomputed.
pub fn due<'a, C>(
    current: Option<&Covered>,
    sealed: &'a [Generation<C>],
    archived: Offset,
) -> impl Iterator<Item = &'a Generation<C>> {
    let after = current.map(|covered| covered.through);
    sealed
        .iter()
        .skip_while(move |generation| Some(generation.number) <= after)
        .take_while(move |generation| generation.span.end() <= archived)
}

/// Extends the current coverage to the last seal that the archive has passed.
///
/// Each newly covered generation is, in this order: set aside where the archive has a gap (its
/// buckets stay, and [`Covered::skips`] its offsets); counted by the archive unseen where only the
/// views sink has one; counted by the archive where both totals are equal; else coverage stops
/// before it. For a given generation the outcome is the same in every snapshot that has passed
/// it, because neither side changes below its position: runs that overlap agree.
pub fn cover<C: Additive + Eq>(facts: &PartitionFacts<'_, C>) -> Cover<C> {
    let current = facts.current;
    let mut reached = current.map(|covered| (covered.through, covered.end));
    let mut set_aside = current.map_or_else(BTreeSet::new, |covered| covered.set_aside.clone());
    let mut by_archive_alone = Vec::new();
    let mut stop = None;
    for generation in due(current, facts.sealed, facts.archived) {
        let expected = reached.map_or(Offset(0), |(_, end)| end);
        match examine(facts, generation, expected) {
            Finding::Agreed => {}
            Finding::SetAside => {
                set_aside.insert(generation.number);
            }
            Finding::ByArchiveAlone => by_archive_alone.push(generation.number),
            Finding::Stop(reason) => {
                stop = Some(reason);
                break;
            }
        }
        reached = Some((generation.number, generation.span.end()));
    }
    Cover {
        covered: reached.map(|(through, end)| Covered {
            through,
            end,
            set_aside,
        }),
        by_archive_alone,
        stop,
    }
}

enum Finding<C> {
    Agreed,
    SetAside,
    ByArchiveAlone,
    Stop(Stop<C>),
}

fn examine<C: Additive + Eq>(
    facts: &PartitionFacts<'_, C>,
    generation: &Generation<C>,
    expected: Offset,
) -> Finding<C> {
    let Generation { number, span, .. } = *generation;
    if span.start() != expected {
        return Finding::Stop(Stop::OutOfLine {
            generation: number,
            expected,
            found: span.start(),
        });
    }
    if facts.archive_gaps.touch(span) {
        return Finding::SetAside;
    }
    if facts.views_gaps.touch(span) {
        return Finding::ByArchiveAlone;
    }
    let archive = facts.recomputed.get(&number).cloned().unwrap_or_default();
    if archive == generation.control {
        return Finding::Agreed;
    }
    Finding::Stop(Stop::Difference {
        generation: number,
        span,
        views: generation.control.clone(),
        archive,
    })
}
