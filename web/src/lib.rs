//! The API and the page, over the lake and the warehouse.
//!
//! [`serve`] answers from memory. One task looks at the lake every second and swaps the whole view
//! when a newer import is published; another one reads what changed in the warehouse ten times a
//! second; a task for each part of the platform asks how it is. So no request waits for HDFS or for
//! the warehouse, and none sees half an import or half a batch. While something is away what was
//! read last goes on being served, and says so.

mod connections;
mod error;
mod health;
mod heart;
mod history;
mod http;
mod live;
mod logs;
mod metrics;
mod openapi;
mod page;
mod probes;
mod reconcile;
mod request;
mod routes;
mod stall;
mod views;
mod watched;

pub use error::WebError;
pub use health::KafkaSettingsError;
pub use request::{RequestError, ServeRequest};

use health::board::Board;
use heart::Heart;
use history::sight::Sight;
use history::watcher::Watcher;
use http::guard::Hosts;
use live::Live;
use live::reader::Reader;
use logs::Logs;
use metrics::Metrics;
use page::Page;
use reconcile::Reconciler;
use routes::Server;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use views::Views;
use watched::{Watch, WatchedMetrics};

/// Whether the page was built before this program; else a plain one says how to build it.
pub fn has_page() -> bool {
    page::is_built()
}

/// Opens the address to listen on; port 0 takes a free one.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, WebError> {
    (TcpListener::bind(address).await).map_err(|source| WebError::Listen { address, source })
}

/// Serves until `shutdown` completes, then ends the live streams and lets running requests finish
/// for up to 3 s.
///
/// On a loopback address only requests to loopback names are answered.
pub async fn serve(
    listener: TcpListener,
    request: ServeRequest,
    shutdown: impl Future<Output = ()>,
) -> Result<(), WebError> {
    let address = listener.local_addr().map_err(WebError::Socket)?;
    let client = health::http::client().map_err(WebError::Client)?;
    let reconciler = Reconciler::new(
        request.warehouse.clone(),
        request.reconcile_every,
        request.now,
    );
    let live = Arc::new(Live::new(
        request.warehouse.clone(),
        request.zone.clone(),
        request.now,
    ));
    let board: Arc<Board> = Arc::default();
    let _probes = health::start(&request, &live, &client, &board)?;
    let logs = Logs::new(client, &request.logs_url);

    let (sender, sight) = watch::channel(Sight::Unknown);
    let watch = Watch {
        warehouse: request.warehouse.clone(),
        seen: Arc::default(),
    };
    let watched = WatchedMetrics {
        board: Arc::clone(&board),
        seen: Arc::clone(&watch.seen),
    };
    let metrics = Arc::new(Metrics::new(sight.clone(), Arc::clone(&live), watched));
    let watcher = Watcher {
        lake: request.lake,
        target: request.sales,
        currency: request.currency,
        sight: sender,
        metrics: Arc::clone(&metrics),
    };
    let views = Views::new(request.warehouse.clone(), request.now);
    let heart = Heart::new(request.warehouse, address);
    let last_beat = heart.clone();
    let reader = Reader::new(Arc::clone(&live), Arc::clone(&metrics));
    let ending = CancellationToken::new();
    let cut_off = metrics.cut_off().clone();
    let server = Server {
        sight,
        live,
        reconciler,
        board,
        logs,
        views,
        metrics,
        page: Page::embedded(),
        ending: ending.clone(),
    };
    let app = routes::router(server, Hosts::for_listener(address));
    let shutdown = async {
        shutdown.await;
        ending.cancel();
    };
    tokio::select! {
        never = Box::pin(watcher.run()) => match never {},
        never = Box::pin(reader.run()) => match never {},
        never = Box::pin(heart.run()) => match never {},
        never = Box::pin(watch.run()) => match never {},
        () = Box::pin(connections::serve(listener, app, cut_off, shutdown)) => {}
    }
    last_beat.stopped().await;
    Ok(())
}
