//! What a look at the source's files means: which file is which life, which one is new.

use super::life::{Life, Place};
use super::{Now, Plan, Record, Step};
use crate::archive::names::{LifeNumber, PieceEnd};
use crate::archive::records::{self, EndCause, FileId, Head, VERSION};
use std::collections::BTreeMap;
use std::time::Duration;

/// The files of a source: the one that is written, its rotated siblings, and deleted ones that are
/// still open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) files: BTreeMap<FileId, SeenFile>,
}

impl Look {
    pub(crate) fn of(files: impl IntoIterator<Item = SeenFile>) -> Self {
        Self {
            files: files.into_iter().map(|file| (file.id, file)).collect(),
        }
    }

    pub(super) fn main(&self) -> Option<&SeenFile> {
        self.files.values().find(|file| file.role == Role::Main)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SeenFile {
    pub(crate) id: FileId,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) size: u64,
    /// Its first bytes, up to `HEAD_BYTES_MAX`.
    pub(crate) head: Vec<u8>,
    /// For how long nobody wrote to it.
    pub(crate) idle: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It has the name that is written to.
    Main,
    /// It has the name of a rotated file.
    Sibling,
    /// It has none of these names any more, but it is open.
    Nameless,
}

/// A life that is over; its file may still lie there, however many lives came after it: a file that
/// was forgotten would be shipped again.
#[derive(Clone, Debug)]
pub(super) struct Settled {
    pub(super) head: Head,
    pub(super) file: FileId,
    pub(super) end: u64,
}

/// A beginning that is shorter says little about a file under another inode number.
const TELLING_HEAD_BYTES: u64 = 64;

impl Plan {
    pub(super) fn looked(&mut self, look: Look, now: Now) {
        self.looks += 1;
        self.looked_at = Some(now.running);
        self.distinct.clear();
        self.refused.clear();
        self.copies
            .retain(|file, size| look.files.get(file).is_some_and(|seen| seen.size == *size));
        for life in self.lives.values_mut() {
            if let Place::At(file) = life.place {
                life.follow(look.files.get(&file), self.looks, now.running);
            }
        }
        self.look = look;
    }

    /// Finds the files of lives that lost theirs.
    pub(super) fn find_lost(&mut self) -> Option<Step> {
        for life in self.lives.values() {
            if let Place::Lost { .. } = life.place
                && let Some(file) = self.candidate(life)
            {
                return Some(Step::Compare {
                    life: life.number,
                    file,
                    end: life.position,
                    last: life.last.map(|last| (last.name, last.end)),
                });
            }
        }
        let mut waits = false;
        for life in self.lives.values_mut() {
            if let Place::Lost { cause, look } = life.place {
                if look < self.looks {
                    life.place = Place::Over { cause };
                } else {
                    waits = true;
                }
            }
        }
        waits.then_some(Step::Look)
    }

    /// A file that may be the lost life's: the one of its inode number before others.
    fn candidate(&self, life: &Life) -> Option<FileId> {
        let taken = self.held();
        let fits = |file: &&SeenFile| {
            // Its own file has lost bytes if it is shorter than it was; a copy may be of before.
            let same_file = file.id == life.known_file;
            file.size
                >= life
                    .size_min()
                    .max(if same_file { life.seen_max } else { 0 })
                && !taken.contains(&file.id)
                && !self.refused.contains(&(life.number, file.id))
                && life.head.fits(&file.head)
        };
        let files = || self.look.files.values().filter(fits);
        (files().find(|file| file.id == life.known_file))
            .or_else(|| files().next())
            .map(|file| file.id)
    }

