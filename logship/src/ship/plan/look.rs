//! What a look at the source's files means: which file is which life, which one is new.

use super::life::{Life, Place};
use super::settled::Settled;
use super::{Now, Plan, Record, Step};
use crate::archive::names::{LifeNumber, PieceEnd};
use crate::archive::records::{self, EndCause, FileId, Head, VERSION, may_be_same};
use jiff::Timestamp;
use std::cmp::Reverse;
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

    fn names_since(&self, before: &Self) -> Names {
        let names = |look: &Self| -> Vec<_> {
            let files = look.files.values();
            files.map(|file| (file.id, file.name.clone())).collect()
        };
        if names(self) == names(before) {
            Names::AsBefore
        } else {
            Names::Others
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
    /// That rotation gave to a sibling: a higher one is older.
    pub(crate) number: Option<u64>,
    pub(crate) size: u64,
    /// Its first bytes, up to `HEAD_BYTES_MAX`.
    pub(crate) head: Vec<u8>,
    /// For how long nobody wrote to it.
    pub(crate) idle: Duration,
    /// When it was made, where the file system knows.
    pub(crate) born: Option<Timestamp>,
}

/// What files are called, as against the look before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    AsBefore,
    /// Other names, or other files under them: one of the two looks may have read the directory
    /// before a rotation and the files behind it, and missed a file.
    Others,
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

/// Which bytes of a file no life that is over has.
enum Left {
    From(u64),
    None,
    /// To be found out first.
    Unknown(Step),
}

/// What there is to begin with.
enum NextFile {
    /// From which byte on.
    New(FileId, u64),
    /// To be found out first.
    Unknown(Step),
    /// Until fewer files are shipped.
    Waits,
    None,
}

/// What came of a comparison of a file with the last piece of a life that is over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Verdict {
    /// The file's size then: one that is shorter now was written anew.
    size: u64,
    /// `None` where the piece can't be read any more.
    same: Option<bool>,
}

/// A beginning that is shorter says little about a file.
const TELLING_HEAD_BYTES: u64 = 64;
/// Many files begin with the same few bytes; who has more than so many in common is a copy.
const TELLING_BYTES: u64 = 1024;

impl Plan {
    pub(super) fn looked(&mut self, look: Look, now: Now) {
        self.looks += 1;
        self.names = look.names_since(&self.look);
        self.looked_at = Some(now.running);
        (self.distinct).retain(|file, _| look.files.contains_key(file));
        self.refused.clear();
        let before = &self.look.files;
        self.archived_files.retain(|file| {
            let is_as_before = |(seen, before): (&SeenFile, &SeenFile)| {
                (seen.size, seen.born, &seen.head) == (before.size, before.born, &before.head)
            };
            (look.files.get(file).zip(before.get(file))).is_some_and(is_as_before)
        });
        self.verdicts.retain(|(_, file), verdict| {
            look.files
                .get(file)
                .is_some_and(|seen| seen.size >= verdict.size)
        });
        for life in self.lives.values_mut() {
            if let Place::At(file) = life.place {
                life.follow(look.files.get(&file), self.looks, now.running);
            }
        }
        self.look = look;
    }

    /// Finds the files of lives that lost theirs.
    pub(super) fn find_lost(&mut self) -> Option<Step> {
        let lost = self
            .lives
            .values()
            .filter(|life| matches!(life.place, Place::Lost { .. }));
        let mut lost: Vec<&Life> = lost.collect();
        // Who has more to compare is less likely to take another one's file.
        lost.sort_by_key(|life| Reverse(life.position));
        if let Some(step) = lost.into_iter().find_map(|life| self.find(life)) {
            return Some(step);
        }
        let mut waits = false;
        for life in self.lives.values_mut() {
            if let Place::Lost {
                cause,
                look,
                has_changed,
            } = life.place
            {
                if look + u64::from(has_changed) < self.looks && self.names == Names::AsBefore {
                    life.place = Place::Over { cause };
                } else {
                    waits = true;
                }
            }
        }
        waits.then_some(Step::Look)
    }

