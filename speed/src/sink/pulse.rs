//! Once a second: tells the warehouse that this process lives, how far it has seen, and which
//! streams have ended.

use super::WarehouseRole;
use super::status::Status;
use comptoir_config::clock;
use comptoir_model::ids::StreamId;
use comptoir_model::live::QuarterHour;
use comptoir_warehouse::{
    LiveQuery, LiveReader, ProcessPhase, ProcessState, Seen, ViewsWriter, Warehouse, WarehouseError,
};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use tracing::{info, warn};

/// No figure is asked for.
const FAR: QuarterHour = QuarterHour(i64::MAX / 1_000_000);

/// A process that was last seen so long ago is not missed any more.
const MISSED: SignedDuration = SignedDuration::from_hours(24);

pub(crate) const EVERY: Duration = Duration::from_secs(1);

/// What the heartbeat says of the process itself.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// The kind of sink.
    pub(crate) name: &'static str,
    pub(crate) instance: String,
    pub(crate) host: String,
    pub(crate) listen: String,
    pub(crate) started_at: Timestamp,
}

impl Identity {
    fn state(&self, phase: ProcessPhase, detail: String) -> ProcessState {
        ProcessState {
            name: self.name.to_owned(),
            instance: self.instance.clone(),
            host: self.host.clone(),
            pid: std::process::id(),
            listen: Some(self.listen.clone()),
            started_at: self.started_at,
            seen_at: clock::now(),
            phase,
            detail,
        }
    }
}

pub(crate) struct Pulse {
    pub(crate) warehouse: Warehouse,
    pub(crate) role: WarehouseRole,
    /// Whether its tables are known to be there.
    pub(crate) migrated: bool,
    pub(crate) identity: Identity,
    pub(crate) status: Arc<Status>,
    pub(crate) writer: Option<ViewsWriter>,
    /// The stream of the topic's present life, whose predecessors have ended.
    pub(crate) present: Option<Present>,
    pub(crate) ended: Vec<StreamId>,
    /// Whether processes that nobody misses any more are to be forgotten.
    pub(crate) tidy: bool,
}

pub(crate) struct Present {
    pub(crate) stream: StreamId,
    pub(crate) transport: &'static str,
    pub(crate) topic: String,
}

impl Pulse {
    /// One beat. A warehouse that is away is said once, and asked again at the next beat.
    pub(crate) async fn beat(&mut self) {
        let said = self.say().await;
        let mut sight = self.status.lock();
        match said {
            Ok(()) => {
                if sight.warehouse.take().is_some() {
                    info!("the warehouse answers again");
                }
            }
            Err(error) => {
                let why = error.to_string();
                if sight.warehouse.is_none() {
                    match self.role {
                        WarehouseRole::Store => warn!("waiting for the warehouse: {why}"),
                        WarehouseRole::Register => {
                            warn!("the warehouse is not told that this process lives: {why}");
                        }
                    }
                }
                sight.warehouse = Some(why);
            }
        }
    }

    /// The last one: the process ends in order.
    pub(crate) async fn stopped(&mut self) {
        let state = self.identity.state(ProcessPhase::Stopped, String::new());
        if let Err(error) = self.warehouse.beat(&state).await {
            warn!("the warehouse does not know that this process has ended: {error}");
        }
    }

    async fn say(&mut self) -> Result<(), WarehouseError> {
        let (phase, detail) = {
            let mut sight = self.status.lock();
            // That it answers is what this beat shows.
            let warehouse = sight.warehouse.take();
            let phase = sight.phase(self.role);
            sight.warehouse = warehouse;
            phase
        };
        if !self.migrated {
            self.warehouse.migrate().await?;
            self.migrated = true;
        }
        self.warehouse
            .beat(&self.identity.state(phase, detail))
            .await?;
        if self.role == WarehouseRole::Store {
            self.note_progress().await?;
            self.end_streams().await?;
        }
        if self.tidy {
            (self.warehouse.forget_processes(clock::now(), MISSED)).await?;
            self.tidy = false;
        }
        Ok(())
    }

    async fn note_progress(&mut self) -> Result<(), WarehouseError> {
        let progress: Vec<_> = {
            let mut sight = self.status.lock();
            (sight.partitions.values_mut())
                .filter_map(|partition| {
                    let news = std::mem::take(&mut partition.to_be_noted);
                    partition.id.zip(partition.progress).filter(|_| news)
                })
                .collect()
        };
        if progress.is_empty() {
            return Ok(());
        }
        self.writer().await?.note_progress(&progress).await
    }

    /// A topic's earlier lives have ended, also those that ended while no sink ran.
    async fn end_streams(&mut self) -> Result<(), WarehouseError> {
        if let Some(present) = &self.present {
            let query = LiveQuery {
                seen: &Seen::default(),
                minutes_from: FAR,
                older_from: FAR,
                until: None,
                tops_from: None,
                recent_max: 0,
                dead_letters_max: 0,
            };
            let known = LiveReader::new(&self.warehouse).read(&query).await?.streams;
            let earlier = known.into_iter().filter(|stream| {
                stream.ended_at.is_none()
                    && stream.stream != present.stream
                    && stream.topic == present.topic
                    && stream.transport == present.transport
            });
            self.ended.extend(earlier.map(|stream| stream.stream));
            self.present = None;
        }
        while let Some(stream) = self.ended.last().cloned() {
            self.writer()
                .await?
                .end_stream(&stream, clock::now())
                .await?;
            warn!(
                "stream {} has ended: its figures stay, nothing more comes from it",
                stream.0
            );
            self.ended.pop();
        }
        Ok(())
    }

    async fn writer(&mut self) -> Result<&mut ViewsWriter, WarehouseError> {
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => ViewsWriter::open(&self.warehouse, &self.identity.instance).await?,
        };
        Ok(self.writer.insert(writer))
    }
}
