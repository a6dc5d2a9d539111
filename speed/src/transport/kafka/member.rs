//! A member of a consumer group, through one life of the topic after the other.
//!
//! librdkafka decides with the group who owns what; from where a partition is read, and when it is
//! given up, is decided here: nothing is fetched before the sink has said where it stands, and a
//! revoked partition goes to the next owner when its reader was dropped.

use super::reader::PartitionReader;
use super::watch::{Watch, log_error, log_line};
use super::{KafkaTransport, failed, to_kafka};
use crate::transport::consumer::{self, BrokerState, Consumer, ConsumerEvent, LogBounds};
use crate::transport::error::TransportError;
use crate::transport::topic::StreamInfo;
use comptoir_config::clock;
use comptoir_model::ids::{Offset, Partition};
use comptoir_model::merge::PartitionKey;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::Message as _;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, TopicPartitionList};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// How often the topic and the ends of its partitions are looked at.
const LOOK: Duration = Duration::from_millis(500);
const LOOK_LIMIT: Duration = Duration::from_secs(5);
/// A broker that has just started may not know its topics yet.
const GONE_AFTER: Duration = Duration::from_secs(5);
/// How long a hand-over waits for the reader of the old owner. It is safe without, because commits
/// are fenced; it is only cleaner with.
const HANDOVER: Duration = Duration::from_secs(20);
/// Until a partition whose reader was dropped without being asked is assigned again.
const PAUSE: Duration = Duration::from_secs(1);
const POLL: Duration = Duration::from_millis(50);
const EVENTS_MAX: usize = 256;

