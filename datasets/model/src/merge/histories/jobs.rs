//! The batch-view runs of the model, each of their transactions a step of its own.

use super::super::{
    Additive, Gaps, Generation, PartitionFacts, PartitionKey, Refusal, RunState, Seal, Span, cover,
    due, end_of_stream, prune, seal, switch,
};
use super::Broken;
use super::figures::Control;
use super::topics::{control, figures};
use super::world::{Archived, RunRow, Warehouse, World};
use crate::ids::Offset;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, Default)]
pub(super) struct Job {
    stage: Stage,
    /// The partitions whose coverage the last run stopped, for a named reason.
    pub(super) stopped: BTreeSet<PartitionKey>,
}

impl Job {
    pub(super) fn is_idle(&self) -> bool {
        matches!(self.stage, Stage::Idle)
    }
}

#[derive(Clone, Debug, Default)]
enum Stage {
    #[default]
    Idle,
    /// Where the archive stood in the streams that ended.
    EndViews(BTreeMap<PartitionKey, Offset>),
    EndArchive(Vec<(PartitionKey, Span)>),
    Seal,
    /// Only where the rule is broken: read, not written yet.
    WriteSeals(BTreeMap<PartitionKey, Seal<Control>>),
    Facts,
    /// With what the warehouse had on record.
    Snapshot(Box<Warehouse>),
    Load {
        run: usize,
        /// The run that was current when the facts were read.
        basis: Option<usize>,
        snapshot: BTreeMap<PartitionKey, Archived>,
        left: Vec<PartitionKey>,
    },
    Switch(usize),
    Prune(usize),
}

impl World {
    /// Does the next step of a run, or begins one.
    pub(super) fn advance(&mut self, job: usize) {
        let stage = std::mem::take(&mut self.jobs[job].stage);
        let stage = match stage {
            Stage::Idle => Stage::EndViews(self.archive_of_ended()),
            Stage::EndViews(archived) => Stage::EndArchive(self.end_views(&archived)),
            Stage::EndArchive(lost) => {
                self.end_archive(&lost);
                Stage::Seal
            }
            Stage::Seal => {
                let seals = seal(&self.warehouse.positions);
                if self.broken == Broken::SealInOneTransaction {
                    Stage::WriteSeals(seals)
                } else {
                    self.write_seals(seals);
                    Stage::Facts
                }
            }
            Stage::WriteSeals(seals) => {
                self.write_seals(seals);
                Stage::Facts
            }
            Stage::Facts => Stage::Snapshot(Box::new(self.warehouse.clone())),
            Stage::Snapshot(recorded) => self.open_snapshot(job, &recorded),
            Stage::Load {
                run,
                basis,
                snapshot,
                mut left,
            } => match left.pop() {
                Some(key) if self.load(run, basis, &key, &snapshot[&key]) => Stage::Load {
                    run,
                    basis,
                    snapshot,
                    left,
                },
                // Another run is current than the one whose rows were to be added to.
                Some(_) => Stage::Idle,
                None if self.broken == Broken::PruneAfterSwitch => Stage::Prune(run),
                None => Stage::Switch(run),
            },
            Stage::Switch(run) => {
                let current = self.make_current(run);
                if current && self.broken != Broken::PruneAfterSwitch {
                    Stage::Prune(run)
                } else {
                    Stage::Idle
                }
            }
            Stage::Prune(run) => match (self.prune_one(run), self.broken) {
                (true, _) => Stage::Prune(run),
                (false, Broken::PruneAfterSwitch) => Stage::Switch(run),
                (false, _) => Stage::Idle,
            },
        };
        self.jobs[job].stage = stage;
    }

    fn archive_of_ended(&self) -> BTreeMap<PartitionKey, Offset> {
        let ended = self.topics.iter().filter(|(_, topic)| topic.ended);
        ended
            .map(|(key, _)| {
                let next = self.archive.get(key).map_or(Offset(0), |table| table.next);
                (key.clone(), next)
            })
            .collect()
    }

    fn end_views(
        &mut self,
        archived: &BTreeMap<PartitionKey, Offset>,
    ) -> Vec<(PartitionKey, Span)> {
        let mut lost_to_archive = Vec::new();
        for (key, archived) in archived {
            let row = self.warehouse.positions.entry(key.clone()).or_default();
            let ending = end_of_stream(row.next, *archived);
            if let Some(lost) = ending.lost_to_views {
                let gaps = Gaps {
                    lost: vec![lost],
                    blind: Vec::new(),
                };
                assert!(self.commit_batch(key, lost, &[], &gaps, None));
            }
            lost_to_archive.extend(ending.lost_to_archive.map(|lost| (key.clone(), lost)));
        }
        lost_to_archive
    }

    fn end_archive(&mut self, lost: &[(PartitionKey, Span)]) {
        for (key, lost) in lost {
            let table = self.archive.entry(key.clone()).or_default();
            if table.next == lost.start() {
                table.next = lost.end();
                table.gaps.lost.push(*lost);
            }
        }
    }

    fn write_seals(&mut self, seals: BTreeMap<PartitionKey, Seal<Control>>) {
        for (key, Seal { sealed, row }) in seals {
            let position = self.warehouse.positions.get_mut(&key).unwrap();
            position.open = row.open;
            self.warehouse.sealed.entry(key).or_default().push(sealed);
        }
    }

