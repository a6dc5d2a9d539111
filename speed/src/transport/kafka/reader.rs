//! Reading one partition, from where its sink stands.

use super::group::{GroupContext, read_config};
use super::queue::Queue;
use super::slot::{Slot, lock};
use super::watch::LibraryLog;
use super::{KafkaTransport, failed, from_kafka, kafka_offset, to_kafka};
use crate::transport::consumer::{LogBounds, Step};
use crate::transport::error::TransportError;
use crate::transport::record::Record;
use comptoir_config::clock;
use comptoir_model::ids::{Offset, Partition};
use comptoir_model::merge::{PartitionKey, Span};
use jiff::Timestamp;
use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::KafkaError;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

/// How long one wait for records may hide a revocation.
const NAP: Duration = Duration::from_millis(20);
/// For the question where the log begins and ends, before anything is fetched.
const BOUNDS_LIMIT: Duration = Duration::from_secs(2);
/// A broker that has just started may not know its log's end yet.
const LOST_AFTER: Duration = Duration::from_secs(5);
/// The clock is read once in so many records.
const RECORDS_PER_LOOK: u32 = 256;

pub struct PartitionReader {
    /// Dropped before the slot, which tells the member that the partition is free.
    queue: Option<Queue<GroupContext>>,
    slot: Arc<Slot>,
    next: Offset,
    state: State,
    end_told: Option<Timestamp>,
}

#[derive(Clone, Copy)]
enum State {
    /// The log's bounds have to be held against the position before anything is fetched.
    Unchecked,
    Reading,
    /// The log ended before the position, since then.
    Short(Instant),
}

impl fmt::Debug for PartitionReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartitionReader")
            .field("key", &self.slot.key)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

impl PartitionReader {
    pub(super) fn new(slot: Arc<Slot>, from: Offset) -> Self {
        Self {
            queue: None,
            slot,
            next: from,
            state: State::Unchecked,
            end_told: None,
        }
    }

    pub(in crate::transport) fn key(&self) -> &PartitionKey {
        &self.slot.key
    }

    pub(in crate::transport) fn is_revoked(&self) -> bool {
        self.slot.is_revoked() || self.slot.is_ended()
    }

    pub(in crate::transport) fn position(&self) -> Offset {
        self.next
    }

    pub(in crate::transport) fn log_bounds(&self) -> Option<LogBounds> {
        *lock(&self.slot.bounds)
    }

    pub(in crate::transport) fn seek(&mut self, offset: Offset) {
        self.next = offset;
        self.state = State::Unchecked;
        self.end_told = None;
    }

    pub(in crate::transport) fn advise_committed(&self, next: Offset) {
        let mut position = self.partition_list();
        if (position.set_partition_offset(&self.slot.topic, self.number(), kafka_offset(next)))
            .is_ok()
            && let Err(error) = self.slot.consumer.commit(&position, CommitMode::Async)
        {
            tracing::debug!("telling the group how far the sink is: {error}");
        }
    }

