//! The API and the page, over the lake.
//!
//! [`serve`] answers from memory: one task looks at the lake every second and swaps the whole view
//! when a newer import is published, so that no request waits for HDFS and none sees half an
//! import. While the lake is away the last view goes on being served, and says so.

mod connections;
mod error;
mod history;
mod http;
mod metrics;
mod page;
mod probes;
mod routes;

pub use error::WebError;

use comptoir_lake::{Lake, LakePath};
use comptoir_model::money::Currency;
use history::sight::Sight;
use history::watcher::Watcher;
use http::guard::Hosts;
use metrics::Metrics;
use page::Page;
use routes::Server;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Whether the page was built before this program; else a plain one says how to build it.
pub fn has_page() -> bool {
    page::is_built()
}

/// Opens the address to listen on; port 0 takes a free one.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, WebError> {
    (TcpListener::bind(address).await).map_err(|source| WebError::Listen { address, source })
}

/// Serves until `shutdown` completes, then lets running requests finish for up to 3 s.
///
/// `target` is the directory of the lake that sales are imported to, and `currency` that of its
/// amounts. On a loopback address only requests to loopback names are answered.
pub async fn serve(
    listener: TcpListener,
    lake: Lake,
    target: LakePath,
    currency: Currency,
    shutdown: impl Future<Output = ()>,
) -> Result<(), WebError> {
    let address = listener.local_addr().map_err(WebError::Socket)?;
    let (sender, sight) = watch::channel(Sight::Unknown);
    let metrics = Arc::new(Metrics::new(sight.clone()));
    let watcher = Watcher {
        lake,
        target,
        currency,
        sight: sender,
        metrics: Arc::clone(&metrics),
    };
    let server = Server {
        sight,
        metrics,
        page: Page::embedded(),
    };
    let app = routes::router(server, Hosts::for_listener(address));
    tokio::select! {
        never = watcher.run() => match never {},
        () = connections::serve(listener, app, shutdown) => Ok(()),
    }
}
