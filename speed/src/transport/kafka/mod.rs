//! Kafka, through librdkafka.

mod group;
mod life;
mod member;
mod producer;
mod properties;
mod queue;
mod reader;
mod replay;
mod slot;
mod topic_id;
mod watch;

pub(super) use member::Member;
pub(super) use producer::Producer;
pub(super) use reader::PartitionReader;
pub(super) use replay::ReplayProducer;
pub(super) use slot::Assignment;

use super::consumer::Consumer;
use super::error::{Retry, TransportError};
use super::record::Record;
use super::topic::{PartitionDescription, StreamInfo, TopicDescription};
use comptoir_config::Address;
use comptoir_model::ids::{Offset, Partition};
use properties::Properties;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;
use watch::{LibraryLog, Watch};

/// For each question to the brokers.
const ASK_LIMIT: Duration = Duration::from_secs(10);
/// Of a new topic: a record that is too large for an event should become a dead letter of ours,
/// not an error of its producer.
const RECORD_BYTES_MAX: usize = Record::WHOLE_BYTES_MAX;

/// A topic of a Kafka cluster. Holds no connection.
#[derive(Clone, Debug)]
pub struct KafkaTransport {
    topic: String,
    properties: Properties,
}

impl KafkaTransport {
    pub(super) fn open(
        brokers: &[Address],
        topic: &str,
        properties: Option<&Path>,
    ) -> Result<Self, TransportError> {
        Ok(Self {
            topic: topic.to_owned(),
            properties: Properties::read(brokers, properties)?,
        })
    }

    pub(super) fn topic(&self) -> &str {
        &self.topic
    }

    /// What every client of ours has, and the properties of the settings.
    fn client_config(&self) -> ClientConfig {
        self.properties.client_config()
    }

