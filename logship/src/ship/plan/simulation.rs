//! The plan through random histories: a log that is written, rotated, copied, truncated and
//! deleted, shippers that crash, pause and take over from one another, a lake that fails, a time of
//! day that steps.
//! A failure names its seed: `COMPTOIR_TEST_SEED=… cargo test -p comptoir-logship --lib plan`.

mod files;
mod process;
mod sealing;
mod storage;

use super::{Limits, Now};
use crate::archive::contents::chain;
use crate::archive::records::EndCause;
use files::Files;
use process::{Process, length};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::time::Duration;
use storage::{Kind, Storage};

/// Small, so that a history crosses every border.
fn limits() -> Limits {
    Limits {
        piece_bytes: 40,
        piece_age: Duration::from_millis(400),
        settle: Duration::from_millis(600),
        chunk_bytes: 12,
        sync_bytes: 24,
        sync_every: Duration::from_millis(15),
        look_every: Duration::from_millis(50),
        look_rarely: Duration::from_millis(50),
        owner_every: Duration::from_millis(300),
        lives_max: 8,
        closings_max: 2,
    }
}

struct World {
    random: ChaCha8Rng,
    clock: Duration,
    files: Files,
    storage: Storage,
    processes: Vec<Process>,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let kind = if random.random() {
            Kind::Hdfs
        } else {
            Kind::Local
        };
        Self {
            random,
            clock: Duration::from_secs(100),
            files: Files::default(),
            storage: Storage::new(kind),
            processes: vec![Process::new(0), Process::new(1)],
        }
    }

    fn now(&self) -> Now {
        Now {
            running: self.clock,
            time: self.files.time_of_day(self.clock),
        }
    }

    fn act(&mut self) {
        self.clock += Duration::from_millis(self.random.random_range(0..8));
        match self.random.random_range(0..1000) {
            0..120 => self.files.write(&mut self.random, self.clock),
            120..126 => self.files.rotate(self.clock),
            126..129 => self.files.copy_and_truncate(&mut self.random, self.clock),
            129..131 => self.files.truncate(self.clock),
            131..133 => self.files.delete_main(),
            133..135 => self.files.delete_oldest(),
            135..138 => self.files.append_to_rotated(self.clock),
            138..144 => {
                let process = self.random.random_range(0..2);
                self.processes[process].crash(&mut self.storage, &mut self.random, &mut self.files);
            }
            144..146 => self.files.compress_oldest(self.clock),
            146..152 => {
                let process = self.random.random_range(0..2);
                self.processes[process].start();
            }
            152..155 => {
                let process = self.random.random_range(0..2);
                let paused = &mut self.processes[process].is_paused;
                *paused = !*paused;
            }
            155 => self.files.step_clock(&mut self.random),
            156..159 => self.storage.sealings.commit_late(&mut self.random),
            159..162 => self.storage.sealings.expire(&mut self.random),
            162..205 => {
                let process = self.random.random_range(0..2);
                if !self.processes[process].is_paused {
                    self.processes[process].seal(&mut self.storage, &mut self.random);
                }
            }
            _ => {
                let process = self.random.random_range(0..2);
                if !self.processes[process].is_paused {
                    self.step(process, 3);
                }
            }
        }
    }

    /// `faults` of a thousand steps fail.
    fn step(&mut self, process: usize, faults: u32) {
        let now = self.now();
        self.processes[process].step(
            &mut self.storage,
            &mut self.files,
            &mut self.random,
            now,
            faults,
        );
    }

    /// One shipper, undisturbed, until nothing changes any more.
    fn settle(&mut self) {
        for process in &mut self.processes {
            process.crash(&mut self.storage, &mut self.random, &mut self.files);
        }
        self.processes[0].is_paused = false;
        self.processes[0].start();
        for _ in 0..1200 {
            self.clock += Duration::from_millis(10);
            self.step(0, 0);
        }
        assert!(self.processes[0].is_tailing(), "it does not come to tail");
        self.storage.sealings.commit_late(&mut self.random);
        self.processes[0].seal_all(&mut self.storage, &mut self.random);
    }

    fn check(&self) {
        let archive = self.storage.archive();
        let counted = archive.listing.counted(&archive.records.recoveries);
        let sealed = self.storage.sealings.chain();
        let waiting = self.storage.sealings.waiting();
        assert_eq!(waiting, 0, "segments were never moved");
        // Of each file that ever was: which of its bytes were archived, and by which life.
        let mut archived = vec![Vec::new(); self.files.histories.len()];
        for (number, sidecar) in &archive.records.lives {
            let sealed_to = sealed.sealed_to(*number, sidecar.first);
            let pieces = chain(&counted, *number, sealed_to);
            let mut bytes = self.storage.sealings.content(*number);
            let mut left = archive.listing.pieces.keys();
            let is_swept = left.all(|id| id.life != *number || id.start >= sealed_to);
            assert!(
                is_swept,
                "pieces of life {number} are left: sealed to {sealed_to}"
            );
            for (id, end) in &pieces {
                bytes.extend_from_slice(&self.storage.content(*id)[..length(end.end - id.start)]);
            }
            let (from, to) = (length(sidecar.first), length(sidecar.first) + bytes.len());
            let history = (self.files.histories.iter())
                .position(|history| history.get(from..to) == Some(&bytes[..]));
            // A crash may leave so few that they say nothing of where they came from.
            if bytes.len() < 6 {
                continue;
            }
            let history = history.unwrap_or_else(|| {
                panic!(
                    "life {number} holds what no file held: {:?}",
                    String::from_utf8_lossy(&bytes)
                )
            });
            archived[history].push((from, to, *number));
        }
        for (history, spans) in archived.iter_mut().enumerate() {
            spans.sort_unstable();
            for pair in spans.windows(2) {
                assert!(
                    pair[0].1 <= pair[1].0,
                    "file {history} was archived twice: {spans:?}"
                );
            }
        }
        for (history, end) in self.files.standing() {
            let mut at = 0;
            for (from, to, _) in &archived[history] {
                assert_eq!(*from, at, "file {history}: {:?}", archived[history]);
                at = *to;
            }
            assert!(
                at >= end,
                "file {history} has {end} bytes, archived are {at}"
            );
        }
        // What was begun and is not whole says so.
        for (history, spans) in archived.iter().enumerate() {
            let Some((_, to, life)) = spans.last() else {
                continue;
            };
            let of_life = (*life, 0)..=(*life, u64::MAX);
            let is_sealed = (sealed.lives.get(life)).is_some_and(|life| !life.gaps.is_empty());
            let is_said = is_sealed || archive.records.gaps.range(of_life).next().is_some();
            let end = archive.records.ends.get(life);
            let is_deleted = end.is_some_and(|end| end.cause == EndCause::Deleted);
            let whole = self.files.histories[history].len();
            assert!(
                *to >= whole || is_said || is_deleted || self.files.lost_unseen.contains(&history),
                "file {history} had {whole} bytes, archived are {to} by life {life}, and nothing says so: {end:?}"
            );
        }
    }
}

fn run(seed: u64) {
    let mut world = World::new(seed);
    world.processes[0].start();
    let actions = world.random.random_range(50..1500);
    for _ in 0..actions {
        world.act();
    }
    world.settle();
    world.check();
}

#[test]
fn every_byte_is_archived_once_whatever_crashes() {
    let number = |name| {
        std::env::var(name)
            .ok()
            .map(|text: String| text.parse().unwrap())
    };
    if let Some(seed) = number("COMPTOIR_TEST_SEED") {
        return run(seed);
    }
    let count = number("COMPTOIR_TEST_HISTORIES").unwrap_or(200);
    let first = u64::from(comptoir_config::clock::random_u32()) << 20;
    for seed in first..first + count {
        if let Err(panic) = std::panic::catch_unwind(|| run(seed)) {
            eprintln!("COMPTOIR_TEST_SEED={seed} shows it again");
            std::panic::resume_unwind(panic);
        }
    }
}
