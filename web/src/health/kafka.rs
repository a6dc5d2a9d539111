//! Kafka's brokers and the topic.

use super::finding::Finding;
use super::kafka_client::{Metadata, MetadataClient, PartitionMetadata};
use super::own;
use super::ping::{Depth, ping};
use super::registry::{self, Registry, Sighting};
use comptoir_config::Address;
use comptoir_model::api::health::{Cause, FactName, PartKind, PartState};
use comptoir_model::api::live::{LagUnit, LiveSource, SourceState};
use futures::future::join_all;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

const METADATA_MAX: Duration = Duration::from_millis(1500);
const PING_MAX: Duration = Duration::from_secs(1);
/// Partitions that are named in a sentence.
const NAMED_MAX: usize = 5;

pub(crate) struct KafkaProbe {
    pub(crate) bootstrap: Vec<Address>,
    pub(crate) topic: String,
    pub(crate) client: Arc<MetadataClient>,
    pub(crate) depth: Depth,
    /// `None` where no `ZooKeeper` is configured.
    pub(crate) registry: Option<watch::Receiver<Sighting>>,
    /// Every broker that was ever seen, by id.
    pub(crate) known: BTreeMap<i32, String>,
}

/// What was seen of one broker.
#[derive(Clone, Debug)]
struct Seen<'a> {
    id: i32,
    address: &'a str,
    answer: &'a io::Result<()>,
    /// `None` where no broker gave any metadata.
    in_metadata: Option<bool>,
    /// `None` where `ZooKeeper` was not asked or did not answer.
    in_registry: Option<bool>,
    is_controller: bool,
}

impl KafkaProbe {
    /// What is configured.
    pub(crate) fn parts(&self) -> Vec<Finding> {
        let brokers = self
            .bootstrap
            .iter()
            .map(|address| bootstrap_part(&address.to_string()));
        brokers.chain([self.topic_part()]).collect()
    }

    pub(crate) async fn look(&mut self, source: Option<LiveSource>) -> Vec<Finding> {
        let metadata = Arc::clone(&self.client)
            .ask(&self.topic, METADATA_MAX)
            .await;
        let registry = self.registry.as_ref().and_then(registry::current);
        if let Ok(metadata) = &metadata {
            self.known.extend(metadata.brokers.clone());
        }
        if let Some(registry) = &registry {
            let registered = registry
                .brokers
                .iter()
                .filter(|(_, address)| !address.is_empty());
            self.known
                .extend(registered.map(|(id, address)| (*id, address.clone())));
        }
        let known: BTreeSet<&str> = self.known.values().map(String::as_str).collect();
        let others: BTreeSet<String> = (self.bootstrap.iter().map(ToString::to_string))
            .filter(|address| !known.contains(address.as_str()))
            .collect();
        let addresses: Vec<&str> = known
            .into_iter()
            .chain(others.iter().map(String::as_str))
            .collect();
        let pings = addresses
            .iter()
            .map(|address| ping(address, self.depth, PING_MAX));
        let answers: BTreeMap<&str, io::Result<()>> = (addresses.iter().copied())
            .zip(join_all(pings).await)
            .collect();

        let mut found: Vec<_> = (self.known.iter())
            .filter_map(|(id, address)| {
                let seen = Seen {
                    id: *id,
                    address,
                    answer: answers.get(address.as_str())?,
                    in_metadata: (metadata.as_ref().ok())
                        .map(|metadata| metadata.brokers.contains_key(id)),
                    in_registry: (registry.as_ref())
                        .map(|registry| registry.brokers.contains_key(id)),
                    is_controller: (registry.as_ref())
                        .is_some_and(|registry| registry.controller == Some(*id)),
                };
                Some(judge_broker(&seen))
            })
            .collect();
        let nobody_known = self.known.is_empty();
        // A name that answers is another name of a broker that is listed by its own.
        let unknown =
            (others.iter()).filter_map(|address| match answers.get(address.as_str())? {
                Ok(()) if !nobody_known => None,
                answer => Some(judge_address(address, answer)),
            });
        found.extend(unknown);
        found.push(self.judge_topic(metadata, registry.as_ref(), source.as_ref()));
        found
    }