    /// How to find out whether a file is the lost life's: its own before those of the same size,
    /// those before others, and none that a life that is over has more of.
    fn find(&self, life: &Life) -> Option<Step> {
        let taken = self.held();
        let fits = |file: &&SeenFile| {
            // Its own file has lost bytes if it is shorter than it was; a copy may be of before.
            let size_min = life.size_min();
            let size_min = if life.is_own(file) {
                size_min.max(life.seen_max)
            } else {
                size_min
            };
            file.size >= size_min
                && !taken.contains(&file.id)
                && !self.refused.contains(&(life.number, file.id))
                && life.head.fits(&file.head)
        };
        let mut files: Vec<&SeenFile> = self.look.files.values().filter(fits).collect();
        files.sort_by_key(|file| (!life.is_own(file), file.size != life.seen_max));
        for file in files {
            match self.left_of(file) {
                Left::Unknown(step) => return Some(step),
                Left::None => continue,
                Left::From(from) if from > life.position => continue,
                Left::From(_) => {}
            }
            return Some(Step::Compare {
                life: life.number,
                file: file.id,
                end: life.position,
                last: life.last.map(|last| (last.name, last.end)),
            });
        }
        None
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
            if let Place::Lost { has_changed, .. } = &mut life.place {
                *has_changed = true;
            }
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
        life.born = seen.born;
        life.found_at = None;
        life.is_main = seen.role == Role::Main;
        life.seen = seen.size;
        life.seen_max = life.seen_max.max(seen.size);
        life.quiet_since = now.running.saturating_sub(seen.idle);
    }

    /// The next file that nobody ships yet.
    pub(super) fn begin(&mut self, now: Now) -> Option<Step> {
        let mut archived = Vec::new();
        let next = self.next_file(&mut archived);
        self.archived_files.extend(archived);
        self.is_crowded = matches!(next, NextFile::Waits);
        let (file, first) = match next {
            NextFile::New(file, first) => (self.look.files.get(&file)?, first),
            NextFile::Unknown(step) => return Some(step),
            NextFile::Waits | NextFile::None => return None,
        };
        let sidecar = records::Life {
            version: VERSION,
            life: self.next_life,
            epoch: self.epoch,
            name: file.name.clone(),
            file: file.id,
            born: file.born,
            head: Head::of(&file.head),
            first,
            found_at: now.time,
        };
        self.next_life = self.next_life.next();
        self.records.push_back(Record::Life(sidecar));
        self.records.front().map(|record| self.write(record))
    }

    /// Adds to `archived` which files turn out to be.
    fn next_file(&self, archived: &mut Vec<FileId>) -> NextFile {
        let taken = self.held();
        let mut files: Vec<&SeenFile> = self.look.files.values().collect();
        // The oldest first, the one that is written last. Times are the same where rotation is fast.
        let mut siblings = files.iter().filter(|file| file.role == Role::Sibling);
        let are_numbered = siblings.all(|file| file.number.is_some());
        files.sort_by_key(|file| {
            let number = file.number.filter(|_| are_numbered);
            (file.role == Role::Main, Reverse(number), Reverse(file.idle))
        });
        let unknown = files.into_iter().filter(|file| {
            file.role != Role::Nameless
                && file.size > 0
                && !taken.contains(&file.id)
                && !self.archived_files.contains(&file.id)
        });
        let mut waits = false;
        for file in unknown {
            let is_sibling = file.role == Role::Sibling;
            // One that waits says enough; the others have their turn behind it.
            if waits && is_sibling {
                continue;
            }
            let first = match self.left_of(file) {
                Left::From(first) => first,
                Left::None => {
                    archived.push(file.id);
                    continue;
                }
                // In order: what comes behind may be a copy of it.
                Left::Unknown(step) => return NextFile::Unknown(step),
            };
            if is_sibling && self.lives.len() >= self.limits.lives_max {
                waits = true;
                continue;
            }
            return match self.compare_with_original(file) {
                Some(step) if is_sibling => NextFile::Unknown(step),
                _ => NextFile::New(file.id, first),
            };
        }
        if waits {
            NextFile::Waits
        } else {
            NextFile::None
        }
    }

    /// `copytruncate` copies first: a copy is not shipped beside its original.
    fn compare_with_original(&self, file: &SeenFile) -> Option<Step> {
        let (other, seen) = self.original_of(file)?;
        match self.distinct.get(&file.id) {
            None => Some(Step::CompareFiles {
                file: file.id,
                other,
                bytes: file.size.min(seen),
            }),
            // The original may have been cut since the look.
            Some(look) if *look == self.looks => Some(Step::Look),
            Some(_) => None,
        }
    }

    pub(super) fn files_compared(&mut self, file: FileId, bytes: u64, is_same: bool) {
        let size = self.look.files.get(&file).map(|seen| seen.size);
        if !is_same {
            self.distinct.insert(file, self.looks);
        } else if size == Some(bytes) {
            self.archived_files.insert(file);
        } else {
            // It was seen with bytes that its original had not got when it was looked at.
            self.looked_at = None;
        }
    }

