//! What the group says, and how its members are set up.

use super::KafkaTransport;
use super::slot::lock;
use super::watch::{log_error, log_line};
use comptoir_model::ids::Partition;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientConfig, ClientContext, TopicPartitionList};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// What the group said, until the polling thread acts on it.
#[derive(Default)]
pub(super) struct GroupContext {
    pub(super) changes: Mutex<Vec<Change>>,
    /// The consumer is being closed: nothing is left to wait for.
    pub(super) closing: AtomicBool,
}

pub(super) enum Change {
    Assigned(Vec<Partition>),
    Revoked(Vec<Partition>),
}

impl ClientContext for GroupContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log_line(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        log_error(&error, reason);
    }
}

impl ConsumerContext for GroupContext {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        what: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        let list = (partitions.elements().iter())
            .filter_map(|element| u32::try_from(element.partition()).ok().map(Partition))
            .collect();
        if what == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            // Accepted; each is fetched when its sink has said from where.
            told(consumer.incremental_assign(&TopicPartitionList::new()));
            lock(&self.changes).push(Change::Assigned(list));
        } else if self.closing.load(Ordering::Acquire) {
            let fetched = consumer.assignment().unwrap_or_default();
            told(consumer.incremental_unassign(&fetched));
        } else {
            lock(&self.changes).push(Change::Revoked(list));
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, _: &TopicPartitionList) {
        if let Err(error) = result {
            tracing::debug!("telling the group how far the sink is: {error}");
        }
    }
}

/// An answer that changes nothing: what it is about ends by itself.
pub(super) fn told(result: KafkaResult<()>) {
    if let Err(error) = result {
        tracing::debug!("librdkafka: {error}");
    }
}

pub(super) fn group_config(transport: &KafkaTransport, group: &str) -> ClientConfig {
    let mut config = transport.client_config();
    read_config(&mut config);
    config
        .set("group.id", group)
        .set("partition.assignment.strategy", "cooperative-sticky")
        // The shortest that brokers take by default: how long a killed process keeps its partitions.
        .set("session.timeout.ms", "6000")
        // How long nobody reads a partition that was added.
        .set("topic.metadata.refresh.interval.ms", "10000")
        .set("heartbeat.interval.ms", "1500");
    config
}

/// For whoever reads records.
pub(super) fn read_config(config: &mut ClientConfig) {
    config
        .set("isolation.level", "read_committed")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", "error")
        .set("enable.partition.eof", "true")
        // The default of a second costs 80 % of the speed of catching up.
        .set("fetch.queue.backoff.ms", "5")
        .set("fetch.wait.max.ms", "100")
        // What each partition may hold ahead of its sink.
        .set("queued.max.messages.kbytes", "4096")
        .set("fetch.message.max.bytes", "262144")
        .set("fetch.max.bytes", "8388608")
        .set("message.max.bytes", "8388608")
        .set("receive.message.max.bytes", "100000000")
        .set("check.crcs", "true");
}
