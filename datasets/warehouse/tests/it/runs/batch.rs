//! The batch side of a test: an archive in memory, and runs over it.

use crate::records::Log;
use crate::world::{World, at, cut_off, partition};
use comptoir_model::ids::Offset;
use comptoir_model::live::{ControlTotals, Minute, QuarterHour, Tally};
use comptoir_model::merge::{Archived, Candidate, Gaps, PartitionKey, Span, due};
use comptoir_warehouse::{
    BatchFacts, BatchRun, Block, Holds, Loaded, Reading, Result, Switched, ViewRunId,
};
use std::collections::{BTreeMap, BTreeSet};

/// Of every run of these tests.
const READING: Reading = Reading {
    archive_version: 1,
    as_of: None,
};

/// What the archive holds of each partition: the records below `next` that it has not lost.
pub(crate) struct Archive {
    pub(crate) logs: Vec<Log>,
    pub(crate) next: Vec<u64>,
    pub(crate) lost: Vec<Vec<Span>>,
    /// Of quarters of an hour before it only what the current run does not cover is still there.
    pub(crate) whole_from: QuarterHour,
}

/// What a run loads, decided from one snapshot.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) candidate: Candidate<ControlTotals>,
    skips: BTreeMap<PartitionKey, Vec<Span>>,
    /// In which something changed.
    pub(crate) quarters: BTreeSet<QuarterHour>,
    whole_from: QuarterHour,
    /// The run that was current, and where its coverage ends.
    since: Option<ViewRunId>,
    covered: Vec<u64>,
}

impl Archive {
    pub(crate) fn new(logs: Vec<Log>) -> Self {
        Self {
            next: vec![0; logs.len()],
            lost: vec![Vec::new(); logs.len()],
            whole_from: QuarterHour(i64::MIN),
            logs,
        }
    }

    pub(crate) fn plan(&self, facts: &BatchFacts) -> Plan {
        let mut archived = BTreeMap::new();
        for (number, log) in (0..).zip(&self.logs) {
            let of = number as usize;
            let next = Offset(self.next[of]);
            let recorded = facts.partitions.get(&partition(number));
            let recomputed = recorded.map_or_else(BTreeMap::new, |recorded| {
                let due = due(recorded.current.as_ref(), &recorded.sealed, next);
                let control = |span: Span| {
                    let kept = (span.start().0..span.end().0).filter(|offset| {
                        !self.lost[of]
                            .iter()
                            .any(|lost| lost.contains(Offset(*offset)))
                    });
                    let mut control = ControlTotals::default();
                    for offset in kept {
                        let one = log.tally(offset..offset + 1);
                        control.add(one.control()).unwrap();
                    }
                    control
                };
                due.map(|generation| (generation.number, control(generation.span)))
                    .collect()
            });
            let gaps = Gaps {
                lost: self.lost[of].clone(),
                blind: Vec::new(),
            };
            let archive = Archived {
                next,
                gaps,
                recomputed,
            };
            archived.insert(partition(number), archive);
        }
        let candidate = Candidate::of(&facts.partitions, &archived).unwrap();
        let skips = (candidate.coverage.0.iter())
            .map(|(key, covered)| (key.clone(), covered.skips(&facts.partitions[key].sealed)))
            .collect();
        let mut plan = Plan {
            candidate,
            skips,
            quarters: BTreeSet::new(),
            whole_from: self.whole_from,
            since: facts.current,
            covered: Vec::new(),
        };
        for (number, log) in (0..).zip(&self.logs) {
            let before = facts.partitions.get(&partition(number));
            let before = before.and_then(|recorded| recorded.current.as_ref());
            let before = before.map_or(0, |covered| covered.end.0);
            plan.covered.push(before);
            let mut quarters = BTreeSet::new();
            let mut ignored = Tally::default();
            log.add_accepted(&mut ignored, |offset, draft| {
                if offset >= before && plan.counts(number, offset) {
                    quarters.insert(QuarterHour::of(Minute::of(draft.time())));
                }
                false
            });
            plan.quarters.extend(quarters);
        }
        plan
    }

    /// What the run counts in one quarter of an hour, as far as the archive has it.
    pub(crate) fn block(&self, plan: &Plan, quarter: QuarterHour) -> Tally {
        let mut tally = Tally::default();
        for ((number, log), covered) in (0..).zip(&self.logs).zip(&plan.covered) {
            let is_there = |offset| quarter >= plan.whole_from || offset >= *covered;
            log.add_accepted(&mut tally, |offset, draft| {
                QuarterHour::of(Minute::of(draft.time())) == quarter
                    && is_there(offset)
                    && plan.counts(number, offset)
            });
        }
        tally
    }
}

