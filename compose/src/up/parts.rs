//! What runs in the launcher, and with which settings.

use super::UpArgs;
use super::importer::Importer;
use super::keep::keep;
use super::port::Port;
use super::sample::Sample;
use crate::lake_tool;
use crate::terminal::Terminal;
use anyhow::Result;
use comptoir_batch::import::{ImportRequest, Source};
use comptoir_config::Settings;
use comptoir_lake::{Lake, LakePath};
use std::sync::Arc;
use tokio::sync::oneshot;
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
    lake: Lake,
    sales: LakePath,
    page: Port,
}

impl Parts {
    pub(super) fn new(
        settings: &Settings,
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
        let shared = Shared {
            settings: settings.clone(),
            lake,
            sales: importer.request.target.clone(),
            page,
        };
        Ok(Self { importer, shared })
    }

    /// Starts all of them; each ends after `stop`. `tried` hears when the first import was tried.
    pub(super) fn start(self, stop: &CancellationToken, tried: oneshot::Sender<()>) -> JoinSet<()> {
        let mut running = JoinSet::new();
        let stopped = stop.clone();
        let importer = self.importer;
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
        self.running.spawn(keep(name, self.stop.clone(), start));
    }
}

async fn web(shared: Arc<Shared>, stop: CancellationToken) -> Result<()> {
    let Shared {
        settings,
        lake,
        sales,
        page,
    } = &*shared;
    let (lake, sales, currency) = (lake.clone(), sales.clone(), settings.shop.currency);
    comptoir_web::serve(page.listener()?, lake, sales, currency, stop.cancelled()).await?;
    Ok(())
}
