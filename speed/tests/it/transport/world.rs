//! A topic of its own for each test, and what tests do with it.

use crate::services::Services;
use comptoir_config::{TransportSettings, clock};
use comptoir_model::ids::{Offset, Partition};
use comptoir_speed::transport::{
    Assignment, Consumer, ConsumerEvent, Message, PartitionReader, Producer, Record, Step,
    StreamInfo, Transport,
};
use jiff::Timestamp;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub(super) const PATIENCE: Duration = Duration::from_mins(1);
const SHORT: Duration = Duration::from_millis(100);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Kafka,
    Jsonl,
}

impl Kind {
    pub(super) const ALL: [Self; 2] = [Self::Jsonl, Self::Kafka];
}

pub(super) struct World {
    pub(super) kind: Kind,
    pub(super) settings: TransportSettings,
    pub(super) transport: Transport,
    directory: TempDir,
}

impl World {
    /// Without the topic.
    pub(super) fn empty(kind: Kind) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = match kind {
            Kind::Jsonl => format!("jsonl:{}", directory.path().display()),
            Kind::Kafka => format!(
                "kafka:{}",
                Services::find().get("COMPTOIR_KAFKA_BOOTSTRAP", "kafka")
            ),
        };
        Self::at(kind, &url, directory)
    }

    pub(super) fn at(kind: Kind, url: &str, directory: TempDir) -> Self {
        let settings = TransportSettings {
            url: url.parse().unwrap(),
            topic: format!("test_{:08x}", clock::random_u32()),
            partitions: 3,
            replication: 1,
            kafka_properties: None,
        };
        Self {
            kind,
            transport: Transport::open(&settings).unwrap(),
            settings,
            directory,
        }
    }

    pub(super) async fn new(kind: Kind, partitions: u32) -> (Self, StreamInfo) {
        let world = Self::empty(kind);
        let stream = world.transport.create_topic(partitions, 1).await.unwrap();
        (world, stream)
    }

    /// Runs `test` on both kinds, and removes the topic.
    pub(super) async fn on_each(partitions: u32, test: impl AsyncFn(&Self, StreamInfo)) {
        for kind in Kind::ALL {
            let (world, stream) = Self::new(kind, partitions).await;
            test(&world, stream).await;
            world.delete_topic().await;
        }
    }

    pub(super) fn group(&self) -> String {
        format!("{}_group", self.settings.topic)
    }

    pub(super) fn file(&self, partition: u32) -> PathBuf {
        let topic = self.directory.path().join(&self.settings.topic);
        topic.join(format!("{partition}.jsonl"))
    }

    pub(super) fn admin(&self) -> AdminClient<DefaultClientContext> {
        let brokers = self.settings.url.to_string();
        ClientConfig::new()
            .set("bootstrap.servers", brokers.trim_start_matches("kafka:"))
            .create()
            .unwrap()
    }

    pub(super) async fn delete_topic(&self) {
        match self.kind {
            Kind::Jsonl => {
                let path = self.directory.path().join(&self.settings.topic);
                std::fs::remove_dir_all(path).unwrap();
            }
            Kind::Kafka => {
                let options = AdminOptions::new().operation_timeout(Some(PATIENCE));
                let topics = [self.settings.topic.as_str()];
                for result in self.admin().delete_topics(&topics, &options).await.unwrap() {
                    result.unwrap();
                }
            }
        }
    }

    /// Partition 0 gets the texts, in order.
    pub(super) async fn send(&self, texts: &[impl AsRef<[u8]>]) {
        let producer = self.transport.producer().await.unwrap();
        send(&producer, 0, texts).await;
    }

    pub(super) fn consumer(&self) -> Consumer {
        self.transport.consumer(&self.group()).unwrap()
    }

    /// A consumer that owns partition 0, and that partition.
    pub(super) async fn first_partition(&self) -> (Consumer, Assignment) {
        let mut consumer = self.consumer();
        loop {
            let assignment = assigned(&mut consumer).await;
            if assignment.partition() == Partition(0) {
                return (consumer, assignment);
            }
        }
    }
}

pub(super) async fn send(producer: &Producer, partition: u32, texts: &[impl AsRef<[u8]>]) {
    for text in texts {
        let message = Message {
            key: b"order",
            partition: Some(Partition(partition)),
            timestamp: stamp(),
            value: text.as_ref(),
        };
        producer.send(message).await.unwrap();
    }
    producer.flush(PATIENCE).await.unwrap();
}

/// What the records of these tests are stamped with, to the millisecond. Not long ago: Kafka's
/// retention goes by it, and removes in the middle of a test what is older than a week.
pub(super) fn stamp() -> Timestamp {
    static STAMP: LazyLock<Timestamp> = LazyLock::new(|| {
        let now = clock::now().as_millisecond();
        Timestamp::from_millisecond(now).unwrap()
    });
    *STAMP
}

/// The next event that is not about brokers.
pub(super) async fn event(consumer: &mut Consumer) -> ConsumerEvent {
    loop {
        let event = tokio::time::timeout(PATIENCE, consumer.next()).await;
        match event.expect("an event in time").expect("an open consumer") {
            ConsumerEvent::Broker(_) => {}
            event => return event,
        }
    }
}

pub(super) async fn assigned(consumer: &mut Consumer) -> Assignment {
    loop {
        if let ConsumerEvent::Assigned(assignment) = event(consumer).await {
            return assignment;
        }
    }
}

/// What a test keeps of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) offset: Offset,
    pub(super) bytes: Vec<u8>,
    pub(super) length: u64,
    pub(super) timestamp: Timestamp,
    pub(super) replay_of: Option<String>,
}

impl Kept {
    pub(super) fn of(record: &Record<'_>) -> Self {
        Self {
            offset: record.offset,
            bytes: record.bytes.to_vec(),
            length: record.length,
            timestamp: record.timestamp,
            replay_of: record.replay_of.as_ref().map(ToString::to_string),
        }
    }
}

/// Reads on a thread of its own until `done` says so; gives everything back.
pub(super) async fn read_until(
    mut reader: PartitionReader,
    done: impl Fn(&[Kept], &Step) -> bool + Send + 'static,
) -> (PartitionReader, Vec<Kept>, Step) {
    let reading = tokio::task::spawn_blocking(move || {
        let began = began();
        let mut records = Vec::new();
        loop {
            let step = reader
                .read(SHORT, &mut |record| {
                    records.push(Kept::of(&record));
                    ControlFlow::Continue(())
                })
                .unwrap();
            if done(&records, &step) {
                return (reader, records, step);
            }
            assert!(
                began.elapsed() < PATIENCE,
                "{} records, then {step:?} at {:?}",
                records.len(),
                reader.position()
            );
        }
    });
    reading.await.unwrap()
}

pub(super) async fn read_to_end(reader: PartitionReader) -> (PartitionReader, Vec<Kept>) {
    let (reader, records, step) = read_until(reader, |_, step| !matches!(step, Step::Waited)).await;
    assert!(matches!(step, Step::AtEnd { .. }), "{step:?}");
    (reader, records)
}

pub(super) async fn read_records(
    reader: PartitionReader,
    count: usize,
) -> (PartitionReader, Vec<Kept>) {
    let (reader, records, _) = read_until(reader, move |records, _| records.len() >= count).await;
    (reader, records)
}

pub(super) fn began() -> Instant {
    clock::instant()
}

pub(super) fn bytes(records: &[Kept]) -> Vec<&[u8]> {
    records
        .iter()
        .map(|record| record.bytes.as_slice())
        .collect()
}
