//! A warehouse of a test's own, removed when it ends.

use crate::services::Services;
use comptoir_config::{DatabaseUrl, Secret, clock};
use comptoir_database::{Access, Database};
use comptoir_model::ids::{Partition, StreamId};
use comptoir_model::merge::PartitionKey;
use comptoir_warehouse::{Limits, Login, ViewsWriter, Warehouse};
use futures::FutureExt;
use jiff::Timestamp;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    MariaDb,
    MySql,
}

pub(crate) struct World {
    pub(crate) kind: Kind,
    pub(crate) url: DatabaseUrl,
    pub(crate) login: Login,
    pub(crate) warehouse: Warehouse,
    name: String,
    _directory: tempfile::TempDir,
}

/// Makes each test run on every kind of database.
macro_rules! on_every_database {
    ($($test:ident)*) => { $(
        mod $test {
            use crate::world::{Kind, World};

            #[tokio::test(flavor = "multi_thread")]
            async fn on_sqlite() {
                World::with(Kind::Sqlite, super::$test).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn on_mariadb() {
                World::with(Kind::MariaDb, super::$test).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn on_mysql() {
                World::with(Kind::MySql, super::$test).await;
            }
        }
    )* };
}
pub(crate) use on_every_database;

/// Every table.
pub(crate) const TABLES: &[&str] = &[
    "streams",
    "stream_partitions",
    "offsets",
    "progress",
    "generations",
    "generation_net",
    "gaps",
    "buckets",
    "minutes",
    "tops",
    "quarters",
    "names",
    "dead_letters",
    "dead_letters_removed",
    "recent",
    "replays",
    "processes",
    "job_runs",
    "job_commands",
    "job_offers",
    "view_results",
    "view_result_chunks",
    "full_looks",
    "journal",
    "view_runs",
    "view_current",
    "view_coverage",
    "view_coverage_net",
    "view_exceptions",
    "view_blocks",
    "view_sums",
    "view_sketches",
    "view_tops",
];

impl World {
    /// Runs a test in a new, migrated world and removes it, whatever comes of the test.
    pub(crate) async fn with(kind: Kind, test: impl AsyncFnOnce(&Self)) {
        let world = Self::create(kind).await;
        let result = AssertUnwindSafe(test(&world)).catch_unwind().await;
        if kind != Kind::Sqlite {
            world.sql(&format!("DROP DATABASE {}", world.name)).await;
        }
        if let Err(panic) = result {
            std::panic::resume_unwind(panic);
        }
    }

    async fn create(kind: Kind) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let name = format!(
            "test_warehouse_{}_{:08x}",
            std::process::id(),
            clock::random_u32()
        );
        let (url, login) = match kind {
            Kind::Sqlite => {
                let path = directory.path().join("the warehouse.db");
                let url = format!("sqlite://{}", path.display());
                (url.parse().unwrap(), Login::default())
            }
            Kind::MariaDb => server(&name, "COMPTOIR_ERP", "mariadb").await,
            Kind::MySql => server(&name, "COMPTOIR_MYSQL", "mysql").await,
        };
        let limits = Limits {
            statement: Duration::from_mins(1),
            ..Limits::default()
        };
        let warehouse = Warehouse::new(url.clone(), login.clone(), limits);
        warehouse.migrate().await.unwrap();
        Self {
            kind,
            url,
            login,
            warehouse,
            name,
            _directory: directory,
        }
    }

    /// The same warehouse as another process sees it.
    pub(crate) fn another(&self, limits: Limits) -> Warehouse {
        Warehouse::new(self.url.clone(), self.login.clone(), limits)
    }

    pub(crate) async fn writer(&self) -> ViewsWriter {
        ViewsWriter::open(&self.warehouse, "a test").await.unwrap()
    }

    /// A session that knows nothing of the warehouse's code.
    pub(crate) async fn database(&self) -> Database {
        Database::connect(&self.url, &self.login, Access::Write, Limits::default())
            .await
            .unwrap()
    }

    pub(crate) async fn sql(&self, statements: &str) {
        let mut database = self.database().await;
        database
            .execute("preparing a test", statements)
            .await
            .unwrap();
        database.close().await;
    }

    /// The first value of the first row.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let mut database = self.database().await;
        let rows = database.fetch_all("asking", sql).await.unwrap();
        let number = rows[0].get(0).unwrap().to_text().unwrap();
        database.close().await;
        number.parse().unwrap()
    }

    /// Everything that stands in these tables.
    pub(crate) async fn dump(&self, tables: &[&str]) -> Vec<String> {
        let mut database = self.database().await;
        let mut dump = Vec::new();
        for table in tables {
            let columns = database.describe(table).await.unwrap().columns.len();
            let sql = format!("SELECT * FROM {table}");
            let mut rows = Vec::new();
            for row in database.fetch_all("dumping", &sql).await.unwrap() {
                let cells: Vec<_> = (0..columns)
                    .map(|index| format!("{:?}", row.get(index).unwrap()))
                    .collect();
                rows.push(format!("{table}: {}", cells.join(", ")));
            }
            rows.sort();
            dump.extend(rows);
        }
        database.close().await;
        dump
    }
}

async fn server(name: &str, prefix: &str, part: &str) -> (DatabaseUrl, Login) {
    let services = Services::find();
    let url = services.get(&format!("{prefix}_URL"), part);
    let password_file = services.get(&format!("{prefix}_PASSWORD_FILE"), part);
    let password = std::fs::read_to_string(password_file).unwrap();
    let login = Login {
        username: Some("comptoir".to_owned()),
        password: Some(Secret::new(password.trim_end())),
    };
    let server_url = url.parse().unwrap();
    let admin = Database::connect(&server_url, &login, Access::Write, Limits::default());
    let mut admin = admin
        .await
        .unwrap_or_else(|error| panic!("{error}\nhint: compose/services up {part}"));
    // Another character set than ours: the tables must not depend on it.
    let create = format!("CREATE DATABASE {name} CHARACTER SET latin1");
    admin
        .execute("creating the database", &create)
        .await
        .unwrap();
    let (server, _) = url.rsplit_once('/').unwrap();
    (format!("{server}/{name}").parse().unwrap(), login)
}

pub(crate) fn partition(number: u32) -> PartitionKey {
    PartitionKey {
        stream: StreamId("stream-1".to_owned()),
        partition: Partition(number),
    }
}

/// A moment of the tests' own day.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_262_400 + second).unwrap()
}

/// What the test prints of its seed plays it again.
pub(crate) fn seeded() -> ChaCha8Rng {
    let seed = std::env::var("COMPTOIR_TEST_SEED").map_or_else(
        |_| u64::from(clock::random_u32()),
        |seed| seed.parse().unwrap(),
    );
    println!("COMPTOIR_TEST_SEED={seed}");
    ChaCha8Rng::seed_from_u64(seed)
}

/// Drops a call after a number of steps: as a process that ends, or a caller's time limit.
pub(crate) async fn cut_off<T>(call: impl Future<Output = T>, steps: usize) -> Option<T> {
    let mut call = pin!(call);
    let mut polls = 0;
    std::future::poll_fn(|context| {
        polls += 1;
        match call.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if polls >= steps => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
