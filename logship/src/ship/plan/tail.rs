//! Following the files: copy, make durable, close, record what is over.

use super::life::{Life, OpenPiece, Place};
use super::settled::Settled;
use super::{Copied, Done, Now, Plan, Record, Step};
use crate::archive::names::{LifeNumber, Name, PieceEnd, PieceId};
use crate::archive::records::{End, EndCause, Gap, VERSION};
use std::time::Duration;

impl Plan {
    pub(super) fn next_of_tail(&mut self, now: Now) -> Step {
        if let Some(step) = self.guard(now).or_else(|| self.finish_pieces(now)) {
            return step;
        }
        if self.stopping {
            return self.stopped(now);
        }
        if let Some(record) = self.records.front() {
            return self.write(record);
        }
        if self.looked_at.is_none() {
            return Step::Look;
        }
        (self.find_lost())
            .or_else(|| self.record_end(now))
            .or_else(|| self.begin(now))
            .or_else(|| self.copy())
            .unwrap_or_else(|| self.wait(now))
    }

    /// A later owner ends this one soon even if nothing is to be created.
    fn guard(&self, now: Now) -> Option<Step> {
        let due = |at| now.running.saturating_sub(at) >= self.limits.owner_every;
        self.owner_checked
            .is_none_or(due)
            .then(|| Step::CheckOwner(self.epoch.next()))
    }

    /// Syncs and closes.
    fn finish_pieces(&mut self, now: Now) -> Option<Step> {
        let limits = self.limits;
        let stopping = self.stopping;
        let lives = self.lives.values();
        let with_piece = lives.filter_map(|life| life.piece.map(|piece| (life, piece)));
        for (life, piece) in with_piece {
            let copied = life.position - life.durable;
            let has_more = life.file().is_some() && life.seen > life.position && !stopping;
            let is_full = life.position - piece.id.start >= limits.piece_bytes;
            let is_old = now.running.saturating_sub(piece.created) >= limits.piece_age;
            let is_ripe = is_full || is_old || piece.is_wanted;
            let is_over = matches!(life.place, Place::Over { .. });
            let is_empty = life.position == piece.id.start;
            let ends = is_over
                || stopping
                || !is_empty && (is_ripe || life.is_settled(limits.settle, now.running));
            let since = (piece.sync_began).map(|began| now.running.saturating_sub(began));
            let is_due = !has_more && since.is_none_or(|since| since >= limits.sync_every);
            if copied > 0 && (is_due || ends || copied >= limits.sync_bytes) {
                self.with(piece.id.life, |life| {
                    if let Some(piece) = &mut life.piece {
                        piece.sync_began = Some(now.running);
                    }
                });
                return Some(Step::Sync(piece.id));
            }
            if copied == 0 && ends && self.closings.len() < limits.closings_max {
                return Some(Step::Close(
                    piece.id,
                    PieceEnd {
                        end: life.position,
                        lines: piece.lines,
                    },
                ));
            }
        }
        None
    }

    fn stopped(&self, now: Now) -> Step {
        let has_open = self.lives.values().any(|life| life.piece.is_some());
        if has_open || !self.closings.is_empty() {
            return Step::Wait(now.running + self.limits.look_every);
        }
        Step::Stopped
    }

    /// The records of a life that is over.
    fn record_end(&mut self, now: Now) -> Option<Step> {
        let (settle, running) = (self.limits.settle, now.running);
        for life in self.lives.values_mut().filter(|life| life.piece.is_none()) {
            if life.is_settled(settle, running) {
                let is_there = (life.file().and_then(|file| self.look.files.get(&file)))
                    .is_some_and(|file| file.role == super::Role::Sibling);
                let cause = if is_there {
                    EndCause::Rotated
                } else {
                    EndCause::Deleted
                };
                life.place = Place::Over { cause };
            }
        }
        let over = self.lives.values().find_map(|life| match life.place {
            Place::Over { cause } if life.piece.is_none() => Some((life, cause)),
            _ => None,
        });
        let (life, cause) = over?;
        // A crash may have come between the gap and the end.
        let lost = lost(life, cause).filter(|(from, _)| !self.gaps.contains(&(life.number, *from)));
        if let Some((from, to)) = lost {
            self.records.push_back(Record::Gap(Gap {
                version: VERSION,
                life: life.number,
                epoch: self.epoch,
                from,
                to,
                cause,
                found_at: now.time,
            }));
        }
        self.records.push_back(Record::End(End {
            version: VERSION,
            life: life.number,
            epoch: self.epoch,
            file: life.known_file,
            born: life.born,
            end: life.position,
            seen: life.seen_max,
            cause,
            ended_at: now.time,
        }));
        self.records.front().map(|record| self.write(record))
    }

