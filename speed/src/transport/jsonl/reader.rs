//! Reading one partition's file as it grows.

use super::lines::{self, Lines};
use super::member::Slot;
use super::{JsonlTransport, hand_over};
use crate::transport::consumer::{LogBounds, Step};
use crate::transport::error::TransportError;
use crate::transport::record::Record;
use comptoir_config::clock;
use comptoir_model::ids::Offset;
use comptoir_model::merge::PartitionKey;
use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// Between two looks at a file that does not grow.
const LOOK: Duration = Duration::from_millis(5);
/// How often the end is told of again while nothing comes.
const END_TOLD: Duration = Duration::from_millis(500);
/// The clock is read once in so many records.
const RECORDS_PER_LOOK: u32 = 256;

#[derive(Debug)]
pub struct PartitionReader {
    slot: Arc<Slot>,
    path: PathBuf,
    file: File,
    lines: Lines,
    /// Where the first line to hand over begins is looked for from here, until it is there.
    unaligned: Option<u64>,
    /// Up to here the file was synced by this reader.
    durable: u64,
    /// The file's length and time of change when nothing was found in it.
    quiet: Option<(u64, SystemTime)>,
    end_told: Option<(Offset, Instant)>,
    bounds: Option<LogBounds>,
}

impl PartitionReader {
    pub(super) fn open(
        transport: &JsonlTransport,
        slot: Arc<Slot>,
        from: Offset,
    ) -> Result<Self, TransportError> {
        let path = transport.path(slot.key.partition);
        let file = transport.open_partition(slot.key.partition)?;
        Ok(Self {
            slot,
            path,
            file,
            lines: Lines::at(from.0),
            unaligned: Some(from.0),
            durable: 0,
            quiet: None,
            end_told: None,
            bounds: None,
        })
    }

    pub(in crate::transport) fn key(&self) -> &PartitionKey {
        &self.slot.key
    }

    pub(in crate::transport) fn position(&self) -> Offset {
        Offset(self.lines.position())
    }

    pub(in crate::transport) fn is_revoked(&self) -> bool {
        self.slot.is_revoked() || self.slot.is_ended()
    }

    pub(in crate::transport) fn log_bounds(&self) -> Option<LogBounds> {
        self.bounds
    }

    pub(in crate::transport) fn seek(&mut self, offset: Offset) {
        self.lines = Lines::at(offset.0);
        self.unaligned = Some(offset.0);
        self.quiet = None;
        self.end_told = None;
    }

    pub(in crate::transport) fn make_durable(&mut self) -> Result<(), TransportError> {
        let position = self.lines.position();
        if self.durable < position {
            self.file
                .sync_data()
                .map_err(|cause| self.error("can't sync", cause))?;
            self.durable = position;
        }
        Ok(())
    }

    pub(in crate::transport) fn read(
        &mut self,
        wait: Duration,
        take: &mut dyn FnMut(Record<'_>) -> ControlFlow<()>,
    ) -> Result<Step, TransportError> {
        let began = clock::instant();
        loop {
            if self.slot.is_ended() {
                return Ok(Step::StreamEnded);
            }
            if self.slot.is_revoked() {
                return Ok(Step::Revoked);
            }
            let checked_at = clock::now();
            let (length, changed_at) = (self.file.metadata())
                .and_then(|facts| Ok((facts.len(), facts.modified()?)))
                .map_err(|cause| self.error("can't look at", cause))?;
            if length < self.lines.position() {
                return Ok(Step::TailLost {
                    next: self.position(),
                    log_end: Offset(length),
                });
            }
            let drained = if self.quiet == Some((length, changed_at)) {
                Drained::Nothing
            } else {
                self.drain(take)?
            };
            if matches!(drained, Drained::Nothing) {
                self.quiet = Some((length, changed_at));
            }
            match drained {
                Drained::Stopped => return Ok(Step::Stopped),
                Drained::More if began.elapsed() >= wait => return Ok(Step::Waited),
                Drained::More => continue,
                Drained::Nothing => {}
            }
            let log_end = self.position();
            self.bounds = Some(LogBounds {
                start: Offset(0),
                end: log_end,
                checked_at,
            });
            let now = clock::instant();
            let told = self
                .end_told
                .is_some_and(|(at, when)| at == log_end && now.duration_since(when) < END_TOLD);
            if !told {
                self.end_told = Some((log_end, now));
                return Ok(Step::AtEnd {
                    log_end,
                    checked_at,
                });
            }
            let Some(left) = wait
                .checked_sub(began.elapsed())
                .filter(|left| !left.is_zero())
            else {
                return Ok(Step::Waited);
            };
            thread::sleep(left.min(LOOK));
        }
    }

    /// Hands over a limited number of lines.
    fn drain(
        &mut self,
        take: &mut dyn FnMut(Record<'_>) -> ControlFlow<()>,
    ) -> Result<Drained, TransportError> {
        if let Some(offset) = self.unaligned {
            let found = lines::next_line(&self.file, offset)
                .map_err(|cause| self.error("can't read", cause))?;
            let Some(start) = found else {
                return Ok(Drained::Nothing);
            };
            self.lines = Lines::at(start);
            self.unaligned = None;
        }
        for _ in 0..RECORDS_PER_LOOK {
            let line = match self.lines.next(&self.file) {
                Ok(Some(line)) => line,
                Ok(None) => return Ok(Drained::Nothing),
                Err(cause) => return Err(self.error("can't read", cause)),
            };
            if hand_over(&line, take).is_break() {
                return Ok(Drained::Stopped);
            }
        }
        Ok(Drained::More)
    }

    fn error(&self, what: &'static str, cause: io::Error) -> TransportError {
        let path = self.path.clone();
        TransportError::File { what, path, cause }
    }
}

enum Drained {
    Stopped,
    /// The limited number is reached.
    More,
    Nothing,
}
