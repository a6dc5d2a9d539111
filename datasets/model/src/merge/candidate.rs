//! What a batch-view run may speak for, in all partitions together.

use super::{
    Additive, Coverage, Covered, Gaps, Generation, GenerationNumber, Overflow, PartitionFacts,
    PartitionKey, Stop, cover,
};
use crate::ids::Offset;
use std::collections::{BTreeMap, BTreeSet};

/// What the warehouse has on record of one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded<C> {
    /// What the current run covers; `None`: nothing.
    pub current: Option<Covered>,
    /// What the archive counted in what the current run covers and has not set aside.
    pub counted: C,
    /// Covered generations that the archive counts although the views sink has a gap in them.
    pub by_archive_alone: BTreeSet<GenerationNumber>,
    /// Ascending: the sealed generations that the current run does not cover, and those it set
    /// aside.
    pub sealed: Vec<Generation<C>>,
    /// The views sink's.
    pub gaps: Gaps,
}

/// What one snapshot of the archive says of one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archived<C> {
    /// The `txn` of the partition: every offset below is in the archive or lost to it.
    pub next: Offset,
    pub gaps: Gaps,
    /// The control totals of each [`super::due`] generation; zero where absent.
    pub recomputed: BTreeMap<GenerationNumber, C>,
}

/// What a run may become current with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidate<C> {
    pub coverage: Coverage,
    /// What the archive counted in what is covered and not set aside, of each partition in
    /// `coverage`: what the run's rows have to add up to.
    pub counted: BTreeMap<PartitionKey, C>,
    /// Of each partition that has some; those of former runs, too.
    pub by_archive_alone: BTreeMap<PartitionKey, BTreeSet<GenerationNumber>>,
    /// Where coverage ends earlier than the archive would allow, and why.
    pub stops: BTreeMap<PartitionKey, Stop<C>>,
}

impl<C: Additive + Eq> Candidate<C> {
    /// Extends the coverage of each recorded partition by [`cover`]'s rules. A partition that the
    /// archive does not know stands at 0 there.
    pub fn of(
        recorded: &BTreeMap<PartitionKey, Recorded<C>>,
        archive: &BTreeMap<PartitionKey, Archived<C>>,
    ) -> Result<Self, Overflow> {
        let unknown = Archived {
            next: Offset(0),
            gaps: Gaps::default(),
            recomputed: BTreeMap::new(),
        };
        let mut candidate = Self::default();
        for (key, recorded) in recorded {
            candidate.add(key, recorded, archive.get(key).unwrap_or(&unknown))?;
        }
        Ok(candidate)
    }

    fn add(
        &mut self,
        key: &PartitionKey,
        recorded: &Recorded<C>,
        archive: &Archived<C>,
    ) -> Result<(), Overflow> {
        let cover = cover(&PartitionFacts {
            current: recorded.current.as_ref(),
            sealed: &recorded.sealed,
            archived: archive.next,
            views_gaps: &recorded.gaps,
            archive_gaps: &archive.gaps,
            recomputed: &archive.recomputed,
        });
        if let Some(stop) = cover.stop {
            self.stops.insert(key.clone(), stop);
        }
        let Some(covered) = cover.covered else {
            return Ok(());
        };
        let before = recorded.current.as_ref().map(|current| current.through);
        let mut counted = recorded.counted.clone();
        for (number, totals) in &archive.recomputed {
            let is_new = Some(*number) > before && *number <= covered.through;
            if is_new && !covered.set_aside.contains(number) {
                counted.add(totals)?;
            }
        }
        let mut alone = recorded.by_archive_alone.clone();
        alone.extend(cover.by_archive_alone);
        if !alone.is_empty() {
            self.by_archive_alone.insert(key.clone(), alone);
        }
        self.counted.insert(key.clone(), counted);
        self.coverage.0.insert(key.clone(), covered);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Span;
    use super::*;
    use crate::ids::{Partition, StreamId};

    fn generation(number: u64, start: u64, end: u64, control: u64) -> Generation<u64> {
        Generation {
            number: GenerationNumber(number),
            span: Span::new(Offset(start), Offset(end)).unwrap(),
            control,
        }
    }

    fn gap(start: u64, end: u64) -> Gaps {
        Gaps {
            lost: vec![Span::new(Offset(start), Offset(end)).unwrap()],
            blind: Vec::new(),
        }
    }

    #[test]
    fn what_is_counted_leaves_out_what_is_set_aside_and_what_a_stop_keeps_out() {
        let key = PartitionKey {
            stream: StreamId("a".to_owned()),
            partition: Partition(0),
        };
        let recorded = Recorded {
            current: Some(Covered {
                through: GenerationNumber(1),
                end: Offset(10),
                set_aside: BTreeSet::new(),
            }),
            counted: 10,
            by_archive_alone: BTreeSet::new(),
            sealed: vec![
                generation(2, 10, 20, 9),
                generation(3, 20, 30, 7),
                generation(4, 30, 40, 5),
                generation(5, 40, 50, 3),
            ],
            gaps: gap(20, 21),
        };
        let numbers = |totals: &[(u64, u64)]| {
            (totals.iter())
                .map(|(number, total)| (GenerationNumber(*number), *total))
                .collect()
        };
        let archived = Archived {
            next: Offset(50),
            gaps: gap(10, 11),
            // The second is set aside, the third is the archive's alone, the fifth differs.
            recomputed: numbers(&[(2, 8), (3, 8), (4, 5), (5, 4)]),
        };
        let archive = [(key.clone(), archived)].into();
        let candidate = Candidate::of(&[(key.clone(), recorded)].into(), &archive).unwrap();
        let covered = &candidate.coverage.0[&key];
        assert_eq!(covered.through, GenerationNumber(4));
        assert_eq!(covered.set_aside, [GenerationNumber(2)].into());
        assert_eq!(candidate.counted[&key], 10 + 8 + 5);
        assert_eq!(
            candidate.by_archive_alone[&key],
            [GenerationNumber(3)].into()
        );
        assert!(matches!(
            candidate.stops[&key],
            Stop::Difference { generation, .. } if generation == GenerationNumber(5)
        ));
    }
}