#[derive(Debug)]
pub(in crate::transport) struct Member {
    closing: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

pub(super) fn join(transport: KafkaTransport, group: &str) -> Result<Consumer, TransportError> {
    let (sender, events) = mpsc::channel(EVENTS_MAX);
    let closing = Arc::new(AtomicBool::new(false));
    let teller = Teller {
        topic: transport.topic.clone(),
        events: sender,
        closing: Arc::clone(&closing),
        trouble: Mutex::new(None),
    };
    let (teller, group) = (Arc::new(teller), group.to_owned());
    let thread = spawn("kafka-member", move || {
        while !teller.is_closing() {
            if let Err(error) = live(&transport, &group, &teller) {
                teller.trouble(Some(error.to_string()));
                thread::sleep(LOOK);
            }
        }
    })?;
    Ok(Consumer {
        events,
        member: consumer::Member::Kafka(Member { closing, thread }),
    })
}

fn spawn(
    name: &str,
    run: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, TransportError> {
    let spawned = thread::Builder::new().name(name.to_owned()).spawn(run);
    spawned.map_err(|cause| TransportError::File {
        what: "can't start the thread",
        path: PathBuf::from(name),
        cause,
    })
}

impl Member {
    pub(in crate::transport) async fn close(self, limit: Duration) {
        self.closing.store(true, Ordering::Release);
        let gone = async {
            while !self.thread.is_finished() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        if tokio::time::timeout(limit, gone).await.is_err() {
            tracing::warn!("the consumer group was not left in time; it notices by itself");
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::Release);
    }
}

/// Tells the sink, and tells people once.
struct Teller {
    topic: String,
    events: mpsc::Sender<ConsumerEvent>,
    closing: Arc<AtomicBool>,
    trouble: Mutex<Option<String>>,
}

impl Teller {
    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    fn tell(&self, event: ConsumerEvent) {
        if self.events.blocking_send(event).is_err() {
            self.closing.store(true, Ordering::Release);
        }
    }

    /// `None` where all is well.
    fn trouble(&self, trouble: Option<String>) {
        let before = std::mem::replace(&mut *lock(&self.trouble), trouble.clone());
        match (before, trouble) {
            // The words may change while a broker goes down; it was told that it did.
            (Some(_), Some(_)) | (None, None) => {}
            (None, Some(words)) => {
                tracing::warn!(topic = self.topic, "waiting: {words}");
                self.tell(ConsumerEvent::Broker(BrokerState::Down(words)));
            }
            (Some(_), None) => {
                tracing::info!(topic = self.topic, "Kafka answers");
                self.tell(ConsumerEvent::Broker(BrokerState::Up));
            }
        }
    }
}

/// One life of the topic, from its discovery to its end, or until the consumer is closed.
fn live(
    transport: &KafkaTransport,
    group: &str,
    teller: &Arc<Teller>,
) -> Result<(), TransportError> {
    let watch = Watch::open(transport)?;
    let Some(stream) = wait_for_topic(&watch, teller) else {
        return Ok(());
    };
    let context = GroupContext::default();
    let consumer: BaseConsumer<GroupContext> = (group_config(transport, group))
        .create_with_context(context)
        .map_err(|error| failed("can't make a Kafka consumer", &error))?;
    (consumer.subscribe(&[&transport.topic]))
        .map_err(|error| failed("can't subscribe to the topic", &error))?;
    let shared = Arc::new(Shared::default());
    let watching = {
        let (shared, teller, id) = (Arc::clone(&shared), Arc::clone(teller), stream.id.clone());
        spawn("kafka-watch", move || {
            look_after(&watch, &shared, &teller, &id);
        })?
    };
    teller.tell(ConsumerEvent::StreamStarted(stream.clone()));
    let life = Life {
        stream: stream.clone(),
        consumer: Arc::new(consumer),
        shared: Arc::clone(&shared),
        teller,
        held: BTreeMap::new(),
        revoking: Vec::new(),
    };
    life.run();
    shared.over.store(true, Ordering::Release);
    if shared.ended.load(Ordering::Acquire) {
        teller.tell(ConsumerEvent::StreamEnded(stream.id));
    }
    // It panicked only if a test's assertion of ours did.
    watching.join().ok();
    Ok(())
}

fn group_config(transport: &KafkaTransport, group: &str) -> rdkafka::ClientConfig {
    let mut config = transport.client_config();
    read_config(&mut config);
    config
        .set("group.id", group)
        .set("partition.assignment.strategy", "cooperative-sticky")
        // The shortest that brokers take by default: how long a killed process keeps its partitions.
        .set("session.timeout.ms", "6000")
        .set("heartbeat.interval.ms", "1500");
    config
}

/// For whoever reads records.
pub(super) fn read_config(config: &mut rdkafka::ClientConfig) {
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
        .set("queued.max.messages.kbytes", "8192")
        .set("fetch.message.max.bytes", "1048576")
        .set("fetch.max.bytes", "8388608")
        .set("message.max.bytes", "8388608")
        .set("receive.message.max.bytes", "100000000")
        .set("check.crcs", "true");
}

fn wait_for_topic(watch: &Watch, teller: &Teller) -> Option<StreamInfo> {
    while !teller.is_closing() {
        match watch.stream(LOOK_LIMIT) {
            Ok(stream) => {
                teller.trouble(None);
                return Some(stream);
            }
            Err(error) => teller.trouble(Some(error.to_string())),
        }
        thread::sleep(LOOK);
    }
    None
}

/// Notices that the topic was deleted or created again, and how far its partitions go.
fn look_after(watch: &Watch, shared: &Shared, teller: &Teller, id: &comptoir_model::ids::StreamId) {
    let mut gone_since = None;
    while !shared.over.load(Ordering::Acquire) {
        let mut trouble = None;
        match watch.stream_id(LOOK_LIMIT) {
            Ok(found) if found == *id => gone_since = None,
            Ok(_) => return shared.end(),
            Err(TransportError::NoTopic { .. }) => {
                let now = clock::instant();
                if now.duration_since(*gone_since.get_or_insert(now)) >= GONE_AFTER {
                    return shared.end();
                }
            }
            Err(error) => trouble = Some(error.to_string()),
        }
        if trouble.is_none() && gone_since.is_none() {
            for slot in shared.slots() {
                match watch.bounds(slot.key.partition, LOOK_LIMIT) {
                    Ok(bounds) => *lock(&slot.bounds) = Some(bounds),
                    Err(error) => trouble = Some(error.to_string()),
                }
            }
        }
        teller.trouble(trouble);
        thread::sleep(LOOK);
    }
}

/// Between the threads of one life.
#[derive(Default)]
struct Shared {
    /// The topic was deleted or created again.
    ended: AtomicBool,
    /// Nobody reads any more.
    over: AtomicBool,
    slots: Mutex<Vec<Weak<Slot>>>,
}

impl Shared {
    fn slots(&self) -> Vec<Arc<Slot>> {
        let mut slots = lock(&self.slots);
        slots.retain(|slot| slot.strong_count() > 0);
        slots.iter().filter_map(Weak::upgrade).collect()
    }

    fn end(&self) {
        self.ended.store(true, Ordering::Release);
        for slot in self.slots() {
            slot.ended.store(true, Ordering::Release);
        }
    }
}

/// A partition that this process owns, while anything holds on to the slot.
pub(super) struct Slot {
    pub(super) key: PartitionKey,
    pub(super) topic: String,
    pub(super) consumer: Arc<BaseConsumer<GroupContext>>,
    pub(super) bounds: Mutex<Option<LogBounds>>,
    /// A record of it was delivered elsewhere: fetch again from the position.
    pub(super) disturbed: AtomicBool,
    /// Whether librdkafka fetches it. Held while that changes.
    pub(super) fetching: Arc<Mutex<bool>>,
    revoked: AtomicBool,
    ended: AtomicBool,
}

impl Slot {
    pub(super) fn is_revoked(&self) -> bool {
        self.revoked.load(Ordering::Acquire)
    }

    pub(super) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }
}

pub struct Assignment {
    slot: Arc<Slot>,
}

impl std::fmt::Debug for Assignment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Assignment").field(&self.slot.key).finish()
    }
}

impl Assignment {
    pub(in crate::transport) fn key(&self) -> &PartitionKey {
        &self.slot.key
    }

    pub(in crate::transport) fn is_revoked(&self) -> bool {
        self.slot.is_revoked() || self.slot.is_ended()
    }

    pub(in crate::transport) fn start(self, from: Offset) -> PartitionReader {
        PartitionReader::new(self.slot, from)
    }
}

/// What the group said, until the polling thread acts on it.
#[derive(Default)]
pub(super) struct GroupContext {
    changes: Mutex<Vec<Change>>,
    /// The consumer is being closed: nothing is left to wait for.
    closing: AtomicBool,
}

enum Change {
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
fn told(result: KafkaResult<()>) {
    if let Err(error) = result {
        tracing::debug!("librdkafka: {error}");
    }
}

/// The polling thread's own.
struct Life<'a> {
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

impl Life<'_> {
    fn run(mut self) {
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

/// Nothing is left half done where these are held.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
