//! Carries out what the plan decides: files on one side, the lake on the other.

use super::newest::Newest;
use super::pieces::Pieces;
use super::plan::{Copied, Done, Record, Records, Step};
use super::source::{Source, read_up_to};
use super::{ShipError, plan};
use crate::archive::names::{Epoch, LifeNumber, Name, PieceEnd, PieceId};
use crate::archive::reader::ArchiveError;
use crate::archive::records::{FileId, Head, Owner, VERSION};
use crate::archive::store::Store;
use bytes::Bytes;
use comptoir_config::clock;
use comptoir_lake::LakeError;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How much of what was copied last is compared before more is copied.
const TAIL_BYTES: usize = 4096;
/// How much of an earlier process's lines is shown at first.
const NEWEST_BYTES: u64 = 64 * 1024;
/// From one question whether a lease is free to the next.
const LEASE_PAUSE: Duration = Duration::from_millis(250);
/// A lease that is not free by then is asked for from the beginning.
const LEASE_ATTEMPTS: u32 = 240;

pub(crate) struct Shell {
    pub(crate) store: Store,
    /// Taken while a blocking task works with it.
    pub(crate) source: Arc<Mutex<Source>>,
    pub(crate) newest: Arc<Mutex<Newest>>,
    pub(crate) pieces: Pieces,
    pub(crate) instance: String,
    /// The file's path, for the owner's record.
    pub(crate) source_path: String,
    /// The last bytes that were copied of each life.
    tails: BTreeMap<LifeNumber, Vec<u8>>,
}

impl Shell {
    pub(crate) fn new(
        store: Store,
        source: Source,
        newest: Arc<Mutex<Newest>>,
        pieces: Pieces,
    ) -> Self {
        Self {
            source_path: source.path().display().to_string(),
            source: Arc::new(Mutex::new(source)),
            newest,
            pieces,
            instance: format!("{:08x}{:08x}", clock::random_u32(), clock::random_u32()),
            store,
            tails: BTreeMap::new(),
        }
    }

    /// Forgets what a failed plan was doing; files stay open.
    pub(crate) async fn reset(&mut self) {
        self.tails.clear();
        self.pieces.abandon().await;
    }

    pub(crate) async fn execute(
        &mut self,
        step: &Step,
        keep: Option<BTreeSet<FileId>>,
    ) -> Result<Done, ShipError> {
        Ok(match step {
            Step::List => Done::Listed(self.store.list().await?),
            Step::AskOwner(epoch) => {
                let owner: Owner = self.store.read(Name::Owner(*epoch)).await?;
                Done::Owner {
                    is_this_process: owner.instance == self.instance,
                }
            }
            Step::Claim(epoch) => Done::Claimed(self.claim(*epoch).await?),
            Step::ReadRecords {
                lives,
                recoveries,
                gaps,
            } => Done::Records(self.records(lives, recoveries, gaps).await?),
            Step::CheckOwner(epoch) => {
                let path = self.store.path(Name::Owner(*epoch))?;
                Done::OwnerChecked(self.store.lake.stat(&path).await?.is_some())
            }
            Step::Recover(id) => Done::Recovered(self.recover(*id).await?),
            Step::Look => Done::Looked(self.look(keep).await?),
            Step::Compare {
                life,
                file,
                end,
                last,
            } => Done::Compared(self.compare(*life, *file, *end, *last).await?),
            Step::CompareFiles { file, other, bytes } => {
                Done::FilesCompared(self.compare_files(*file, *other, *bytes).await?)
            }
            Step::Write(record) => {
                self.write(record).await?;
                Done::Written
            }
            Step::Publish(id, end) => {
                self.publish(*id, *end).await?;
                Done::Published
            }
            Step::Create(id) => {
                self.pieces.create(&self.store, *id).await?;
                Done::Created
            }
            Step::Copy {
                piece,
                file,
                head,
                from,
                bytes,
            } => Done::Copied(self.copy(*piece, *file, head, *from, *bytes).await?),
            Step::Sync(id) => {
                self.pieces.sync(*id).await?;
                Done::Synced
            }
            Step::Close(id, end) => {
                self.pieces.close(&self.store, *id, *end);
                Done::Closing
            }
            Step::Wait(_) | Step::Stopped | Step::Superseded(_) => {
                unreachable!("{step:?} is no work")
            }
        })
    }

