//! A topic and a warehouse of a test's own, removed when it ends, and sinks that count from one
//! into the other.

use super::recomputed::Figures;
use super::till::Sent;
use crate::services::Services;
use comptoir_config::{DatabaseUrl, Secret, TransportSettings, clock};
use comptoir_database::{Access, Database};
use comptoir_model::ids::Partition;
use comptoir_speed::sink::SinkError;
use comptoir_speed::transport::{Message, Producer, Transport};
use comptoir_speed::views::{ViewsRequest, run};
use comptoir_warehouse::{Limits, Login, Warehouse};
use futures::FutureExt;
use futures::future::BoxFuture;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// For anything that has to happen at all.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    JsonlSqlite,
    KafkaMariaDb,
    KafkaMySql,
}

/// Makes each test run from every transport into every warehouse.
macro_rules! on_every_pair {
    ($($test:ident)*) => { $(
        mod $test {
            use crate::views::world::{Kind, World};

            #[tokio::test(flavor = "multi_thread")]
            async fn from_jsonl_into_sqlite() {
                World::with(Kind::JsonlSqlite, super::$test).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn from_kafka_into_mariadb() {
                World::with(Kind::KafkaMariaDb, super::$test).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn from_kafka_into_mysql() {
                World::with(Kind::KafkaMySql, super::$test).await;
            }
        }
    )* };
}
pub(crate) use on_every_pair;

pub(crate) struct World {
    pub(crate) kind: Kind,
    pub(crate) transport: Transport,
    pub(crate) transport_url: String,
    pub(crate) topic: String,
    pub(crate) partitions: u32,
    pub(crate) warehouse: Warehouse,
    pub(crate) url: DatabaseUrl,
    pub(crate) login: Login,
    pub(crate) password_file: Option<PathBuf>,
    pub(crate) directory: tempfile::TempDir,
    /// Of the database and the group.
    pub(crate) unique: String,
}

impl World {
    /// Runs a test in a new world and removes it, whatever comes of the test.
    pub(crate) async fn with(kind: Kind, test: impl AsyncFnOnce(&Self)) {
        Self::of_partitions(kind, 3, test).await;
    }

    pub(crate) async fn of_partitions(kind: Kind, partitions: u32, test: impl AsyncFnOnce(&Self)) {
        let world = Self::create(kind, partitions).await;
        let result = AssertUnwindSafe(test(&world)).catch_unwind().await;
        world.remove().await;
        if let Err(panic) = result {
            std::panic::resume_unwind(panic);
        }
    }

    async fn create(kind: Kind, partitions: u32) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let unique = format!(
            "test_views_{}_{:08x}",
            std::process::id(),
            clock::random_u32()
        );
        let transport_url = match kind {
            Kind::JsonlSqlite => format!("jsonl:{}", directory.path().join("live").display()),
            _ => Services::find()
                .get("COMPTOIR_TRANSPORT_URL", "kafka")
                .to_owned(),
        };
        let (url, login, password_file) = match kind {
            Kind::JsonlSqlite => {
                let path = directory.path().join("warehouse.db");
                (
                    format!("sqlite://{}", path.display()),
                    Login::default(),
                    None,
                )
            }
            Kind::KafkaMariaDb => server("COMPTOIR_ERP", "mariadb"),
            Kind::KafkaMySql => server("COMPTOIR_MYSQL", "mysql"),
        };
        let mut url: DatabaseUrl = url.parse().unwrap();
        if kind != Kind::JsonlSqlite {
            let mut admin = connect(&url, &login).await;
            let create = format!("CREATE DATABASE {unique} CHARACTER SET utf8mb4");
            admin
                .execute("creating the database", &create)
                .await
                .unwrap();
            let text = url.to_string();
            let (server, _) = text.rsplit_once('/').unwrap();
            url = format!("{server}/{unique}").parse().unwrap();
        }
        let topic = unique.replace('_', "-");
        let settings = TransportSettings {
            url: transport_url.parse().unwrap(),
            topic: topic.clone(),
            partitions,
            replication: 1,
            kafka_properties: None,
        };
        let transport = Transport::open(&settings).unwrap();
        transport.create_topic(partitions, 1).await.unwrap();
        let warehouse = Warehouse::new(url.clone(), login.clone(), limits());
        // The sink does it too; here so that tests may look before it has.
        warehouse.migrate().await.unwrap();
        Self {
            kind,
            transport,
            transport_url,
            topic,
            partitions,
            warehouse,
            url,
            login,
            password_file,
            directory,
            unique,
        }
    }

    async fn remove(self) {
        if self.kind != Kind::JsonlSqlite {
            self.sql(&format!("DROP DATABASE {}", self.unique)).await;
            self.delete_topic().await;
        }
    }

    pub(crate) fn brokers(&self) -> &str {
        self.transport_url.strip_prefix("kafka:").unwrap()
    }

    pub(crate) fn admin(&self) -> AdminClient<DefaultClientContext> {
        (ClientConfig::new().set("bootstrap.servers", self.brokers()))
            .create()
            .unwrap()
    }

    pub(crate) async fn delete_topic(&self) {
        if self.kind == Kind::JsonlSqlite {
            let directory = self.directory.path().join("live").join(&self.topic);
            return std::fs::remove_dir_all(directory).unwrap();
        }
        let deleted = self
            .admin()
            .delete_topics(&[&self.topic], &AdminOptions::new())
            .await;
        for result in deleted.unwrap() {
            result.unwrap();
        }
    }

    /// Sends records in the given order, and waits until they are there.
    pub(crate) async fn send(&self, records: &[Sent]) {
        let producer = self.transport.producer().await.unwrap();
        self.send_by(&producer, records).await;
    }

    pub(crate) async fn send_by(&self, producer: &Producer, records: &[Sent]) {
        for record in records {
            let message = Message {
                key: &[],
                partition: Some(Partition(record.partition)),
                timestamp: record.timestamp,
                value: &record.bytes,
            };
            producer.send(message).await.unwrap();
        }
        producer.flush(PATIENCE).await.unwrap();
    }

    pub(crate) fn request(&self) -> ViewsRequest {
        ViewsRequest {
            transport: self.transport.clone(),
            warehouse: Warehouse::new(self.url.clone(), self.login.clone(), limits()),
            group: self.unique.clone(),
            dead_letters_keep: None,
        }
    }

    /// A sink in this process.
    pub(crate) async fn sink(&self) -> Sink {
        self.sink_of(self.request()).await
    }

    pub(crate) async fn sink_of(&self, request: ViewsRequest) -> Sink {
        Sink::start(|listener, stopped| run(request, listener, stopped)).await
    }

    /// The program itself, in a process of its own.
    pub(crate) fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_comptoir-speed"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("COMPTOIR_") {
                command.env_remove(name);
            }
        }
        command
            .current_dir(self.directory.path())
            .args(arguments)
            .env("COMPTOIR_TRANSPORT_URL", &self.transport_url)
            .env("COMPTOIR_TRANSPORT_TOPIC", &self.topic)
            .env("COMPTOIR_WAREHOUSE_URL", self.url.to_string())
            .env("COMPTOIR_LOG_FILE", "none")
            .env("COMPTOIR_SPEED_GROUP", &self.unique);
        if let (Some(username), Some(file)) = (&self.login.username, &self.password_file) {
            command
                .env("COMPTOIR_WAREHOUSE_USERNAME", username)
                .env("COMPTOIR_WAREHOUSE_PASSWORD_FILE", file);
        }
        command
    }

    /// A sink in a process of its own.
    pub(crate) fn process(&self) -> Process {
        Process::start(self.program(&["views", "--listen", "127.0.0.1:0"]))
    }

    /// Waits until so many records were judged, and all of them were committed.
    pub(crate) async fn judged(&self, records: usize) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let judged = self.judged_so_far().await;
            if judged >= records {
                return;
            }
            let late = tokio::time::Instant::now() > deadline;
            assert!(
                !late,
                "{judged} of {records} records were judged in {PATIENCE:?}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn judged_so_far(&self) -> usize {
        let rows = self.warehouse.generations().await.unwrap();
        let judged = rows.iter().map(|row| row.control.records()).sum::<u64>();
        usize::try_from(judged).unwrap()
    }

    /// What the warehouse holds, by plain SQL.
    pub(crate) async fn figures(&self) -> Figures {
        Figures::read(&mut connect(&self.url, &self.login).await).await
    }

    /// The figures must be those of all records that were sent, each judged once.
    pub(crate) async fn assert_counted(&self, sent: &[Sent]) {
        self.judged(sent.len()).await;
        let figures = self.figures().await;
        figures.assert_equals(&Figures::recompute(sent));
    }

    pub(crate) async fn sql(&self, statements: &str) {
        let mut database = connect(&self.url, &self.login).await;
        database.execute("in a test", statements).await.unwrap();
        database.close().await;
    }

    /// Rows of texts.
    pub(crate) async fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        let mut database = connect(&self.url, &self.login).await;
        let rows = texts(&mut database, sql).await;
        database.close().await;
        rows
    }

    /// Waits until a query answers so.
    pub(crate) async fn until(&self, sql: &str, wanted: &str) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let found = self.rows(sql).await;
            let found: Vec<_> = found.iter().map(|row| row.join(" ")).collect();
            if found.join("\n") == wanted {
                return;
            }
            let late = tokio::time::Instant::now() > deadline;
            assert!(!late, "{sql}\nfound {found:?}, wanted {wanted}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// A sink that runs in this process.
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<(), SinkError>>,
}

