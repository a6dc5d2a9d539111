//! The model's warehouse and archive, what readers see in them, and what they should see.

use super::super::{
    Additive, Coverage, Gaps, Generation, GenerationNumber, PartitionKey, Position, RunState, Side,
    Span, serve,
};
use super::figures::{Control, Figures};
use super::jobs::Job;
use super::sinks::Owner;
use super::topics::{Judged, Topic, figures};
use super::{Broken, STUCK, Sink, Step, WRONG};
use crate::ids::{Offset, Partition, StreamId};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const PARTITIONS: u32 = 2;

#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) broken: Broken,
    pub(super) topics: BTreeMap<PartitionKey, Topic>,
    lives: u32,
    pub(super) warehouse: Warehouse,
    pub(super) archive: BTreeMap<PartitionKey, Archived>,
    pub(super) owners: BTreeMap<(Sink, u8), Owner>,
    pub(super) jobs: [Job; 3],
    /// What the views sink has committed, as it judged it.
    pub(super) judged: BTreeMap<PartitionKey, Vec<Judged>>,
    /// How far a current run has ever covered.
    pub(super) once_covered: BTreeMap<PartitionKey, Offset>,
    pub(super) corrupted: BTreeSet<PartitionKey>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Warehouse {
    pub(super) positions: BTreeMap<PartitionKey, Position<Control>>,
    pub(super) sealed: BTreeMap<PartitionKey, Vec<Generation<Control>>>,
    pub(super) buckets: BTreeMap<(PartitionKey, GenerationNumber), Figures>,
    pub(super) gaps: BTreeMap<PartitionKey, Gaps>,
    pub(super) runs: Vec<RunRow>,
    /// The index of the current run.
    pub(super) current: Option<usize>,
}

#[derive(Clone, Debug)]
pub(super) struct RunRow {
    pub(super) state: RunState,
    pub(super) coverage: Coverage,
    pub(super) rows: BTreeMap<PartitionKey, Figures>,
}

/// The archive's table in one partition.
#[derive(Clone, Debug)]
pub(super) struct Archived {
    /// The `txn` of the last commit.
    pub(super) next: Offset,
    pub(super) rows: Vec<Judged>,
    pub(super) gaps: Gaps,
    /// Rows of minutes before the first one at offsets below the other may be forgotten.
    pub(super) forgotten: (u8, Offset),
    /// All rows that there ever were, for the recomputation.
    ever: Vec<Judged>,
}

impl Default for Archived {
    fn default() -> Self {
        Self {
            next: Offset(0),
            rows: Vec::new(),
            gaps: Gaps::default(),
            forgotten: (0, Offset(0)),
            ever: Vec::new(),
        }
    }
}

impl Archived {
    pub(super) fn keep(&mut self, records: &[Judged]) {
        self.rows.extend(records);
        self.ever.extend(records);
    }

    fn forget(&mut self, before: u8, below: Offset) {
        let is_forgotten = |record: &Judged| record.draft.minute < before && record.offset < below;
        self.rows.retain(|record| !is_forgotten(record));
        let (known, so_far) = self.forgotten;
        self.forgotten = (known.max(before), so_far.max(below));
    }
}

impl Warehouse {
    pub(super) fn current_run(&self) -> Option<&RunRow> {
        self.current.map(|current| &self.runs[current])
    }

    pub(super) fn coverage(&self) -> Coverage {
        self.current_run()
            .map_or_else(Coverage::default, |run| run.coverage.clone())
    }

    /// The sealed generations and the open one.
    fn generations(&self, key: &PartitionKey) -> Vec<Span> {
        let position = &self.positions[key];
        let sealed = self.sealed.get(key).into_iter().flatten();
        sealed
            .map(|generation| generation.span)
            .chain(Span::new(position.open.start, position.next))
            .collect()
    }
}

impl World {
    pub(super) fn new(broken: Broken) -> Self {
        let mut world = Self {
            broken,
            topics: BTreeMap::new(),
            lives: 0,
            warehouse: Warehouse::default(),
            archive: BTreeMap::new(),
            owners: BTreeMap::new(),
            jobs: Default::default(),
            judged: BTreeMap::new(),
            once_covered: BTreeMap::new(),
            corrupted: BTreeSet::new(),
        };
        world.recreate();
        world
    }

    pub(super) fn apply(&mut self, step: &Step) {
        match *step {
            Step::Produce(at, draft) => self.topic(at).produce(draft),
            Step::Skip(at, offsets) => self.topic(at).skip(offsets),
            Step::Retain(at, offsets) => self.topic(at).retain(offsets),
            Step::Read(sink, owner, at) => {
                let key = self.key(at);
                self.read(sink, owner, &key, 4);
            }
            Step::Commit(Sink::Views, owner) => self.commit_views(owner),
            Step::Commit(Sink::Archive, owner) => self.commit_archive(owner),
            Step::Crash(sink, owner) => {
                self.owners.remove(&(sink, owner));
            }
            Step::Corrupt(owner) => self.corrupt(owner),
            Step::Recreate => self.recreate(),
            Step::Run(job) => self.advance(usize::from(job)),
            Step::CrashRun(job) => self.jobs[usize::from(job)] = Job::default(),
            Step::Sweep(run) => self.sweep(usize::from(run)),
            Step::Forget(before) => self.forget(before),
        }
    }