    pub(in crate::transport) fn read(
        &mut self,
        wait: Duration,
        take: &mut dyn FnMut(Record<'_>) -> ControlFlow<()>,
    ) -> Result<Step, TransportError> {
        let began = clock::instant();
        let mut nap = Duration::ZERO;
        loop {
            if self.slot.is_ended() {
                return Ok(Step::StreamEnded);
            }
            if self.slot.is_revoked() {
                return Ok(Step::Revoked);
            }
            if self.slot.disturbed.swap(false, Ordering::AcqRel) {
                self.state = State::Unchecked;
            }
            if matches!(self.state, State::Reading) {
                match self.drain(nap, take) {
                    Drained::Stopped => return Ok(Step::Stopped),
                    Drained::More => nap = Duration::ZERO,
                    Drained::Nothing => nap = NAP,
                }
                if let Some(step) = self.told_end() {
                    return Ok(step);
                }
            } else {
                if let Some(step) = self.check()? {
                    return Ok(step);
                }
                if !matches!(self.state, State::Reading) {
                    thread::sleep(NAP * 5);
                }
            }
            let left = wait.saturating_sub(began.elapsed());
            if left.is_zero() {
                return Ok(Step::Waited);
            }
            nap = nap.min(left);
        }
    }

    /// Hands over a limited number of records; waits at most `nap` for the first one.
    fn drain(
        &mut self,
        nap: Duration,
        take: &mut dyn FnMut(Record<'_>) -> ControlFlow<()>,
    ) -> Drained {
        let Some(queue) = &mut self.queue else {
            return Drained::Nothing;
        };
        let mut nap = nap;
        for _ in 0..RECORDS_PER_LOOK {
            let Some(message) = queue.next(std::mem::take(&mut nap)) else {
                return Drained::Nothing;
            };
            match message.error() {
                None => {
                    let record = message.record();
                    let offset = record.offset;
                    if offset < self.next {
                        continue;
                    }
                    let flow = take(record);
                    self.next = Offset(offset.0 + 1);
                    if flow.is_break() {
                        return Drained::Stopped;
                    }
                }
                // It says where the next record will lie: markers of transactions are none.
                Some(KafkaError::PartitionEOF(_)) => {
                    self.next = self.next.max(from_kafka(message.offset()));
                }
                Some(error) => {
                    // Out of range, or another error of the partition: the bounds tell what it is.
                    tracing::debug!(partition = self.number(), "librdkafka: {error}");
                    self.state = State::Unchecked;
                    return Drained::Nothing;
                }
            }
        }
        Drained::More
    }

    /// Once for each time that the log's end was looked up.
    fn told_end(&mut self) -> Option<Step> {
        let bounds = self.log_bounds()?;
        if self.end_told == Some(bounds.checked_at) {
            return None;
        }
        if self.next < bounds.end {
            return None;
        }
        self.end_told = Some(bounds.checked_at);
        Some(Step::AtEnd {
            log_end: self.next,
            checked_at: bounds.checked_at,
        })
    }

    /// Holds the position against the log, and fetches if it lies in it.
    fn check(&mut self) -> Result<Option<Step>, TransportError> {
        let checked_at = clock::now();
        let asked =
            (self.slot.consumer).fetch_watermarks(&self.slot.topic, self.number(), BOUNDS_LIMIT);
        let (start, end) = match asked {
            Ok((start, end)) => (from_kafka(start), from_kafka(end)),
            Err(error) => {
                tracing::debug!(
                    partition = self.number(),
                    "asking for the log's end: {error}"
                );
                return Ok(None);
            }
        };
        *lock(&self.slot.bounds) = Some(LogBounds {
            start,
            end,
            checked_at,
        });
        if self.next > end {
            let now = clock::instant();
            let since = match self.state {
                State::Short(since) => since,
                State::Unchecked | State::Reading => now,
            };
            self.state = State::Short(since);
            let lost = now.duration_since(since) >= LOST_AFTER;
            return Ok(lost.then_some(Step::TailLost {
                next: self.next,
                log_end: end,
            }));
        }
        let hole = Span::new(self.next, start);
        self.next = self.next.max(start);
        self.fetch()?;
        Ok(hole.map(Step::Hole))
    }

    /// Lets librdkafka fetch from the position on.
    fn fetch(&mut self) -> Result<(), TransportError> {
        let slot = Arc::clone(&self.slot);
        let mut fetching = lock(&slot.fetching);
        if slot.is_revoked() {
            return Ok(());
        }
        let what = || format!("can't read partition {}", self.slot.key.partition.0);
        let error = |error| failed(&what(), &error);
        let mut list = self.partition_list();
        if *fetching {
            // What was fetched ahead is thrown away.
            slot.consumer.incremental_unassign(&list).map_err(error)?;
            *fetching = false;
        }
        let offset = kafka_offset(self.next);
        list.set_partition_offset(&slot.topic, self.number(), offset)
            .map_err(error)?;
        if self.queue.is_none() {
            // Before it is assigned: a queue of its own from the first record on.
            self.queue = Queue::of(&slot.consumer, &slot.topic, self.number());
        }
        slot.consumer.incremental_assign(&list).map_err(error)?;
        *fetching = true;
        self.state = State::Reading;
        Ok(())
    }

    fn number(&self) -> i32 {
        to_kafka(self.slot.key.partition)
    }

    fn partition_list(&self) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        list.add_partition(&self.slot.topic, self.number());
        list
    }
}

enum Drained {
    Stopped,
    /// The limited number is reached.
    More,
    Nothing,
}

/// Reads `from..to` with a consumer of its own, in no group. See `Transport::read_range`.
pub(super) fn read_range(
    transport: &KafkaTransport,
    partition: Partition,
    from: Offset,
    to: Offset,
    silence: Duration,
    take: &mut dyn FnMut(Record<'_>) -> ControlFlow<()>,
) -> Result<Offset, TransportError> {
    let what = format!("can't read partition {}", partition.0);
    let error = |error| failed(&what, &error);
    let mut config = transport.client_config();
    read_config(&mut config);
    // A name only: nothing is joined or committed.
    config.set("group.id", "comptoir-range");
    let consumer: BaseConsumer<LibraryLog> =
        config.create_with_context(LibraryLog).map_err(error)?;
    let consumer = Arc::new(consumer);
    let (start, end) = consumer
        .fetch_watermarks(&transport.topic, to_kafka(partition), silence)
        .map_err(error)?;
    let mut next = from.max(from_kafka(start));
    let to = to.min(from_kafka(end));
    if next >= to {
        return Ok(next);
    }
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(&transport.topic, to_kafka(partition), kafka_offset(next))
        .map_err(error)?;
    let mut queue = Queue::of(&consumer, &transport.topic, to_kafka(partition));
    consumer.assign(&list).map_err(error)?;
    let mut heard = clock::instant();
    while next < to {
        let message = queue.as_mut().and_then(|queue| queue.next(NAP));
        match message.map(|message| message.error().map_or(Ok(message), Err)) {
            None if heard.elapsed() < silence => continue,
            None => {
                return Err(TransportError::TimedOut {
                    what,
                    limit: silence,
                });
            }
            Some(Ok(message)) => {
                let offset = from_kafka(message.offset());
                if offset >= to {
                    return Ok(to);
                }
                let flow = take(message.record());
                next = Offset(offset.0 + 1);
                if flow.is_break() {
                    return Ok(next);
                }
            }
            // Markers may lie before `to`.
            Some(Err(KafkaError::PartitionEOF(_))) => return Ok(to),
            Some(Err(KafkaError::MessageConsumption(code))) if code_passes(code) => continue,
            Some(Err(cause)) => return Err(error(cause)),
        }
        heard = clock::instant();
    }
    Ok(next)
}

/// Errors that librdkafka gets over by itself.
fn code_passes(code: rdkafka::types::RDKafkaErrorCode) -> bool {
    use rdkafka::types::RDKafkaErrorCode as Code;
    !matches!(
        code,
        Code::AutoOffsetReset | Code::OffsetOutOfRange | Code::UnknownTopicOrPartition
    )
}
