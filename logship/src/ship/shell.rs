//! Carries out what the plan decides: files on one side, the lake on the other.

use super::files::{LogFiles, Scope, read_up_to};
use super::newest::Newest;
use super::pieces::Pieces;
use super::plan::{Copied, Done, Record, Records, Step};
use super::writers::{Asked, Place, Writers};
use super::{ShipError, plan};
use crate::archive::ArchiveError;
use crate::archive::digest::Digest;
use crate::archive::facts::newlines;
use crate::archive::names::{Epoch, LifeNumber, Name, PieceEnd, PieceId};
use crate::archive::records::{FileId, HEAD_BYTES_MAX, Head, Owner, VERSION};
use crate::archive::store::{LastSealed, Store};
use crate::fault::FaultPoint;
use bytes::Bytes;
use comptoir_config::{clock, host_name};
use comptoir_lake::{LakeError, LakeReader};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How much of what was copied last is compared before more is copied.
const TAIL_BYTES: usize = 4096;
/// How much of an earlier process's lines is shown at first, and of two files is compared.
const NEWEST_BYTES: u64 = 64 * 1024;
/// From one question whether a lease is free to the next.
const LEASE_PAUSE: Duration = Duration::from_millis(250);
/// A lease that is not free by then is asked for from the beginning.
const LEASE_ATTEMPTS: u32 = 240;
/// Read at once of bytes that only a hash is left of.
const HASHED_BYTES: u64 = 4 << 20;

pub(crate) struct Shell {
    pub(crate) store: Store,
    /// Taken while a blocking task works with them.
    files: Arc<Mutex<LogFiles>>,
    newest: Arc<Mutex<Newest>>,
    pub(crate) pieces: Pieces,
    /// Of this process: whether an owner is oneself.
    instance: Arc<str>,
    /// What the log is called among others.
    name: Arc<str>,
    /// The file's path, for the owner's record.
    source_path: String,
    writers: Arc<Writers>,
    /// Which pieces others need the place of.
    pub(crate) asked: Arc<Asked>,
    /// For the next piece.
    pub(crate) place: Option<Place>,
    /// What the next look has to look at.
    pub(crate) scope: Scope,
    /// The last bytes that were copied of each life.
    tails: BTreeMap<LifeNumber, Vec<u8>>,
}

impl Shell {
    pub(crate) fn new(
        store: Store,
        files: LogFiles,
        name: Arc<str>,
        instance: Arc<str>,
        newest: Arc<Mutex<Newest>>,
        writers: Arc<Writers>,
        pieces: Pieces,
    ) -> Self {
        Self {
            source_path: files.path().display().to_string(),
            files: Arc::new(Mutex::new(files)),
            newest,
            pieces,
            instance,
            name,
            writers,
            asked: Arc::default(),
            place: None,
            scope: Scope::Names,
            store,
            tails: BTreeMap::new(),
        }
    }

    /// Forgets what a failed plan was doing; files stay open.
    pub(crate) async fn reset(&mut self) {
        self.tails.clear();
        self.place = None;
        self.scope = Scope::Names;
        self.pieces.abandon().await;
    }