    pub(super) fn compared(
        &mut self,
        life: LifeNumber,
        file: FileId,
        verified: Option<PieceEnd>,
        now: Now,
    ) {
        let Some(life) = self.lives.get_mut(&life) else {
            return;
        };
        let verified = verified.filter(|verified| match &life.last {
            Some(last) if last.is_undecided => verified.end > last.id.start,
            _ => verified.end == life.position,
        });
        let (Some(verified), Some(seen)) = (verified, self.look.files.get(&file)) else {
            self.refused.insert((life.number, file));
            return;
        };
        if let Some(last) = &mut life.last
            && last.is_undecided
        {
            // A power cut can leave bytes behind the durable ones that were never written.
            last.end = verified;
            life.position = verified.end;
            life.durable = verified.end;
        }
        life.place = Place::At(file);
        life.known_file = file;
        life.is_main = seen.role == Role::Main;
        life.seen = seen.size;
        life.seen_max = life.seen_max.max(seen.size);
        life.quiet_since = now.running.saturating_sub(seen.idle);
    }

    /// The next file that nobody ships yet.
    pub(super) fn begin(&mut self, now: Now) -> Option<Step> {
        let taken = self.held();
        let mut files: Vec<&SeenFile> = self.look.files.values().collect();
        // The oldest first, the one that is written last.
        files.sort_by_key(|file| (file.role == Role::Main, std::cmp::Reverse(file.idle)));
        let unknown = files.into_iter().filter(|file| {
            file.role != Role::Nameless
                && file.size > 0
                && !taken.contains(&file.id)
                && self.copies.get(&file.id) != Some(&file.size)
        });
        for file in unknown {
            let Some(first) = self.first_of(file) else {
                continue;
            };
            if file.role == Role::Sibling {
                if self.lives.len() >= self.limits.lives_max {
                    continue;
                }
                // `copytruncate` copies first: a copy is not shipped beside its original.
                if !self.distinct.contains(&file.id)
                    && let Some((other, seen)) = self.original_of(file)
                {
                    return Some(Step::CompareFiles {
                        file: file.id,
                        other,
                        bytes: file.size.min(seen),
                    });
                }
            }
            let sidecar = records::Life {
                version: VERSION,
                life: self.next_life,
                epoch: self.epoch,
                name: file.name.clone(),
                file: file.id,
                head: Head::of(&file.head),
                first,
                found_at: now.time,
            };
            self.next_life = self.next_life.next();
            self.records.push_back(Record::Life(sidecar));
            return self.records.front().map(|record| self.write(record));
        }
        None
    }

    /// Where the bytes begin that no life that is over has; `None` where there are none.
    fn first_of(&self, file: &SeenFile) -> Option<u64> {
        for settled in self.settled.iter().rev() {
            let may_be = if settled.file == file.id {
                file.size >= settled.end
            } else {
                settled.head.bytes >= TELLING_HEAD_BYTES && file.size == settled.end
            };
            // Hashing comes last: there are many.
            if may_be && settled.head.fits(&file.head) {
                // Somebody may write to a rotated file again.
                return (file.size > settled.end).then_some(settled.end);
            }
        }
        Some(0)
    }

    fn original_of(&self, file: &SeenFile) -> Option<(FileId, u64)> {
        self.lives.values().find_map(|life| {
            let original = life.file()?;
            life.head.fits(&file.head).then_some((original, life.seen))
        })
    }

    /// A sidecar stands: its file is shipped from now on.
    pub(super) fn began(&mut self, sidecar: &records::Life, now: Now) {
        let Some(file) = self.look.files.get(&sidecar.file) else {
            return;
        };
        let quiet_since = now.running.saturating_sub(file.idle);
        let mut life = Life::begin(sidecar, file.size, quiet_since);
        life.is_main = file.role == Role::Main;
        self.lives.insert(sidecar.life, life);
    }
}

impl Life {
    fn follow(&mut self, seen: Option<&SeenFile>, look: u64, now: Duration) {
        let lost = |cause| Place::Lost { cause, look };
        match seen {
            None => self.place = lost(EndCause::Vanished),
            // A log only grows.
            Some(file) if file.size < self.seen || !self.head.fits(&file.head) => {
                self.place = lost(EndCause::Truncated);
            }
            Some(file) => {
                if file.size > self.seen {
                    self.quiet_since = now;
                }
                self.seen = file.size;
                self.seen_max = self.seen_max.max(file.size);
                self.is_main = file.role == Role::Main;
            }
        }
    }
}
