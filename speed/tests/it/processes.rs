//! 1, 2 and 4 processes of each sink over one topic: they join and leave while records come, and
//! every record counts once.

use crate::archive::shore::Shore;
use crate::views::till::{Sent, Till};
use crate::views::world::{Kind, PATIENCE, Process, World, get};
use rustix::process::Signal;
use std::cell::Cell;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::Instant;

const PARTITIONS: u32 = 8;
/// How often two processes of each sink go after others have come. Raised by the long tests.
const ROUNDS: usize = 1;

#[tokio::test(flavor = "multi_thread")]
async fn totals_are_exact_while_processes_join_and_leave() {
    Shore::of_partitions(Kind::KafkaMariaDb, PARTITIONS, async |shore: &Shore<'_>| {
        let enough = Cell::new(false);
        let moving = async {
            let fleet = join_and_leave(shore).await;
            enough.set(true);
            fleet
        };
        let (sent, fleet) = tokio::join!(send_until(shore.world, &enough), moving);
        shore.world.look(&sent, "counted").await;
        shore.look(&sent, "archived").await;
        drop(fleet);
    })
    .await;
}

/// Answers with the processes that are left.
async fn join_and_leave<'a>(shore: &'a Shore<'a>) -> Fleet<'a> {
    let rounds = std::env::var("COMPTOIR_TEST_KILLS");
    let rounds = rounds.map_or(ROUNDS, |kills| kills.parse::<usize>().unwrap() / 10);
    let mut fleet = Fleet {
        shore,
        views: Vec::new(),
        archives: Vec::new(),
    };
    fleet.grow_to(1).await;
    for _ in 0..rounds {
        for size in [2, 4] {
            fleet.grow_to(size).await;
        }
        // One is stopped and commits what it has, one is killed, and two go on.
        fleet.end_first(Signal::TERM).await;
        fleet.end_first(Signal::KILL).await;
        fleet.shares_all().await;
    }
    fleet
}

async fn send_until(world: &World, enough: &Cell<bool>) -> Vec<Sent> {
    let mut till = Till::new(PARTITIONS);
    let producer = world.transport.producer().await.unwrap();
    while !enough.get() {
        world.send_by(&producer, &till.mixed(20)).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    till.sent
}

/// As many processes of either sink.
struct Fleet<'a> {
    shore: &'a Shore<'a>,
    views: Vec<Process>,
    archives: Vec<Process>,
}

impl Fleet<'_> {
    async fn grow_to(&mut self, size: usize) {
        while self.views.len() < size {
            self.views.push(self.shore.world.process());
            self.archives.push(self.shore.process());
        }
        self.shares_all().await;
    }

    async fn end_first(&mut self, ending: Signal) {
        for sink in [&mut self.views, &mut self.archives] {
            let mut process = sink.remove(0);
            process.signal(ending);
            while process.0.try_wait().unwrap().is_none() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }

    /// Waits until the processes of each sink have all partitions between them, and each has some.
    async fn shares_all(&self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut shares = Vec::new();
            for (sink, processes) in [("views", &self.views), ("archive", &self.archives)] {
                shares.push(self.shares(sink, processes).await);
            }
            let is_shared = |shares: &Vec<u32>| {
                shares.iter().sum::<u32>() == PARTITIONS && !shares.contains(&0)
            };
            if shares.iter().all(is_shared) {
                return;
            }
            let late = Instant::now() > deadline;
            assert!(!late, "views and archive have {shares:?} partitions");
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }

    /// How many partitions each process reads, by its own account.
    async fn shares(&self, sink: &str, processes: &[Process]) -> Vec<u32> {
        let sql = format!("SELECT pid, listen FROM processes WHERE name = '{sink}'");
        let rows = self.shore.world.rows(&sql).await;
        let mut shares = Vec::new();
        for process in processes {
            let pid = process.0.id().to_string();
            let share = match rows.iter().find(|row| row[0] == pid) {
                None => 0,
                Some(row) => partitions(sink, row[1].parse().unwrap()).await,
            };
            shares.push(share);
        }
        shares
    }
}

async fn partitions(sink: &str, listen: SocketAddr) -> u32 {
    let (_, metrics) = get(listen, "/metrics").await;
    let live = format!("comptoir_{sink}_partitions{{state=\"live\"}} ");
    let live = metrics.lines().find_map(|line| line.strip_prefix(&live));
    live.map_or(0, |count| count.trim().parse().unwrap())
}
