//! The process: partitions come and go, metrics are served, the heart beats.

use super::error::SinkError;
use super::http::{Served, router};
use super::metrics::Metrics;
use super::pulse::{EVERY, Identity, Present, Pulse};
use super::status::Status;
use super::worker::{Again, Shared, Worker};
use super::{Sink, WarehouseRole};
use crate::transport::{Assignment, BrokerState, ConsumerEvent, Transport};
use comptoir_config::clock;
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

/// What a sink works with.
#[derive(Clone, Debug)]
pub(crate) struct Running<S> {
    pub(crate) sink: S,
    pub(crate) transport: Transport,
    pub(crate) warehouse: Warehouse,
    /// The processes of a group share the topic's partitions.
    pub(crate) group: String,
}

/// Works until `shutdown` completes, then finishes the batches under way for up to 4 s. Serves
/// `/metrics`, `/healthz` and `/readyz` on `listener`.
///
/// A broker, a topic or a store that is not there is waited for. Errors are those that waiting
/// can't cure: a login that is refused at the start, a schema that is newer than this program.
pub(crate) async fn run<S: Sink>(
    request: Running<S>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> Result<(), SinkError> {
    let status = Arc::new(Status::default());
    let metrics = Arc::new(Metrics::new(S::NAME, S::STORE, Arc::clone(&status)));
    let stop = CancellationToken::new();
    // Also where this future is dropped: threads are not.
    let _stop_guard = stop.clone().drop_guard();
    let identity = identity(S::NAME, &listener)?;
    let served = Served {
        metrics: Arc::clone(&metrics),
        status: Arc::clone(&status),
        role: S::WAREHOUSE,
    };
    let serving = axum::serve(listener, router(served)).into_future();
    let shared = Arc::new(Shared {
        reach: request.transport.reach(),
        status,
        metrics,
        stop,
    });
    let working = work(request, identity, shared, shutdown);
    tokio::select! {
        served = serving => served.map_err(SinkError::Serve),
        worked = working => worked,
    }
}

async fn work<S: Sink>(
    request: Running<S>,
    identity: Identity,
    shared: Arc<Shared>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), SinkError> {
    let mut shutdown = std::pin::pin!(shutdown);
    if S::WAREHOUSE == WarehouseRole::Store {
        tokio::select! {
            migrated = migrate(&request.warehouse, &shared.status) => migrated?,
            () = &mut shutdown => return Ok(()),
        }
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
        role: S::WAREHOUSE,
        migrated: S::WAREHOUSE == WarehouseRole::Store,
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
    let worked: Result<(), SinkError> = tokio::select! {
        never = beating => never,
        worked = working => worked,
    };
    let draining = async {
        consumer.close(DRAIN_LIMIT).await;
        while !threads.running.is_empty() {
            threads.one_ended().await?;
        }
        Ok::<_, SinkError>(())
    };
    let drained = tokio::time::timeout(DRAIN_LIMIT, draining).await;
    shared.stop.cancel();
    if drained.is_err() {
        warn!("a batch was not finished in time: it is left to the next owner");
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
async fn migrate(warehouse: &Warehouse, status: &Status) -> Result<(), SinkError> {
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
fn identity(name: &'static str, listener: &TcpListener) -> Result<Identity, SinkError> {
    let listen = listener.local_addr().map_err(SinkError::Serve)?.to_string();
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = match host.trim() {
        "" => "localhost".to_owned(),
        host => host.to_owned(),
    };
    Ok(Identity {
        name,
        instance: format!("{}/{listen}", host.chars().take(40).collect::<String>()),
        host,
        listen,
        started_at: clock::now(),
    })
}

/// The partitions of this process, each on its thread.
struct Threads<'a, S> {
    owner: String,
    request: &'a Running<S>,
    shared: Arc<Shared>,
    running: BTreeMap<PartitionKey, Vec<oneshot::Receiver<()>>>,
}

impl<S: Sink> Threads<'_, S> {
    fn start(&mut self, assignment: Assignment) -> Result<(), SinkError> {
        let runtime = Handle::current();
        let key = assignment.key().clone();
        let sink = (self.request.sink).partition(&key, &self.owner, &runtime);
        let (end, ended) = oneshot::channel();
        let shared = Arc::clone(&self.shared);
        let worker = Worker::new(assignment, shared, sink, S::DOING, runtime);
        std::thread::Builder::new()
            .name(format!("{}-{}", S::NAME, key.partition.0))
            .spawn(move || {
                worker.run();
                // Nobody listens where the process ends.
                end.send(()).ok();
            })
            .map_err(SinkError::Thread)?;
        self.running.entry(key).or_default().push(ended);
        Ok(())
    }

    /// Waits for the end of any thread; for ever where none runs. Nothing is lost when dropped.
    async fn one_ended(&mut self) -> Result<(), SinkError> {
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
        ended.map_err(|_| SinkError::Panicked(key.to_string()))
    }
}
