//! A warehouse that goes away, in the worst moments too.

use super::till::Till;
use super::world::{Kind, World, limits};
use comptoir_warehouse::Warehouse;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What lies between a sink and its database, or its lake.
pub(crate) struct Wire {
    pub(crate) address: SocketAddr,
    pub(crate) mode: watch::Sender<Mode>,
    commits_cut: Arc<AtomicU64>,
    chance: Arc<AtomicU8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Up,
    /// Connections are cut and refused.
    Down,
}

const BEFORE: u8 = 1;
const AFTER: u8 = 2;

impl Wire {
    pub(crate) async fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (mode, modes) = watch::channel(Mode::Up);
        let (commits_cut, chance) = (Arc::<AtomicU64>::default(), Arc::<AtomicU8>::default());
        let (cut, when) = (Arc::clone(&commits_cut), Arc::clone(&chance));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let mut modes = modes.clone();
                if *modes.borrow() == Mode::Down {
                    continue;
                }
                let (server, cut, when) = (server.clone(), Arc::clone(&cut), Arc::clone(&when));
                tokio::spawn(async move {
                    let mut down = modes.clone();
                    modes.mark_unchanged();
                    tokio::select! {
                        () = pass(client, server, &cut, &when) => {}
                        _ = down.wait_for(|mode| *mode == Mode::Down) => {}
                    }
                });
            }
        });
        Self {
            address,
            mode,
            commits_cut,
            chance,
        }
    }
}

/// Passes bytes on, until the connection is to be cut at a commit: before the server hears of it,
/// or before the client hears of its end.
async fn pass(mut client: TcpStream, server: String, cut: &AtomicU64, chance: &AtomicU8) {
    let Ok(mut server) = TcpStream::connect(server).await else {
        return;
    };
    let (mut up, mut down) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Ok(length @ 1..) = read else { return };
                let is_commit = up[..length].ends_with(b"COMMIT");
                let when = if is_commit { chance.swap(0, Ordering::Relaxed) } else { 0 };
                if when == BEFORE {
                    cut.fetch_add(1, Ordering::Relaxed);
                    return;
                }
                if server.write_all(&up[..length]).await.is_err() {
                    return;
                }
                if when == AFTER {
                    // Its answer says that the server has done it.
                    let answered = server.read(&mut down).await;
                    assert!(matches!(answered, Ok(1..)), "{answered:?}");
                    cut.fetch_add(1, Ordering::Relaxed);
                    return;
                }
            }
            read = server.read(&mut down) => {
                let Ok(length @ 1..) = read else { return };
                if client.write_all(&down[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}

pub(crate) async fn through_a_wire(world: &World) -> (Wire, super::world::Sink) {
    let wire = Wire::to(server(world)).await;
    let mut request = world.request();
    request.warehouse = through(world, &wire);
    let sink = world.sink_of(request).await;
    (wire, sink)
}

/// Of the world's warehouse.
fn server(world: &World) -> String {
    let url = world.url.to_string();
    url.split('/').nth(2).unwrap().to_owned()
}

/// The world's warehouse at the other end of a wire to it.
pub(crate) fn through(world: &World, wire: &Wire) -> Warehouse {
    let url = world.url.to_string();
    let url = url.replace(&server(world), &wire.address.to_string());
    let url = format!("{url}?useSSL=false").parse().unwrap();
    Warehouse::new(url, world.login.clone(), limits())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_nobody_heard_of_counts_once() {
    World::with(Kind::KafkaMariaDb, async |world: &World| {
        let mut till = Till::new(world.partitions);
        let (wire, sink) = through_a_wire(world).await;
        world.send(&till.mixed(100)).await;
        world.judged(100).await;
        for when in [BEFORE, AFTER, BEFORE, AFTER, AFTER] {
            let before = wire.commits_cut.load(Ordering::Relaxed);
            wire.chance.store(when, Ordering::Relaxed);
            world.send(&till.mixed(120)).await;
            world.assert_counted(&till.sent).await;
            // A heartbeat may have been the one that was cut; there was one.
            assert!(wire.commits_cut.load(Ordering::Relaxed) >= before);
        }
        assert!(
            wire.commits_cut.load(Ordering::Relaxed) > 0,
            "no commit was cut"
        );
        sink.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warehouse_that_is_away_is_waited_for() {
    World::with(Kind::KafkaMariaDb, async |world: &World| {
        let mut till = Till::new(world.partitions);
        let (wire, sink) = through_a_wire(world).await;
        world.send(&till.mixed(100)).await;
        world.judged(100).await;
        for _ in 0..3 {
            let pause = Duration::from_millis(till.draw(200));
            world.send(&till.mixed(200)).await;
            tokio::time::sleep(pause).await;
            wire.mode.send(Mode::Down).unwrap();
            sink.says("waiting for the warehouse").await;
            world.send(&till.mixed(200)).await;
            wire.mode.send(Mode::Up).unwrap();
            world.assert_counted(&till.sent).await;
            sink.says("running").await;
        }
        sink.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sink_ends_in_time_though_its_warehouse_is_away() {
    World::with(Kind::KafkaMariaDb, async |world: &World| {
        let mut till = Till::new(world.partitions);
        let (wire, sink) = through_a_wire(world).await;
        world.send(&till.mixed(100)).await;
        world.judged(100).await;
        wire.mode.send(Mode::Down).unwrap();
        world.send(&till.mixed(100)).await;
        sink.says("waiting for the warehouse").await;
        sink.stop().await;
        let sink = world.sink().await;
        world.assert_counted(&till.sent).await;
        sink.stop().await;
    })
    .await;
}
