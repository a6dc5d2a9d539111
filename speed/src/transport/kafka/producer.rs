//! Writing events: idempotent, so that librdkafka's own retries neither double nor reorder. What it
//! gives up although a later try can help is sent again here.

use super::slot::lock;
use super::watch::{log_error, log_line};
use super::{KafkaTransport, blocking, failed, retry_of, to_kafka};
use crate::transport::error::{Retry, TransportError};
use crate::transport::producer::{Message, ProducerCounts};
use comptoir_config::clock;
use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Message as _, OwnedMessage};
use rdkafka::producer::{
    BaseRecord, DeliveryResult, Producer as _, ProducerContext, ThreadedProducer,
};
use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub struct Producer {
    topic: String,
    inner: Arc<ThreadedProducer<Deliveries>>,
    sent: AtomicU64,
    /// Failures that a flush has told of.
    told: AtomicU64,
    /// Since when no broker knows the topic.
    unknown_since: Mutex<Option<Instant>>,
}

/// How long a topic may be unknown before it counts as deleted.
const GONE_AFTER: Duration = Duration::from_secs(30);

impl fmt::Debug for Producer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer")
            .field("topic", &self.topic)
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}

impl Producer {
    pub(super) fn open(transport: &KafkaTransport) -> Result<Self, TransportError> {
        let mut config = transport.client_config();
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("compression.type", "lz4")
            .set("linger.ms", "5")
            .set("batch.size", "1000000")
            .set("message.max.bytes", super::RECORD_BYTES_MAX.to_string())
            // An order's events follow one another, also beside other producers of Kafka.
            .set("partitioner", "murmur2_random")
            .set("queue.buffering.max.messages", "100000")
            .set("queue.buffering.max.kbytes", "32768")
            // A broker may be away for as long as it likes: the queue is full then.
            .set("message.timeout.ms", "0")
            // One that has just started may not know its topics yet. librdkafka believes it, fails
            // what is queued, and looks again only with the next refresh.
            .set("topic.metadata.propagation.max.ms", "3600000")
            .set("topic.metadata.refresh.interval.ms", "2000");
        let inner = config
            .create_with_context(Deliveries::default())
            .map_err(|error| failed("can't make a Kafka producer", &error))?;
        Ok(Self {
            topic: transport.topic.clone(),
            inner: Arc::new(inner),
            sent: AtomicU64::new(0),
            told: AtomicU64::new(0),
            unknown_since: Mutex::new(None),
        })
    }

    pub(in crate::transport) fn try_send(
        &self,
        message: Message<'_>,
    ) -> Result<bool, TransportError> {
        if !self.send_returned()? {
            return Ok(false);
        }
        let mut record = BaseRecord::to(&self.topic)
            .key(message.key)
            .payload(message.value)
            .timestamp(message.timestamp.as_millisecond());
        if let Some(partition) = message.partition {
            record = record.partition(to_kafka(partition));
        }
        let taken = self.enqueue(record)?;
        self.sent.fetch_add(u64::from(taken), Ordering::Relaxed);
        Ok(taken)
    }

    /// Sends again what came back; `false` while some of it is left.
    fn send_returned(&self) -> Result<bool, TransportError> {
        let deliveries = self.inner.context();
        if deliveries.returned_count.load(Ordering::Acquire) == 0 {
            return Ok(true);
        }
        let mut returned = lock(&deliveries.returned);
        while let Some(message) = returned.front() {
            let mut record = BaseRecord::to(&self.topic)
                .key(message.key().unwrap_or_default())
                .payload(message.payload().unwrap_or_default())
                .timestamp(message.timestamp().to_millis().unwrap_or_default());
            if message.partition() >= 0 {
                record = record.partition(message.partition());
            }
            if !self.enqueue(record)? {
                return Ok(false);
            }
            returned.pop_front();
            deliveries.returned_count.fetch_sub(1, Ordering::AcqRel);
        }
        Ok(true)
    }

