//! The log and its rotated siblings, on a disk that gives inode numbers again.

use super::super::{Look, Role, SeenFile};
use crate::archive::records::{FileId, HEAD_BYTES_MAX};
use jiff::{SignedDuration, Timestamp};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const MAIN: &str = "app.log";

#[derive(Debug)]
struct Inode {
    content: Vec<u8>,
    /// Which of the histories its content belongs to.
    history: usize,
    /// Left by `copytruncate`; nobody writes to it.
    is_copy: bool,
    modified: Duration,
    born: Timestamp,
    /// Processes that have it open.
    held_by: BTreeSet<usize>,
}

#[derive(Debug, Default)]
pub(super) struct Files {
    names: BTreeMap<String, u64>,
    inodes: BTreeMap<u64, Inode>,
    /// All that was ever written to each file, from its creation or truncation on.
    pub(super) histories: Vec<Vec<u8>>,
    lines: u64,
    /// Histories that lost bytes which no look could see.
    pub(super) lost_unseen: BTreeSet<usize>,
    stale_names: Option<Vec<String>>,
    /// By how much the time of day is ahead, or behind.
    clock_step: SignedDuration,
}

fn sibling(number: u64) -> String {
    format!("{MAIN}.{number}")
}

impl Files {
    pub(super) fn time_of_day(&self, clock: Duration) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::try_from(clock).unwrap() + self.clock_step
    }

    /// Somebody sets the clock, back as often as ahead.
    pub(super) fn step_clock(&mut self, random: &mut ChaCha8Rng) {
        self.clock_step = SignedDuration::from_secs(random.random_range(-50..50));
    }

    fn create(&mut self, name: &str, clock: Duration) -> u64 {
        let free = (1..=self.inodes.len() as u64 + 1)
            .find(|number| !self.inodes.contains_key(number))
            .unwrap();
        let inode = Inode {
            content: Vec::new(),
            history: self.histories.len(),
            is_copy: false,
            modified: clock,
            born: self.time_of_day(clock),
            held_by: BTreeSet::new(),
        };
        self.histories.push(Vec::new());
        self.inodes.insert(free, inode);
        self.names.insert(name.to_owned(), free);
        free
    }

    fn unlink(&mut self, name: &str) {
        self.names.remove(name);
        self.free();
    }

    fn free(&mut self) {
        let named: BTreeSet<u64> = self.names.values().copied().collect();
        self.inodes
            .retain(|number, inode| named.contains(number) || !inode.held_by.is_empty());
    }

    fn append(&mut self, number: u64, bytes: &[u8], clock: Duration) {
        let inode = self.inodes.get_mut(&number).unwrap();
        inode.content.extend_from_slice(bytes);
        inode.modified = clock;
        let history = inode.history;
        self.histories[history].extend_from_slice(bytes);
    }

    pub(super) fn write(&mut self, random: &mut ChaCha8Rng, clock: Duration) {
        let main = self.names.get(MAIN).copied();
        let main = main.unwrap_or_else(|| self.create(MAIN, clock));
        self.lines += 1;
        let mut line = format!("{:05}", self.lines);
        line.extend((0..random.random_range(0..30)).map(|_| random.random_range('a'..='z')));
        line.push('\n');
        self.append(main, line.as_bytes(), clock);
    }

    pub(super) fn append_to_rotated(&mut self, clock: Duration) {
        let number = self.names.get(&sibling(1)).copied();
        if let Some(number) = number.filter(|number| !self.inodes[number].is_copy) {
            self.lines += 1;
            let line = format!("{:05}late\n", self.lines);
            self.append(number, line.as_bytes(), clock);
            // If the file was done with by then, and is deleted before the next look.
            self.lost_unseen.insert(self.inodes[&number].history);
        }
    }

    fn siblings(&self) -> u64 {
        self.names.len() as u64 - u64::from(self.names.contains_key(MAIN))
    }

    fn make_room(&mut self) {
        for number in (1..=self.siblings()).rev() {
            if let Some(inode) = self.names.remove(&sibling(number)) {
                self.names.insert(sibling(number + 1), inode);
            }
        }
    }

    pub(super) fn rotate(&mut self, _clock: Duration) {
        if let Some(main) = self.names.remove(MAIN) {
            self.make_room();
            self.names.insert(sibling(1), main);
        }
    }

    pub(super) fn copy_and_truncate(&mut self, random: &mut ChaCha8Rng, clock: Duration) {
        let Some(main) = self.names.get(MAIN).copied() else {
            return;
        };
        self.make_room();
        let copy = self.create(&sibling(1), clock);
        // The copy is no file of its own: its bytes are those of the original.
        self.histories.pop();
        let original = &self.inodes[&main];
        let (content, history) = (original.content.clone(), original.history);
        let inode = self.inodes.get_mut(&copy).unwrap();
        inode.content = content;
        inode.history = history;
        inode.is_copy = true;
        if random.random_range(0..4) == 0 {
            // Written between the copying and the truncation: lost, and nobody can know.
            self.lost_unseen.insert(history);
            self.write(random, clock);
        }
        self.truncate(clock);
    }

    pub(super) fn truncate(&mut self, clock: Duration) {
        let Some(main) = self.names.get(MAIN) else {
            return;
        };
        let inode = self.inodes.get_mut(main).unwrap();
        inode.content.clear();
        inode.modified = clock;
        inode.history = self.histories.len();
        self.histories.push(Vec::new());
    }

    /// As `gzip` does it: another file with what the oldest sibling has, then that one goes.
    pub(super) fn compress_oldest(&mut self, clock: Duration) {
        let name = sibling(self.siblings());
        let Some(number) = self.names.get(&name).copied() else {
            return;
        };
        // A copy that goes on is told from a file that begins alike by a kilobyte: more than these
        // files have.
        if self.lost_unseen.contains(&self.inodes[&number].history) {
            return;
        }
        self.names.remove(&name);
        let packed = self.create(&name, clock);
        self.histories.pop();
        let original = &self.inodes[&number];
        let (content, history) = (original.content.clone(), original.history);
        let modified = original.modified;
        let inode = self.inodes.get_mut(&packed).unwrap();
        inode.content = content;
        inode.history = history;
        inode.is_copy = true;
        inode.modified = modified;
        self.free();
    }

    pub(super) fn delete_main(&mut self) {
        self.unlink(MAIN);
    }

    pub(super) fn delete_oldest(&mut self) {
        self.unlink(&sibling(self.siblings()));
    }

    /// As a shipper sees it, which opens what it sees.
    pub(super) fn look(
        &mut self,
        process: usize,
        random: &mut ChaCha8Rng,
        clock: Duration,
    ) -> Look {
        // The directory is read first, then the files: a rotation may run between.
        let names: Vec<String> = self.names.keys().cloned().collect();
        let names = match random.random_range(0..5) {
            0 => self.stale_names.take().unwrap_or(names),
            _ => names,
        };
        self.stale_names = Some(self.names.keys().cloned().collect());
        let mut seen = BTreeMap::new();
        for (number, inode) in &self.inodes {
            if inode.held_by.contains(&process) {
                seen.insert(*number, (Role::Nameless, String::new()));
            }
        }
        for name in names {
            if let Some(number) = self.names.get(&name) {
                let role = if name == MAIN {
                    Role::Main
                } else {
                    Role::Sibling
                };
                seen.insert(*number, (role, name));
                self.inodes.get_mut(number).unwrap().held_by.insert(process);
            }
        }
        Look::of(seen.into_iter().map(|(number, (role, name))| {
            let inode = &self.inodes[&number];
            let head = inode.content.len().min(HEAD_BYTES_MAX);
            SeenFile {
                id: file_id(number),
                number: name.rsplit('.').next().and_then(|last| last.parse().ok()),
                name,
                role,
                size: inode.content.len() as u64,
                head: inode.content[..head].to_vec(),
                idle: clock.saturating_sub(inode.modified),
                born: Some(inode.born),
            }
        }))
    }

    pub(super) fn hold_only(&mut self, process: usize, held: &BTreeSet<FileId>) {
        for (number, inode) in &mut self.inodes {
            if !held.contains(&file_id(*number)) {
                inode.held_by.remove(&process);
            }
        }
        self.free();
    }

    pub(super) fn content(&self, file: FileId) -> &[u8] {
        &self.inodes[&file.inode].content
    }

    /// The histories whose bytes still lie there, and how many of them.
    pub(super) fn standing(&self) -> Vec<(usize, usize)> {
        (self.names.values())
            .map(|number| &self.inodes[number])
            .map(|inode| (inode.history, inode.content.len()))
            .collect()
    }
}

fn file_id(inode: u64) -> FileId {
    FileId { device: 1, inode }
}
