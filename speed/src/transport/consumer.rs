//! Reading with others: partitions come and go.

use super::error::TransportError;
use super::record::Record;
use super::topic::StreamInfo;
use super::{jsonl, kafka};
use comptoir_model::ids::{Offset, Partition, StreamId};
use comptoir_model::merge::{PartitionKey, Span};
use jiff::Timestamp;
use std::ops::ControlFlow;
use std::time::Duration;
use tokio::sync::mpsc;

/// A member of a group. Dropping it leaves the group, after its readers were dropped.
#[derive(Debug)]
pub struct Consumer {
    pub(super) events: mpsc::Receiver<ConsumerEvent>,
    pub(super) member: Member,
}

#[derive(Debug)]
pub(super) enum Member {
    Kafka(kafka::Member),
    Jsonl(jsonl::Member),
}

/// What a consumer tells its sink.
#[derive(Debug)]
pub enum ConsumerEvent {
    /// The topic was found, or created, or created again. Comes before its first assignment.
    StreamStarted(StreamInfo),
    /// The topic was deleted, or created again. Its readers say so themselves.
    StreamEnded(StreamId),
    /// This process owns a partition now, until the assignment or its reader says that it was
    /// revoked.
    Assigned(Assignment),
    /// Only changes are told.
    Broker(BrokerState),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokerState {
    Up,
    /// Why, in words. Nothing has to be done about it: reading goes on by itself.
    Down(String),
}

impl Consumer {
    /// The next event; `None` once the consumer has ended, which it does only when closed.
    pub async fn next(&mut self) -> Option<ConsumerEvent> {
        self.events.recv().await
    }

    /// Asks all readers to stop ([`Step::Revoked`]), waits until they were dropped, at most
    /// `limit`, and leaves the group, so that others take over at once.
    pub async fn close(self, limit: Duration) {
        drop(self.events);
        match self.member {
            Member::Kafka(member) => member.close(limit).await,
            Member::Jsonl(member) => member.close(limit).await,
        }
    }
}

/// A partition that this process may read. Dropping it, or its reader, without having been asked
/// gives it back: about a second later it is assigned again, to this process or another.
#[derive(Debug)]
pub enum Assignment {
    Kafka(kafka::Assignment),
    Jsonl(jsonl::Assignment),
}

impl Assignment {
    pub fn key(&self) -> &PartitionKey {
        match self {
            Self::Kafka(assignment) => assignment.key(),
            Self::Jsonl(assignment) => assignment.key(),
        }
    }

    pub fn partition(&self) -> Partition {
        self.key().partition
    }

    /// Whether the partition went to another process meanwhile: drop it.
    pub fn is_revoked(&self) -> bool {
        match self {
            Self::Kafka(assignment) => assignment.is_revoked(),
            Self::Jsonl(assignment) => assignment.is_revoked(),
        }
    }

    /// Reads from `from` on. A sink that has to rebuild its duplicate window starts at
    /// `reach.start(next)` and tells the records below `next` from those that count.
    ///
    /// A JSONL offset inside a line means the next line.
    pub fn start(self, from: Offset) -> Result<PartitionReader, TransportError> {
        match self {
            Self::Kafka(assignment) => Ok(PartitionReader::Kafka(assignment.start(from))),
            Self::Jsonl(assignment) => assignment.start(from).map(PartitionReader::Jsonl),
        }
    }
}

/// What [`PartitionReader::read`] came to. Records handed over before it count in any case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// `take` said break.
    Stopped,
    /// The time is over.
    Waited,
    /// Everything that was readable at `checked_at` has been handed over, and the position is
    /// `log_end`: the partition is fresh through that moment. Told again about every second while
    /// nothing comes.
    AtEnd {
        log_end: Offset,
        checked_at: Timestamp,
    },
    /// Records in this span are gone for ever; the position is its end. Record it with the next
    /// commit.
    Hole(Span),
    /// The log ends before the position: stop the partition, raise the alarm. Told again by each
    /// call; the log may grow back.
    TailLost { next: Offset, log_end: Offset },
    /// The partition goes to another process: commit what there is, then drop the reader. The
    /// hand-over waits for that, but not for ever.
    Revoked,
    /// This life of the topic is over, no record will ever come: commit, then drop the reader.
    StreamEnded,
}

/// One partition, read in order. `Send`: it belongs on a thread of its own, because it blocks.
#[derive(Debug)]
pub enum PartitionReader {
    Kafka(kafka::PartitionReader),
    Jsonl(jsonl::PartitionReader),
}

impl PartitionReader {
    pub fn key(&self) -> &PartitionKey {
        match self {
            Self::Kafka(reader) => reader.key(),
            Self::Jsonl(reader) => reader.key(),
        }
    }

    pub fn partition(&self) -> Partition {
        self.key().partition
    }

    /// The offset from which the next record will come: behind the last one handed over, behind a
    /// hole, and behind what holds no record (transaction markers).
    pub fn position(&self) -> Offset {
        match self {
            Self::Kafka(reader) => reader.position(),
            Self::Jsonl(reader) => reader.position(),
        }
    }

    /// Hands records to `take`, in order, until something else is to be told. Blocks at most about
    /// `wait` in all, however many records come.
    pub fn read(
        &mut self,
        wait: Duration,
        take: &mut dyn FnMut(Record<'_>) -> ControlFlow<()>,
    ) -> Result<Step, TransportError> {
        match self {
            Self::Kafka(reader) => reader.read(wait, take),
            Self::Jsonl(reader) => reader.read(wait, take),
        }
    }

    /// Goes to another offset, as when a commit turned out to have failed.
    pub fn seek(&mut self, offset: Offset) -> Result<(), TransportError> {
        match self {
            Self::Kafka(reader) => reader.seek(offset),
            Self::Jsonl(reader) => reader.seek(offset),
        }
        Ok(())
    }

    /// Whether the next [`Self::read`] says [`Step::Revoked`] or [`Step::StreamEnded`]. A sink that
    /// waits to commit asks, because it reads nothing meanwhile.
    pub fn is_revoked(&self) -> bool {
        match self {
            Self::Kafka(reader) => reader.is_revoked(),
            Self::Jsonl(reader) => reader.is_revoked(),
        }
    }

    /// The log's bounds as they were seen last, about a second ago; `None` before the first time.
    pub fn log_bounds(&self) -> Option<LogBounds> {
        match self {
            Self::Kafka(reader) => reader.log_bounds(),
            Self::Jsonl(reader) => reader.log_bounds(),
        }
    }

    /// Call it before committing what was read: a JSONL file is synced, so that what was counted
    /// is still there after a power cut. Nothing to do for Kafka.
    pub fn make_durable(&mut self) -> Result<(), TransportError> {
        match self {
            Self::Kafka(_) => Ok(()),
            Self::Jsonl(reader) => reader.make_durable(),
        }
    }

    /// Call it after a commit: tells the group how far the sink is, for people who look at lag
    /// with Kafka's tools. Only advice; failures are not told.
    pub fn advise_committed(&self, next: Offset) {
        match self {
            Self::Kafka(reader) => reader.advise_committed(next),
            Self::Jsonl(_) => {}
        }
    }
}

/// What a log holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogBounds {
    /// The first offset that is there.
    pub start: Offset,
    /// Behind the last readable record.
    pub end: Offset,
    /// Asked no earlier than this.
    pub checked_at: Timestamp,
}
