//! Sharing partitions between the processes of one machine, by locks that end with their holder.

use super::JsonlTransport;
use super::reader::PartitionReader;
use super::stream_file::read_stream;
use crate::transport::consumer::{self, BrokerState, Consumer, ConsumerEvent};
use crate::transport::error::TransportError;
use crate::transport::topic::StreamInfo;
use comptoir_config::clock;
use comptoir_model::ids::{Offset, Partition};
use comptoir_model::merge::PartitionKey;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// How often the group and the topic are looked at.
const TICK: Duration = Duration::from_millis(200);
/// Until a partition whose reader was dropped without being asked is assigned again.
const PAUSE: Duration = Duration::from_secs(1);
const EVENTS_MAX: usize = 64;

/// The thread that takes and gives partitions.
#[derive(Debug)]
pub(in crate::transport) struct Member {
    closing: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

pub(super) fn join(transport: JsonlTransport, group: &str) -> Result<Consumer, TransportError> {
    let (sender, events) = mpsc::channel(EVENTS_MAX);
    let closing = Arc::new(AtomicBool::new(false));
    let worker = Worker {
        groups: transport.directory.join(".groups").join(group),
        transport,
        events: sender,
        closing: Arc::clone(&closing),
        current: None,
        trouble: None,
    };
    let thread = thread::Builder::new()
        .name("jsonl-member".to_owned())
        .spawn(move || worker.run())
        .map_err(|cause| TransportError::File {
            what: "can't start a thread for",
            path: PathBuf::from(group),
            cause,
        })?;
    Ok(Consumer {
        events,
        member: consumer::Member::Jsonl(Member { closing, thread }),
    })
}

impl Member {
    pub(in crate::transport) async fn close(self, limit: Duration) {
        self.closing.store(true, Ordering::Release);
        self.thread.thread().unpark();
        let gone = async {
            while !self.thread.is_finished() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        if tokio::time::timeout(limit, gone).await.is_err() {
            tracing::warn!("a partition's reader did not stop in time; its lock ends with it");
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::Release);
        self.thread.thread().unpark();
    }
}

/// A partition that this process owns while anything holds on to the slot.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) key: PartitionKey,
    revoked: AtomicBool,
    ended: AtomicBool,
    _lock: File,
}

impl Slot {
    pub(super) fn is_revoked(&self) -> bool {
        self.revoked.load(Ordering::Acquire)
    }

    pub(super) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }
}

#[derive(Debug)]
pub struct Assignment {
    slot: Arc<Slot>,
    transport: JsonlTransport,
}

impl Assignment {
    pub(in crate::transport) fn key(&self) -> &PartitionKey {
        &self.slot.key
    }

    pub(in crate::transport) fn is_revoked(&self) -> bool {
        self.slot.is_revoked() || self.slot.is_ended()
    }

    pub(in crate::transport) fn start(
        self,
        from: Offset,
    ) -> Result<PartitionReader, TransportError> {
        PartitionReader::open(&self.transport, self.slot, from)
    }
}

struct Worker {
    transport: JsonlTransport,
    /// The directory of the group's locks.
    groups: PathBuf,
    events: mpsc::Sender<ConsumerEvent>,
    closing: Arc<AtomicBool>,
    current: Option<Current>,
    /// What was told last, so that it is told once.
    trouble: Option<String>,
}

/// What this process does in the topic's present life.
struct Current {
    stream: StreamInfo,
    own: MemberFile,
    held: BTreeMap<Partition, Held>,
}

struct Held {
    slot: Weak<Slot>,
    /// When it was found dropped, unasked.
    dropped_at: Option<Instant>,
}

impl Worker {
    fn run(mut self) {
        loop {
            if self.closing.load(Ordering::Acquire) && self.has_let_go() {
                return;
            }
            if let Err(error) = self.tick() {
                self.tell_trouble(Some(error.to_string()));
            } else {
                self.tell_trouble(None);
            }
            thread::park_timeout(TICK);
        }
    }

    /// Asks all readers to stop, and tells whether they have.
    fn has_let_go(&self) -> bool {
        let Some(current) = &self.current else {
            return true;
        };
        current
            .readers()
            .for_each(|slot| slot.revoked.store(true, Ordering::Release));
        current.readers().next().is_none()
    }

    fn tick(&mut self) -> Result<(), TransportError> {
        let found = match read_stream(&self.transport) {
            Ok(stream) => Some(stream),
            Err(TransportError::NoTopic { .. }) => None,
            Err(error) => return Err(error),
        };
        if let Some(current) = self
            .current
            .take_if(|current| found.as_ref() != Some(&current.stream))
        {
            current
                .readers()
                .for_each(|slot| slot.ended.store(true, Ordering::Release));
            self.tell(ConsumerEvent::StreamEnded(current.stream.id));
        }
        let Some(stream) = found else {
            return Err(TransportError::NoTopic {
                topic: self.transport.topic.clone(),
                place: format!("in {}", self.transport.directory.display()),
            });
        };
        if self.closing.load(Ordering::Acquire) {
            return Ok(());
        }
        if self.current.is_none() {
            let own = MemberFile::create(&self.groups)
                .map_err(|cause| self.failed("can't join the group in", cause))?;
            self.current = Some(Current {
                own,
                held: BTreeMap::new(),
                stream: stream.clone(),
            });
            self.tell(ConsumerEvent::StreamStarted(stream));
        }
        self.balance()
            .map_err(|cause| self.failed("can't share partitions in", cause))
    }