impl Sink {
    /// `run` gets where to serve metrics, and what completes when it is to stop.
    pub(crate) async fn start<R>(run: impl FnOnce(TcpListener, BoxFuture<'static, ()>) -> R) -> Self
    where
        R: Future<Output = Result<(), SinkError>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = stopped.map(drop).boxed();
        let running = tokio::spawn(run(listener, stopped));
        Self {
            address,
            stop,
            running,
        }
    }

    /// Stops it in order.
    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(20), self.running).await;
        ended.unwrap().unwrap().unwrap();
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        get(self.address, path).await
    }

    /// Waits until `/readyz` says something that holds `wanted`.
    pub(crate) async fn says(&self, wanted: &str) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let (_, said) = self.get("/readyz").await;
            if said.contains(wanted) {
                return;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "{said}, wanted {wanted}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// A sink in a process of its own; killed when dropped.
pub(crate) struct Process(pub(crate) Child);

impl Process {
    pub(crate) fn start(mut command: Command) -> Self {
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null());
        Self(quiet.stderr(Stdio::null()).spawn().unwrap())
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.0.id()).unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), signal)
            .unwrap();
    }

    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A plain HTTP/1.0 question: status and body.
pub(crate) async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

pub(crate) async fn texts(database: &mut Database, sql: &str) -> Vec<Vec<String>> {
    let rows = database.fetch_all("in a test", sql).await.unwrap();
    let mut texts = Vec::new();
    for row in rows {
        let mut line = Vec::new();
        for index in 0.. {
            let Ok(value) = row.get(index) else { break };
            line.push(value.to_text().unwrap_or_default());
        }
        texts.push(line);
    }
    texts
}

pub(crate) fn limits() -> Limits {
    Limits {
        connect: Duration::from_secs(5),
        statement: Duration::from_secs(30),
        row: Duration::from_secs(30),
    }
}

async fn connect(url: &DatabaseUrl, login: &Login) -> Database {
    (Database::connect(url, login, Access::Write, limits()).await)
        .unwrap_or_else(|error| panic!("{error}\nhint: compose/services up"))
}

fn server(prefix: &str, part: &str) -> (String, Login, Option<PathBuf>) {
    let services = Services::find();
    let url = services.get(&format!("{prefix}_URL"), part).to_owned();
    let file = services.get(&format!("{prefix}_PASSWORD_FILE"), part);
    let password = std::fs::read_to_string(file).unwrap();
    let login = Login {
        username: Some("comptoir".to_owned()),
        password: Some(Secret::new(password.trim_end())),
    };
    (url, login, Some(PathBuf::from(file)))
}
