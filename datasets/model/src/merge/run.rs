//! Which batch-view run is current, and what it makes superfluous.

use super::{Generation, GenerationNumber, PartitionKey, Span};
use crate::ids::Offset;
use std::collections::{BTreeMap, BTreeSet};

/// What a run speaks for in one partition: every generation up to `through` but those set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covered {
    pub through: GenerationNumber,
    /// Where that generation ends: the run saw no offset from here on.
    pub end: Offset,
    /// Covered generations that are counted by their buckets, which therefore stay.
    pub set_aside: BTreeSet<GenerationNumber>,
}

impl Covered {
    /// The offsets below `end` that the run's rows must leave out. `sealed` holds at least the
    /// generations set aside.
    pub fn skips<C>(&self, sealed: &[Generation<C>]) -> Vec<Span> {
        sealed
            .iter()
            .filter(|generation| self.set_aside.contains(&generation.number))
            .map(|generation| generation.span)
            .collect()
    }
}

/// What a run speaks for. A partition that is not in it is not covered at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage(pub BTreeMap<PartitionKey, Covered>);

/// Who counts a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Archive,
    Buckets,
}

impl Coverage {
    /// The exclusive end of what is covered; 0 where nothing is.
    pub fn end_of(&self, partition: &PartitionKey) -> Offset {
        self.0
            .get(partition)
            .map_or(Offset(0), |covered| covered.end)
    }

    /// Who counts this generation, open or sealed. Every generation has exactly one side.
    pub fn side_of(&self, partition: &PartitionKey, generation: GenerationNumber) -> Side {
        match self.0.get(partition) {
            Some(covered)
                if generation <= covered.through && !covered.set_aside.contains(&generation) =>
            {
                Side::Archive
            }
            _ => Side::Buckets,
        }
    }
}

/// What the warehouse knows of a run that is not current.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// Its rows are being loaded, or are complete.
    Loading,
    /// Some of its rows may have been deleted. Whoever deletes the rows of a run that is not
    /// current commits this state first.
    Swept,
}

/// Why a run can't become current. It is not an error of the figures: the current run stays.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the run was swept as abandoned\nhint: run the batch views again")]
    Swept,
    #[error(
        "the run covers {partition} up to offset {}, the current one up to {}\n\
         hint: a newer run was faster; nothing is missing",
        .candidate.0,
        .current.0
    )]
    GoesBack {
        partition: PartitionKey,
        current: Offset,
        candidate: Offset,
    },
    #[error(
        "the run sets generation {generation} of {partition} aside, which the current run counts \
         from the archive and whose buckets may be gone\n\
         hint: compare the archive's holes with the run's"
    )]
    SetAsideAnew {
        partition: PartitionKey,
        generation: GenerationNumber,
    },
}

/// Whether a run whose rows are complete may become current.
///
/// `current` and `state` are read under a lock by the transaction that makes the run current, for
/// all merged views together. Coverage never goes back, because the buckets behind it are being
/// deleted.
pub fn switch(current: &Coverage, state: RunState, candidate: &Coverage) -> Result<(), Refusal> {
    if state == RunState::Swept {
        return Err(Refusal::Swept);
    }
    for (partition, covered) in &current.0 {
        if candidate.end_of(partition) < covered.end {
            return Err(Refusal::GoesBack {
                partition: partition.clone(),
                current: covered.end,
                candidate: candidate.end_of(partition),
            });
        }
        let anew = candidate.0.get(partition).and_then(|candidate| {
            (candidate.set_aside.iter())
                .find(|number| current.side_of(partition, **number) == Side::Archive)
        });
        if let Some(generation) = anew {
            return Err(Refusal::SetAsideAnew {
                partition: partition.clone(),
                generation: *generation,
            });
        }
    }
    Ok(())
}

/// At most `limit` of the generations `with_buckets` that the archive counts: to be deleted.
///
/// `coverage` is that of a run that is or was current: never of one that only might become it. As
/// coverage does not go back, a pruner may pause, stop half-way or work beside another one.
pub fn prune<'a>(
    coverage: &Coverage,
    with_buckets: impl IntoIterator<Item = (&'a PartitionKey, GenerationNumber)>,
    limit: usize,
) -> Vec<(&'a PartitionKey, GenerationNumber)> {
    with_buckets
        .into_iter()
        .filter(|(partition, number)| coverage.side_of(partition, *number) == Side::Archive)
        .take(limit)
        .collect()
}