    pub(crate) async fn execute(
        &mut self,
        step: &Step,
        keep: Option<BTreeSet<FileId>>,
    ) -> Result<Done, ShipError> {
        let done = match step {
            Step::List => Done::Listed(self.store.list().await?),
            Step::AskOwner(epoch) => {
                let owner: Owner = self.store.read(Name::Owner(*epoch)).await?;
                Done::Owner {
                    is_this_process: *owner.instance == *self.instance,
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
            Step::CompareEnded {
                life,
                file,
                last,
                end,
            } => Done::EndedCompared(self.compare_ended(*life, *file, *last, *end).await?),
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
                let Some(place) = self.place.take() else {
                    unreachable!("{id:?} has a place before it is created");
                };
                let place = self.writers.take(place, *id, Arc::clone(&self.asked));
                self.pieces.create(&self.store, *id, place).await?;
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
            Step::Wait(_) | Step::Stopped | Step::Superseded(_) | Step::Woken => {
                unreachable!("{step:?} is no work")
            }
        };
        if let Some(point) = FaultPoint::behind(step) {
            point.pass();
        }
        Ok(done)
    }

    /// Who holds an epoch, if that can be told.
    pub(crate) async fn owner(&self, epoch: Epoch) -> Option<Owner> {
        self.store.read(Name::Owner(epoch)).await.ok()
    }

    async fn claim(&self, epoch: Epoch) -> Result<bool, ShipError> {
        let owner = Owner {
            version: VERSION,
            epoch,
            instance: self.instance.to_string(),
            host: host_name(),
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
            chain: store.chain(&listing).await?,
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

    async fn look(&mut self, keep: Option<BTreeSet<FileId>>) -> Result<plan::Look, ShipError> {
        let now = clock::now().into();
        let scope = self.scope;
        let looked = self
            .with_files("looking at", move |files| {
                files.look(keep.as_ref(), scope, now)
            })
            .await?;
        self.scope = Scope::Sizes;
        Ok(looked)
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
            (None, Some((Name::Manifest(number), last))) => {
                match self.store.last_sealed(number).await? {
                    LastSealed::Bytes(bytes) => bytes,
                    LastSealed::Gone { range, raw_sha256 } => {
                        let is_same = self.has_sum(file, range.clone(), raw_sha256).await?;
                        if is_same {
                            self.take_tail(life, file, range).await?;
                        }
                        return Ok(is_same.then_some(last));
                    }
                }
            }
            (None, Some((name, last))) => {
                let start = name.piece().map_or(last.end, |id| id.start);
                let reader = self.open_piece(name, last).await?;
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
        // A power cut may have left bytes that were never written: they read as zeros. Others that
        // differ are another file's, which begins alike.
        let never_written = archived[agreeing..].iter().all(|byte| *byte == 0);
        Ok(
            (never_written && (agreeing > 0 || archived.is_empty())).then(|| PieceEnd {
                end: start + agreeing as u64,
                lines: newlines(&archived[..agreeing]),
            }),
        )
    }

    /// Whether a file has bytes of this SHA-256 there.
    async fn has_sum(
        &self,
        file: FileId,
        range: Range<u64>,
        sha256: Digest,
    ) -> Result<bool, ShipError> {
        let mut sum = Sha256::new();
        let mut at = range.start;
        while at < range.end {
            let length = HASHED_BYTES.min(range.end - at);
            let bytes = self.read(file, at, usize_of(length)).await?;
            if bytes.is_empty() {
                return Ok(false);
            }
            at += bytes.len() as u64;
            sum.update(&bytes);
        }
        Ok(Digest::from(sum.finalize()) == sha256)
    }

    /// The last bytes of a life from its file, where the archive has none of them any more.
    async fn take_tail(
        &mut self,
        life: LifeNumber,
        file: FileId,
        range: Range<u64>,
    ) -> Result<(), ShipError> {
        let length = (range.end - range.start).min(TAIL_BYTES as u64);
        let tail = self
            .read(file, range.end - length, usize_of(length))
            .await?;
        self.tails.insert(life, tail);
        self.show_earlier(life, file, range.end).await
    }

    /// Opens a piece that was fenced, and may have got its closed name since it was listed.
    async fn open_piece(&self, name: Name, end: PieceEnd) -> Result<LakeReader, LakeError> {
        match (self.store.open(name).await, name.piece()) {
            (Err(LakeError::NotFound { .. }), Some(id)) => {
                self.store.open(Name::Piece(id, end)).await
            }
            (reader, _) => reader,
        }
    }

    /// Whether a file has the last bytes of a piece, at their place.
    async fn compare_ended(
        &self,
        life: LifeNumber,
        file: FileId,
        name: Name,
        end: PieceEnd,
    ) -> Result<Option<bool>, ShipError> {
        let archived = match self.last_of_ended(life, name, end).await? {
            None => return Ok(None),
            Some(LastSealed::Gone { range, raw_sha256 }) => {
                return Ok(Some(self.has_sum(file, range, raw_sha256).await?));
            }
            Some(LastSealed::Bytes(bytes)) => bytes,
        };
        let from = end.end - archived.len() as u64;
        Ok(Some(
            self.read(file, from, archived.len()).await? == archived,
        ))
    }

    /// The last bytes of a life that is over, of its last piece or of what it was sealed in; `None`
    /// where neither is there.
    async fn last_of_ended(
        &self,
        life: LifeNumber,
        name: Name,
        end: PieceEnd,
    ) -> Result<Option<LastSealed>, ShipError> {
        if let Name::Manifest(number) = name {
            return Ok(Some(self.store.last_sealed(number).await?));
        }
        match self.open_piece(name, end).await {
            Err(LakeError::NotFound { .. }) => {
                let chain = self.store.chain(&self.store.list().await?).await?;
                let sealed = chain.lives.get(&life).filter(|life| life.end == end.end);
                match sealed.and_then(|life| life.last) {
                    Some((number, _)) => Ok(Some(self.store.last_sealed(number).await?)),
                    None => Ok(None),
                }
            }
            reader => {
                let start = name.piece().map_or(end.end, |id| id.start);
                let from = end.end.saturating_sub(NEWEST_BYTES).max(start);
                let bytes = reader?.read_range(from - start..end.end - start).await?;
                Ok(Some(LastSealed::Bytes(bytes)))
            }
        }
    }

    /// Lines that an earlier process shipped, so that the page is not empty after a restart.
    async fn show_earlier(
        &self,
        life: LifeNumber,
        file: FileId,
        end: u64,
    ) -> Result<(), ShipError> {
        let of = (Arc::clone(&self.name), life);
        if end == 0 || lock(&self.newest).knows(&of) {
            return Ok(());
        }
        let from = end.saturating_sub(NEWEST_BYTES);
        let length = usize::try_from(end - from).unwrap_or_default();
        let bytes = self.read(file, from, length).await?;
        lock(&self.newest).push(&of, from, &bytes);
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
        // A few bytes before the position may be those of another file, too.
        if overlap < HEAD_BYTES_MAX {
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
        let of = (Arc::clone(&self.name), piece.life);
        lock(&self.newest).push(&of, from, &new);
        Ok(Copied::Bytes {
            bytes: new.len() as u64,
            lines: newlines(&new),
        })
    }

    /// Up to `length` bytes; fewer where the file ends earlier.
    async fn read(&self, file: FileId, offset: u64, length: usize) -> Result<Vec<u8>, ShipError> {
        self.with_files("reading", move |files| match files.file(file)? {
            Some(file) => read_up_to(&file, offset, length),
            None => Ok(Vec::new()),
        })
        .await
    }

    pub(crate) async fn with_files<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&mut LogFiles) -> std::io::Result<T> + Send + 'static,
    ) -> Result<T, ShipError> {
        let files = Arc::clone(&self.files);
        let done = tokio::task::spawn_blocking(move || work(&mut lock(&files))).await;
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

fn usize_of(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}
