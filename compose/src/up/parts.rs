//! What runs in the launcher, and with which settings.

use super::UpArgs;
use super::batch_views;
use super::ends_soon;
use super::importer::Importer;
use super::keep::keep;
use super::pace;
use super::port::Port;
use super::sample::Sample;
use crate::lake_tool;
use crate::terminal::Terminal;
use anyhow::Result;
use comptoir_batch::import::{ImportRequest, Source};
use comptoir_batch::jobs;
use comptoir_config::{Settings, Sources, clock};
use comptoir_lake::Lake;
use comptoir_logship::ship::{self, ShipRequest};
use comptoir_speed::archive::{self, ArchiveRequest};
use comptoir_speed::simulate::{
    CatalogChoice, Extent, Hurry, Rate, Shape, Shares, SimulateRequest, run as simulate,
};
use comptoir_speed::transport::Transport;
use comptoir_speed::views::{self, ViewsRequest};
use comptoir_web::ServeRequest;
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Everything that is to run: checked, and with its ports open.
pub(super) struct Parts {
    importer: Importer,
    shared: Shared,
}

/// What every start of a part begins with.
struct Shared {
    settings: Settings,
    /// Of the settings: a job's own flags beat them.
    sources: Sources,
    lake: Lake,
    page: Port,
    speed: Port,
    archive: Port,
    logship: Port,
    /// Of made-up events; `None` sends none.
    rate: Option<Rate>,
    /// Cancelled once the first import was tried.
    first_import: CancellationToken,
}

impl Parts {
    pub(super) fn new(
        settings: &Settings,
        sources: &Sources,
        args: &UpArgs,
        page: Port,
        terminal: &Terminal,
    ) -> Result<Self> {
        let lake = lake_tool::open(&settings.lake)?;
        let importer = Importer {
            source: Source::of(&settings.erp)?,
            lake: lake.clone(),
            request: ImportRequest::shipped(&settings.import)?,
            sample: Sample::of(settings, args.sample),
            every: settings.import.every,
            terminal: terminal.clone(),
        };
        let logship = Port::near(settings.logship.listen)?;
        let mut settings = settings.clone();
        if settings.web.logs_url == format!("http://{}", settings.logship.listen) {
            settings.web.logs_url = format!("http://{}", logship.address);
        }
        let shared = Shared {
            lake,
            page,
            speed: Port::near(settings.speed.listen)?,
            archive: Port::near(settings.archive.listen)?,
            logship,
            settings,
            sources: sources.clone(),
            rate: Rate::per_second(args.rate),
            first_import: CancellationToken::new(),
        };
        Ok(Self { importer, shared })
    }

    /// Is cancelled once the first import was tried.
    pub(super) fn first_import(&self) -> CancellationToken {
        self.shared.first_import.clone()
    }

    /// Starts all of them; each ends after `stop`.
    pub(super) fn start(self, stop: &CancellationToken) -> JoinSet<()> {
        let mut running = JoinSet::new();
        let tried = self.first_import();
        let (importer, stopped) = (self.importer, stop.clone());
        running.spawn(async move {
            tokio::select! {
                never = importer.run(tried) => match never {},
                () = stopped.cancelled() => {}
            }
        });
        let mut keeper = Keeper {
            running,
            stop: stop.clone(),
            shared: Arc::new(self.shared),
        };
        keeper.keep("web", web);
        keeper.keep("topic", topic);
        keeper.keep("views sink", views_sink);
        keeper.keep("archive sink", archive_sink);
        keeper.keep("batch views", batch_views);
        keeper.keep("jobs of the page", jobs_of_the_page);
        keeper.keep("log shipper", log_shipper);
        if keeper.shared.rate.is_some() {
            keeper.keep("simulator", simulator);
        }
        keeper.running
    }
}

struct Keeper {
    running: JoinSet<()>,
    stop: CancellationToken,
    shared: Arc<Shared>,
}

impl Keeper {
    /// Starts a part, and again whenever it ends.
    fn keep<F>(
        &mut self,
        name: &'static str,
        start: impl Fn(Arc<Shared>, CancellationToken) -> F + Send + 'static,
    ) where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let (shared, stop) = (Arc::clone(&self.shared), self.stop.clone());
        let start = move || start(Arc::clone(&shared), stop.clone());
        self.running
            .spawn(keep(name, self.stop.clone(), pace::again, start));
    }
}

async fn web(shared: Arc<Shared>, stop: CancellationToken) -> Result<()> {
    let request = ServeRequest::of(&shared.settings, shared.lake.clone())?;
    comptoir_web::serve(shared.page.listener()?, request, stop.cancelled()).await?;
    Ok(())
}

/// Creates the topic at the first start, also where nothing is simulated.
async fn topic(shared: Arc<Shared>, stop: CancellationToken) -> Result<()> {
    let settings = &shared.settings.transport;
    let transport = Transport::open(settings)?;
    let created = transport.create_topic(settings.partitions, settings.replication);
    tokio::select! {
        created = created => drop(created?),
        () = stop.cancelled() => return Ok(()),
    }
    stop.cancelled().await;
    Ok(())
}

async fn views_sink(shared: Arc<Shared>, stop: CancellationToken) -> Result<()> {
    let request = ViewsRequest::of(&shared.settings)?;
    views::run(request, shared.speed.listener()?, stop.cancelled_owned()).await?;
    Ok(())
}

async fn archive_sink(shared: Arc<Shared>, stop: CancellationToken) -> Result<()> {
    let request = ArchiveRequest::of(&shared.settings)?;
    archive::run(request, shared.archive.listener()?, stop.cancelled_owned()).await?;
    Ok(())
}

async fn batch_views(shared: Arc<Shared>, stop: CancellationToken) -> Result<()> {
    batch_views::keep_fresh(shared.settings.clone(), shared.first_import.clone(), stop).await
}

/// Runs what is asked for there.
async fn jobs_of_the_page(shared: Arc<Shared>, stop: CancellationToken) -> Result<()> {
    let (settings, sources) = (&shared.settings, &shared.sources);
    jobs::serve(settings, sources, stop.cancelled_owned()).await?;
    Ok(())
}

async fn log_shipper(shared: Arc<Shared>, stop: CancellationToken) -> Result<()> {
    let ended = if shared.settings.logship.source.is_some() {
        let request = ShipRequest::of(&shared.settings)?;
        let listener = shared.logship.listener()?;
        let ship = ship::run(request, shared.lake.clone(), listener, stop.cancelled());
        Box::pin(ship).await
    } else {
        Ok(())
    };
    match ended {
        // Starting again would take the log back, and the other one would do the same.
        Err(error) if error.is_superseded() => tracing::error!("not shipping any more: {error}"),
        ended => ended?,
    }
    stop.cancelled().await;
    Ok(())
}

/// Tills that are not there.
async fn simulator(shared: Arc<Shared>, stop: CancellationToken) -> Result<()> {
    let Some(rate) = shared.rate else {
        return Ok(());
    };
    // What it sells comes from the import.
    tokio::select! {
        _ = ends_soon(&shared.first_import) => {}
        () = stop.cancelled() => return Ok(()),
    }
    let request = SimulateRequest {
        seed: u64::from(clock::random_u32()),
        catalog: CatalogChoice::Erp,
        rate,
        shape: Shape::Steady,
        shares: Shares::default(),
        extent: Extent::default(),
        hurry: Hurry::Paced,
        start: None,
    };
    simulate(&shared.settings, request, |_| {}, stop.cancelled()).await?;
    Ok(())
}
