//! The API and the page, over the lake and the warehouse.
//!
//! [`serve`] answers from memory. One task looks at the lake every second and swaps the whole view
//! when a newer import is published; another one reads what changed in the warehouse ten times a
//! second; a task for each part of the platform asks how it is. So no request waits for HDFS or for
//! the warehouse, and none sees half an import or half a batch. While something is away what was
//! read last goes on being served, and says so.

mod access;
mod connections;
mod error;
mod export;
mod health;
mod heart;
mod history;
mod http;
mod jobs;
mod lake;
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
mod tls;
mod views;
mod watched;

pub use access::manage::{Accountant, TokenInfo, UserInfo};
pub use access::{AccessError, AccessRequest, Role, Scope};
pub use error::WebError;
pub use health::KafkaSettingsError;
pub use lake::Root;
pub use logs::LogArchivePlace;
pub use request::{RequestError, ServeRequest};
pub use tls::{TlsError, TlsFiles};

use access::Access;
use futures::future::OptionFuture;
use health::board::Board;
use heart::Heart;
use history::sight::Sight;
use history::watcher::Watcher;
use http::guard::Hosts;
use jobs::JobBook;
use lake::Browser;
use live::Live;
use live::compared::Comparer;
use live::reader::Reader;
use logs::{LogArchive, Logs};
use metrics::Metrics;
use page::Page;
use reconcile::Reconciler;
use routes::Server;
use std::net::SocketAddr;
use std::sync::Arc;
use tls::Certificate;
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
/// On a loopback address only requests to loopback names are answered. Elsewhere there have to be
/// users, unless the request says that nobody is to be asked.
pub async fn serve(
    listener: TcpListener,
    request: ServeRequest,
    shutdown: impl Future<Output = ()>,
) -> Result<(), WebError> {
    let address = listener.local_addr().map_err(WebError::Socket)?;
    let access = Access::open(
        &request.access,
        address,
        request.tls.is_some(),
        request.warehouse.clone(),
        request.now,
    );
    let access = Arc::new(access.await?);
    let certificate = request.tls.as_ref().map(Certificate::open).transpose()?;
    let acceptor = certificate
        .as_ref()
        .map(Certificate::acceptor)
        .transpose()?;
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
    let log_archive = LogArchive::new(request.lake.clone(), request.log_archive, request.now);

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
    let browser = Browser::new(request.lake.clone(), request.lake_roots, request.now);
    let watcher = Watcher {
        lake: request.lake,
        target: request.sales,
        currency: request.currency,
        sight: sender,
        metrics: Arc::clone(&metrics),
    };
    let views = Views::new(request.warehouse.clone(), request.now);
    let jobs = JobBook {
        warehouse: request.warehouse.clone(),
        now: request.now,
    };
    let heart = Heart::new(request.warehouse, address);
    let last_beat = heart.clone();
    let reader = Reader::new(Arc::clone(&live), Arc::clone(&metrics));
    let comparer = Comparer::new(Arc::clone(&live));
    let ending = CancellationToken::new();
    let cut_off = metrics.cut_off().clone();
    let certificate = certificate.map(|certificate| certificate.run(Arc::clone(&board)));
    let certificate = OptionFuture::from(certificate);
    let server = Server {
        access: Arc::clone(&access),
        sight,
        live,
        reconciler,
        board,
        logs,
        log_archive,
        views,
        jobs,
        browser,
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
        never = Box::pin(comparer.run()) => match never {},
        never = Box::pin(heart.run()) => match never {},
        never = Box::pin(watch.run()) => match never {},
        never = Box::pin(access.run()) => match never {},
        Some(never) = Box::pin(certificate) => match never {},
        () = Box::pin(connections::serve(listener, app, acceptor, cut_off, shutdown)) => {}
    }
    last_beat.stopped().await;
    Ok(())
}
