//! Somebody who writes a log and rotates it, and remembers each line, so that lost, doubled and
//! altered ones can be counted in the archive.

use crate::counts::Counts;
use crate::world::World;
use comptoir_logship::archive::ArchivedLife;
use flate2::Compression;
use flate2::write::GzEncoder;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rotation {
    /// Renamed; the writer opens a new file at once.
    Rename,
    /// Renamed, and a new file made; the writer goes on in the old one for a while.
    Create,
    /// Copied, then cut.
    CopyTruncate,
}

impl Rotation {
    pub(crate) const ALL: [Self; 3] = [Self::Rename, Self::Create, Self::CopyTruncate];
}

pub(crate) struct Writer {
    log: PathBuf,
    file: BufWriter<File>,
    /// Written to each new file first.
    header: &'static str,
    headers: usize,
    /// Each line that was written, but for headers; they are numbered from 0.
    lines: Vec<String>,
    siblings: usize,
}

fn opened(log: &Path) -> BufWriter<File> {
    let mut options = OpenOptions::new();
    BufWriter::new(options.append(true).create(true).open(log).unwrap())
}

impl Writer {
    pub(crate) fn new(log: &Path, header: &'static str) -> Self {
        let mut writer = Self {
            file: opened(log),
            log: log.to_owned(),
            header,
            headers: 0,
            lines: Vec::new(),
            siblings: 0,
        };
        writer.begin();
        writer
    }

    fn begin(&mut self) {
        if !self.header.is_empty() {
            self.headers += 1;
        }
        self.file.write_all(self.header.as_bytes()).unwrap();
        self.file.flush().unwrap();
    }

    /// Lines that reach the file together.
    pub(crate) fn write(&mut self, count: usize, random: &mut ChaCha8Rng) {
        for _ in 0..count {
            let filler = "z".repeat(random.random_range(0..200));
            let line = format!("{:09} {filler}\n", self.lines.len());
            self.file.write_all(line.as_bytes()).unwrap();
            self.lines.push(line);
        }
        self.file.flush().unwrap();
    }

    pub(crate) fn sibling(&self, number: usize) -> PathBuf {
        self.log.with_extension(format!("log.{number}"))
    }

    /// The oldest sibling has the highest number.
    fn make_room(&mut self) {
        for number in (1..=self.siblings).rev() {
            for (from, to) in [
                (self.sibling(number), self.sibling(number + 1)),
                (gz(&self.sibling(number)), gz(&self.sibling(number + 1))),
            ] {
                if from.exists() {
                    fs::rename(from, to).unwrap();
                }
            }
        }
        self.siblings += 1;
    }

    pub(crate) fn rotate(&mut self, rotation: Rotation, random: &mut ChaCha8Rng) {
        self.make_room();
        match rotation {
            Rotation::Rename => {
                fs::rename(&self.log, self.sibling(1)).unwrap();
                self.file = opened(&self.log);
            }
            Rotation::Create => {
                fs::rename(&self.log, self.sibling(1)).unwrap();
                let new = opened(&self.log);
                self.write(20, random);
                self.file = new;
            }
            Rotation::CopyTruncate => {
                fs::copy(&self.log, self.sibling(1)).unwrap();
                self.file.get_ref().set_len(0).unwrap();
            }
        }
        self.begin();
    }

    /// The file is gone, and another one takes its name.
    pub(crate) fn vanish(&mut self) {
        fs::remove_file(&self.log).unwrap();
        self.file = opened(&self.log);
        self.begin();
    }

    /// As `gzip` does it; not the sibling that may be written to.
    pub(crate) fn compress(&self, number: usize) {
        let path = self.sibling(number);
        let mut encoder = GzEncoder::new(File::create(gz(&path)).unwrap(), Compression::fast());
        encoder.write_all(&fs::read(&path).unwrap()).unwrap();
        let packed = encoder.finish().unwrap();
        packed
            .set_modified(fs::metadata(&path).unwrap().modified().unwrap())
            .unwrap();
        fs::remove_file(&path).unwrap();
    }

    pub(crate) fn lines(&self) -> usize {
        self.lines.len()
    }

    pub(crate) fn bytes(&self) -> u64 {
        let lines: usize = self.lines.iter().map(String::len).sum();
        (lines + self.headers * self.header.len()) as u64
    }

    /// What the archived lives make of the lines.
    fn count(&self, lives: &[(ArchivedLife, Vec<u8>)]) -> Counts {
        let headers = (0..self.headers).map(|_| self.header);
        let lines = self.lines.iter().map(String::as_str);
        Counts::of(headers.chain(lines).map(str::as_bytes), lives)
    }

    /// Waits until nothing is lost, and nothing doubled or altered.
    pub(crate) async fn is_archived(&self, world: &World) -> Vec<(ArchivedLife, Vec<u8>)> {
        let lives = self.comes_through(world, "").await;
        for (life, _) in &lives {
            assert_eq!(life.gaps, [], "{:?}", life.sidecar);
        }
        lives
    }

    /// The same, where gap records may tell of what was not there; `part` of the test's name is for
    /// the table of faults.
    pub(crate) async fn comes_through(
        &self,
        world: &World,
        part: &str,
    ) -> Vec<(ArchivedLife, Vec<u8>)> {
        world.counted(part, |lives| self.count(lives)).await
    }
}

fn gz(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".gz");
    name.into()
}
