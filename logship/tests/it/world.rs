//! A log and a lake of a test's own, and shippers in this process or as processes.

use crate::counts::{Counts, lines};
use crate::services;
use comptoir_config::clock;
use comptoir_lake::{Lake, LakeOptions, LakePath, Recursive};
use comptoir_logship::archive::{Archive, ArchiveError, ArchivedLife};
use comptoir_logship::seal::keys::KeyFiles;
use comptoir_logship::seal::{SealLimits, SealSettings, Times};
use comptoir_logship::ship::{Board, Limits, Runs, ShipError, ShipRequest, Shipper};
use comptoir_logship::sources::{Files, Source};
use comptoir_model::api::logs::LogSource;
use futures::FutureExt;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

/// Only so that what never comes fails instead of hanging.
pub(crate) const DEADLINE: Duration = Duration::from_mins(3);

pub(crate) struct World {
    pub(crate) directory: TempDir,
    pub(crate) lake: Lake,
    pub(crate) lake_url: String,
    pub(crate) target_dir: LakePath,
}

/// Makes each function a test on a local directory and one on HDFS.
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {
        mod local {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                crate::world::World::local().run(super::$test).await;
            })+
        }
        mod hdfs {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                crate::world::World::hdfs().run(super::$test).await;
            })+
        }
    };
}
pub(crate) use on_both;

impl World {
    pub(crate) fn local() -> Self {
        let directory = TempDir::new().unwrap();
        let url = format!("file://{}/lake", directory.path().display());
        let lake = Lake::open(&url, LakeOptions::default()).unwrap();
        Self::new(directory, lake, url)
    }

    pub(crate) fn hdfs() -> Self {
        let url = services::lake_url();
        let lake = Lake::open(&url, LakeOptions::default()).unwrap();
        Self::new(TempDir::new().unwrap(), lake, url)
    }

    pub(crate) fn new(directory: TempDir, lake: Lake, lake_url: String) -> Self {
        // The random name of a temporary directory is unique on HDFS too.
        let name = directory.path().file_name().unwrap().to_str().unwrap();
        let name = format!("/tmp/comptoir-logship-{}", name.trim_start_matches('.'));
        std::fs::create_dir(directory.path().join("log")).unwrap();
        Self {
            directory,
            lake,
            lake_url,
            target_dir: LakePath::parse(&name).unwrap(),
        }
    }

    /// Runs a test and removes its directory, whatever comes of it.
    pub(crate) async fn run(self, test: impl AsyncFnOnce(&Self)) {
        let result = AssertUnwindSafe(test(&self)).catch_unwind().await;
        let removed = self.lake.delete(&self.target_dir, Recursive::Yes).await;
        if let Err(panic) = result {
            std::panic::resume_unwind(panic);
        }
        removed.unwrap();
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.directory.path().join("log/app.log")
    }

    pub(crate) fn sibling(&self, number: u32) -> PathBuf {
        self.directory.path().join(format!("log/app.log.{number}"))
    }

    pub(crate) fn append(&self, text: &str) {
        append(&self.log(), text);
    }

    pub(crate) fn request(&self) -> ShipRequest {
        request(self.directory.path(), &self.target_dir)
    }

    pub(crate) async fn ship(&self) -> Running {
        Running::start(self.request(), self.lake.clone()).await
    }

    pub(crate) async fn archive(&self) -> Result<Archive, ArchiveError> {
        let directory = self.target_dir.join("app.log").unwrap();
        Archive::open(&self.lake, &directory).await
    }

    /// The lives and their bytes, once they are what `is_complete` waits for.
    pub(crate) async fn archived(
        &self,
        is_complete: impl FnMut(&[(ArchivedLife, Vec<u8>)]) -> bool,
    ) -> Vec<(ArchivedLife, Vec<u8>)> {
        let waited = self.wait_for(is_complete).await;
        waited.unwrap_or_else(|last| panic!("the archive never came to it; it has {last}"))
    }

