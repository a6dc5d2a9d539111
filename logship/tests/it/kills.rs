//! kill -9 of the real process at random moments, while a log is written and rotated.

use crate::world::{World, on_both, opened};
use comptoir_config::clock;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

on_both!(every_byte_is_archived_once_however_often_it_is_killed);

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap())
}

/// Writes lines, and rotates now and then.
struct Writer {
    log: PathBuf,
    file: File,
    /// What each file was given, the oldest first.
    written: Vec<Vec<u8>>,
    lines: u64,
}

impl Writer {
    fn new(log: &Path) -> Self {
        Self {
            log: log.to_owned(),
            file: opened(log),
            written: vec![Vec::new()],
            lines: 0,
        }
    }

    fn write(&mut self, random: &mut ChaCha8Rng) {
        self.lines += 1;
        let filler = "z".repeat(random.random_range(0..400));
        let line = format!("{:08} {filler}\n", self.lines);
        self.file.write_all(line.as_bytes()).unwrap();
        self.written.last_mut().unwrap().extend(line.into_bytes());
        if random.random_range(0..400) == 0 {
            self.rotate();
        }
    }

    fn rotate(&mut self) {
        let sibling = |number: usize| self.log.with_extension(format!("log.{number}"));
        for number in (1..self.written.len()).rev() {
            fs::rename(sibling(number), sibling(number + 1)).unwrap();
        }
        fs::rename(&self.log, sibling(1)).unwrap();
        self.file = opened(&self.log);
        self.written.push(Vec::new());
    }
}

async fn every_byte_is_archived_once_however_often_it_is_killed(world: &World) {
    let kills = number("COMPTOIR_TEST_KILLS").unwrap_or(4);
    let seed = number("COMPTOIR_TEST_SEED").unwrap_or(clock::random_u32().into());
    writeln!(std::io::stderr(), "COMPTOIR_TEST_SEED={seed}").ok();
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut writer = Writer::new(&world.log());
    for _ in 0..kills {
        let mut shipper = world.spawn();
        // At any moment: while it takes over, ships, or closes.
        let moments = random.random_range(20..400);
        for _ in 0..moments {
            for _ in 0..random.random_range(0..10) {
                writer.write(&mut random);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        shipper.kill().unwrap();
        shipper.wait().unwrap();
    }
    let shipper = world.ship().await;
    let written: Vec<&Vec<u8>> = (writer.written.iter())
        .filter(|file| !file.is_empty())
        .collect();
    let lives = world
        .archived(|lives| {
            let mut archived: Vec<&Vec<u8>> = lives.iter().map(|(_, bytes)| bytes).collect();
            archived.sort_unstable();
            archived == written
        })
        .await;
    assert!(lives.iter().all(|(life, _)| life.gaps.is_empty()));
    shipper.stop().await.unwrap();
}
