//! Asking about the topic, beside whoever reads and writes it.

use super::topic_id::topic_id;
use super::{KafkaTransport, failed, from_kafka, to_kafka};
use crate::transport::consumer::LogBounds;
use crate::transport::error::TransportError;
use crate::transport::topic::{PartitionDescription, StreamInfo};
use comptoir_config::clock;
use comptoir_model::ids::{Partition, StreamId};
use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use std::time::Duration;

/// A client that reads no records.
pub(super) struct Watch {
    topic: String,
    place: String,
    client: BaseConsumer<LibraryLog>,
}

impl Watch {
    /// Connects in the background. What is readable is asked for as a reader of committed records
    /// sees it.
    pub(super) fn open(transport: &KafkaTransport) -> Result<Self, TransportError> {
        Self::with_isolation(transport, "read_committed")
    }

    /// As [`Self::open`], but bounds include what open transactions wrote.
    pub(super) fn of_everything(transport: &KafkaTransport) -> Result<Self, TransportError> {
        Self::with_isolation(transport, "read_uncommitted")
    }

    fn with_isolation(transport: &KafkaTransport, level: &str) -> Result<Self, TransportError> {
        let mut config = transport.client_config();
        config.set("isolation.level", level);
        let place = config.get("bootstrap.servers").unwrap_or_default();
        Ok(Self {
            topic: transport.topic.clone(),
            place: format!("on {place}"),
            client: config
                .create_with_context(LibraryLog)
                .map_err(|error| failed("can't make a Kafka client", &error))?,
        })
    }

    /// Empties the queue of log lines and errors, which nobody else does.
    fn serve(&self) {
        while self.client.poll(Duration::ZERO).is_some() {}
    }

    pub(super) fn stream(&self, limit: Duration) -> Result<StreamInfo, TransportError> {
        let id = self.stream_id(limit)?;
        let partitions = self.partitions(limit)?.len();
        Ok(StreamInfo {
            id,
            topic: self.topic.clone(),
            partitions: u32::try_from(partitions).unwrap_or(u32::MAX),
        })
    }

    pub(super) fn stream_id(&self, limit: Duration) -> Result<StreamId, TransportError> {
        self.serve();
        let id = topic_id(self.client.client(), &self.topic, limit)
            .map_err(|error| failed(&self.asking(), &error))?;
        id.map(StreamId).ok_or_else(|| self.no_topic())
    }

    /// Without bounds.
    pub(super) fn partitions(
        &self,
        limit: Duration,
    ) -> Result<Vec<PartitionDescription>, TransportError> {
        self.serve();
        let metadata = (self.client.fetch_metadata(Some(&self.topic), limit))
            .map_err(|error| failed(&self.asking(), &error))?;
        let found = metadata
            .topics()
            .iter()
            .find(|topic| topic.name() == self.topic);
        let Some(topic) = found.filter(|topic| !topic.partitions().is_empty()) else {
            return Err(self.no_topic());
        };
        let mut partitions: Vec<_> = (topic.partitions().iter())
            .map(|partition| PartitionDescription {
                partition: Partition(u32::try_from(partition.id()).unwrap_or(u32::MAX)),
                leader: Some(partition.leader()).filter(|leader| *leader >= 0),
                replicas: partition.replicas().to_vec(),
                in_sync: partition.isr().to_vec(),
                bounds: None,
            })
            .collect();
        partitions.sort_unstable_by_key(|partition| partition.partition);
        Ok(partitions)
    }

    pub(super) fn bounds(
        &self,
        partition: Partition,
        limit: Duration,
    ) -> Result<LogBounds, TransportError> {
        self.serve();
        let checked_at = clock::now();
        let (start, end) = (self.client)
            .fetch_watermarks(&self.topic, to_kafka(partition), limit)
            .map_err(|error| failed(&self.asking(), &error))?;
        Ok(LogBounds {
            start: from_kafka(start),
            end: from_kafka(end),
            checked_at,
        })
    }

    fn asking(&self) -> String {
        format!(
            "can't ask Kafka {} about the topic {}",
            self.place, self.topic
        )
    }

    fn no_topic(&self) -> TransportError {
        TransportError::NoTopic {
            topic: self.topic.clone(),
            place: self.place.clone(),
        }
    }
}

/// librdkafka repeats itself while a broker is away, so its lines are for debugging; what matters
/// is told once, by those who notice it.
#[derive(Clone, Copy, Debug)]
pub(super) struct LibraryLog;

impl ClientContext for LibraryLog {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log_line(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        log_error(&error, reason);
    }
}

impl ConsumerContext for LibraryLog {}

pub(super) fn log_line(level: RDKafkaLogLevel, facility: &str, message: &str) {
    tracing::debug!(?level, "librdkafka: {facility} {message}");
}

pub(super) fn log_error(error: &KafkaError, reason: &str) {
    tracing::debug!("librdkafka: {error}: {reason}");
}
