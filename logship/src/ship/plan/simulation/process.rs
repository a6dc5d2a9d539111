//! A shipper whose shell is this file.

use super::super::{Copied, Done, Now, Plan, Records, Step};
use super::files::Files;
use super::limits;
use super::sealing::Sealer;
use super::storage::{Refused, Storage};
use crate::archive::facts::newlines;
use crate::archive::names::{Epoch, LifeNumber, Name, PieceEnd, PieceId};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

/// How much of what was shipped is held against the file before more is; of less, its head is too.
const TAIL_BYTES: usize = 16;

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
    sealer: Sealer,
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
            sealer: Sealer::default(),
        }
    }

    pub(super) fn start(&mut self) {
        if self.plan.is_none() {
            self.instance += 1;
            self.mine = None;
            self.renew();
            self.plan = Some(Plan::idle(limits(), self.cache.clone()));
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
        self.sealer.crash(storage, random);
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
            Step::Woken => return self.renew(),
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

    /// Beside the shipper, and only while that follows its files.
    pub(super) fn seal(&mut self, storage: &mut Storage, random: &mut ChaCha8Rng) {
        if let Some(epoch) = self.held() {
            self.sealer.step(storage, random, epoch);
        }
    }

    pub(super) fn seal_all(&mut self, storage: &mut Storage, random: &mut ChaCha8Rng) {
        if let Some(epoch) = self.held() {
            self.sealer.settle(storage, random, epoch);
        }
    }

    fn held(&self) -> Option<Epoch> {
        let plan = self.plan.as_ref()?;
        plan.epoch().filter(|_| plan.progress().is_tailing)
    }

    fn fail(&mut self, storage: &mut Storage, random: &mut ChaCha8Rng) {
        storage.crash(self.writer, random);
        self.sealer.crash(storage, random);
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
                let has_all = recoveries
                    .iter()
                    .all(|epoch| records.recoveries.contains_key(epoch))
                    && gaps.iter().all(|gap| records.gaps.contains_key(gap));
                if !has_all {
                    return Err(Refused);
                }
                records.chain = storage.sealings.chain();
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
                    (None, Some((name @ Name::Manifest(_), last))) => {
                        let content = storage.sealings.last(*name);
                        (content, last.end - content.len() as u64)
                    }
                    (None, Some((name, last))) => {
                        let id = name.piece().filter(|id| storage.has(*id)).ok_or(Refused)?;
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
                Done::Compared(is_whole.then_some(verified))
            }
            Step::CompareEnded {
                life,
                file,
                last,
                end,
            } => {
                let piece = last.piece().filter(|id| storage.has(*id));
                let archived = match (piece, last) {
                    (Some(id), _) => &storage.content(id)[..length(end.end - id.start)],
                    (None, Name::Manifest(_)) => storage.sealings.last(*last),
                    // It was sealed meanwhile.
                    (None, _) => storage.sealings.last_of(*life),
                };
                let start = length(end.end) - archived.len();
                let there = files.content(*file).get(start..length(end.end));
                Done::EndedCompared(Some(there == Some(archived)))
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
                let is_short = |tail: &Vec<u8>| tail.len() < TAIL_BYTES;
                if self.tails.get(&piece.life).is_none_or(is_short) && !head.fits(content) {
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
                let excess = tail.len().saturating_sub(TAIL_BYTES);
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
            Step::Wait(_) | Step::Stopped | Step::Superseded(_) | Step::Woken => {
                unreachable!("no work")
            }
        })
    }
}

/// Of a history, which is short.
pub(super) fn length(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap()
}