    /// The lives and their bytes, once nothing is lost, doubled or altered. The counts go into the
    /// table of faults, whatever they are. Bytes that are there twice, or are other ones, stay so:
    /// they are not waited for.
    pub(crate) async fn counted(
        &self,
        part: &str,
        mut count: impl FnMut(&[(ArchivedLife, Vec<u8>)]) -> Counts,
    ) -> Vec<(ArchivedLife, Vec<u8>)> {
        let mut counts = Counts::default();
        let waiting = self.wait_for(|lives| {
            counts = count(lives);
            // A closed piece may end inside a line: what is behind it is lost so far.
            counts.doubled > 0 || counts.lost == 0
        });
        let waited = waiting.await;
        counts.report(part);
        let lives = waited.unwrap_or_else(|last| panic!("{counts:?}; the archive has {last}"));
        assert!(counts.are_zero(), "{counts:?} in {:?}", shown(&lives));
        lives
    }

    /// What the archive had last, where it never came to it: after 200 kills much is left to ship, so
    /// the deadline is that of the next byte. A look at much takes long, and leaves as long to the
    /// shipper.
    async fn wait_for(
        &self,
        mut is_complete: impl FnMut(&[(ArchivedLife, Vec<u8>)]) -> bool,
    ) -> Result<Vec<(ArchivedLife, Vec<u8>)>, String> {
        let mut last = String::new();
        let (mut most, mut since) = (0, clock::instant());
        while since.elapsed() < DEADLINE {
            let began = clock::instant();
            match tokio::time::timeout(DEADLINE, self.lives()).await {
                Ok(Ok(lives)) if is_complete(&lives) => return Ok(lives),
                Ok(Ok(lives)) => {
                    last = format!("{:?}", shown(&lives));
                    let bytes: usize = lives.iter().map(|(_, bytes)| bytes.len()).sum();
                    if bytes > most {
                        (most, since) = (bytes, clock::instant());
                    }
                }
                Ok(Err(error)) => last = error.to_string(),
                Err(late) => last = late.to_string(),
            }
            tokio::time::sleep(began.elapsed().max(Duration::from_millis(50))).await;
        }
        Err(last)
    }

    async fn lives(&self) -> Result<Vec<(ArchivedLife, Vec<u8>)>, ArchiveError> {
        let archive = self.archive().await?;
        let mut lives = Vec::new();
        for life in archive.lives() {
            let bytes = archive.read_life(life.sidecar.life).await?;
            lives.push((life.clone(), bytes));
        }
        Ok(lives)
    }

    /// Waits for one archived life a text, in any order.
    pub(crate) async fn holds(&self, texts: &[&str]) -> Vec<(ArchivedLife, Vec<u8>)> {
        let mut expected: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
        expected.sort_unstable();
        let mut counts = Counts::default();
        let waiting = self.wait_for(|lives| {
            counts = Counts::of(texts.iter().flat_map(|text| lines(text.as_bytes())), lives);
            let mut found: Vec<&[u8]> = lives.iter().map(|(_, bytes)| &bytes[..]).collect();
            found.sort_unstable();
            found == expected
        });
        let waited = waiting.await;
        counts.report("");
        waited.unwrap_or_else(|last| panic!("the archive never came to it; it has {last}"))
    }