    fn forget(&mut self, before: u8) {
        let coverage = self.warehouse.coverage();
        for (key, archived) in &mut self.archive {
            let below = match self.broken {
                Broken::ForgetBelowCoverage => archived.next,
                _ => coverage.end_of(key),
            };
            archived.forget(before, below);
        }
    }

    fn key(&self, second: bool) -> PartitionKey {
        let mut latest = self.topics.keys().rev();
        latest.nth(usize::from(second)).unwrap().clone()
    }

    fn topic(&mut self, second: bool) -> &mut Topic {
        let key = self.key(second);
        self.topics.get_mut(&key).unwrap()
    }

    fn recreate(&mut self) {
        for topic in self.topics.values_mut() {
            topic.ended = true;
        }
        for partition in 0..PARTITIONS {
            let key = PartitionKey {
                stream: StreamId(format!("life-{:03}", self.lives)),
                partition: Partition(partition),
            };
            self.topics.insert(key, Topic::default());
        }
        self.lives += 1;
    }

    /// What a reader sees. `begun` is the world in which one that breaks
    /// [`Broken::ServeInOneSnapshot`] has read the run.
    pub(super) fn served(&self, begun: Option<&Self>) -> Figures {
        let run = begun.unwrap_or(self).warehouse.current_run();
        let coverage = match (self.broken, run) {
            (Broken::ServeByCoverage, _) | (_, None) => Coverage::default(),
            (_, Some(run)) => run.coverage.clone(),
        };
        let rows = run.map(|run| &run.rows);
        let rows = rows.into_iter().flat_map(BTreeMap::values);
        let buckets = self.warehouse.buckets.iter();
        let buckets = buckets.map(|((key, number), bucket)| (key, *number, bucket));
        serve(&coverage, rows, buckets).unwrap()
    }

    /// What a reader should see, recomputed from the raw records where no sink has a gap, and by
    /// the rules of the module's head where one has.
    pub(super) fn expected(&self) -> Figures {
        let mut expected = Figures::new();
        for (key, position) in &self.warehouse.positions {
            let none = Gaps::default();
            let views_gaps = self.warehouse.gaps.get(key).unwrap_or(&none);
            if *views_gaps == none {
                let all = self.topics[key].recomputed(position.next);
                expected.add(&figures(&all)).unwrap();
                continue;
            }
            let nothing = Archived::default();
            let archive = self.archive.get(key).unwrap_or(&nothing);
            let covered = self.once_covered.get(key).copied().unwrap_or(Offset(0));
            for span in self.warehouse.generations(key) {
                let by_archive =
                    span.end() <= covered && views_gaps.touch(span) && !archive.gaps.touch(span);
                let side = if by_archive {
                    &archive.ever
                } else {
                    &self.judged[key]
                };
                let counted = side.iter().filter(|record| span.contains(record.offset));
                expected.add(&figures(counted)).unwrap();
            }
        }
        expected
    }

    /// Lets all sinks catch up and one run go through alone. It must cover everything, but for
    /// what a corrupted archive stops, and leave no bucket that does not count.
    pub(super) fn finish(&mut self) -> Result<(), TestCaseError> {
        for key in self.topics.keys().cloned().collect::<Vec<_>>() {
            for sink in [Sink::Views, Sink::Archive] {
                self.owners.remove(&(sink, 0));
                self.read(sink, 0, &key, usize::MAX);
                self.apply(&Step::Commit(sink, 0));
            }
        }
        self.jobs = Default::default();
        let runs = self.warehouse.runs.len();
        while self.warehouse.runs.len() == runs || !self.jobs[0].is_idle() {
            self.advance(0);
            prop_assert_eq!(
                self.served(None),
                self.expected(),
                "{} in the last run",
                WRONG
            );
        }
        prop_assert_eq!(
            self.warehouse.current,
            Some(runs),
            "the last run is refused"
        );
        let coverage = self.warehouse.coverage();
        for (key, position) in &self.warehouse.positions {
            let stopped = self.jobs[0].stopped.contains(key);
            let archived = self.archive.get(key).map_or(Offset(0), |table| table.next);
            prop_assert!(
                coverage.end_of(key) == position.next.max(archived) || stopped,
                "{} is not covered, without a reason",
                key
            );
            prop_assert!(
                !stopped || self.corrupted.contains(key),
                "{} without a defect, in {}",
                STUCK,
                key
            );
        }
        for (key, number) in self.warehouse.buckets.keys() {
            let side = coverage.side_of(key, *number);
            prop_assert_eq!(side, Side::Buckets, "buckets of {} stay", key);
        }
        Ok(())
    }
}