    pub(super) fn write(&self, record: &Record) -> Step {
        if self.may_create {
            Step::Write(record.clone())
        } else {
            Step::CheckOwner(self.epoch.next())
        }
    }

    /// The next bytes, of the oldest file that has some.
    fn copy(&self) -> Option<Step> {
        let behind = |life: &&Life| life.file().is_some() && life.seen > life.position;
        let life = self.lives.values().find(behind)?;
        let file = life.file()?;
        let Some(piece) = life.piece else {
            return Some(if self.may_create {
                Step::Create(PieceId {
                    life: life.number,
                    start: life.position,
                    epoch: self.epoch,
                })
            } else {
                Step::CheckOwner(self.epoch.next())
            });
        };
        let room = (piece.id.start + self.limits.piece_bytes).saturating_sub(life.position);
        // A full piece waits for its turn to be closed, and one that others need as well.
        let may_grow = room > 0 && (!piece.is_wanted || life.position == piece.id.start);
        may_grow.then(|| Step::Copy {
            piece: piece.id,
            file,
            head: life.head.clone(),
            from: life.position,
            bytes: (life.seen - life.position)
                .min(room)
                .min(self.limits.chunk_bytes),
        })
    }

    pub(super) fn wait(&self, now: Now) -> Step {
        let limits = self.limits;
        let is_plain = (self.lives.values()).all(|life| life.is_main && life.file().is_some());
        let pause = if is_plain {
            limits.look_rarely
        } else {
            limits.look_every
        };
        let look = self.looked_at.unwrap_or_default() + pause;
        if look <= now.running {
            return Step::Look;
        }
        let with_piece = (self.lives.values()).filter_map(|life| Some((life, life.piece?)));
        let ages = (with_piece.clone()).map(|(_, piece)| piece.created + limits.piece_age);
        // An old piece whose turn to be closed has not come is asked again after a while.
        let until = ages
            .fold(look, Duration::min)
            .max(now.running + Duration::from_millis(20));
        let copied = with_piece.filter(|(life, _)| life.position > life.durable);
        let syncs = copied.filter_map(|(_, piece)| Some(piece.sync_began? + limits.sync_every));
        Step::Wait(syncs.fold(until, Duration::min))
    }

    pub(super) fn done_of_tail(&mut self, step: &Step, done: Done, now: Now) {
        match (step, done) {
            (Step::Write(record), Done::Written) => {
                self.records.pop_front();
                self.written(record, now);
            }
            (Step::Create(id), Done::Created) => {
                self.with(id.life, |life| {
                    life.piece = Some(OpenPiece {
                        id: *id,
                        created: now.running,
                        lines: 0,
                        lines_durable: 0,
                        sync_began: None,
                        is_wanted: false,
                    });
                });
            }
            (Step::Copy { piece, .. }, Done::Copied(Copied::Bytes { bytes, lines })) => {
                self.with(piece.life, |life| {
                    life.position += bytes;
                    if let Some(piece) = &mut life.piece {
                        piece.lines += lines;
                    }
                });
            }
            (Step::Copy { piece, .. }, Done::Copied(Copied::Changed)) => {
                // Seen between two looks: the next one alone may still miss what took its place.
                let look = self.looks + 1;
                self.looked_at = None;
                self.with(piece.life, |life| {
                    life.place = Place::Lost {
                        cause: EndCause::Truncated,
                        look,
                        has_changed: false,
                    };
                });
            }
            (Step::Sync(id), Done::Synced) => {
                let Some(life) = self.lives.get_mut(&id.life) else {
                    return;
                };
                self.archived.bytes += life.position - life.durable;
                life.durable = life.position;
                if let Some(piece) = &mut life.piece {
                    self.archived.lines += piece.lines - piece.lines_durable;
                    piece.lines_durable = piece.lines;
                }
            }
            (Step::Close(id, end), Done::Closing) => {
                self.closings.insert(*id, *end);
                let last = (Name::Piece(*id, *end), *end);
                self.with(id.life, |life| {
                    life.piece = None;
                    if end.end > id.start {
                        life.last_closed = Some(last);
                    }
                });
            }
            (step, done) => unreachable!("{step:?} was answered by {done:?}"),
        }
    }