    /// `false` where it has to be tried again.
    fn enqueue(&self, record: BaseRecord<'_, [u8], [u8]>) -> Result<bool, TransportError> {
        use RDKafkaErrorCode as Code;
        let mut unknown_since = lock(&self.unknown_since);
        match self.inner.send(record) {
            Ok(()) => {
                *unknown_since = None;
                Ok(true)
            }
            Err((KafkaError::MessageProduction(Code::QueueFull), _)) => Ok(false),
            Err((KafkaError::MessageProduction(code), _)) if is_unknown(code) => {
                let now = clock::instant();
                if now.duration_since(*unknown_since.get_or_insert(now)) < GONE_AFTER {
                    return Ok(false);
                }
                Err(TransportError::NoTopic {
                    topic: self.topic.clone(),
                    place: "any more".to_owned(),
                })
            }
            Err((error, _)) => Err(failed("can't send to Kafka", &error)),
        }
    }

    pub(in crate::transport) async fn flush(&self, limit: Duration) -> Result<(), TransportError> {
        let began = clock::instant();
        loop {
            let all_sent = self.send_returned()?;
            let left = limit.saturating_sub(began.elapsed());
            let inner = Arc::clone(&self.inner);
            blocking(move || match inner.flush(left) {
                Ok(()) => Ok(()),
                Err(KafkaError::Flush(RDKafkaErrorCode::OperationTimedOut)) => {
                    Err(TransportError::TimedOut {
                        what: format!("{} records wait for Kafka", inner.in_flight_count()),
                        limit,
                    })
                }
                Err(error) => Err(failed("can't send to Kafka", &error)),
            })
            .await?;
            // What comes back does so before the flush ends.
            let returned = &self.inner.context().returned_count;
            let waiting = returned.load(Ordering::Acquire);
            if all_sent && waiting == 0 {
                break;
            }
            if left.is_zero() {
                let what = format!("{waiting} records wait for their topic");
                return Err(TransportError::TimedOut { what, limit });
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let deliveries = self.inner.context();
        let failed = deliveries.failed.load(Ordering::Relaxed);
        let records = failed - self.told.swap(failed, Ordering::Relaxed);
        if records == 0 {
            return Ok(());
        }
        let cause = lock(&deliveries.first_failure).clone();
        Err(TransportError::Undelivered { records, cause })
    }

    pub(in crate::transport) fn counts(&self) -> ProducerCounts {
        let deliveries = self.inner.context();
        ProducerCounts {
            sent: self.sent.load(Ordering::Relaxed),
            delivered: deliveries.delivered.load(Ordering::Relaxed),
            failed: deliveries.failed.load(Ordering::Relaxed),
        }
    }
}

/// Counts what the brokers acknowledged.
#[derive(Default)]
struct Deliveries {
    delivered: AtomicU64,
    failed: AtomicU64,
    first_failure: Mutex<String>,
    /// Given back because a broker went away or did not know its topics yet: to be sent again,
    /// before anything else. At most as much as the queue took. Of what was on its way when its
    /// broker died a copy may be there already, a duplicate by its event id.
    returned: Mutex<VecDeque<OwnedMessage>>,
    returned_count: AtomicUsize,
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log_line(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        log_error(&error, reason);
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        match result {
            Ok(_) => {
                self.delivered.fetch_add(1, Ordering::Relaxed);
            }
            Err((error, message)) if may_be_sent_again(error) => {
                lock(&self.returned).push_back(message.detach());
                self.returned_count.fetch_add(1, Ordering::AcqRel);
            }
            Err((error, _)) => {
                if self.failed.fetch_add(1, Ordering::Relaxed) == 0 {
                    *lock(&self.first_failure) = error.to_string();
                }
            }
        }
    }
}

/// Not what would only be refused again.
fn may_be_sent_again(error: &KafkaError) -> bool {
    let code = error.rdkafka_error_code();
    code.is_some_and(|code| retry_of(code) == Retry::CanHelp)
}

fn is_unknown(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        code,
        Code::UnknownTopic
            | Code::UnknownPartition
            | Code::UnknownTopicOrPartition
            | Code::UnknownTopicId
    )
}
