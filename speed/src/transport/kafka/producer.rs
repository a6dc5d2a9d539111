//! Writing events: idempotent, so that librdkafka's own retries neither double nor reorder.

use super::watch::{log_error, log_line};
use super::{KafkaTransport, blocking, failed, to_kafka};
use crate::transport::error::TransportError;
use crate::transport::producer::{Message, ProducerCounts};
use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{
    BaseRecord, DeliveryResult, Producer as _, ProducerContext, ThreadedProducer,
};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub struct Producer {
    topic: String,
    inner: Arc<ThreadedProducer<Deliveries>>,
    sent: AtomicU64,
    /// Failures that a flush has told of.
    told: AtomicU64,
}

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
            .set("message.timeout.ms", "0");
        let inner = config
            .create_with_context(Deliveries::default())
            .map_err(|error| failed("can't make a Kafka producer", &error))?;
        Ok(Self {
            topic: transport.topic.clone(),
            inner: Arc::new(inner),
            sent: AtomicU64::new(0),
            told: AtomicU64::new(0),
        })
    }

    pub(in crate::transport) fn try_send(
        &self,
        message: Message<'_>,
    ) -> Result<bool, TransportError> {
        let mut record = BaseRecord::to(&self.topic)
            .key(message.key)
            .payload(message.value)
            .timestamp(message.timestamp.as_millisecond());
        if let Some(partition) = message.partition {
            record = record.partition(to_kafka(partition));
        }
        match self.inner.send(record) {
            Ok(()) => {
                self.sent.fetch_add(1, Ordering::Relaxed);
                Ok(true)
            }
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => Ok(false),
            Err((error, _)) => Err(failed("can't send to Kafka", &error)),
        }
    }

    pub(in crate::transport) async fn flush(&self, limit: Duration) -> Result<(), TransportError> {
        let inner = Arc::clone(&self.inner);
        blocking(move || match inner.flush(limit) {
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
        let deliveries = self.inner.context();
        let failed = deliveries.failed.load(Ordering::Relaxed);
        let records = failed - self.told.swap(failed, Ordering::Relaxed);
        if records == 0 {
            return Ok(());
        }
        let cause = deliveries.first_failure.lock();
        let cause = cause.map(|cause| cause.clone()).unwrap_or_default();
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
        let Err((error, _)) = result else {
            self.delivered.fetch_add(1, Ordering::Relaxed);
            return;
        };
        if self.failed.fetch_add(1, Ordering::Relaxed) == 0
            && let Ok(mut first) = self.first_failure.lock()
        {
            *first = error.to_string();
        }
    }
}