    /// Takes free partitions up to the fair share, gives back what is beyond it.
    fn balance(&mut self) -> io::Result<()> {
        let Some(current) = &mut self.current else {
            return Ok(());
        };
        let share = current.own.share(&self.groups, current.stream.partitions)?;
        let held = current
            .readers()
            .filter(|slot| !slot.is_revoked())
            .collect::<Vec<_>>();
        for slot in held.iter().skip(share) {
            slot.revoked.store(true, Ordering::Release);
        }
        let mut missing = share.saturating_sub(held.len());
        drop(held);
        let mut taken = Vec::new();
        for partition in (0..current.stream.partitions).map(Partition) {
            if missing == 0 {
                break;
            }
            if !current.may_take(partition) {
                continue;
            }
            let Some(lock) = try_lock(&self.groups.join(format!("{}.lock", partition.0)))? else {
                continue;
            };
            missing -= 1;
            let stream = current.stream.id.clone();
            let slot = Arc::new(Slot {
                key: PartitionKey { stream, partition },
                revoked: AtomicBool::new(false),
                ended: AtomicBool::new(false),
                _lock: lock,
            });
            let held = Held {
                slot: Arc::downgrade(&slot),
                dropped_at: None,
            };
            current.held.insert(partition, held);
            taken.push(slot);
        }
        for slot in taken {
            let transport = self.transport.clone();
            let assignment = Assignment { slot, transport };
            self.tell(ConsumerEvent::Assigned(consumer::Assignment::Jsonl(
                assignment,
            )));
        }
        Ok(())
    }

    fn tell(&self, event: ConsumerEvent) {
        if self.events.blocking_send(event).is_err() {
            self.closing.store(true, Ordering::Release);
        }
    }

    fn tell_trouble(&mut self, trouble: Option<String>) {
        if self.trouble == trouble {
            return;
        }
        self.trouble.clone_from(&trouble);
        self.tell(ConsumerEvent::Broker(match trouble {
            None => {
                tracing::info!(topic = self.transport.topic, "the topic can be read");
                BrokerState::Up
            }
            Some(words) => {
                tracing::warn!(topic = self.transport.topic, "waiting: {words}");
                BrokerState::Down(words)
            }
        }));
    }

    fn failed(&self, what: &'static str, cause: io::Error) -> TransportError {
        let path = self.groups.clone();
        TransportError::File { what, path, cause }
    }
}

impl Current {
    fn readers(&self) -> impl Iterator<Item = Arc<Slot>> {
        self.held.values().filter_map(|held| held.slot.upgrade())
    }

    fn may_take(&mut self, partition: Partition) -> bool {
        let Some(held) = self.held.get_mut(&partition) else {
            return true;
        };
        if held.slot.strong_count() > 0 {
            return false;
        }
        let now = clock::instant();
        let dropped_at = *held.dropped_at.get_or_insert(now);
        now.duration_since(dropped_at) >= PAUSE
    }
}

/// Says that this member lives, by its lock.
struct MemberFile {
    path: PathBuf,
    _lock: File,
}

impl MemberFile {
    fn create(groups: &Path) -> io::Result<Self> {
        fs::create_dir_all(groups)?;
        loop {
            let name = format!("{:08x}.member", clock::random_u32());
            let path = groups.join(name);
            // Between creation and lock another member may take the file for a dead one's.
            if let Some(lock) = try_lock(&path)?
                && path.exists()
            {
                return Ok(Self { path, _lock: lock });
            }
        }
    }

    /// How many partitions are this member's: as many as any other's, the rest to the first ones.
    fn share(&self, groups: &Path, partitions: u32) -> io::Result<usize> {
        let (mut members, mut rank) = (1, 0);
        for entry in fs::read_dir(groups)? {
            let path = entry?.path();
            if path == self.path || path.extension().is_none_or(|ending| ending != "member") {
                continue;
            }
            match File::open(&path).map(|file| file.try_lock().map(|()| file)) {
                Ok(Err(fs::TryLockError::WouldBlock)) => {
                    members += 1;
                    rank += usize::from(path < self.path);
                }
                // Its process is gone.
                Ok(Ok(_lock)) => remove(&path)?,
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Ok(Err(fs::TryLockError::Error(error))) | Err(error) => return Err(error),
            }
        }
        let partitions = partitions as usize;
        Ok(partitions / members + usize::from(rank < partitions % members))
    }
}

impl Drop for MemberFile {
    fn drop(&mut self) {
        // Left behind, it is removed by the next one.
        fs::remove_file(&self.path).ok();
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn try_lock(path: &Path) -> io::Result<Option<File>> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}
