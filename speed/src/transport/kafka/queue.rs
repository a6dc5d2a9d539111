//! What librdkafka has fetched of one partition.
//!
//! rdkafka makes an event of each record first. librdkafka's own way of taking over many at a time
//! can't be used: it takes the word of a partition's end for a record, so that its position is one
//! too far, and when it fetches anew from there, as in every rebalance, that record is passed over.

use crate::transport::record::{Record, ReplayOf};
use comptoir_model::verdict::record_timestamp;
use rdkafka::bindings as c;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;
use std::ffi::{CStr, CString};
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// The queue of a partition that its consumer reads, or will.
pub(super) struct Queue<C: ConsumerContext> {
    native: NonNull<c::rd_kafka_queue_t>,
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
            current: None,
            _consumer: Arc::clone(consumer),
        })
    }

    /// What comes next; waits at most `wait` for it if nothing is there.
    pub(super) fn next(&mut self, wait: Duration) -> Option<&Message> {
        let milliseconds = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
        #[expect(unsafe_code, reason = "rdkafka has no safe function for it")]
        // SAFETY: the queue lives as long as this. The message is ours, if there is one.
        let message = unsafe { c::rd_kafka_consume_queue(self.native.as_ptr(), milliseconds) };
        self.current = NonNull::new(message).map(Message);
        self.current.as_ref()
    }
}

impl<C: ConsumerContext> Drop for Queue<C> {
    fn drop(&mut self) {
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
        #[expect(unsafe_code, reason = "gives back a message")]
        // SAFETY: nothing of the message is borrowed any more.
        unsafe {
            c::rd_kafka_message_destroy(self.0.as_ptr());
        }
    }
}
