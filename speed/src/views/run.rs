//! The process: partitions come and go, metrics are served, the heart beats.

use super::error::ViewsError;
use super::http::{Served, router};
use super::metrics::Metrics;
use super::pulse::{EVERY, Identity, Present, Pulse};
use super::status::Status;
use super::store::Store;
use super::worker::{Again, Shared, Worker};
use crate::transport::{Assignment, BrokerState, ConsumerEvent, Transport};
use crate::warehouse;
use comptoir_config::{Settings, clock};
use comptoir_model::merge::PartitionKey;
use comptoir_warehouse::{Retry, Warehouse};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// From the wish to stop to the end of the last batch.
const DRAIN_LIMIT: Duration = Duration::from_secs(4);
/// For the last words, after that.
const LAST_WORDS_LIMIT: Duration = Duration::from_millis(500);

/// What is counted, and into what.
#[derive(Clone, Debug)]
pub struct ViewsRequest {
    pub transport: Transport,
    pub warehouse: Warehouse,
    /// The processes of a group share the topic's partitions.
    pub group: String,
}

impl ViewsRequest {
    /// Reads the files that the settings name, and asks nobody.
    pub fn of(settings: &Settings) -> Result<Self, ViewsError> {
        Ok(Self {
            transport: Transport::open(&settings.transport)?,
            warehouse: warehouse::of(&settings.warehouse)?,
            group: settings.speed.group.clone(),
        })
    }
}

/// Counts until `shutdown` completes, then finishes the batches under way for up to 4 s. Serves
/// `/metrics`, `/healthz` and `/readyz` on `listener`.
///
/// A broker, a topic or a warehouse that is not there is waited for. Errors are those that waiting
/// can't cure: a login that is refused at the start, a schema that is newer than this program.
pub async fn run(
    request: ViewsRequest,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ViewsError> {
    let status = Arc::new(Status::default());
    let metrics = Arc::new(Metrics::new(Arc::clone(&status)));
    let stop = CancellationToken::new();
    // Also where this future is dropped: threads are not.
    let _stop_guard = stop.clone().drop_guard();
    let identity = identity(&listener)?;
    let served = Served {
        metrics: Arc::clone(&metrics),
        status: Arc::clone(&status),
    };
    let serving = axum::serve(listener, router(served)).into_future();
    let shared = Arc::new(Shared {
        reach: request.transport.reach(),
        status,
        metrics,
        stop,
    });
    let counting = count(request, identity, shared, shutdown);
    tokio::select! {
        served = serving => served.map_err(ViewsError::Serve),
        counted = counting => counted,
    }
}

async fn count(
    request: ViewsRequest,
    identity: Identity,
    shared: Arc<Shared>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ViewsError> {
    let mut shutdown = std::pin::pin!(shutdown);
    tokio::select! {
        migrated = migrate(&request.warehouse, &shared.status) => migrated?,
        () = &mut shutdown => return Ok(()),
    }
    let mut consumer = request.transport.consumer(&request.group)?;
    let mut threads = Threads {
        owner: identity.instance.clone(),
        request: &request,
        shared: Arc::clone(&shared),
        running: BTreeMap::new(),
    };
    let mut pulse = Pulse {
        warehouse: request.warehouse.clone(),
        identity,
        status: Arc::clone(&shared.status),
        writer: None,
        present: None,
        ended: Vec::new(),
        tidy: true,
    };
    let (orders, mut ordered) = tokio::sync::mpsc::unbounded_channel();
    let beating = async {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            while let Ok(order) = ordered.try_recv() {
                match order {
                    Order::Started(present) => pulse.present = Some(present),
                    Order::Ended(stream) => pulse.ended.push(stream),
                }
            }
            pulse.beat().await;
        }
    };
    let working = async {
        loop {
            tokio::select! {
                event = consumer.next() => match event {
                    Some(ConsumerEvent::Assigned(assignment)) => threads.start(assignment)?,
                    Some(ConsumerEvent::StreamStarted(info)) => {
                        info!(partitions = info.partitions, "topic {} is stream {}", info.topic, info.id.0);
                        shared.status.lock().topic_found = true;
                        orders.send(Order::Started(Present {
                            stream: info.id,
                            transport: request.transport.kind(),
                            topic: info.topic,
                        })).ok();
                    }
                    Some(ConsumerEvent::StreamEnded(stream)) => {
                        orders.send(Order::Ended(stream)).ok();
                    }
                    Some(ConsumerEvent::Broker(state)) => say_broker(&shared.status, state),
                    None => return Ok(()),
                },
                ended = threads.one_ended() => ended?,
                () = &mut shutdown => return Ok(()),
            }
        }
    };
    let worked: Result<(), ViewsError> = tokio::select! {
        never = beating => never,
        worked = working => worked,
    };
    let draining = async {
        consumer.close(DRAIN_LIMIT).await;
        while !threads.running.is_empty() {
            threads.one_ended().await?;
        }
        Ok::<_, ViewsError>(())
    };
    let drained = tokio::time::timeout(DRAIN_LIMIT, draining).await;
    shared.stop.cancel();
    if drained.is_err() {
        warn!("a batch was not finished in time: it is counted by the next owner");
    }
    tokio::time::timeout(LAST_WORDS_LIMIT, pulse.stopped())
        .await
        .ok();
    worked.and(drained.unwrap_or(Ok(())))
}

enum Order {
    Started(Present),
    Ended(comptoir_model::ids::StreamId),
}

/// Until the warehouse has its tables; an error that waiting can't cure ends it.
async fn migrate(warehouse: &Warehouse, status: &Status) -> Result<(), ViewsError> {
    let mut again = Again::default();
    loop {
        match warehouse.migrate().await {
            Ok(_) => {
                status.lock().warehouse = None;
                return Ok(());
            }
            Err(error) if error.retry() == Retry::CanNot => return Err(error.into()),
            Err(error) => {
                let why = error.to_string();
                let before = status.lock().warehouse.replace(why.clone());
                if before.is_none() {
                    warn!("waiting for the warehouse: {why}");
                }
                tokio::time::sleep(again.after_failure()).await;
            }
        }
    }
}

fn say_broker(status: &Status, state: BrokerState) {
    let mut sight = status.lock();
    match state {
        BrokerState::Up => {
            if sight.transport.take().is_some() {
                info!("the transport answers again");
            }
        }
        BrokerState::Down(why) => sight.transport = Some(why),
    }
}

/// Stable over restarts with the same settings, so that a process that was killed and came back is
/// one process to whoever watches.
fn identity(listener: &TcpListener) -> Result<Identity, ViewsError> {
    let listen = listener
        .local_addr()
        .map_err(ViewsError::Serve)?
        .to_string();
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = match host.trim() {
        "" => "localhost".to_owned(),
        host => host.to_owned(),
    };
    Ok(Identity {
        instance: format!("{}/{listen}", host.chars().take(40).collect::<String>()),
        host,
        listen,
        started_at: clock::now(),
    })
}

/// The partitions of this process, each on its thread.
struct Threads<'a> {
    owner: String,
    request: &'a ViewsRequest,
    shared: Arc<Shared>,
    running: BTreeMap<PartitionKey, Vec<oneshot::Receiver<()>>>,
}

