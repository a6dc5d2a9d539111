//! Keeps the lake's copy of the ERP fresh.

use super::pace::{self, Outcome};
use super::sample::Sample;
use crate::terminal::Terminal;
use anyhow::Result;
use comptoir_batch::import::{ImportReport, ImportRequest, Source, import};
use comptoir_config::clock;
use comptoir_lake::Lake;
use comptoir_model::ids::RunId;
use std::convert::Infallible;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

pub(super) struct Importer {
    pub(super) source: Source,
    pub(super) lake: Lake,
    pub(super) request: ImportRequest,
    pub(super) sample: Sample,
    /// From one start to the next; `None`: once.
    pub(super) every: Option<Duration>,
    pub(super) terminal: Terminal,
}

impl Importer {
    /// Imports until it is dropped, which is safe at any moment: the next run cleans up. `tried`
    /// is cancelled when the first try has ended, however it did.
    pub(super) async fn run(self, tried: CancellationToken) -> Infallible {
        let mut failures = 0;
        loop {
            let started = clock::instant();
            let outcome = match self.load_and_import().await {
                Ok(report) => {
                    tracing::info!(run = %report.run, "{report}");
                    failures = 0;
                    Outcome::Done
                }
                Err(error) => {
                    failures += 1;
                    tracing::error!("the import failed: {error}");
                    Outcome::Failed(failures)
                }
            };
            tried.cancel();
            match pace::pause(outcome, started.elapsed(), self.every) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => std::future::pending().await,
            }
        }
    }

    async fn load_and_import(&self) -> Result<ImportReport> {
        self.sample
            .load_if_missing(&self.source, &self.terminal)
            .await?;
        let run = RunId::new(clock::now(), clock::random_u32());
        let bar = self
            .terminal
            .bar(&format!("importing {}", self.request.selection.name()));
        let report = import(
            &self.source,
            &self.lake,
            &self.request,
            run,
            clock::now,
            &bar,
        )
        .await;
        bar.finish_and_clear();
        Ok(report?)
    }
}
