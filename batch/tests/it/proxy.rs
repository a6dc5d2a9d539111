//! Stands between the importer and a real server, and holds up or cuts what passes.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Where bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    ToServer,
    ToClient,
}

/// What becomes of bytes that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Pass,
    /// They wait, and so does everything else.
    HoldUp,
    /// They are lost, and so is every connection, now and from now on.
    CutAll,
    /// They are lost with their connection; others can be made.
    CutThis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    Open,
    HeldUp,
    Cut,
}

type Judge = Box<dyn FnMut(Way, &mut [u8]) -> Verdict + Send>;

pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    flow: Arc<watch::Sender<Flow>>,
}

#[derive(Clone)]
struct Passage {
    flow: Arc<watch::Sender<Flow>>,
    judge: Arc<Mutex<Judge>>,
}

/// Only so that a test fails instead of hanging.
const DEADLINE: Duration = Duration::from_mins(1);

impl Proxy {
    /// `judge` is asked for each piece of what passes, and may change its bytes.
    pub(crate) async fn before(
        server: &str,
        judge: impl FnMut(Way, &mut [u8]) -> Verdict + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::at(listener, server, judge)
    }

    pub(crate) fn at(
        listener: TcpListener,
        server: &str,
        judge: impl FnMut(Way, &mut [u8]) -> Verdict + Send + 'static,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let flow = Arc::new(watch::Sender::new(Flow::Open));
        let passage = Passage {
            flow: Arc::clone(&flow),
            judge: Arc::new(Mutex::new(Box::new(judge))),
        };
        let server = server.to_owned();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *passage.flow.borrow() == Flow::Cut {
                    continue;
                }
                let Ok(server) = TcpStream::connect(&server).await else {
                    continue;
                };
                tokio::spawn(passage.clone().both_ways(client, server));
            }
        });
        Self { address, flow }
    }

    /// Until something is held up.
    pub(crate) async fn held_up(&self) {
        let mut flow = self.flow.subscribe();
        let held_up = flow.wait_for(|flow| *flow != Flow::Open);
        let held_up = tokio::time::timeout(DEADLINE, held_up).await;
        held_up.expect("nothing was held up").unwrap();
    }

    /// What was held up goes on.
    pub(crate) fn go_on(&self) {
        self.flow.send_replace(Flow::Open);
    }

    pub(crate) fn cut(&self) {
        self.flow.send_replace(Flow::Cut);
    }
}

impl Passage {
    /// Whatever ends one way ends both.
    async fn both_ways(self, client: TcpStream, server: TcpStream) {
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        tokio::select! {
            () = self.one_way(Way::ToServer, from_client, to_server) => {}
            () = self.one_way(Way::ToClient, from_server, to_client) => {}
        }
    }

    async fn one_way(&self, way: Way, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let mut flow = self.flow.subscribe();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = tokio::select! {
                read = from.read(&mut buffer) => read,
                _ = flow.wait_for(|flow| *flow == Flow::Cut) => return,
            };
            let Ok(length @ 1..) = read else { return };
            let verdict = (self.judge.lock().unwrap())(way, &mut buffer[..length]);
            match verdict {
                Verdict::Pass => {}
                Verdict::HoldUp => drop(self.flow.send_replace(Flow::HeldUp)),
                Verdict::CutAll => drop(self.flow.send_replace(Flow::Cut)),
                Verdict::CutThis => return,
            }
            let Ok(now) = flow
                .wait_for(|flow| *flow != Flow::HeldUp)
                .await
                .map(|now| *now)
            else {
                return;
            };
            if now == Flow::Cut || to.write_all(&buffer[..length]).await.is_err() {
                return;
            }
        }
    }
}

/// Whether a piece holds a text.
pub(crate) fn holds(piece: &[u8], text: &str) -> bool {
    piece
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}
