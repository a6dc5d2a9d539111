//! Stands between the server and a service, to take it away and bring it back.

use std::sync::{Arc, Mutex};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Open,
    /// Connections end, and new ones end at once.
    Closed,
    /// Connections stay and nothing comes through.
    Silent,
}

pub(crate) struct Proxy {
    pub(crate) port: u16,
    mode: watch::Sender<Mode>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// To `target`, a host and port.
    pub(crate) async fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (mode, modes) = watch::channel(Mode::Open);
        let target = target.to_owned();
        let connections: Arc<Mutex<Vec<JoinHandle<()>>>> = Arc::default();
        let task = tokio::spawn(async move {
            loop {
                let Ok((client, _)) = listener.accept().await else {
                    return;
                };
                let connection = tokio::spawn(pass(client, target.clone(), modes.clone()));
                connections.lock().unwrap().push(connection);
            }
        });
        Self { port, mode, task }
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
        self.set(Mode::Closed);
    }
}

async fn pass(mut client: TcpStream, target: String, mut modes: watch::Receiver<Mode>) {
    let mut server = None;
    loop {
        let mode = *modes.borrow_and_update();
        match mode {
            Mode::Closed => return,
            Mode::Silent => {
                if modes.changed().await.is_err() {
                    return;
                }
            }
            Mode::Open => {
                if server.is_none() {
                    server = TcpStream::connect(&target).await.ok();
                }
                let Some(server) = &mut server else { return };
                tokio::select! {
                    _ended = tokio::io::copy_bidirectional(&mut client, server) => return,
                    changed = modes.changed() => if changed.is_err() { return },
                }
            }
        }
    }
}