    fn topic_part(&self) -> Finding {
        let id = format!("kafka-topic-{}", self.topic);
        Finding::up(PartKind::KafkaTopic, id, &self.topic)
    }

    fn judge_topic(
        &self,
        metadata: Result<Metadata, (Cause, String)>,
        registry: Option<&Registry>,
        source: Option<&LiveSource>,
    ) -> Finding {
        let part = match source.and_then(|source| own::lag(source, LagUnit::Records)) {
            Some(lag) => self.topic_part().fact(FactName::LagRecords, lag),
            None => self.topic_part(),
        };
        let metadata = match metadata {
            Ok(metadata) => metadata,
            Err((cause, detail)) => return part.down(cause, detail),
        };
        let Some(partitions) = &metadata.partitions else {
            let topic = &self.topic;
            let detail =
                format!("the brokers have no topic `{topic}`\nhint: comptoir-speed topic create");
            return part.but(PartState::Degraded, Cause::NoTopic, detail);
        };
        judge_partitions(part, partitions, registry, source)
    }
}

fn judge_partitions(
    part: Finding,
    partitions: &[PartitionMetadata],
    registry: Option<&Registry>,
    source: Option<&LiveSource>,
) -> Finding {
    let numbers = |wanted: fn(&PartitionMetadata) -> bool| -> Vec<i32> {
        (partitions.iter().filter(|partition| wanted(partition)))
            .map(|partition| partition.number)
            .collect()
    };
    let offline = numbers(|partition| partition.leader < 0);
    let behind = numbers(|partition| partition.in_sync < partition.replicas);
    let part = part
        .fact(FactName::Partitions, partitions.len())
        .fact(FactName::UnderReplicatedPartitions, behind.len())
        .fact(FactName::OfflinePartitions, offline.len())
        .fact_if(
            FactName::Controller,
            registry.and_then(|registry| registry.controller),
        );
    if !offline.is_empty() {
        let detail = format!(
            "{} without a leader: nothing is read from or written to there\nhint: start the broker that has it",
            named(&offline)
        );
        return part.down(Cause::OfflinePartitions, detail);
    }
    if !behind.is_empty() {
        let detail = format!(
            "{} with fewer in-sync replicas than replicas",
            named(&behind)
        );
        return part.but(PartState::Degraded, Cause::UnderReplicated, detail);
    }
    if registry.is_some_and(|registry| registry.controller.is_none()) {
        let detail = "no broker is controller: topics can't be changed, leaders not elected";
        return part.but(PartState::Degraded, Cause::NoController, detail);
    }
    if source.is_some_and(|source| source.state == SourceState::CatchingUp) {
        let detail = "the views sink is behind the topic's end and catching up";
        return part.but(PartState::Degraded, Cause::Behind, detail);
    }
    part
}

fn named(partitions: &[i32]) -> String {
    let shown: Vec<_> = partitions
        .iter()
        .take(NAMED_MAX)
        .map(i32::to_string)
        .collect();
    let more = partitions.len().saturating_sub(NAMED_MAX);
    let word = if partitions.len() == 1 {
        "partition"
    } else {
        "partitions"
    };
    match more {
        0 => format!("{word} {}", shown.join(", ")),
        more => format!("{word} {} and {more} more", shown.join(", ")),
    }
}

fn bootstrap_part(address: &str) -> Finding {
    let id = format!("kafka-broker-{address}");
    Finding::up(PartKind::KafkaBroker, id, address)
}

/// A configured broker whose id is not known.
fn judge_address(address: &str, answer: &io::Result<()>) -> Finding {
    let part = bootstrap_part(address);
    match answer {
        Ok(()) => {
            let detail = "it answers, and gives no metadata\nhint: TLS or SASL? see transport.kafka_properties";
            part.but(PartState::Degraded, Cause::BadAnswer, detail)
        }
        Err(error) => part.down(cause_of(error), error.to_string()),
    }
}