    fn written(&mut self, record: &Record, now: Now) {
        match record {
            Record::Life(sidecar) => self.began(sidecar, now),
            Record::Gap(gap) => {
                self.archived.gaps += 1;
                self.archived.gap_bytes += gap.to.map_or(0, |to| to - gap.from);
                self.gaps.insert((gap.life, gap.from));
            }
            Record::End(end) => {
                if let Some(life) = self.lives.remove(&end.life) {
                    self.settled.push(Settled {
                        life: life.number,
                        head: life.head,
                        file: life.known_file,
                        born: life.born,
                        end: end.end,
                        last: life.last_closed,
                        ended_at: end.ended_at,
                    });
                }
            }
            Record::Recovery(_) => {}
        }
    }

    fn with(&mut self, life: LifeNumber, change: impl FnOnce(&mut Life)) {
        if let Some(life) = self.lives.get_mut(&life) {
            change(life);
        }
    }
}

/// What a life that ends so has lost, if anything: from where, and up to where if that is known.
fn lost(life: &Life, cause: EndCause) -> Option<(u64, Option<u64>)> {
    let known = (life.seen_max > life.position).then_some(life.seen_max);
    let may_be_lost = matches!(cause, EndCause::Truncated | EndCause::Vanished);
    (known.is_some() || may_be_lost).then_some((life.position, known))
}

#[cfg(test)]
mod tests {
    use super::super::look::Look;
    use super::super::{FileId, Limits, Phase, Role, SeenFile};
    use super::*;
    use crate::archive::names::Epoch;
    use jiff::Timestamp;
    use std::collections::BTreeMap;

    const EVERY: Duration = Duration::from_millis(50);

    fn at(milliseconds: u64) -> Now {
        Now {
            running: Duration::from_millis(milliseconds),
            time: Timestamp::UNIX_EPOCH,
        }
    }

    fn see(plan: &mut Plan, size: u64, now: Now) {
        let log = SeenFile {
            id: FileId {
                device: 1,
                inode: 1,
            },
            name: "app.log".to_owned(),
            role: Role::Main,
            number: None,
            size,
            head: b"head".to_vec(),
            idle: Duration::ZERO,
            born: None,
        };
        plan.looked(Look::of([log]), now);
    }

    /// Does what the plan says until it waits; returns whether it made bytes durable, and until when
    /// it waits.
    fn drive(plan: &mut Plan, now: Now) -> (bool, Duration) {
        let mut has_synced = false;
        loop {
            let step = plan.next(now);
            let done = match &step {
                Step::Wait(until) => return (has_synced, *until),
                Step::CheckOwner(_) => Done::OwnerChecked(false),
                Step::Write(_) => Done::Written,
                Step::Create(_) => Done::Created,
                Step::Copy { bytes, .. } => Done::Copied(Copied::Bytes {
                    bytes: *bytes,
                    lines: 1,
                }),
                Step::Sync(_) => {
                    has_synced = true;
                    Done::Synced
                }
                step => panic!("{step:?}"),
            };
            plan.done(&step, done, now);
        }
    }

    #[test]
    fn bytes_become_durable_so_far_apart_and_no_later() {
        let limits = Limits {
            sync_every: EVERY,
            ..Limits::default()
        };
        let mut plan = Plan::new(limits, None, BTreeMap::new());
        plan.phase = Phase::Tail;
        plan.epoch = Epoch(1);
        see(&mut plan, 100, at(0));
        plan.begin(at(0));
        // Nothing was made durable before: the first bytes wait for nothing.
        assert!(drive(&mut plan, at(0)).0);
        // Others come while that takes its time.
        see(&mut plan, 150, at(30));
        let (has_synced, until) = drive(&mut plan, at(30));
        assert!(!has_synced);
        assert_eq!(until, EVERY);
        see(&mut plan, 170, at(50));
        assert!(drive(&mut plan, at(50)).0);
        // What comes late waits no longer than it has to.
        see(&mut plan, 180, at(500));
        assert!(drive(&mut plan, at(500)).0);
    }
}
