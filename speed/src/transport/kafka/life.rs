//! The polling thread of a member, through one life of the topic.

use super::group::{Change, GroupContext, told};
use super::member::Teller;
use super::slot::{Assignment, Shared, Slot, lock};
use super::to_kafka;
use crate::transport::consumer::{self, ConsumerEvent};
use crate::transport::topic::StreamInfo;
use comptoir_config::clock;
use comptoir_model::ids::Partition;
use comptoir_model::merge::PartitionKey;
use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::Message as _;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

/// How long a hand-over waits for the reader of the old owner. It is safe without, because commits
/// are fenced; it is only cleaner with.
const HANDOVER: Duration = Duration::from_secs(20);
/// Until a partition whose reader was dropped without being asked is assigned again.
const PAUSE: Duration = Duration::from_secs(1);
const POLL: Duration = Duration::from_millis(50);

/// The polling thread's own.
pub(super) struct Life<'a> {
    stream: StreamInfo,
    consumer: Arc<BaseConsumer<GroupContext>>,
    shared: Arc<Shared>,
    teller: &'a Teller,
    held: BTreeMap<Partition, Held>,
    revoking: Vec<Revoking>,
}

struct Held {
    slot: Weak<Slot>,
    fetching: Arc<Mutex<bool>>,
    /// When it was found dropped, unasked.
    dropped_at: Option<Instant>,
}

struct Revoking {
    partitions: Vec<Partition>,
    until: Instant,
}

impl<'a> Life<'a> {
    pub(super) fn new(
        stream: StreamInfo,
        consumer: BaseConsumer<GroupContext>,
        shared: Arc<Shared>,
        teller: &'a Teller,
    ) -> Self {
        Self {
            stream,
            consumer: Arc::new(consumer),
            shared,
            teller,
            held: BTreeMap::new(),
            revoking: Vec::new(),
        }
    }

    /// Until the topic or the consumer has ended, and all readers were dropped.
    pub(super) fn run(mut self) {
        loop {
            if let Some(Ok(record)) = self.consumer.poll(POLL) {
                // It was fetched before its partition had a queue of its own.
                let partition = u32::try_from(record.partition()).ok().map(Partition);
                let held = partition.and_then(|partition| self.held.get(&partition));
                if let Some(slot) = held.and_then(|held| held.slot.upgrade()) {
                    slot.disturbed.store(true, Ordering::Release);
                }
            }
            let changes = std::mem::take(&mut *lock(&self.consumer.context().changes));
            for change in changes {
                match change {
                    Change::Assigned(partitions) => {
                        for partition in partitions {
                            self.offer(partition);
                        }
                    }
                    Change::Revoked(partitions) => self.revoke(partitions),
                }
            }
            self.finish_revoking();
            let ended = self.shared.ended.load(Ordering::Acquire);
            if ended || self.teller.is_closing() {
                let slots = self.shared.slots();
                for slot in &slots {
                    let flag = if ended { &slot.ended } else { &slot.revoked };
                    flag.store(true, Ordering::Release);
                }
                if slots.is_empty() {
                    break;
                }
            } else {
                self.offer_again();
            }
        }
        self.consumer
            .context()
            .closing
            .store(true, Ordering::Release);
        // Dropping the consumer leaves the group.
    }

    fn offer(&mut self, partition: Partition) {
        let fetching = Arc::new(Mutex::new(false));
        let slot = Arc::new(Slot {
            key: PartitionKey {
                stream: self.stream.id.clone(),
                partition,
            },
            topic: self.stream.topic.clone(),
            consumer: Arc::clone(&self.consumer),
            bounds: Mutex::new(None),
            disturbed: AtomicBool::new(false),
            fetching: Arc::clone(&fetching),
            revoked: AtomicBool::new(false),
            ended: AtomicBool::new(false),
        });
        let held = Held {
            slot: Arc::downgrade(&slot),
            fetching,
            dropped_at: None,
        };
        lock(&self.shared.slots).push(Arc::downgrade(&slot));
        self.held.insert(partition, held);
        self.teller
            .tell(ConsumerEvent::Assigned(consumer::Assignment::Kafka(
                Assignment { slot },
            )));
    }

    fn revoke(&mut self, partitions: Vec<Partition>) {
        for partition in &partitions {
            if let Some(slot) = self
                .held
                .get(partition)
                .and_then(|held| held.slot.upgrade())
            {
                slot.revoked.store(true, Ordering::Release);
            }
        }
        let until = clock::instant() + HANDOVER;
        self.revoking.push(Revoking { partitions, until });
    }

    /// Gives up what was revoked, all of one revocation at once, when its readers were dropped.
    fn finish_revoking(&mut self) {
        let now = clock::instant();
        let held = &mut self.held;
        let consumer = &self.consumer;
        let topic = &self.stream.topic;
        self.revoking.retain(|revoking| {
            let is_read = |partition: &Partition| {
                (held.get(partition)).is_some_and(|held| held.slot.strong_count() > 0)
            };
            if revoking.partitions.iter().any(is_read) && now < revoking.until {
                return true;
            }
            let mut fetched = TopicPartitionList::new();
            for partition in &revoking.partitions {
                if let Some(held) = held.remove(partition)
                    && std::mem::take(&mut *lock(&held.fetching))
                {
                    fetched.add_partition(topic, to_kafka(*partition));
                }
            }
            told(consumer.incremental_unassign(&fetched));
            false
        });
    }

    /// A reader that was dropped although the partition is still ours: its sink had trouble.
    fn offer_again(&mut self) {
        if !self.revoking.is_empty() {
            return;
        }
        let now = clock::instant();
        let mut due = Vec::new();
        for (partition, held) in &mut self.held {
            if held.slot.strong_count() > 0 {
                continue;
            }
            if std::mem::take(&mut *lock(&held.fetching)) {
                let mut fetched = TopicPartitionList::new();
                fetched.add_partition(&self.stream.topic, to_kafka(*partition));
                told(self.consumer.incremental_unassign(&fetched));
            }
            if now.duration_since(*held.dropped_at.get_or_insert(now)) >= PAUSE {
                due.push(*partition);
            }
        }
        for partition in due {
            self.offer(partition);
        }
    }
}
