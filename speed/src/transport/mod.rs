//! Where live events come from: Kafka, or a directory of JSONL files.
//!
//! A closed set of backends behind one interface; one suite of tests runs against both.
//!
//! - [`Transport`] creates and describes the topic, and opens everything else.
//! - [`Consumer`] shares the partitions of the topic with the other processes of its group, and
//!   hands each one that it was given to the sink as an [`Assignment`].
//! - [`PartitionReader`] reads one partition from any offset, on a thread of its own.
//! - [`Producer`] writes; [`ReplayProducer`] writes corrected dead letters, each once.
//!
//! # Positions
//! A sink keeps its own: what the transport's group knows is advice to people. Every sink starts a
//! partition at offset 0. Offsets are not dense, so a position is what [`PartitionReader::position`]
//! says, never the last record's offset plus one. What was lost is told ([`Step::Hole`],
//! [`Step::TailLost`]), never skipped.
//!
//! # Back-pressure
//! Readers are pulled: while a sink does not call [`PartitionReader::read`], at most a fixed number
//! of bytes is fetched ahead, and the source waits.

mod consumer;
mod error;
mod jsonl;
mod kafka;
mod producer;
mod record;
mod replay;
mod topic;

pub use consumer::{
    Assignment, BrokerState, Consumer, ConsumerEvent, LogBounds, PartitionReader, Step,
};
pub use error::{Retry, TransportError};
pub use producer::{Message, Producer, ProducerCounts};
pub use record::{Record, ReplayOf};
pub use replay::ReplayProducer;
pub use topic::{PartitionDescription, StreamInfo, TopicDescription};

use comptoir_config::{TransportSettings, TransportUrl};
use comptoir_model::ids::{Offset, Partition};
use comptoir_model::verdict::Reach;
use std::ops::ControlFlow;
use std::time::Duration;

/// One topic of one transport. Cheap to clone; holds no connection.
#[derive(Clone, Debug)]
pub enum Transport {
    Kafka(kafka::KafkaTransport),
    Jsonl(jsonl::JsonlTransport),
}

impl Transport {
    /// Reads the file of Kafka properties, and nothing else: no broker is asked.
    pub fn open(settings: &TransportSettings) -> Result<Self, TransportError> {
        match &settings.url {
            TransportUrl::Kafka(brokers) => kafka::KafkaTransport::open(
                brokers,
                &settings.topic,
                settings.kafka_properties.as_deref(),
            )
            .map(Self::Kafka),
            TransportUrl::Jsonl(directory) => Ok(Self::Jsonl(jsonl::JsonlTransport::new(
                directory,
                &settings.topic,
            ))),
        }
    }

    /// `kafka` or `jsonl`, as the warehouse keeps it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Kafka(_) => "kafka",
            Self::Jsonl(_) => "jsonl",
        }
    }

    pub fn topic(&self) -> &str {
        match self {
            Self::Kafka(kafka) => kafka.topic(),
            Self::Jsonl(jsonl) => jsonl.topic(),
        }
    }

    /// How far back the same event id is a duplicate.
    pub fn reach(&self) -> Reach {
        match self {
            Self::Kafka(_) => Reach::KAFKA,
            Self::Jsonl(_) => Reach::JSONL,
        }
    }

    /// Creates the topic, succeeding if it is already there, with whatever partitions.
    ///
    /// A JSONL topic gets one partition more than asked for, the last: that of replays, because
    /// each file has one writer.
    pub async fn create_topic(
        &self,
        partitions: u32,
        replication: u32,
    ) -> Result<StreamInfo, TransportError> {
        match self {
            Self::Kafka(kafka) => kafka.create_topic(partitions, replication).await,
            Self::Jsonl(jsonl) => jsonl.create_topic(partitions),
        }
    }

    /// The topic's present life. [`TransportError::NoTopic`] where there is none.
    pub async fn stream(&self) -> Result<StreamInfo, TransportError> {
        match self {
            Self::Kafka(kafka) => kafka.stream().await,
            Self::Jsonl(jsonl) => jsonl.stream(),
        }
    }

    /// As [`Self::stream`], with leaders, replicas and bounds.
    pub async fn describe(&self) -> Result<TopicDescription, TransportError> {
        match self {
            Self::Kafka(kafka) => kafka.describe().await,
            Self::Jsonl(jsonl) => jsonl.describe(),
        }
    }

    /// Joins `group`; returns at once, and waits for a broker or a topic that is not there yet.
    pub fn consumer(&self, group: &str) -> Result<Consumer, TransportError> {
        match self {
            Self::Kafka(kafka) => kafka.consumer(group),
            Self::Jsonl(jsonl) => jsonl.consumer(group),
        }
    }

    /// Writes events; returns at once, and waits for a broker that is not there yet.
    pub async fn producer(&self) -> Result<Producer, TransportError> {
        match self {
            Self::Kafka(kafka) => kafka.producer().await.map(Producer::Kafka),
            Self::Jsonl(jsonl) => jsonl.producer().map(Producer::Jsonl),
        }
    }

    /// Fences whoever used `transactional_id` before.
    pub async fn replay_producer(
        &self,
        transactional_id: &str,
    ) -> Result<ReplayProducer, TransportError> {
        match self {
            Self::Kafka(kafka) => kafka
                .replay_producer(transactional_id)
                .await
                .map(ReplayProducer::Kafka),
            Self::Jsonl(jsonl) => jsonl.replay_producer().map(ReplayProducer::Jsonl),
        }
    }

    /// The first offset that is there, and the one behind the last readable record.
    pub async fn log_bounds(
        &self,
        partition: Partition,
    ) -> Result<(Offset, Offset), TransportError> {
        match self {
            Self::Kafka(kafka) => kafka.log_bounds(partition).await,
            Self::Jsonl(jsonl) => jsonl.log_bounds(partition),
        }
    }

    /// Hands the records of `from..to` to `take`, outside of any group, and returns where it
    /// stopped: at `to`, or at the log's end, or where `take` said break. Blocks: call it on a
    /// thread that may. `silence` is how long it waits for anything at all.
    pub fn read_range(
        &self,
        partition: Partition,
        from: Offset,
        to: Offset,
        silence: Duration,
        take: &mut dyn FnMut(Record<'_>) -> ControlFlow<()>,
    ) -> Result<Offset, TransportError> {
        match self {
            Self::Kafka(kafka) => kafka.read_range(partition, from, to, silence, take),
            Self::Jsonl(jsonl) => jsonl.read_range(partition, from, to, take),
        }
    }
}
