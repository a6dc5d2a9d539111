//! A shipper whose shell is this file.

use super::super::{Copied, Done, Now, Plan, Records, Step};
use super::files::Files;
use super::limits;
use super::storage::{Refused, Storage};
use crate::archive::names::{Epoch, LifeNumber, PieceEnd, PieceId};
use crate::ship::shell::newlines;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

#[derive(Debug)]
pub(super) struct Process {
    number: usize,
    /// Tells its lives apart: a restarted process is another one.
    instance: u64,
    /// Of writers: another one after each plan.
    writer: usize,
    plan: Option<Plan>,
    mine: Option<Epoch>,
    pub(super) is_paused: bool,
    /// The last bytes shipped of a life.
    tails: BTreeMap<LifeNumber, Vec<u8>>,
    closing: Vec<(PieceId, PieceEnd)>,
    cache: BTreeMap<LifeNumber, u64>,
}

impl Process {
    pub(super) fn new(number: usize) -> Self {
        Self {
            number,
            instance: 0,
            writer: number,
            plan: None,
            mine: None,
            is_paused: false,
            tails: BTreeMap::new(),
            closing: Vec::new(),
            cache: BTreeMap::new(),
        }
    }

    pub(super) fn start(&mut self) {
        if self.plan.is_none() {
            self.instance += 1;
            self.mine = None;
            self.renew();
        }
    }

    pub(super) fn is_tailing(&self) -> bool {
        (self.plan.as_ref()).is_some_and(|plan| plan.progress().is_tailing)
    }

    pub(super) fn crash(
        &mut self,
        storage: &mut Storage,
        random: &mut ChaCha8Rng,
        files: &mut Files,
    ) {
        storage.crash(self.writer, random);
        self.plan = None;
        files.hold_only(self.number, &[].into());
    }

    /// After a fault: files stay open.
    fn renew(&mut self) {
        if let Some(plan) = &self.plan {
            self.mine = plan.epoch().or(self.mine);
            self.cache.extend(plan.seen());
        }
        self.writer += 2;
        self.tails.clear();
        self.closing.clear();
        self.plan = Some(Plan::new(limits(), self.mine, self.cache.clone()));
    }

    pub(super) fn step(
        &mut self,
        storage: &mut Storage,
        files: &mut Files,
        random: &mut ChaCha8Rng,
        now: Now,
        faults: u32,
    ) {
        let Some(plan) = &mut self.plan else { return };
        if !self.closing.is_empty() && random.random_range(0..4) == 0 {
            let (id, end) = self.closing.remove(0);
            match storage.close(id, end, self.writer) {
                Ok(()) => plan.closed(id),
                Err(Refused) => self.fail(storage, random),
            }
            return;
        }
        let step = plan.next(now);
        if step == Step::Look && plan.progress().is_tailing {
            files.hold_only(self.number, &plan.held());
        }
        match step {
            Step::Wait(_) => return,
            Step::Superseded(_) => return self.crash(storage, random, files),
            _ => {}
        }
        let fault = random.random_range(0..1000) < faults;
        // A fault before the step, or one after it: its outcome is unknown.
        if fault && random.random() {
            return self.fail(storage, random);
        }
        let done = self.execute(&step, storage, files, random, now);
        if std::env::var_os("COMPTOIR_TEST_TRACE").is_some() {
            eprintln!(
                "{} {step:?} -> {done:?} {}",
                self.number,
                if fault { "fault" } else { "" }
            );
        }
        match done {
            Ok(done) if !fault => {
                let Some(plan) = &mut self.plan else { return };
                plan.done(&step, done, now);
            }
            _ => self.fail(storage, random),
        }
    }

    fn fail(&mut self, storage: &mut Storage, random: &mut ChaCha8Rng) {
        storage.crash(self.writer, random);
        self.renew();
    }