impl Threads<'_> {
    fn start(&mut self, assignment: Assignment) -> Result<(), ViewsError> {
        let transport = &self.request.transport;
        let store = Store::new(
            Handle::current(),
            self.request.warehouse.clone(),
            self.owner.clone(),
            (transport.kind(), transport.topic().to_owned()),
        );
        let key = assignment.key().clone();
        let (end, ended) = oneshot::channel();
        let worker = Worker::new(assignment, Arc::clone(&self.shared), store);
        std::thread::Builder::new()
            .name(format!("views-{}", key.partition.0))
            .spawn(move || {
                worker.run();
                // Nobody listens where the process ends.
                end.send(()).ok();
            })
            .map_err(ViewsError::Thread)?;
        self.running.entry(key).or_default().push(ended);
        Ok(())
    }

    /// Waits for the end of any thread; for ever where none runs. Nothing is lost when dropped.
    async fn one_ended(&mut self) -> Result<(), ViewsError> {
        let (key, index, ended) = std::future::poll_fn(|context| {
            for (key, threads) in &mut self.running {
                for (index, thread) in threads.iter_mut().enumerate() {
                    if let std::task::Poll::Ready(ended) = std::pin::Pin::new(thread).poll(context)
                    {
                        return std::task::Poll::Ready((key.clone(), index, ended));
                    }
                }
            }
            std::task::Poll::Pending
        })
        .await;
        if let Some(threads) = self.running.get_mut(&key) {
            threads.swap_remove(index);
            if threads.is_empty() {
                self.running.remove(&key);
            }
        }
        ended.map_err(|_| ViewsError::Panicked(key.to_string()))
    }
}
