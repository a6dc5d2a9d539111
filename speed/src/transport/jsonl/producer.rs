//! Writing the files: one writer each, whole lines only.

use super::envelope::write_line;
use super::{JsonlTransport, lines};
use crate::transport::error::TransportError;
use crate::transport::producer::{Message, ProducerCounts};
use crate::transport::record::ReplayOf;
use crate::transport::topic::StreamInfo;
use comptoir_config::clock;
use comptoir_model::ids::{Offset, Partition};
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often a writer looks whether its file is still the topic's.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// Writes to all partitions but that of replays. Each message is in its file, visible to readers,
/// when `try_send` returns; it survives a power cut after `flush`.
#[derive(Debug)]
pub struct Producer {
    files: Arc<[Mutex<Writer>]>,
}

/// Writes to the partition of replays.
#[derive(Debug)]
pub struct ReplayProducer {
    transport: JsonlTransport,
    stream: StreamInfo,
    writer: Arc<Mutex<Writer>>,
}

impl Producer {
    pub(super) fn open(transport: &JsonlTransport) -> Result<Self, TransportError> {
        let stream = super::read_stream(transport)?;
        let all = 0..stream.partitions - 1;
        let files =
            all.map(|partition| Writer::open(transport, Partition(partition)).map(Mutex::new));
        Ok(Self {
            files: files.collect::<Result<_, _>>()?,
        })
    }

    pub(in crate::transport) fn try_send(
        &self,
        message: Message<'_>,
    ) -> Result<(), TransportError> {
        let index = match message.partition {
            Some(partition) => partition.0 as usize,
            None => partition_of(message.key, self.files.len()),
        };
        let Some(file) = self.files.get(index) else {
            return Err(TransportError::Undelivered {
                records: 1,
                cause: format!("there is no partition {index} for ordinary records"),
            });
        };
        lock(file).append(message, None)
    }

    pub(in crate::transport) async fn flush(&self) -> Result<(), TransportError> {
        let files = Arc::clone(&self.files);
        let synced = tokio::task::spawn_blocking(move || {
            files.iter().try_for_each(|file| lock(file).sync())
        });
        synced.await.unwrap_or(Err(TransportError::Closed))
    }

    pub(in crate::transport) fn counts(&self) -> ProducerCounts {
        let mut counts = ProducerCounts::default();
        for file in &*self.files {
            let file = lock(file);
            counts.sent += file.written + file.failed;
            counts.delivered += file.written;
            counts.failed += file.failed;
        }
        counts
    }
}

impl ReplayProducer {
    pub(super) fn open(transport: &JsonlTransport) -> Result<Self, TransportError> {
        let stream = super::read_stream(transport)?;
        let writer = Writer::open(transport, Partition(stream.partitions - 1))?;
        Ok(Self {
            transport: transport.clone(),
            writer: Arc::new(Mutex::new(writer)),
            stream,
        })
    }

    pub(in crate::transport) fn ends(&self) -> Result<Vec<(Partition, Offset)>, TransportError> {
        let mut ends = Vec::new();
        for partition in (0..self.stream.partitions).map(Partition) {
            ends.push((partition, self.transport.log_bounds(partition)?.1));
        }
        Ok(ends)
    }

    pub(in crate::transport) async fn find(
        &self,
        of: &ReplayOf,
        since: &[(Partition, Offset)],
    ) -> Result<Option<(Partition, Offset)>, TransportError> {
        let (transport, of) = (self.transport.clone(), of.clone());
        // Nobody else writes corrections.
        let partition = Partition(self.stream.partitions - 1);
        let from = since.iter().find(|(of, _)| *of == partition);
        let from = from.map_or(Offset(0), |(_, offset)| *offset);
        let search = tokio::task::spawn_blocking(move || {
            let mut found = None;
            let end = Offset(u64::MAX);
            transport.read_range(partition, from, end, &mut |record| {
                if record.replay_of.as_ref() == Some(&of) {
                    found = Some((partition, record.offset));
                    return ControlFlow::Break(());
                }
                ControlFlow::Continue(())
            })?;
            Ok(found)
        });
        search.await.unwrap_or(Err(TransportError::Closed))
    }