    fn execute(
        &mut self,
        step: &Step,
        storage: &mut Storage,
        files: &mut Files,
        random: &mut ChaCha8Rng,
        now: Now,
    ) -> Result<Done, Refused> {
        Ok(match step {
            Step::List => Done::Listed(storage.list()),
            Step::AskOwner(epoch) => Done::Owner {
                is_this_process: storage.owner(*epoch) == Some((self.number, self.instance)),
            },
            Step::Claim(epoch) => {
                Done::Claimed(storage.claim(*epoch, (self.number, self.instance)))
            }
            Step::ReadRecords {
                lives,
                recoveries,
                gaps,
            } => {
                let mut records: Records = storage.records().clone();
                records.lives.retain(|life, _| lives.contains(life));
                records.ends.retain(|life, _| lives.contains(life));
                records.gaps.retain(|gap, _| gaps.contains(gap));
                records
                    .recoveries
                    .retain(|epoch, _| recoveries.contains(epoch));
                Done::Records(records)
            }
            Step::CheckOwner(epoch) => Done::OwnerChecked(storage.owner(*epoch).is_some()),
            Step::Recover(id) => {
                let end = storage.recover(*id, random)?;
                let lines = newlines(storage.content(*id));
                Done::Recovered(PieceEnd { end, lines })
            }
            Step::Look => Done::Looked(files.look(self.number, random, now.running)),
            Step::Compare {
                life,
                file,
                end,
                last,
            } => {
                let content = files.content(*file);
                let (tail, start) = match (self.tails.get(life), last) {
                    (Some(tail), _) => (&tail[..], end - tail.len() as u64),
                    (None, Some((name, last))) => {
                        let id = name.piece().unwrap();
                        let length = length(last.end - id.start);
                        (&storage.content(id)[..length], id.start)
                    }
                    (None, None) => (&[][..], *end),
                };
                let there = content.get(length(start)..).unwrap_or_default();
                let agree = tail.iter().zip(there).take_while(|(a, b)| a == b).count();
                let verified = PieceEnd {
                    end: start + agree as u64,
                    lines: newlines(&tail[..agree]),
                };
                let is_whole = agree == tail.len();
                if is_whole {
                    self.tails.insert(*life, tail.to_vec());
                }
                Done::Compared((is_whole || agree > 0).then_some(verified))
            }
            Step::CompareFiles { file, other, bytes } => {
                let bytes = length(*bytes);
                Done::FilesCompared(
                    files.content(*file).get(..bytes) == files.content(*other).get(..bytes),
                )
            }
            Step::Write(record) => {
                storage.write(record)?;
                Done::Written
            }
            Step::Publish(id, end) => {
                storage.publish(*id, *end)?;
                Done::Published
            }
            Step::Create(id) => {
                storage.create(*id, self.writer)?;
                self.tails.entry(id.life).or_default();
                Done::Created
            }
            Step::Copy {
                piece,
                file,
                head,
                from,
                bytes,
            } => {
                let content = files.content(*file);
                if self.tails.get(&piece.life).is_none_or(Vec::is_empty) && !head.fits(content) {
                    return Ok(Done::Copied(Copied::Changed));
                }
                let tail = self.tails.entry(piece.life).or_default();
                let from = length(*from);
                let before = content.get(from - tail.len()..from);
                let there = content.get(from..(from + length(*bytes)).min(content.len()));
                let (Some(before), Some(there)) = (before, there) else {
                    return Ok(Done::Copied(Copied::Changed));
                };
                if before != &tail[..] || there.is_empty() {
                    return Ok(Done::Copied(Copied::Changed));
                }
                storage.append(*piece, there, self.writer);
                tail.extend_from_slice(there);
                let excess = tail.len().saturating_sub(16);
                tail.drain(..excess);
                Done::Copied(Copied::Bytes {
                    bytes: there.len() as u64,
                    lines: newlines(there),
                })
            }
            Step::Sync(id) => {
                storage.sync(*id, self.writer)?;
                Done::Synced
            }
            Step::Close(id, end) => {
                self.closing.push((*id, *end));
                Done::Closing
            }
            Step::Wait(_) | Step::Stopped | Step::Superseded(_) => unreachable!("no work"),
        })
    }
}

/// Of a history, which is short.
pub(super) fn length(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap()
}