    pub(super) async fn create_topic(
        &self,
        partitions: u32,
        replication: u32,
    ) -> Result<StreamInfo, TransportError> {
        let transport = self.clone();
        let admin = blocking(move || {
            (transport.client_config())
                .create_with_context::<_, AdminClient<LibraryLog>>(LibraryLog)
                .map_err(|error| failed("can't reach Kafka", &error))
        })
        .await?;
        let bytes_max = RECORD_BYTES_MAX.to_string();
        let count = |number| i32::try_from(number).unwrap_or(i32::MAX);
        let topic = NewTopic::new(
            &self.topic,
            count(partitions),
            TopicReplication::Fixed(count(replication)),
        )
        .set("max.message.bytes", &bytes_max);
        let options = AdminOptions::new()
            .request_timeout(Some(ASK_LIMIT))
            .operation_timeout(Some(ASK_LIMIT));
        let what = || format!("can't create the topic {}", self.topic);
        let created = (admin.create_topics([&topic], &options).await)
            .map_err(|error| failed(&what(), &error))?;
        for result in created {
            match result {
                Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((_, code)) => return Err(failed(&what(), &KafkaError::AdminOp(code))),
            }
        }
        // It is usable when each partition has its leader, a moment later.
        let deadline = tokio::time::Instant::now() + ASK_LIMIT;
        loop {
            let described = self.describe().await;
            match described {
                Ok(description) if description.partitions.iter().all(|p| p.leader.is_some()) => {
                    return Ok(description.stream);
                }
                Err(error) if error.retry() == Retry::IsUseless => return Err(error),
                described if tokio::time::Instant::now() >= deadline => {
                    return described.map(|description| description.stream);
                }
                _ => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    pub(super) async fn stream(&self) -> Result<StreamInfo, TransportError> {
        let transport = self.clone();
        blocking(move || Watch::open(&transport)?.stream(ASK_LIMIT)).await
    }

    pub(super) async fn describe(&self) -> Result<TopicDescription, TransportError> {
        let transport = self.clone();
        blocking(move || {
            let watch = Watch::open(&transport)?;
            let stream = watch.stream(ASK_LIMIT)?;
            let partitions = watch.partitions(ASK_LIMIT)?;
            let described = partitions
                .into_iter()
                .map(|partition| PartitionDescription {
                    bounds: (partition.leader)
                        .and_then(|_| watch.bounds(partition.partition, ASK_LIMIT).ok())
                        .map(|bounds| (bounds.start, bounds.end)),
                    ..partition
                });
            Ok(TopicDescription {
                partitions: described.collect(),
                stream,
            })
        })
        .await
    }

    pub(super) async fn log_bounds(
        &self,
        partition: Partition,
    ) -> Result<(Offset, Offset), TransportError> {
        let transport = self.clone();
        blocking(move || {
            let bounds = Watch::open(&transport)?.bounds(partition, ASK_LIMIT)?;
            Ok((bounds.start, bounds.end))
        })
        .await
    }

    pub(super) fn consumer(&self, group: &str) -> Result<Consumer, TransportError> {
        member::join(self.clone(), group)
    }

    /// Waits for a broker: a producer that starts before its topic would have Kafka create it, with
    /// whatever partitions.
    pub(super) async fn producer(&self) -> Result<Producer, TransportError> {
        let mut told = false;
        loop {
            match self.stream().await {
                Ok(_) => break,
                Err(error @ TransportError::NoTopic { .. }) => return Err(error),
                Err(error) if error.retry() == Retry::IsUseless => return Err(error),
                Err(error) => {
                    if !std::mem::replace(&mut told, true) {
                        tracing::warn!("waiting: {error}");
                    }
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
        if told {
            tracing::info!("Kafka answers");
        }
        Producer::open(self)
    }

    pub(super) async fn replay_producer(
        &self,
        transactional_id: &str,
    ) -> Result<ReplayProducer, TransportError> {
        let stream = self.stream().await?;
        let (transport, id) = (self.clone(), transactional_id.to_owned());
        blocking(move || ReplayProducer::open(transport, stream, id)).await
    }

    pub(super) fn read_range(
        &self,
        partition: Partition,
        from: Offset,
        to: Offset,
        silence: Duration,
        take: &mut dyn FnMut(Record<'_>) -> ControlFlow<()>,
    ) -> Result<Offset, TransportError> {
        reader::read_range(self, partition, from, to, silence, take)
    }
}

/// librdkafka's calls block; each has its own time limit.
async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> Result<T, TransportError> + Send + 'static,
) -> Result<T, TransportError> {
    let called = tokio::task::spawn_blocking(call).await;
    called.unwrap_or(Err(TransportError::Closed))
}

/// Never repeats a property's value: it may be a secret.
fn failed(what: &str, error: &KafkaError) -> TransportError {
    let (cause, retry) = match error {
        KafkaError::ClientConfig(_, description, key, _) => {
            (format!("{key}: {description}"), Retry::IsUseless)
        }
        KafkaError::ClientCreation(reason) => (reason.clone(), Retry::IsUseless),
        KafkaError::AdminOp(code) => (code.to_string(), retry_of(*code)),
        other => match other.rdkafka_error_code() {
            Some(code) => (code.to_string(), retry_of(code)),
            None => (other.to_string(), Retry::CanHelp),
        },
    };
    TransportError::Kafka {
        what: what.to_owned(),
        cause,
        retry,
    }
}

fn retry_of(code: RDKafkaErrorCode) -> Retry {
    use RDKafkaErrorCode as Code;
    match code {
        Code::InvalidReplicationFactor
        | Code::InvalidPartitions
        | Code::InvalidTopic
        | Code::PolicyViolation
        | Code::MessageSizeTooLarge
        | Code::MessageBatchTooLarge
        | Code::InvalidRecord
        | Code::InvalidTimestamp
        | Code::InvalidArgument
        | Code::Fatal
        | Code::Fenced
        | Code::PurgeQueue
        | Code::PurgeInflight
        | Code::TopicAuthorizationFailed
        | Code::ClusterAuthorizationFailed
        | Code::GroupAuthorizationFailed
        | Code::TransactionalIdAuthorizationFailed => Retry::IsUseless,
        _ => Retry::CanHelp,
    }
}

fn to_kafka(partition: Partition) -> i32 {
    // Kafka's own partitions fit.
    i32::try_from(partition.0).unwrap_or(i32::MAX)
}

fn from_kafka(offset: i64) -> Offset {
    // Below 0 there is no position.
    Offset(u64::try_from(offset).unwrap_or(0))
}

fn kafka_offset(offset: Offset) -> rdkafka::Offset {
    rdkafka::Offset::Offset(i64::try_from(offset.0).unwrap_or(i64::MAX))
}