    fn open_snapshot(&mut self, job: usize, recorded: &Warehouse) -> Stage {
        let current = recorded.coverage();
        let mut coverage = current.clone();
        let mut stopped = BTreeSet::new();
        let none = Archived::default();
        let no_gaps = Gaps::default();
        for key in recorded.positions.keys() {
            let archived = self.archive.get(key).unwrap_or(&none);
            let sealed = recorded.sealed.get(key).map_or(&[][..], Vec::as_slice);
            let before = current.0.get(key);
            let recomputed = due(before, sealed, archived.next).map(|generation| {
                let rows = archived.rows.iter();
                let rows = rows.filter(|record| generation.span.contains(record.offset));
                let total = match self.broken {
                    Broken::TotalsCompared => generation.control.clone(),
                    _ => control(rows),
                };
                (generation.number, total)
            });
            let mut views_gaps = recorded.gaps.get(key).unwrap_or(&no_gaps).clone();
            let mut archive_gaps = archived.gaps.clone();
            // What is forgotten is lost to whoever has not counted it.
            let (_, below) = archived.forgotten;
            archive_gaps.lost.extend(Span::new(Offset(0), below));
            if self.broken == Broken::SetAside {
                views_gaps.lost.append(&mut archive_gaps.lost);
                views_gaps.blind.append(&mut archive_gaps.blind);
            }
            if self.broken == Broken::ViewsGapsRecorded {
                views_gaps = Gaps::default();
            }
            if self.broken == Broken::BlindCounts {
                views_gaps.blind.clear();
                archive_gaps.blind.clear();
            }
            let cover = cover(&PartitionFacts {
                current: before,
                sealed,
                archived: archived.next,
                views_gaps: &views_gaps,
                archive_gaps: &archive_gaps,
                recomputed: &recomputed.collect(),
            });
            coverage
                .0
                .extend(cover.covered.map(|new| (key.clone(), new)));
            stopped.extend(cover.stop.map(|_| key.clone()));
        }
        self.jobs[job].stopped = stopped;
        let left = coverage.0.keys().cloned().collect();
        self.warehouse.runs.push(RunRow {
            state: RunState::Loading,
            coverage,
            rows: BTreeMap::new(),
        });
        Stage::Load {
            run: self.warehouse.runs.len() - 1,
            basis: recorded.current,
            snapshot: self.archive.clone(),
            left,
        }
    }

    fn sealed(&self, key: &PartitionKey) -> &[Generation<Control>] {
        self.warehouse.sealed.get(key).map_or(&[], Vec::as_slice)
    }

    /// The batch views: accepted rows below the coverage, but for what is set aside. Of minutes that
    /// may be forgotten, the news are added to the rows of the run that is current. Returns whether
    /// it still is.
    fn load(
        &mut self,
        run: usize,
        basis: Option<usize>,
        key: &PartitionKey,
        archived: &Archived,
    ) -> bool {
        let covered = &self.warehouse.runs[run].coverage.0[key];
        let skips = match self.broken {
            Broken::RowsSkipSetAside => Vec::new(),
            _ => covered.skips(self.sealed(key)),
        };
        let (mut before, _) = archived.forgotten;
        if self.broken == Broken::NewsAreAdded {
            before = 0;
        }
        let based_on = basis.map(|basis| &self.warehouse.runs[basis]);
        let counted = based_on.map_or(Offset(0), |based_on| based_on.coverage.end_of(key));
        let added_to = match self.broken {
            Broken::NewsOverTheirBasis => self.warehouse.current_run(),
            _ if before > 0 && self.warehouse.current != basis => return false,
            _ => based_on,
        };
        let rows = archived.rows.iter().filter(|record| {
            let is_new = record.draft.minute >= before || record.offset >= counted;
            is_new
                && record.offset < covered.end
                && !skips.iter().any(|skip| skip.contains(record.offset))
        });
        let mut rows = figures(rows);
        let known = added_to.and_then(|added_to| added_to.rows.get(key));
        let known = known.into_iter().flatten();
        let known = known.filter(|(minute, _)| **minute < before);
        let known = known.map(|(minute, sum)| (*minute, sum.clone()));
        rows.add(&known.collect()).unwrap();
        self.warehouse.runs[run].rows.insert(key.clone(), rows);
        true
    }

    fn make_current(&mut self, run: usize) -> bool {
        let current = self.warehouse.coverage();
        let candidate = &self.warehouse.runs[run];
        let state = match self.broken {
            Broken::SweptRefused => RunState::Loading,
            _ => candidate.state,
        };
        match switch(&current, state, &candidate.coverage) {
            Ok(()) => {}
            Err(Refusal::GoesBack { .. }) if self.broken == Broken::CoverageForward => {}
            Err(_) => return false,
        }
        for (key, covered) in &candidate.coverage.0 {
            let end = self.once_covered.entry(key.clone()).or_insert(covered.end);
            *end = covered.end.max(*end);
        }
        self.warehouse.current = Some(run);
        true
    }

    /// Deletes one generation's buckets. Returns whether there was one.
    fn prune_one(&mut self, run: usize) -> bool {
        let mut coverage = self.warehouse.runs[run].coverage.clone();
        if self.broken == Broken::PruneSparesSetAside {
            for covered in coverage.0.values_mut() {
                covered.set_aside.clear();
            }
        }
        let buckets = self.warehouse.buckets.keys();
        let buckets = buckets.map(|(key, number)| (key, *number));
        let pruned = prune(&coverage, buckets, 1).first().copied();
        let Some((key, number)) = pruned else {
            return false;
        };
        let pruned = (key.clone(), number);
        self.warehouse.buckets.remove(&pruned).is_some()
    }

    /// Deletes one partition's rows of a run that is not current, once that is on record.
    pub(super) fn sweep(&mut self, run: usize) {
        let runs = self.warehouse.runs.len();
        if runs == 0 || self.warehouse.current == Some(run % runs) {
            return;
        }
        let row = &mut self.warehouse.runs[run % runs];
        match row.state {
            RunState::Loading => row.state = RunState::Swept,
            RunState::Swept => {
                row.rows.pop_first();
            }
        }
    }
}