    /// The program itself, with `arguments` behind its own.
    pub(crate) fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_comptoir-logship"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("COMPTOIR_") {
                command.env_remove(name);
            }
        }
        let data_dir = self.directory.path().join("data");
        command
            .args(arguments)
            .current_dir(self.directory.path())
            .env("COMPTOIR_DATA_DIR", data_dir)
            .env("COMPTOIR_LOG_FILE", "none")
            .env("COMPTOIR_LOGSHIP_SOURCE", self.log())
            .env("COMPTOIR_LOGSHIP_TARGET_DIR", self.target_dir.as_str())
            .env("COMPTOIR_LAKE_URL", &self.lake_url);
        command
    }

    /// A shipper that is a process of its own, and seals whatever can be sealed, by the hour.
    pub(crate) fn spawn_sealing(&self) -> Child {
        let target_dir = format!("{}/%Y/%m/%d/%H", self.target_dir);
        self.program(&["ship", "--listen", "127.0.0.1:0"])
            .env("COMPTOIR_LOGSHIP_SEAL_AFTER_S", "0.1")
            .env("COMPTOIR_LOGSHIP_TARGET_DIR", target_dir)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// A shipper that is a process of its own.
    pub(crate) fn spawn(&self) -> Child {
        self.program(&["ship", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

/// Of a world's directory. Seals nothing before a day is over, as by default.
pub(crate) fn request(directory: &Path, target_dir: &LakePath) -> ShipRequest {
    ShipRequest {
        sources: vec![Source {
            name: "app.log".to_owned(),
            files: Files::one(directory.join("log/app.log")),
            directory: target_dir.join("app.log").unwrap(),
            times: Times::default(),
            rotation: None,
            poll: None,
        }],
        state_dir: directory.join("state"),
        limits: Limits {
            piece_bytes: 64 * 1024,
            piece_age: Duration::from_millis(500),
            settle: Duration::from_millis(300),
            look_every: Duration::from_millis(50),
            owner_every: Duration::from_millis(200),
            ..Limits::default()
        },
        open_pieces_max: 64,
        runs: Runs::UntilStopped,
        seal: SealSettings {
            host: "till".to_owned(),
            limits: SealLimits::default(),
            key: KeyFiles::new(directory.join("state/signing-key.pem")),
            anchor: None,
        },
        warehouse: None,
    }
}

/// What a process says, line by line.
pub(crate) fn said(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let stderr = BufReader::new(child.stderr.take().unwrap());
    stderr.lines().map_while(Result::ok)
}

/// Sizes instead of bytes, for messages.
fn shown(lives: &[(ArchivedLife, Vec<u8>)]) -> Vec<String> {
    lives
        .iter()
        .map(|(life, bytes)| {
            let number = life.sidecar.life;
            format!(
                "life {number} ({}): {} bytes",
                life.sidecar.name,
                bytes.len()
            )
        })
        .collect()
}

pub(crate) fn append(path: &Path, text: &str) {
    opened(path).write_all(text.as_bytes()).unwrap();
}

/// For appending, as the platform's processes open it.
pub(crate) fn opened(path: &Path) -> File {
    let mut options = OpenOptions::new();
    options.append(true).create(true).open(path).unwrap()
}

/// A shipper in this process.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) board: Arc<Board>,
    pub(crate) sources: watch::Sender<Vec<Source>>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), ShipError>>,
}

impl Running {
    pub(crate) async fn start(request: ShipRequest, lake: Lake) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shipper = Shipper::new(request, lake).unwrap();
        let board = shipper.board();
        let sources = shipper.sources();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(shipper.run(listener, async {
            stopped.await.ok();
        }));
        Self {
            address,
            board,
            sources,
            stop,
            task,
        }
    }

    /// Waits until the state of its only log is such.
    pub(crate) async fn until(&mut self, mut is_so: impl FnMut(&LogSource) -> bool) -> LogSource {
        let sources = self.until_all(|sources| sources.len() == 1 && is_so(&sources[0]));
        sources.await.remove(0)
    }

    /// Waits until so many bytes of its only log are durable.
    pub(crate) async fn has_shipped(&mut self, bytes: u64) {
        self.until(|source| source.bytes == bytes).await;
    }

    /// Waits until the states of its logs are such.
    pub(crate) async fn until_all(
        &mut self,
        mut are_so: impl FnMut(&[LogSource]) -> bool,
    ) -> Vec<LogSource> {
        let mut changed = self.board.watch();
        let waiting = async {
            loop {
                let sources = self.board.sources();
                if are_so(&sources) {
                    return sources;
                }
                changed.changed().await.unwrap();
            }
        };
        let waited = tokio::time::timeout(DEADLINE, waiting).await;
        waited.unwrap_or_else(|_| panic!("it never came to it: {:?}", self.board.sources()))
    }

    pub(crate) async fn stop(self) -> Result<(), ShipError> {
        self.stop.send(()).ok();
        self.task.await.unwrap()
    }

    pub(crate) async fn ended(self) -> Result<(), ShipError> {
        tokio::time::timeout(DEADLINE, self.task)
            .await
            .unwrap()
            .unwrap()
    }
}
