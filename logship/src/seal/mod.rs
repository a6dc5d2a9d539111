//! Sealing: pieces that are closed become compressed segments, each described by a signed entry of
//! the source's chain. Runs beside the shipper, in the same process and under the same ownership.
//!
//! `plan` decides, `build` makes a segment and reads it back, this file commits and keeps going. A
//! crash at any step leaves files that mean nothing without a manifest, or pieces that a manifest has
//! taken the place of; the next plan sweeps both.

pub mod anchor;
mod append;
mod build;
mod error;
pub mod expire;
pub mod keys;
mod memory;
mod moving;
mod once;
pub(crate) mod plan;
mod settings;
pub mod times;

pub use error::{KeyError, SealError};
pub use plan::SealLimits;
pub use settings::SealSettings;
pub use times::Times;

use crate::archive::manifest::{Entry, Sealed, SealedFile};
use crate::archive::names::{ChainNumber, Epoch, Name, SegmentId};
use crate::archive::segment_path::SegmentPath;
use crate::archive::signature::SigningKey;
use crate::archive::source_id::SourceId;
use crate::archive::store::Store;
use crate::fault::FaultPoint;
use append::{Appended, Appender};
use build::Segment;
use comptoir_config::clock;
use comptoir_lake::{Recursive, Retry};
use memory::Memory;
use plan::{Run, Work};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tracing::{debug, info, warn};

/// After a failure.
const PAUSE: Duration = Duration::from_secs(5);

/// The sealer of one source.
pub struct Sealer {
    store: Store,
    source: SourceId,
    settings: SealSettings,
    memory: Memory,
    /// The last head that is kept in the anchor.
    anchored: Option<ChainNumber>,
    /// Bytes in segments when it was last looked.
    sealed_bytes: i64,
    /// That it made itself.
    segments: u64,
    counters: SealCounters,
}

/// For Prometheus.
#[derive(Clone, Debug, Default)]
pub struct SealCounters {
    /// Bytes of the source in segments, of the whole archive.
    pub sealed_bytes: Gauge,
    /// Times that sealing has to be tried again.
    pub failures: Counter,
}

/// Whether there may be more to do at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worked {
    Something,
    Nothing,
}

impl Sealer {
    pub fn new(
        store: Store,
        source: SourceId,
        settings: SealSettings,
        counters: SealCounters,
    ) -> Self {
        Self {
            store,
            source,
            settings,
            memory: Memory::default(),
            anchored: None,
            sealed_bytes: 0,
            segments: 0,
            counters,
        }
    }

