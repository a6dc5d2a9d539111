//! The batch-view runs of the model, each of their transactions a step of its own.

use super::super::{
    Gaps, Generation, PartitionFacts, PartitionKey, Refusal, RunState, Seal, Span, cover, due,
    end_of_stream, prune, seal, switch,
};
use super::Broken;
use super::figures::Control;
use super::topics::{control, figures};
use super::world::{Archived, RunRow, World};
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
    Snapshot,
    Load {
        run: usize,
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
                    Stage::Snapshot
                }
            }
            Stage::WriteSeals(seals) => {
                self.write_seals(seals);
                Stage::Snapshot
            }
            Stage::Snapshot => self.open_snapshot(job),
            Stage::Load {
                run,
                snapshot,
                mut left,
            } => match left.pop() {
                Some(key) => {
                    self.load(run, &key, &snapshot);
                    Stage::Load {
                        run,
                        snapshot,
                        left,
                    }
                }
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

    fn open_snapshot(&mut self, job: usize) -> Stage {
        let current = self.warehouse.coverage();
        let mut coverage = current.clone();
        let mut stopped = BTreeSet::new();
        let none = Archived::default();
        let no_gaps = Gaps::default();
        for key in self.warehouse.positions.keys() {
            let archived = self.archive.get(key).unwrap_or(&none);
            let sealed = self.sealed(key);
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
            let mut views_gaps = self.warehouse.gaps.get(key).unwrap_or(&no_gaps).clone();
            let mut archive_gaps = archived.gaps.clone();
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
            snapshot: self.archive.clone(),
            left,
        }
    }

    fn sealed(&self, key: &PartitionKey) -> &[Generation<Control>] {
        self.warehouse.sealed.get(key).map_or(&[], Vec::as_slice)
    }

    /// The batch views: accepted rows below the coverage, but for what is set aside.
    fn load(
        &mut self,
        run: usize,
        key: &PartitionKey,
        snapshot: &BTreeMap<PartitionKey, Archived>,
    ) {
        let covered = &self.warehouse.runs[run].coverage.0[key];
        let skips = match self.broken {
            Broken::RowsSkipSetAside => Vec::new(),
            _ => covered.skips(self.sealed(key)),
        };
        let rows = figures(snapshot[key].rows.iter().filter(|record| {
            record.offset < covered.end && !skips.iter().any(|skip| skip.contains(record.offset))
        }));
        self.warehouse.runs[run].rows.insert(key.clone(), rows);
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
