//! Keeps the batch views fresh, the live run first.

use super::ends_soon;
use super::pace::{self, Outcome};
use anyhow::Result;
use comptoir_batch::cli::Exit;
use comptoir_batch::views;
use comptoir_config::{Settings, clock};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

/// Runs them until `stop`, which is safe at any moment: a run that ends anywhere leaves the last
/// good results. Begins after the first import, which the shipped views read.
pub(super) async fn keep_fresh(
    settings: Settings,
    first_import: CancellationToken,
    stop: CancellationToken,
) -> Result<()> {
    let runtime = Handle::current();
    // On a thread of its own: what they compute between two waits would hold up the page.
    let refreshing = spawn_blocking(move || {
        runtime.block_on(async {
            tokio::select! {
                refreshed = refresh(&settings, &first_import) => refreshed,
                () = stop.cancelled() => Ok(()),
            }
        })
    });
    refreshing.await?
}

async fn refresh(settings: &Settings, first_import: &CancellationToken) -> Result<()> {
    let Some(every) = settings.views.every else {
        return std::future::pending().await;
    };
    ends_soon(first_import).await;
    let mut failures = 0;
    loop {
        let started = clock::instant();
        // What went wrong is in the log already.
        let outcome = if views::refresh(settings).await? == Exit::Done {
            failures = 0;
            Outcome::Done
        } else {
            failures += 1;
            Outcome::Failed(failures)
        };
        let pause = pace::pause(outcome, started.elapsed(), Some(every));
        tokio::time::sleep(pause.unwrap_or(every)).await;
    }
}