    /// Seals for as long as the shipper holds an epoch; never ends. While it holds none, because
    /// there is nothing to ship, `wanted` is told when there is something to seal.
    pub(crate) async fn run(&mut self, mut held: watch::Receiver<Option<Epoch>>, wanted: &Notify) {
        let mut problem: Option<String> = None;
        loop {
            let Some(epoch) = *held.borrow_and_update() else {
                tokio::select! {
                    changed = held.changed() => if changed.is_err() {
                        return std::future::pending().await;
                    },
                    () = tokio::time::sleep(self.idle_pause()) => {
                        if self.is_due().await {
                            wanted.notify_one();
                        }
                    }
                }
                continue;
            };
            // An owner that begins again takes a new epoch: what this one was doing is left.
            let worked = tokio::select! {
                worked = self.work(epoch) => worked,
                _ = held.changed() => continue,
            };
            let pause = match worked {
                Ok(Worked::Something) => Duration::ZERO,
                Ok(Worked::Nothing) => self.settings.limits.every,
                Err(SealError::Superseded) => PAUSE,
                Err(_) => {
                    self.counters.failures.inc();
                    PAUSE.min(self.settings.limits.every)
                }
            };
            problem = self.tell(worked.err(), problem);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = held.changed() => {}
            }
        }
    }

    /// From one look at an archive that nobody owns to the next.
    fn idle_pause(&self) -> Duration {
        let limits = &self.settings.limits;
        let age = Duration::try_from(limits.age).unwrap_or_default();
        limits.every.max(age / 24)
    }

    /// Whether an owner would have something to do. A lake that is away is the shipper's to tell.
    pub(crate) async fn is_due(&mut self) -> bool {
        let known = self.memory.refresh(&self.store).await.is_ok();
        known && (self.memory.facts).is_due(&self.settings.limits, clock::now())
    }

    /// Trouble is said once: the line is itself shipped and sealed.
    fn tell(&self, error: Option<SealError>, before: Option<String>) -> Option<String> {
        let location = || self.store.lake.url_of(&self.store.directory);
        match error {
            // The shipper says so.
            Some(SealError::Superseded) => before,
            Some(error) if before.is_none() => {
                warn!("{} can't be sealed now, trying again: {error}", location());
                Some(error.to_string())
            }
            Some(_) => before,
            None => {
                if before.is_some() {
                    info!("{} is sealed again", location());
                }
                None
            }
        }
    }

    /// Does the next thing there is to do, if any.
    pub async fn work(&mut self, epoch: Epoch) -> Result<Worked, SealError> {
        let key = self.key()?;
        self.memory.refresh(&self.store).await?;
        let sealed = self.memory.facts.chain.lives.values();
        let sealed: u64 = sealed.map(|life| life.bytes).sum();
        let sealed = i64::try_from(sealed).unwrap_or(i64::MAX);
        // The gauge is of all logs of the process.
        let more = sealed - std::mem::replace(&mut self.sealed_bytes, sealed);
        self.counters.sealed_bytes.inc_by(more);
        let worked = self.next(&key, epoch).await?;
        // An anchor that is away keeps nobody from sealing.
        self.keep_head(&key).await?;
        Ok(worked)
    }

    async fn next(&mut self, key: &SigningKey, epoch: Epoch) -> Result<Worked, SealError> {
        let facts = &self.memory.facts;
        match facts.next(&self.settings.limits, clock::now()) {
            Work::Nothing => return Ok(Worked::Nothing),
            Work::Sweep(names) => self.sweep(names).await?,
            Work::Move(segments) => self.move_all(segments).await?,
            Work::Seal(run) => {
                if !self.takes_over_from_key(key, epoch).await? {
                    self.seal(&run, key, epoch).await?;
                }
            }
        }
        Ok(Worked::Something)
    }

    /// Read each time: it may have been rotated.
    fn key(&self) -> Result<SigningKey, SealError> {
        let files = &self.settings.key;
        if let Some(key) = files.load()? {
            return Ok(key);
        }
        let public = files.create()?;
        info!(
            "made a key to sign the archive with, in {}: keep a copy of it, and give auditors {} ({public})",
            files.private().display(),
            files.public().display()
        );
        let made = files.load()?;
        made.ok_or_else(|| {
            KeyError::NoKey {
                path: files.private().display().to_string(),
            }
            .into()
        })
    }

    async fn keep_head(&mut self, key: &SigningKey) -> Result<(), SealError> {
        let Some(anchor) = &self.settings.anchor else {
            return Ok(());
        };
        let Some((number, sha256, _)) = self.memory.facts.chain.head else {
            return Ok(());
        };
        if self.anchored == Some(number) {
            return Ok(());
        }
        anchor.keep(&self.source, (number, sha256), key).await?;
        self.anchored = Some(number);
        Ok(())
    }

    async fn sweep(&self, names: impl IntoIterator<Item = Name>) -> Result<(), SealError> {
        for name in names {
            let path = self.store.path(name)?;
            self.store.lake.delete(&path, Recursive::No).await?;
            FaultPoint::Swept.pass();
        }
        Ok(())
    }

    /// Where the chain was signed with another key: an entry that leads to this one.
    async fn takes_over_from_key(&self, key: &SigningKey, epoch: Epoch) -> Result<bool, SealError> {
        let appender = self.appender(key, epoch);
        let change = appender.key_change(self.memory.facts.chain.head, &self.settings.key)?;
        match change {
            Some(entry) => self.commit(entry, key, epoch).await.map(|_| true),
            None => Ok(false),
        }
    }

    async fn seal(&mut self, run: &Run, key: &SigningKey, epoch: Epoch) -> Result<(), SealError> {
        self.check_owner(epoch).await?;
        let attempt = SegmentId {
            number: run.number,
            attempt: clock::random_u32(),
        };
        let sealed = match self.build(run, attempt).await {
            Ok(sealed) => sealed,
            Err(error) => {
                // No manifest can name it any more. What failed is of more interest than this.
                self.sweep([Name::OpenSegment(attempt)]).await.ok();
                return Err(error);
            }
        };
        let entry = Entry::Sealed(Box::new(sealed));
        let committed = self.commit(entry, key, epoch).await;
        if let Err(SealError::Archive(error)) = &committed
            && error.retry() != Retry::Unknown
        {
            self.sweep([Name::Segment(attempt)]).await.ok();
        }
        if committed? == Appended::Ours && !run.pieces.is_empty() {
            self.segments += 1;
            let directory = run.directory.clone();
            let id = attempt;
            self.move_all([SegmentPath { directory, id }]).await?;
        }
        let (life, start) = (run.life.life.0, run.start);
        debug!(
            "sealed life {life} from byte {start} on, {} pieces",
            run.pieces.len()
        );
        Ok(())
    }

    /// Makes the segment, reads it back, and gives it its name.
    async fn build(&self, run: &Run, id: SegmentId) -> Result<Sealed, SealError> {
        let carry = self.memory.carry(run.life.life);
        let listing = &self.memory.facts.listing;
        let segment = Segment::write(&self.store, listing, run, id, carry).await?;
        let built = &segment.built;
        let is_empty = run.pieces.is_empty();
        if !is_empty {
            FaultPoint::SegmentWritten.pass();
            segment.read_back(&self.store).await?;
            FaultPoint::SegmentReadBack.pass();
            let open = self.store.path(Name::OpenSegment(id))?;
            let closed = self.store.path(Name::Segment(id))?;
            self.store.lake.rename(&open, &closed).await?;
            FaultPoint::SegmentNamed.pass();
        }
        Ok(Sealed {
            life: run.life.life,
            file: SealedFile {
                name: run.life.name.clone(),
                file: run.life.file,
                head: run.life.head.clone(),
                first: run.life.first,
                found_at: run.life.found_at,
            },
            start: run.start,
            end: built.end,
            lines: built.lines,
            from: built.from,
            to: built.to,
            raw_sha256: built.raw_sha256,
            carry: built.carry,
            segment: (!is_empty).then(|| segment.stored(run.directory.clone())),
            gaps: run.gaps.clone(),
            ended: run.ended.clone(),
        })
    }

    /// Writes an entry of the chain. Where another one has its number, that one stays, and what was
    /// sealed here is swept.
    async fn commit(
        &self,
        entry: Entry,
        key: &SigningKey,
        epoch: Epoch,
    ) -> Result<Appended, SealError> {
        self.check_owner(epoch).await?;
        let appender = self.appender(key, epoch);
        let appended = appender.append(self.memory.facts.chain.head, entry).await?;
        if appended == Appended::Ours {
            FaultPoint::ManifestWritten.pass();
        }
        debug!("an entry of the chain is {appended:?}");
        Ok(appended)
    }

    fn appender<'a>(&'a self, key: &'a SigningKey, epoch: Epoch) -> Appender<'a> {
        Appender {
            store: &self.store,
            source: &self.source,
            key,
            epoch,
        }
    }

    async fn check_owner(&self, epoch: Epoch) -> Result<(), SealError> {
        let later = self.store.path(Name::Owner(epoch.next()))?;
        match self.store.lake.stat(&later).await? {
            None => Ok(()),
            Some(_) => Err(SealError::Superseded),
        }
    }
}

/// The gauge is of the logs that are followed: one that is begun again counts once.
impl Drop for Sealer {
    fn drop(&mut self) {
        self.counters.sealed_bytes.dec_by(self.sealed_bytes);
    }
}
