//! Sending made-up events: the shell around [`Generator`] and [`Pace`].

use super::catalog::{Catalog, CatalogError, ErpCatalog, payments};
use super::generator::Generator;
use super::pace::{Pace, Rate, Shape};
use super::shares::Shares;
use crate::transport::{Message, Producer, Retry, Transport, TransportError};
use comptoir_config::{Settings, clock};
use comptoir_lake::{Lake, LakeError, LakeOptions, LakePath, published};
use comptoir_model::money::Currency;
use comptoir_model::sales::SALES_COLUMNS;
use jiff::{SignedDuration, Timestamp};
use std::io::{self, Write};
use std::pin::pin;
use std::time::Duration;
use tracing::{info, warn};

/// Who is this far behind, after a long sleep of the machine say, goes on from now.
const BEHIND_MAX: SignedDuration = SignedDuration::from_mins(15);
/// Records between two looks at the clock and at the shutdown.
const TURN: u32 = 512;
/// At most this long between two records that are due at different moments.
const NAP_MIN: Duration = Duration::from_millis(2);
/// For what was sent to arrive, at the end.
const FLUSH_MAX: Duration = Duration::from_secs(30);
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// For reading the import that the catalog comes from.
const CATALOG_MAX: Duration = Duration::from_mins(5);

/// What to send.
#[derive(Clone, Debug)]
pub struct SimulateRequest {
    pub seed: u64,
    pub catalog: CatalogChoice,
    pub rate: Rate,
    pub shape: Shape,
    pub shares: Shares,
    pub extent: Extent,
    pub hurry: Hurry,
    /// The time of the first event. `None` is now, or of [`Hurry::Fast`] as long ago as what is
    /// sent takes, so that it ends now.
    pub start: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CatalogChoice {
    /// Of the newest import in the lake; the built-in sample where there is none.
    Erp,
    Payments,
}

/// When it is over; without any limit, at the shutdown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    pub rows: Option<u64>,
    /// Of the events' time.
    pub seconds: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hurry {
    /// Each record at its time.
    Paced,
    /// As fast as the transport takes them. Their times still follow the rate.
    Fast,
}

/// What was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Simulated {
    pub rows: u64,
    pub bytes: u64,
}

impl Simulated {
    fn count(&mut self, record: &[u8]) {
        self.rows += 1;
        self.bytes += record.len() as u64;
    }
}