    pub(in crate::transport) async fn send(
        &mut self,
        of: &ReplayOf,
        message: Message<'_>,
    ) -> Result<(), TransportError> {
        lock(&self.writer).append(message, Some(of))?;
        let writer = Arc::clone(&self.writer);
        let synced = tokio::task::spawn_blocking(move || lock(&writer).sync());
        synced.await.unwrap_or(Err(TransportError::Closed))
    }
}

/// The lock is released when the process ends, however it ends.
#[derive(Debug)]
struct Writer {
    topic: String,
    path: PathBuf,
    file: File,
    /// When the path was last seen to lead to the file.
    checked: Instant,
    /// Behind the last whole line.
    end: u64,
    synced: u64,
    line: Vec<u8>,
    written: u64,
    failed: u64,
}

impl Writer {
    fn open(transport: &JsonlTransport, partition: Partition) -> Result<Self, TransportError> {
        let path = transport.path(partition);
        let failed = |what, cause| TransportError::File {
            what,
            path: path.clone(),
            cause,
        };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .map_err(|cause| failed("can't open", cause))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let topic = transport.topic.clone();
                return Err(TransportError::Locked { topic, partition });
            }
            Err(TryLockError::Error(cause)) => return Err(failed("can't lock", cause)),
        }
        // What a killed writer left unfinished was never readable.
        let end = lines::end_of_lines(&file).map_err(|cause| failed("can't read", cause))?;
        file.set_len(end)
            .map_err(|cause| failed("can't write", cause))?;
        Ok(Self {
            topic: transport.topic.clone(),
            checked: clock::instant(),
            file,
            end,
            // What a killed writer wrote may not be synced.
            synced: 0,
            line: Vec::new(),
            written: 0,
            failed: 0,
            path,
        })
    }

    fn append(
        &mut self,
        message: Message<'_>,
        replay_of: Option<&ReplayOf>,
    ) -> Result<(), TransportError> {
        let now = clock::instant();
        if now.duration_since(self.checked) >= CHECK_EVERY {
            self.check_place()?;
            self.checked = now;
        }
        self.line.clear();
        let written = write_line(&mut self.line, message.timestamp, replay_of, message.value)
            .map_err(io::Error::from)
            .and_then(|()| self.file.write_all_at(&self.line, self.end));
        match written {
            Ok(()) => {
                self.end += self.line.len() as u64;
                self.written += 1;
                Ok(())
            }
            // Half a line is written over by the next one, or cut off: it has no newline.
            Err(cause) => {
                self.failed += 1;
                self.file.set_len(self.end).ok();
                Err(self.error("can't write", cause))
            }
        }
    }

    /// Nobody reads a file whose topic was deleted or moved away.
    fn check_place(&self) -> Result<(), TransportError> {
        let ours = (self.file.metadata()).map_err(|cause| self.error("can't look at", cause))?;
        match std::fs::metadata(&self.path) {
            Ok(found) if (found.dev(), found.ino()) == (ours.dev(), ours.ino()) => Ok(()),
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                Err(self.error("can't look at", cause))
            }
            _ => Err(TransportError::NoTopic {
                topic: self.topic.clone(),
                place: format!("any more whose file is {}", self.path.display()),
            }),
        }
    }

    fn sync(&mut self) -> Result<(), TransportError> {
        if self.synced == self.end {
            return Ok(());
        }
        self.check_place()?;
        self.file
            .sync_data()
            .map_err(|cause| self.error("can't sync", cause))?;
        self.synced = self.end;
        Ok(())
    }

    fn error(&self, what: &'static str, cause: io::Error) -> TransportError {
        let path = self.path.clone();
        TransportError::File { what, path, cause }
    }
}

/// Lines are appended or not; a panic between leaves nothing half done.
fn lock(writer: &Mutex<Writer>) -> MutexGuard<'_, Writer> {
    writer.lock().unwrap_or_else(PoisonError::into_inner)
}

/// FNV-1a: the same order goes to the same partition in every process and version.
fn partition_of(key: &[u8], partitions: usize) -> usize {
    let hash = key.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    // Below `partitions`, so it fits.
    usize::try_from(hash % partitions as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_spread_over_the_partitions_and_stay() {
        let mut counts = [0; 4];
        for order in 0..4000 {
            counts[partition_of(format!("o-{order}").as_bytes(), 4)] += 1;
        }
        assert!(counts.iter().all(|count| *count > 800), "{counts:?}");
        assert_eq!(partition_of(b"o-1", 4), partition_of(b"o-1", 4));
    }
}
