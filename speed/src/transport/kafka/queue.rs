//! What librdkafka has fetched of one partition, taken over many records at a time.
//!
//! rdkafka hands records over one by one, each with an event of its own: of the 1.9 CPU seconds
//! that a million records took to arrive, more than half was spent on that.

use crate::transport::record::{Record, ReplayOf};
use comptoir_model::verdict::record_timestamp;
use rdkafka::bindings as c;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;
use std::collections::VecDeque;
use std::ffi::{CStr, CString};
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// How many records are taken over at a time, at most.
const TAKEN_MAX: usize = 512;

/// The queue of a partition that its consumer reads, or will.
pub(super) struct Queue<C: ConsumerContext> {
    native: NonNull<c::rd_kafka_queue_t>,
    /// Taken over and not handed out yet.
    taken: VecDeque<Message>,
    /// Handed out last.
    current: Option<Message>,
    /// Keeps `native` alive.
    _consumer: Arc<BaseConsumer<C>>,
}

#[expect(unsafe_code, reason = "librdkafka's queues belong to no thread")]
// SAFETY: all functions on a queue may be called by any thread, and messages may move between
// threads ("librdkafka is completely thread-safe" in its INTRODUCTION.md).
unsafe impl<C: ConsumerContext> Send for Queue<C> {}

impl<C: ConsumerContext> Queue<C> {
    /// From now on the partition's records come here, and not to the consumer's `poll`. `None` of
    /// a name that no topic can have.
    pub(super) fn of(consumer: &Arc<BaseConsumer<C>>, topic: &str, partition: i32) -> Option<Self> {
        let topic = CString::new(topic).ok()?;
        let handle = consumer.client().native_ptr();
        #[expect(
            unsafe_code,
            reason = "rdkafka keeps the pointer of its own PartitionQueue to itself"
        )]
        // SAFETY: the handle lives as long as the consumer, which outlives the queue. The
        // reference that is made here is given back when the queue is dropped.
        let native = unsafe {
            let queue = c::rd_kafka_queue_get_partition(handle, topic.as_ptr(), partition);
            let queue = NonNull::new(queue)?;
            c::rd_kafka_queue_forward(queue.as_ptr(), ptr::null_mut());
            queue
        };
        Some(Self {
            native,
            taken: VecDeque::new(),
            current: None,
            _consumer: Arc::clone(consumer),
        })
    }

    /// What comes next; waits at most `wait` for it if nothing is there.
    pub(super) fn next(&mut self, wait: Duration) -> Option<&Message> {
        if self.taken.is_empty() {
            self.take_over(TAKEN_MAX, Duration::ZERO);
        }
        if self.taken.is_empty() && !wait.is_zero() {
            // More than one would be waited for until the time is over.
            self.take_over(1, wait);
        }
        self.current = self.taken.pop_front();
        self.current.as_ref()
    }

    /// Throws away what was taken over: it is to be fetched from another position.
    pub(super) fn clear(&mut self) {
        self.taken.clear();
    }

    fn take_over(&mut self, count_max: usize, wait: Duration) {
        let mut messages = [ptr::null_mut(); TAKEN_MAX];
        let milliseconds = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
        #[expect(unsafe_code, reason = "rdkafka has no safe function for it")]
        // SAFETY: the array has room for as many messages as are asked for. Each one is ours.
        let count = unsafe {
            c::rd_kafka_consume_batch_queue(
                self.native.as_ptr(),
                milliseconds,
                messages.as_mut_ptr(),
                count_max.min(TAKEN_MAX),
            )
        };
        // Negative in case of an error that comes again with the next record.
        let count = usize::try_from(count).unwrap_or(0);
        let messages = messages.into_iter().take(count);
        self.taken
            .extend(messages.filter_map(NonNull::new).map(Message));
    }
}

impl<C: ConsumerContext> Drop for Queue<C> {
    fn drop(&mut self) {
        self.taken.clear();
        self.current = None;
        #[expect(unsafe_code, reason = "gives back what `of` has taken")]
        // SAFETY: nothing uses the queue any more, and its consumer still lives.
        unsafe {
            c::rd_kafka_queue_destroy(self.native.as_ptr());
        }
    }
}

/// A record, or word of an error. It lives no longer than its queue.
pub(super) struct Message(NonNull<c::rd_kafka_message_t>);

impl Message {
    /// An error of the partition; its end is one, too.
    pub(super) fn error(&self) -> Option<KafkaError> {
        let message = self.get();
        match RDKafkaErrorCode::from(message.err) {
            RDKafkaErrorCode::NoError => None,
            RDKafkaErrorCode::PartitionEOF => Some(KafkaError::PartitionEOF(message.partition)),
            code => Some(KafkaError::MessageConsumption(code)),
        }
    }

    /// Of the record; of a partition's end, where its next record will lie.
    pub(super) fn offset(&self) -> i64 {
        self.get().offset
    }

    pub(super) fn record(&self) -> Record<'_> {
        let bytes = self.bytes();
        Record {
            offset: super::from_kafka(self.offset()),
            timestamp: record_timestamp(self.milliseconds()),
            replay_of: self.replay_of(),
            bytes,
            length: bytes.len() as u64,
        }
    }

    fn replay_of(&self) -> Option<ReplayOf> {
        static NAME: LazyLock<CString> =
            LazyLock::new(|| CString::new(ReplayOf::HEADER).expect("a name without NUL"));
        ReplayOf::parse(std::str::from_utf8(self.header(&NAME)?).ok()?)
    }

    #[expect(unsafe_code, reason = "a C struct behind a pointer")]
    fn get(&self) -> &c::rd_kafka_message_t {
        // SAFETY: the message is ours until it is dropped, and nobody changes it.
        unsafe { self.0.as_ref() }
    }

    #[expect(unsafe_code, reason = "bytes behind a pointer")]
    fn bytes(&self) -> &[u8] {
        let message = self.get();
        if message.payload.is_null() {
            return &[];
        }
        // SAFETY: the payload has so many bytes, and lives as long as the message.
        unsafe { slice::from_raw_parts(message.payload.cast(), message.len) }
    }

    /// Since 1970; -1 where there is none.
    fn milliseconds(&self) -> i64 {
        let mut kind = c::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        #[expect(unsafe_code, reason = "librdkafka has no field for it")]
        // SAFETY: reads the message and writes the kind.
        let milliseconds = unsafe { c::rd_kafka_message_timestamp(self.0.as_ptr(), &raw mut kind) };
        milliseconds
    }

    /// The value of the last header of a name.
    #[expect(unsafe_code, reason = "librdkafka has no field for it")]
    fn header(&self, name: &CStr) -> Option<&[u8]> {
        let mut headers = ptr::null_mut();
        let (mut value, mut length) = (ptr::null(), 0);
        // SAFETY: headers and values belong to the message and live as long. Nothing is written
        // but the three variables, and those only where the answer is no error.
        unsafe {
            let none = c::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR;
            let found = c::rd_kafka_message_headers(self.0.as_ptr(), &raw mut headers) == none
                && c::rd_kafka_header_get_last(
                    headers,
                    name.as_ptr(),
                    &raw mut value,
                    &raw mut length,
                ) == none;
            (found && !value.is_null()).then(|| slice::from_raw_parts(value.cast(), length))
        }
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        #[expect(unsafe_code, reason = "gives back a message that was taken over")]
        // SAFETY: nothing of the message is borrowed any more.
        unsafe {
            c::rd_kafka_message_destroy(self.0.as_ptr());
        }
    }
}