#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    #[error(transparent)]
    Transport(#[from] TransportError),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

/// Creates the topic where it is missing, waits for brokers that are away, and sends until the
/// extent is reached or `shutdown` completes; what was sent has arrived then. `sent` is told the
/// number of records from time to time.
pub async fn run(
    settings: &Settings,
    request: SimulateRequest,
    sent: impl Fn(u64),
    shutdown: impl Future<Output = ()>,
) -> Result<Simulated, SimulateError> {
    let transport = Transport::open(&settings.transport)?;
    let mut shutdown = pin!(shutdown);
    let prepared = async {
        let catalog = load_catalog(request.catalog, settings).await?;
        create_topic(&transport, settings).await?;
        Ok::<_, SimulateError>((catalog, transport.producer().await?))
    };
    let (catalog, producer) = tokio::select! {
        prepared = prepared => prepared?,
        () = &mut shutdown => return Ok(Simulated { rows: 0, bytes: 0 }),
    };
    let tills = Tills::new(request, catalog);
    info!(
        "simulating with seed {} from {}: {} to {}",
        tills.request.seed,
        tills.start,
        transport.kind(),
        transport.topic()
    );
    let ended = {
        let mut tills = tills;
        tokio::select! {
            ended = tills.send_all(&producer, &sent) => ended.map(|()| tills.simulated),
            () = &mut shutdown => Ok(tills.simulated),
        }
    };
    producer.flush(FLUSH_MAX).await?;
    let simulated = ended?;
    sent(simulated.rows);
    Ok(simulated)
}

/// Writes the events to `out` instead, one a line, at once. A damaged record may hold any bytes, and
/// none at all.
pub fn print(
    request: SimulateRequest,
    catalog: Catalog,
    out: &mut dyn Write,
) -> io::Result<Simulated> {
    let mut tills = Tills::new(request, catalog);
    while !tills.is_over() {
        let draft = tills.generator.next(tills.pace.due());
        out.write_all(draft.bytes)?;
        out.write_all(b"\n")?;
        tills.simulated.count(draft.bytes);
        tills.pace.advance();
    }
    out.flush()?;
    Ok(tills.simulated)
}

/// The catalog that events are drawn from. The lake may be empty, or away: the built-in sample has
/// the same shape, and the log says so.
pub async fn load_catalog(
    choice: CatalogChoice,
    settings: &Settings,
) -> Result<Catalog, CatalogError> {
    let CatalogChoice::Erp = choice else {
        return Ok(payments());
    };
    let currency = settings.shop.currency;
    let found = tokio::time::timeout(CATALOG_MAX, imported(settings)).await;
    match found {
        Ok(Ok(Some(catalog))) => return catalog?.finish(currency),
        Ok(Ok(None)) => info!("nothing is imported yet: the catalog is the built-in sample"),
        Ok(Err(error)) => {
            warn!("the import can't be read, the catalog is the built-in sample: {error}");
        }
        Err(_) => warn!(
            "the import was not read within {} s: the catalog is the built-in sample",
            CATALOG_MAX.as_secs()
        ),
    }
    sample(currency)
}

async fn imported(
    settings: &Settings,
) -> Result<Option<Result<ErpCatalog, CatalogError>>, LakeError> {
    let options = LakeOptions {
        timeout: settings.lake.timeout,
        hadoop_conf_dir: settings.lake.hadoop_conf_dir.clone(),
    };
    let lake = Lake::open(&settings.lake.url.to_string(), options)?;
    let target = LakePath::parse(&settings.import.target_dir)?;
    let Some(import) = published::open(&lake, &target).await? else {
        return Ok(None);
    };
    let columns: Vec<_> = (import.manifest().columns.iter())
        .map(|column| &column.name)
        .collect();
    let mut catalog = match ErpCatalog::of(&columns) {
        Ok(catalog) => catalog,
        Err(error) => return Ok(Some(Err(error))),
    };
    for part in 0..import.manifest().parts.len() {
        for row in import.read_rows(part).await? {
            catalog.add(&row);
        }
    }
    Ok(Some(Ok(catalog)))
}

pub(super) fn sample(currency: Currency) -> Result<Catalog, CatalogError> {
    let mut catalog = ErpCatalog::of(&SALES_COLUMNS)?;
    for row in comptoir_sample::generate(comptoir_sample::DEFAULT_SEED) {
        catalog.add(&row.record().map(Some));
    }
    catalog.finish(currency)
}

async fn create_topic(transport: &Transport, settings: &Settings) -> Result<(), TransportError> {
    let mut said = false;
    loop {
        let (partitions, replication) = (
            settings.transport.partitions,
            settings.transport.replication,
        );
        match transport.create_topic(partitions, replication).await {
            Ok(_) => return Ok(()),
            Err(error) if error.retry() == Retry::CanHelp => {
                if !said {
                    warn!("waiting for the transport: {error}");
                }
                said = true;
            }
            Err(error) => return Err(error),
        }
        tokio::time::sleep(ASK_AGAIN_AFTER).await;
    }
}

/// The state of a simulation under way.
struct Tills {
    request: SimulateRequest,
    start: Timestamp,
    generator: Generator,
    pace: Pace,
    simulated: Simulated,
}

impl Tills {
    fn new(request: SimulateRequest, catalog: Catalog) -> Self {
        let start = request.start.unwrap_or_else(|| first_moment(&request));
        Self {
            generator: Generator::new(request.seed, start, catalog, request.shares),
            pace: Pace::new(request.rate, request.shape.clone(), start, request.seed),
            simulated: Simulated { rows: 0, bytes: 0 },
            request,
            start,
        }
    }

    async fn send_all(
        &mut self,
        producer: &Producer,
        sent: &impl Fn(u64),
    ) -> Result<(), SimulateError> {
        // A start that was asked for may lie anywhere: its first record goes now.
        let shift = match self.request.hurry {
            Hurry::Paced => clock::now().duration_since(self.start),
            Hurry::Fast => SignedDuration::ZERO,
        };
        loop {
            let turn = match self.request.hurry {
                Hurry::Fast => Timestamp::MAX,
                Hurry::Paced => {
                    let now = clock::now();
                    let due = now.checked_sub(shift).unwrap_or(now);
                    let behind = due.duration_since(self.pace.due());
                    if behind > BEHIND_MAX {
                        warn!("{behind:#} behind: going on from now");
                        self.pace.skip_to(due);
                    }
                    due
                }
            };
            for _ in 0..TURN {
                if self.is_over() {
                    return Ok(());
                }
                if self.pace.due() > turn {
                    break;
                }
                self.send_one(producer).await?;
            }
            sent(self.simulated.rows);
            if self.pace.due() <= turn {
                tokio::task::yield_now().await;
                continue;
            }
            let until = self.pace.due().duration_since(turn);
            let nap = Duration::try_from(until).unwrap_or_default();
            tokio::time::sleep(nap.max(NAP_MIN)).await;
        }
    }

    async fn send_one(&mut self, producer: &Producer) -> Result<(), SimulateError> {
        let draft = self.generator.next(self.pace.due());
        let message = Message {
            key: draft.key,
            partition: None,
            timestamp: draft.timestamp,
            value: draft.bytes,
        };
        producer.send(message).await?;
        self.simulated.count(draft.bytes);
        self.pace.advance();
        Ok(())
    }

    fn is_over(&self) -> bool {
        let Extent { rows, seconds } = self.request.extent;
        let end = seconds.map(|seconds| self.start + SignedDuration::from_secs(seconds.into()));
        rows.is_some_and(|rows| self.simulated.rows >= rows)
            || end.is_some_and(|end| self.pace.due() >= end)
    }
}

/// Now; in a hurry, so long before that what is sent ends about now.
fn first_moment(request: &SimulateRequest) -> Timestamp {
    let now = clock::now();
    let taken = match (request.hurry, request.extent) {
        (Hurry::Paced, _) => SignedDuration::ZERO,
        (Hurry::Fast, Extent { rows, seconds }) => {
            let rows = rows.map(|rows| request.rate.time_of(rows));
            let seconds = seconds.map(|seconds| SignedDuration::from_secs(seconds.into()));
            rows.into_iter().chain(seconds).min().unwrap_or_default()
        }
    };
    now.checked_sub(taken).unwrap_or(now)
}
