//! A member of a consumer group, through one life of the topic after the other.
//!
//! librdkafka decides with the group who owns what; from where a partition is read, and when it is
//! given up, is decided here: nothing is fetched before the sink has said where it stands, and a
//! revoked partition goes to the next owner when its reader was dropped.

use super::group::{GroupContext, group_config};
use super::life::Life;
use super::slot::{Shared, lock};
use super::watch::Watch;
use super::{KafkaTransport, failed};
use crate::transport::consumer::{self, BrokerState, Consumer, ConsumerEvent};
use crate::transport::error::TransportError;
use crate::transport::topic::StreamInfo;
use comptoir_config::clock;
use comptoir_model::ids::StreamId;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::sync::mpsc;

/// How often the topic and the ends of its partitions are looked at.
const LOOK: Duration = Duration::from_millis(500);
const LOOK_LIMIT: Duration = Duration::from_secs(5);
/// A broker that has just started may not know its topics yet.
const GONE_AFTER: Duration = Duration::from_secs(5);
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
pub(super) struct Teller {
    topic: String,
    events: mpsc::Sender<ConsumerEvent>,
    closing: Arc<AtomicBool>,
    trouble: Mutex<Option<String>>,
}

impl Teller {
    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    pub(super) fn tell(&self, event: ConsumerEvent) {
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
    Life::new(stream.clone(), consumer, Arc::clone(&shared), teller).run();
    shared.over.store(true, Ordering::Release);
    if shared.ended.load(Ordering::Acquire) {
        teller.tell(ConsumerEvent::StreamEnded(stream.id));
    }
    // It panicked only if a test's assertion of ours did.
    watching.join().ok();
    Ok(())
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
fn look_after(watch: &Watch, shared: &Shared, teller: &Teller, id: &StreamId) {
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
