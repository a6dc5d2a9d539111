//! Connections: bounded in number, bounded in how long they say nothing, drained at the end.

use crate::access::Peer;
use crate::stall::Impatient;
use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use prometheus_client::metrics::counter::Counter;
use rustix::net::sockopt::set_socket_send_buffer_size;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tracing::{debug, info, warn};

/// More wait in the listener's backlog.
const CONNECTIONS_MAX: usize = 1024;
/// For the head of a request, and between two requests of a connection.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// For a client to agree on how to encrypt.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// For the requests that are under way at the end.
const DRAIN_MAX: Duration = Duration::from_secs(3);
/// For a client to read on. It misses nothing that it could not have anew.
const STALL_MAX: Duration = Duration::from_secs(10);
/// What the system keeps for a client that reads slowly, and what the server does beside it: some
/// live messages, not minutes of them.
const SEND_BUFFER_BYTES: usize = 256 * 1024;
const WRITE_BUFFER_BYTES: usize = 64 * 1024;
/// After the system refused a connection (no file descriptors left).
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// Serves until `shutdown`, then lets running requests finish for at most [`DRAIN_MAX`].
///
/// axum's own `serve` bounds none of these.
/// Clients that stop reading are counted in `cut_off`. With `tls` nothing else is spoken.
pub(crate) async fn serve(
    listener: TcpListener,
    app: Router,
    tls: Option<TlsAcceptor>,
    cut_off: Counter,
    shutdown: impl Future<Output = ()>,
) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let (stream, peer, slot) = tokio::select! {
            accepted = accept(&listener, &slots) => accepted,
            Some(_ended) = connections.join_next() => continue,
            () = &mut shutdown => break,
        };
        let stream = Impatient::new(stream, STALL_MAX, cut_off.clone());
        let (app, tls, watcher) = (app.clone(), tls.clone(), graceful.watcher());
        connections.spawn(async move {
            match tls {
                None => answer(stream, peer, app, watcher).await,
                Some(tls) => match tokio::time::timeout(HANDSHAKE_MAX, tls.accept(stream)).await {
                    Ok(Ok(stream)) => answer(stream, peer, app, watcher).await,
                    Ok(Err(error)) => debug!("{peer}: no TLS: {error}"),
                    Err(_) => debug!("{peer}: no TLS within {HANDSHAKE_MAX:?}"),
                },
            }
            drop(slot);
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN_MAX, graceful.shutdown())
        .await
        .is_err()
    {
        info!("{} requests were cut off at the end", connections.len());
    }
    connections.shutdown().await;
}

/// The requests of one connection; each one knows where it comes from.
async fn answer(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    app: Router,
    watcher: Watcher,
) {
    let app = TowerToHyperService::new(app);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        app.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(SILENCE_MAX)
        .max_buf_size(WRITE_BUFFER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        debug!("connection ended: {error}");
    }
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    loop {
        let Ok(slot) = Arc::clone(slots).acquire_owned().await else {
            // Nobody closes the semaphore.
            std::future::pending::<()>().await;
            continue;
        };
        match listener.accept().await {
            Ok((stream, peer)) => {
                if let Err(error) = stream.set_nodelay(true) {
                    debug!("{peer}: TCP_NODELAY can't be set: {error}");
                }
                if let Err(error) = set_socket_send_buffer_size(&stream, SEND_BUFFER_BYTES) {
                    debug!("{peer}: the send buffer can't be bounded: {error}");
                }
                return (stream, peer, slot);
            }
            Err(error) if gone_already(&error) => debug!("connection lost: {error}"),
            Err(error) => {
                warn!("connections can't be accepted: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// The client's own affair; the next one may follow at once.
fn gone_already(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
    )
}