    fn left_of(&self, file: &SeenFile) -> Left {
        // A file that was made later has only its inode number.
        let is_file_of = |settled: &Settled| {
            settled.file == file.id && may_be_same(settled.born, settled.ended_at, file.born)
        };
        let may_begin = |settled: &&Settled| {
            let may_be = file.size == settled.end
                || file.size > settled.end && (is_file_of(settled) || settled.end >= TELLING_BYTES);
            settled.end > 0 && may_be
        };
        let beginning = self.settled.beginning_as(&file.head);
        let mut settled: Vec<&Settled> = beginning.filter(may_begin).collect();
        // What has more of it says more.
        settled.sort_by_key(|settled| Reverse(settled.end));
        for settled in settled {
            // Somebody may write to a rotated file again, or compress it.
            let left = if file.size > settled.end {
                Left::From(settled.end)
            } else {
                Left::None
            };
            if settled.head.bytes >= TELLING_HEAD_BYTES && file.size == settled.end {
                return left;
            }
            let verdict = self.verdicts.get(&(settled.life, file.id));
            match (verdict.map(|verdict| verdict.same), settled.last) {
                (Some(Some(true)), _) => return left,
                (Some(None), _) | (None, None) if is_file_of(settled) => return left,
                (Some(_), _) | (None, None) => {}
                (None, Some((last, end))) => {
                    return Left::Unknown(Step::CompareEnded {
                        life: settled.life,
                        file: file.id,
                        last,
                        end,
                    });
                }
            }
        }
        Left::From(0)
    }

    /// Whether a file begins with what a life that is over has.
    pub(super) fn ended_compared(&mut self, life: LifeNumber, file: FileId, same: Option<bool>) {
        let size = self.look.files.get(&file).map_or(0, |seen| seen.size);
        self.verdicts.insert((life, file), Verdict { size, same });
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
        let lost = |cause| Place::Lost {
            cause,
            look,
            has_changed: false,
        };
        match seen {
            None => self.place = lost(EndCause::Vanished),
            // A log only grows.
            Some(file) if file.size < self.seen || !self.head.fits(&file.head) => {
                self.place = lost(EndCause::Truncated);
            }
            Some(file) => {
                // Its writers may go on for a while after it lost its name, however quiet they were.
                let lost_its_name = self.is_main && file.role != Role::Main;
                if file.size > self.seen || lost_its_name {
                    self.quiet_since = now;
                }
                self.seen = file.size;
                self.seen_max = self.seen_max.max(file.size);
                self.is_main = file.role == Role::Main;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Done, Limits, Phase};
    use super::*;
    use crate::archive::names::Epoch;

    const NOW: Now = Now {
        running: Duration::ZERO,
        time: Timestamp::UNIX_EPOCH,
    };

    fn file(inode: u64, role: Role, size: u64) -> SeenFile {
        SeenFile {
            id: FileId { device: 1, inode },
            name: format!("app.log-{inode}"),
            role,
            number: None,
            size,
            head: b"alike".to_vec(),
            idle: Duration::ZERO,
            born: None,
        }
    }

    /// A look sees the log with 100 bytes; then it grows, and is copied before its copy is seen.
    #[test]
    fn a_copy_with_more_than_its_original_had_is_looked_at_again() {
        let mut plan = Plan::new(Limits::default(), None, BTreeMap::new());
        plan.phase = Phase::Tail;
        plan.epoch = Epoch(1);
        plan.owner_checked = Some(NOW.running);
        let log = file(1, Role::Main, 100);
        plan.looked(Look::of([log.clone()]), NOW);
        plan.begin(NOW);
        let Some(Record::Life(sidecar)) = plan.records.pop_front() else {
            panic!("the log is to be shipped");
        };
        plan.began(&sidecar, NOW);
        let copy = file(2, Role::Sibling, 150);
        plan.looked(Look::of([log, copy.clone()]), NOW);
        let step = plan.next(NOW);
        let compares = Step::CompareFiles {
            file: copy.id,
            other: sidecar.file,
            bytes: 100,
        };
        assert_eq!(step, compares);
        plan.done(&step, Done::FilesCompared(true), NOW);
        assert_eq!(plan.next(NOW), Step::Look);
        let grown = file(1, Role::Main, 150);
        plan.looked(Look::of([grown, copy]), NOW);
        let step = plan.next(NOW);
        plan.done(&step, Done::FilesCompared(true), NOW);
        assert!(
            !matches!(plan.next(NOW), Step::CompareFiles { .. } | Step::Look),
            "it is known to be a copy"
        );
    }
}