fn judge_broker(seen: &Seen<'_>) -> Finding {
    let id = format!("kafka-broker-{}", seen.id);
    let mut part = Finding::up(PartKind::KafkaBroker, id, seen.address);
    if seen.is_controller {
        part = part.fact(FactName::Controller, seen.id);
    }
    let number = seen.id;
    match (seen.answer, seen.in_metadata, seen.in_registry) {
        (Err(error), _, Some(true)) => {
            let detail = format!("{error}; it is still registered in ZooKeeper as broker {number}");
            part.down(cause_of(error), detail)
        }
        (Err(error), ..) => part.down(cause_of(error), error.to_string()),
        (Ok(()), _, Some(false)) => {
            let detail = format!(
                "it answers, and ZooKeeper has no broker {number}: it has lost its session, or is starting or stopping"
            );
            part.but(PartState::Degraded, Cause::NotRegistered, detail)
        }
        (Ok(()), Some(false), _) => {
            let detail = format!("it answers, and the others don't list it as broker {number}");
            part.but(PartState::Degraded, Cause::NotRegistered, detail)
        }
        (Ok(()), ..) => part,
    }
}

fn cause_of(error: &io::Error) -> Cause {
    match error.kind() {
        io::ErrorKind::TimedOut => Cause::TimedOut,
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => Cause::BadAnswer,
        _ => Cause::Unreachable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition(number: i32, leader: i32, in_sync: usize) -> PartitionMetadata {
        PartitionMetadata {
            number,
            leader,
            replicas: 2,
            in_sync,
        }
    }

    fn state(partitions: &[PartitionMetadata], registry: Option<&Registry>) -> Finding {
        let part = Finding::up(PartKind::KafkaTopic, "kafka-topic-t", "t");
        judge_partitions(part, partitions, registry, None)
    }

    #[test]
    fn a_topic_is_as_well_as_its_worst_partition() {
        let led = Registry {
            controller: Some(1),
            ..Registry::default()
        };
        let good = state(&[partition(0, 1, 2), partition(1, 2, 2)], Some(&led));
        assert_eq!(good.state, PartState::Up);
        let behind = state(&[partition(0, 1, 2), partition(1, 2, 1)], Some(&led));
        assert_eq!(behind.cause, Some(Cause::UnderReplicated));
        assert!(behind.detail.unwrap().starts_with("partition 1 "));
        let offline = state(&[partition(0, -1, 0), partition(1, 2, 1)], None);
        assert_eq!(
            (offline.state, offline.cause),
            (PartState::Down, Some(Cause::OfflinePartitions))
        );
        let headless = state(&[partition(0, 1, 2)], Some(&Registry::default()));
        assert_eq!(headless.cause, Some(Cause::NoController));
    }

    #[test]
    fn a_broker_is_up_where_everybody_says_so() {
        let refused = || Err(io::Error::from(io::ErrorKind::ConnectionRefused));
        let hangs = || Err(io::Error::from(io::ErrorKind::TimedOut));
        for (answer, in_metadata, in_registry, state, cause) in [
            (Ok(()), Some(true), Some(true), PartState::Up, None),
            (Ok(()), Some(true), None, PartState::Up, None),
            (Ok(()), None, None, PartState::Up, None),
            (
                Ok(()),
                Some(true),
                Some(false),
                PartState::Degraded,
                Some(Cause::NotRegistered),
            ),
            (
                Ok(()),
                Some(false),
                None,
                PartState::Degraded,
                Some(Cause::NotRegistered),
            ),
            (
                refused(),
                Some(false),
                Some(false),
                PartState::Down,
                Some(Cause::Unreachable),
            ),
            (
                hangs(),
                Some(true),
                Some(true),
                PartState::Down,
                Some(Cause::TimedOut),
            ),
        ] {
            let found = judge_broker(&Seen {
                id: 1,
                address: "a:9092",
                answer: &answer,
                in_metadata,
                in_registry,
                is_controller: false,
            });
            assert_eq!((found.state, found.cause), (state, cause), "{answer:?}");
        }
    }

    #[test]
    fn names_a_few_partitions() {
        assert_eq!(named(&[3]), "partition 3");
        assert_eq!(
            named(&[1, 2, 3, 4, 5, 6, 7]),
            "partitions 1, 2, 3, 4, 5 and 2 more"
        );
    }
}
