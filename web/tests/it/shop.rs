//! A warehouse of a test's own, a sink that sells into it, and what it sold, added up by other
//! means than the server's.

use crate::services::Services;
use comptoir_config::{DatabaseUrl, Secret, clock};
use comptoir_database::{Access, Database};
use comptoir_model::ids::{Offset, Partition, StreamId};
use comptoir_model::live::Tally;
use comptoir_model::merge::{PartitionKey, Span};
use comptoir_model::verdict::{DuplicateWindow, MappingVersion, Reach, Record, judge};
use comptoir_warehouse::{
    Committed, Limits, Login, NameKind, NewName, Progress, ViewsBatch, ViewsPosition, ViewsWriter,
    Warehouse,
};
use futures::FutureExt;
use jiff::Timestamp;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    MariaDb,
}

/// Makes each test run on both kinds of database.
macro_rules! on_every_warehouse {
    ($($test:ident)*) => { $(
        mod $test {
            use crate::shop::{Kind, Shop};

            #[tokio::test(flavor = "multi_thread")]
            async fn on_sqlite() {
                Shop::with(Kind::Sqlite, super::$test).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn on_mariadb() {
                Shop::with(Kind::MariaDb, super::$test).await;
            }
        }
    )* };
}
pub(crate) use on_every_warehouse;

/// The topic's partitions.
pub(crate) const PARTITIONS: u32 = 2;
pub(crate) const STREAM: &str = "stream-of-a-test";

/// One event.
#[derive(Clone, Debug)]
pub(crate) struct Sale {
    pub(crate) at: Timestamp,
    pub(crate) order: u32,
    pub(crate) customer: Option<u32>,
    pub(crate) product: u32,
    pub(crate) category: &'static str,
    pub(crate) merchant: &'static str,
    pub(crate) city: &'static str,
    pub(crate) channel: &'static str,
    pub(crate) status: &'static str,
    pub(crate) quantity: i64,
    pub(crate) cents: i64,
    pub(crate) currency: &'static str,
}

impl Sale {
    pub(crate) fn at(at: Timestamp) -> Self {
        Self {
            at,
            order: 1,
            customer: Some(1),
            product: 1,
            category: "Tea",
            merchant: "Port",
            city: "Nantes",
            channel: "web",
            status: "APPROVED",
            quantity: 2,
            cents: 1050,
            currency: "EUR",
        }
    }

    pub(crate) fn sold(&self) -> bool {
        self.status == "APPROVED"
    }

    pub(crate) fn gross(&self) -> i64 {
        if self.sold() { self.cents } else { 0 }
    }

    pub(crate) fn refunds(&self) -> i64 {
        if self.status == "REFUNDED" {
            self.cents
        } else {
            0
        }
    }

    pub(crate) fn product_name(&self) -> String {
        format!("Product {}", self.product)
    }

    fn record(&self, id: &str) -> String {
        let customer = self.customer.map(|id| format!("c-{id}"));
        serde_json::json!({
            "event_id": id, "event_time": self.at.to_string(),
            "order_id": format!("o-{}", self.order), "order_line": 1,
            "customer_id": customer, "customer_name": customer,
            "product_id": format!("p-{}", self.product), "product_name": self.product_name(),
            "category": self.category, "merchant": self.merchant, "quantity": self.quantity,
            "unit_price": "1", "amount": format!("{}.{:02}", self.cents / 100, self.cents % 100),
            "currency": self.currency, "country": "France", "city": self.city,
            "channel": self.channel, "payment_method": "card", "status": self.status,
        })
        .to_string()
    }
}

pub(crate) struct Shop {
    pub(crate) url: DatabaseUrl,
    pub(crate) login: Login,
    pub(crate) warehouse: Warehouse,
    /// What the sink stamps its commits with.
    pub(crate) now: Timestamp,
    /// Every sale that is committed.
    pub(crate) sold: Vec<Sale>,
    pub(crate) writer: ViewsWriter,
    /// Every record of each partition, by offset.
    pub(crate) records: Vec<Vec<String>>,
    positions: Vec<ViewsPosition>,
    name: String,
    _directory: tempfile::TempDir,
}

impl Shop {
    /// Runs a test in a new shop and removes it, whatever comes of the test.
    pub(crate) async fn with(kind: Kind, test: impl AsyncFnOnce(&mut Self)) {
        let mut shop = Self::open(kind).await;
        let result = AssertUnwindSafe(test(&mut shop)).catch_unwind().await;
        if kind != Kind::Sqlite {
            let mut database = connect(&shop.url, &shop.login).await;
            let drop = format!("DROP DATABASE {}", shop.name);
            database.execute("removing a test", &drop).await.unwrap();
        }
        if let Err(panic) = result {
            std::panic::resume_unwind(panic);
        }
    }

    pub(crate) async fn open(kind: Kind) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (pid, random) = (std::process::id(), clock::random_u32());
        let name = format!("test_web_{pid}_{random:08x}");
        let (url, login) = match kind {
            Kind::Sqlite => {
                let path = directory.path().join("warehouse.db");
                let url = format!("sqlite://{}", path.display());
                (url.parse().unwrap(), Login::default())
            }
            Kind::MariaDb => server(&name).await,
        };
        let warehouse = Warehouse::new(url.clone(), login.clone(), limits());
        warehouse.migrate().await.unwrap();
        let now = "2026-11-21T13:42:30Z".parse().unwrap();
        let mut writer = ViewsWriter::open(&warehouse, "a test").await.unwrap();
        let stream = StreamId(STREAM.to_owned());
        (writer
            .register_stream(&stream, "kafka", "transactions", now)
            .await)
            .unwrap();
        let mut positions = Vec::new();
        for partition in 0..PARTITIONS {
            let partition = Partition(partition);
            let stream = stream.clone();
            let key = PartitionKey { stream, partition };
            positions.push(writer.position(&key, now).await.unwrap());
        }
        let mut shop = Self {
            url,
            login,
            warehouse,
            now,
            sold: Vec::new(),
            writer,
            records: vec![Vec::new(); PARTITIONS as usize],
            positions,
            name,
            _directory: directory,
        };
        shop.look().await;
        shop
    }

    /// Commits sales as one batch of a partition.
    pub(crate) async fn sell(&mut self, partition: u32, sales: &[Sale]) {
        let start = self.positions[partition as usize].next.0;
        let records = (start..).zip(sales);
        let records = records.map(|(offset, sale)| sale.record(&format!("{partition}-{offset}")));
        self.commit(partition, &records.collect::<Vec<_>>()).await;
        self.sold.extend_from_slice(sales);
    }

    /// Commits records as one batch, whatever they are.
    pub(crate) async fn commit(&mut self, partition: u32, records: &[String]) {
        let position = &mut self.positions[partition as usize];
        let mut window = DuplicateWindow::new(Reach::new(u64::MAX));
        let mut tally = Tally::default();
        let mut names = Vec::new();
        for (offset, text) in (position.next.0..).zip(records) {
            let record = Record {
                offset: Offset(offset),
                timestamp: self.now,
                bytes: text.as_bytes(),
            };
            let verdict = judge(record, MappingVersion::NEWEST, &mut window).unwrap();
            tally
                .add(&record, MappingVersion::NEWEST, &verdict)
                .unwrap();
            if let Ok(event) = serde_json::from_str::<serde_json::Value>(text) {
                let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
                names.push((text("product_id"), text("product_name")));
            }
        }
        let names: Vec<_> = (names.iter())
            .map(|(id, name)| NewName {
                kind: NameKind::Product,
                id,
                name,
            })
            .collect();
        let end = Offset(position.next.0 + records.len() as u64);
        let batch = ViewsBatch {
            partition: position.partition,
            span: Span::new(position.next, end).unwrap(),
            tally: &tally,
            lost: &[],
            blind: &[],
            progress: seen_to(end, self.now),
            names: &names,
            now: self.now,
        };
        self.records[partition as usize].extend_from_slice(records);
        let committed = self.writer.commit(&batch).await.unwrap();
        assert!(matches!(committed, Committed::Applied { .. }));
        position.next = end;
    }

    /// Says that the sink has looked and found nothing more.
    pub(crate) async fn look(&mut self) {
        let progress: Vec<_> = (self.positions.iter())
            .map(|position| (position.partition, seen_to(position.next, self.now)))
            .collect();
        self.writer.note_progress(&progress).await.unwrap();
    }

    /// Looks again and again, as a running sink does, until `waiting` is over: after 5 s without a
    /// look, a sink counts as stopped.
    pub(crate) async fn looking_until<T>(&mut self, waiting: impl Future<Output = T>) -> T {
        let looking = async {
            loop {
                self.now = clock::now();
                self.look().await;
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        };
        tokio::select! {
            answer = waiting => answer,
            () = looking => unreachable!("it never stops looking"),
        }
    }

    /// Closes all generations: what follows goes into the next ones.
    pub(crate) async fn seal(&mut self) {
        self.writer.seal(self.now).await.unwrap();
    }

    /// Where all partitions stand, as `as_of` says it.
    pub(crate) fn offsets(&self) -> serde_json::Value {
        let offset = |(number, position): (usize, &ViewsPosition)| serde_json::json!({"stream": STREAM, "partition": number, "next": position.next});
        self.positions.iter().enumerate().map(offset).collect()
    }
}

pub(crate) fn limits() -> Limits {
    Limits {
        connect: Duration::from_secs(3),
        statement: Duration::from_secs(20),
        row: Duration::from_secs(20),
    }
}

fn seen_to(end: Offset, now: Timestamp) -> Progress {
    Progress {
        log_end: end,
        fresh_through: Some(now),
        checked_at: now,
    }
}

async fn server(name: &str) -> (DatabaseUrl, Login) {
    let services = Services::find();
    let url = services.get("COMPTOIR_ERP_URL", "mariadb");
    let password = services.get("COMPTOIR_ERP_PASSWORD_FILE", "mariadb");
    let password = std::fs::read_to_string(password).unwrap();
    let login = Login {
        username: Some("comptoir".to_owned()),
        password: Some(Secret::new(password.trim_end())),
    };
    let mut admin = connect(&url.parse().unwrap(), &login).await;
    let create = format!("CREATE DATABASE {name} CHARACTER SET utf8mb4");
    admin.execute("preparing a test", &create).await.unwrap();
    let (server, _) = url.rsplit_once('/').unwrap();
    (format!("{server}/{name}").parse().unwrap(), login)
}

async fn connect(url: &DatabaseUrl, login: &Login) -> Database {
    (Database::connect(url, login, Access::Write, Limits::default()).await)
        .unwrap_or_else(|error| panic!("{error}\nhint: compose/services up"))
}