impl Plan {
    fn counts(&self, number: u32, offset: u64) -> bool {
        let key = partition(number);
        let offset = Offset(offset);
        offset < self.candidate.coverage.end_of(&key)
            && !self.skips[&key].iter().any(|span| span.contains(offset))
    }
}

pub(crate) async fn load(
    run: &BatchRun,
    archive: &Archive,
    plan: &Plan,
    quarter: QuarterHour,
) -> Result<Loaded> {
    let tally = archive.block(plan, quarter);
    let (buckets, tops) = (tally.buckets(), tally.tops());
    let block = Block {
        quarter,
        holds: if quarter < plan.whole_from {
            Holds::News { since: plan.since }
        } else {
            Holds::All
        },
        buckets: &buckets,
        distinct: tally.distinct(),
        tops: &tops,
    };
    run.load(&[block]).await
}

pub(crate) async fn begun(world: &World, plan: &Plan) -> BatchRun {
    let run = BatchRun::begin(
        &world.warehouse,
        &plan.candidate,
        READING,
        QuarterHour(0),
        at(3),
    );
    run.await.unwrap()
}

/// Begins a run and loads all of it.
pub(crate) async fn loaded(world: &World, archive: &Archive) -> BatchRun {
    let facts = world.warehouse.batch_facts().await.unwrap();
    let plan = archive.plan(&facts);
    let run = begun(world, &plan).await;
    for quarter in &plan.quarters {
        let loaded = load(&run, archive, &plan, *quarter).await.unwrap();
        assert_eq!(loaded, Loaded::Done);
    }
    run
}

pub(crate) async fn prune_all(world: &World) {
    while world.warehouse.prune_chunk().await.unwrap() > 0 {}
}

pub(crate) async fn sweep_all(world: &World, minutes_from: QuarterHour) {
    while world.warehouse.sweep_chunk(minutes_from).await.unwrap() > 0 {}
}

/// One process that runs the batch views, a step at a time.
#[derive(Default)]
pub(crate) enum Job {
    #[default]
    Idle,
    Load {
        run: BatchRun,
        plan: Box<Plan>,
        left: Vec<QuarterHour>,
    },
    Switch(BatchRun),
    Prune,
}

impl Job {
    /// Does the next step; where it is cut off, the same one is done again next time. Returns
    /// whether it switched.
    pub(crate) async fn step(
        &mut self,
        world: &World,
        archive: &Archive,
        minutes_from: QuarterHour,
        cut_after: usize,
    ) -> bool {
        let mut switched = false;
        *self = match std::mem::take(self) {
            Self::Idle => {
                let facts = world.warehouse.batch_facts().await.unwrap();
                let plan = Box::new(archive.plan(&facts));
                assert_eq!(plan.candidate.stops, BTreeMap::new());
                let begin = BatchRun::begin(
                    &world.warehouse,
                    &plan.candidate,
                    READING,
                    minutes_from,
                    at(3),
                );
                match cut_off(begin, cut_after).await {
                    None => Self::Idle,
                    Some(run) => Self::Load {
                        run: run.unwrap(),
                        left: plan.quarters.iter().copied().collect(),
                        plan,
                    },
                }
            }
            Self::Load {
                run,
                plan,
                mut left,
            } => match left.last() {
                None => Self::Switch(run),
                Some(quarter) => {
                    match cut_off(load(&run, archive, &plan, *quarter), cut_after).await {
                        Some(Ok(Loaded::Closed | Loaded::Overtaken)) => Self::Idle,
                        done => {
                            if done.is_some_and(|done| done.unwrap() == Loaded::Done) {
                                left.pop();
                            }
                            Self::Load { run, plan, left }
                        }
                    }
                }
            },
            Self::Switch(run) => match cut_off(run.switch(at(4)), cut_after).await {
                None => Self::Switch(run),
                Some(done) => match done.unwrap() {
                    Switched::Done { .. } => {
                        switched = true;
                        Self::Prune
                    }
                    Switched::Refused(refusal) => {
                        run.give_up(&refusal.to_string(), at(4)).await.unwrap();
                        Self::Idle
                    }
                },
            },
            Self::Prune => match cut_off(world.warehouse.prune_chunk(), cut_after).await {
                Some(Ok(0)) => Self::Idle,
                Some(Ok(_)) | None => Self::Prune,
                Some(Err(error)) => panic!("{error}"),
            },
        };
        switched
    }
}