    /// Who holds an epoch, if that can be told.
    pub(crate) async fn owner(&self, epoch: Epoch) -> Option<Owner> {
        self.store.read(Name::Owner(epoch)).await.ok()
    }

    async fn claim(&self, epoch: Epoch) -> Result<bool, ShipError> {
        let owner = Owner {
            version: VERSION,
            epoch,
            instance: self.instance.clone(),
            host: host(),
            pid: std::process::id(),
            source: self.source_path.clone(),
            claimed_at: clock::now(),
        };
        match self.store.write(Name::Owner(epoch), &owner).await {
            Ok(()) => Ok(true),
            Err(LakeError::AlreadyExists { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn records(
        &self,
        lives: &BTreeSet<LifeNumber>,
        recoveries: &BTreeSet<Epoch>,
        gaps: &BTreeSet<(LifeNumber, u64)>,
    ) -> Result<Records, ArchiveError> {
        let store = &self.store;
        let listing = store.list().await?;
        let ended = listing.ended.intersection(lives).copied();
        Ok(Records {
            lives: store.read_all(lives.iter().copied(), Name::Life).await?,
            ends: store.read_all(ended, Name::End).await?,
            recoveries: (store.read_all(recoveries.iter().copied(), Name::Recovery)).await?,
            gaps: (store.read_all(gaps.iter().copied(), |(life, from)| Name::Gap(life, from)))
                .await?,
        })
    }

    /// Fences the writer of a piece; then its length is final on HDFS, and on a local directory
    /// the recovery's record makes it so.
    async fn recover(&self, id: PieceId) -> Result<PieceEnd, ShipError> {
        let path = self.store.path(Name::OpenPiece(id))?;
        let mut attempts = 0;
        while !self.store.lake.recover_lease(&path).await? {
            attempts += 1;
            if attempts == LEASE_ATTEMPTS {
                return Err(LakeError::Unavailable {
                    path,
                    reason: "its lease does not come free".to_owned(),
                }
                .into());
            }
            tokio::time::sleep(LEASE_PAUSE).await;
        }
        let bytes = self.store.lake.read(&path).await?;
        Ok(PieceEnd {
            end: id.start + bytes.len() as u64,
            lines: newlines(&bytes),
        })
    }

    async fn look(&self, keep: Option<BTreeSet<FileId>>) -> Result<plan::Look, ShipError> {
        let now = clock::now().into();
        self.with_source("looking at", move |source| source.look(keep.as_ref(), now))
            .await
    }

    /// How far a file has what the archive has of a life, judged by the last of it.
    async fn compare(
        &mut self,
        life: LifeNumber,
        file: FileId,
        end: u64,
        last: Option<(Name, PieceEnd)>,
    ) -> Result<Option<PieceEnd>, ShipError> {
        let archived: Bytes = match (self.tails.get(&life), last) {
            (Some(tail), _) => tail.clone().into(),
            (None, Some((name, last))) => {
                let start = name.piece().map_or(last.end, |id| id.start);
                let reader = match self.store.open(name).await {
                    // It was fenced, and has got its closed name by its former owner.
                    Err(LakeError::NotFound { .. }) if name.piece().is_some() => {
                        let closed = name.piece().map_or(name, |id| Name::Piece(id, last));
                        self.store.open(closed).await?
                    }
                    reader => reader?,
                };
                reader.read_range(0..last.end - start).await?
            }
            (None, None) => Bytes::new(),
        };
        let start = end - archived.len() as u64;
        let there = self.read(file, start, archived.len()).await?;
        let agreeing = archived.iter().zip(&there).take_while(|(a, b)| a == b);
        let agreeing = agreeing.count();
        if agreeing == archived.len() {
            let kept = &archived[archived.len().saturating_sub(TAIL_BYTES)..];
            self.tails.insert(life, kept.to_vec());
            self.show_earlier(life, file, end).await?;
        }
        Ok((agreeing > 0 || archived.is_empty()).then(|| PieceEnd {
            end: start + agreeing as u64,
            lines: newlines(&archived[..agreeing]),
        }))
    }

    /// Lines that an earlier process shipped, so that the page is not empty after a restart.
    async fn show_earlier(
        &self,
        life: LifeNumber,
        file: FileId,
        end: u64,
    ) -> Result<(), ShipError> {
        if end == 0 || lock(&self.newest).knows(life) {
            return Ok(());
        }
        let from = end.saturating_sub(NEWEST_BYTES);
        let length = usize::try_from(end - from).unwrap_or_default();
        let bytes = self.read(file, from, length).await?;
        lock(&self.newest).push(life, from, &bytes);
        Ok(())
    }

    async fn compare_files(
        &self,
        file: FileId,
        other: FileId,
        bytes: u64,
    ) -> Result<bool, ShipError> {
        let length = bytes.min(NEWEST_BYTES);
        let from = bytes - length;
        let length = usize::try_from(length).unwrap_or_default();
        Ok(self.read(file, from, length).await? == self.read(other, from, length).await?)
    }

    async fn write(&self, record: &Record) -> Result<(), LakeError> {
        let name = record.name();
        match record {
            Record::Life(life) => self.store.write(name, life).await,
            Record::Recovery(recovery) => self.store.write(name, recovery).await,
            Record::Gap(gap) => self.store.write(name, gap).await,
            Record::End(end) => self.store.write(name, end).await,
        }
    }

    async fn publish(&self, id: PieceId, end: PieceEnd) -> Result<(), LakeError> {
        let (open, closed) = (Name::OpenPiece(id), Name::Piece(id, end));
        let (open, closed) = (self.store.path(open)?, self.store.path(closed)?);
        match self.store.lake.rename(&open, &closed).await {
            // Its former owner was faster, under whatever end: the recovery's counts.
            Err(LakeError::NotFound { .. } | LakeError::AlreadyExists { .. }) => Ok(()),
            renamed => renamed,
        }
    }

    async fn copy(
        &mut self,
        piece: PieceId,
        file: FileId,
        head: &Head,
        from: u64,
        bytes: u64,
    ) -> Result<Copied, ShipError> {
        let tail = self.tails.entry(piece.life).or_default();
        let overlap = tail.len();
        if overlap == 0 {
            let length = usize::try_from(head.bytes).unwrap_or_default();
            let beginning = self.read(file, 0, length).await?;
            if !head.fits(&beginning) {
                return Ok(Copied::Changed);
            }
        }
        let length = overlap + usize::try_from(bytes).unwrap_or_default();
        let there = self.read(file, from - overlap as u64, length).await?;
        let tail = self.tails.entry(piece.life).or_default();
        if there.len() <= overlap || there[..overlap] != tail[..] {
            return Ok(Copied::Changed);
        }
        let there = Bytes::from(there);
        let new = there.slice(overlap..);
        self.pieces.write(piece, new.clone()).await?;
        *tail = there[there.len().saturating_sub(TAIL_BYTES)..].to_vec();
        lock(&self.newest).push(piece.life, from, &new);
        Ok(Copied::Bytes {
            bytes: new.len() as u64,
            lines: newlines(&new),
        })
    }

    /// Up to `length` bytes; fewer where the file ends earlier.
    async fn read(&self, file: FileId, offset: u64, length: usize) -> Result<Vec<u8>, ShipError> {
        self.with_source("reading", move |source| match source.file(file) {
            Some(file) => read_up_to(&file, offset, length),
            None => Ok(Vec::new()),
        })
        .await
    }

    pub(crate) async fn with_source<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&mut Source) -> std::io::Result<T> + Send + 'static,
    ) -> Result<T, ShipError> {
        let source = Arc::clone(&self.source);
        let done = tokio::task::spawn_blocking(move || work(&mut lock(&source))).await;
        let failed = |cause| ShipError::Source {
            doing,
            path: self.source_path.clone(),
            cause,
        };
        done.map_err(|stopped| failed(std::io::Error::other(stopped)))?
            .map_err(failed)
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}

pub(crate) fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}
