//! A table of each test's own, on either backend.

use comptoir_bronze::{Archive, Committed, Draft, Gap, Part, Snapshot, Table};
use comptoir_config::clock;
use comptoir_lake::{Create, Lake, LakeOptions, LakePath, Recursive};
use comptoir_model::ids::{Offset, Partition, StreamId};
use comptoir_model::merge::{PartitionKey, Span};
use comptoir_model::verdict::{DuplicateWindow, MappingVersion, Reach, Record, judge};
use deltalake::arrow::array::ArrayRef;
use deltalake::arrow::util::display::array_value_to_string;
use deltalake::datafusion::prelude::SessionContext;
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

pub(crate) struct Place {
    pub(crate) lake: Lake,
    pub(crate) table: Table,
    pub(crate) directory: LakePath,
    _local: Option<TempDir>,
}

impl Place {
    pub(crate) fn local() -> Self {
        let directory = TempDir::with_suffix(" with space").unwrap();
        let url = format!("file://{}", directory.path().display());
        Self::new(&url, Some(directory))
    }

    pub(crate) fn hdfs() -> Self {
        Self::new(&hdfs_url(), None)
    }

    fn new(url: &str, local: Option<TempDir>) -> Self {
        let lake = Lake::open(url, LakeOptions::default()).unwrap();
        let name = format!("{}-{:08x}", std::process::id(), clock::random_u32());
        let directory = LakePath::parse(&format!("/tmp/comptoir-bronze-{name}")).unwrap();
        let table = Table::open(&lake, &directory, Duration::from_mins(1)).unwrap();
        Self {
            lake,
            table,
            directory,
            _local: local,
        }
    }

    /// Runs a test and removes its directory, whatever comes of it.
    pub(crate) async fn run(self, test: impl AsyncFnOnce(&Self)) {
        let result = AssertUnwindSafe(test(&self)).catch_unwind().await;
        let deleted = self.lake.delete(&self.directory, Recursive::Yes).await;
        if let Err(panic) = result {
            std::panic::resume_unwind(panic);
        }
        deleted.unwrap();
    }

    /// A writer as a process of its own would have it.
    pub(crate) fn archive(&self) -> Archive {
        Archive::new(self.table.clone())
    }

    /// Uploads one event for each offset of a span.
    pub(crate) async fn part(&self, key: &PartitionKey, start: u64, end: u64) -> Part {
        let mut draft = Draft::new(key.clone());
        let mut window = DuplicateWindow::new(Reach::KAFKA);
        for offset in start..end {
            let bytes = event(&format!("e-{}-{offset}", key.partition.0), "4.50");
            add(&mut draft, &mut window, offset, bytes.as_bytes());
        }
        self.finish(draft, key, start, end).await
    }

    pub(crate) async fn gap(&self, key: &PartitionKey, gap: Gap, start: u64, end: u64) -> Part {
        let mut draft = Draft::new(key.clone());
        let span = Span::new(Offset(start), Offset(end)).unwrap();
        draft.gap(gap, span, clock::now()).unwrap();
        self.finish(draft, key, start, end).await
    }

    pub(crate) async fn finish(
        &self,
        mut draft: Draft,
        key: &PartitionKey,
        start: u64,
        end: u64,
    ) -> Part {
        let (files, counts) = draft.finish().unwrap();
        Part {
            key: key.clone(),
            span: Span::new(Offset(start), Offset(end)).unwrap(),
            files: self.table.upload(&files, clock::now()).await.unwrap(),
            counts,
        }
    }

    /// An empty file.
    pub(crate) async fn write(&self, path: &LakePath) {
        let mut writer = self.lake.create(path, Create::Exclusive).await.unwrap();
        writer.close().await.unwrap();
    }

    pub(crate) async fn snapshot(&self) -> Snapshot {
        Snapshot::newest(&self.table).await.unwrap().unwrap()
    }

    /// What a query over the newest version says, each row as one text.
    pub(crate) async fn query(&self, sql: &str) -> Vec<String> {
        let context = SessionContext::new();
        let provider = self.snapshot().await.provider().await.unwrap();
        context.register_table("bronze", provider).unwrap();
        let batches = context.sql(sql).await.unwrap().collect().await.unwrap();
        let mut rows = Vec::new();
        for batch in batches {
            for row in 0..batch.num_rows() {
                let value = |column: &ArrayRef| array_value_to_string(column, row).unwrap();
                rows.push(
                    batch
                        .columns()
                        .iter()
                        .map(value)
                        .collect::<Vec<_>>()
                        .join(" "),
                );
            }
        }
        rows
    }

    /// The offsets of a partition, each with its row's verdict, in order.
    pub(crate) async fn offsets(&self, key: &PartitionKey) -> Vec<String> {
        self.query(&format!(
            "SELECT _offset, _verdict FROM bronze WHERE _partition = {} ORDER BY _offset, _verdict",
            key.partition.0
        ))
        .await
    }
}

pub(crate) fn key(partition: u32) -> PartitionKey {
    PartitionKey {
        stream: StreamId("it's a stream".to_owned()),
        partition: Partition(partition),
    }
}

pub(crate) fn add(draft: &mut Draft, window: &mut DuplicateWindow, offset: u64, bytes: &[u8]) {
    let record = Record {
        offset: Offset(offset),
        timestamp: "2026-11-21T12:00:00Z".parse().unwrap(),
        bytes,
    };
    let verdict = judge(record, MappingVersion::NEWEST, window).unwrap();
    draft
        .record(record, MappingVersion::NEWEST, &verdict)
        .unwrap();
}

pub(crate) fn event(id: &str, amount: &str) -> String {
    format!(
        r#"{{"event_id": "{id}", "event_time": "2026-11-20T23:59:59.123456789-01:00",
        "order_id": "o-1", "order_line": 1, "product_id": "p-1", "product_name": "Thé",
        "category": "Grocery", "merchant": "Port", "quantity": 1, "unit_price": "4.5",
        "amount": "{amount}", "currency": "EUR", "country": "France", "city": "Nantes",
        "channel": "store", "payment_method": "card", "status": "APPROVED"}}"#
    )
}

pub(crate) fn applied(committed: &[Committed]) -> Vec<bool> {
    let applied = |committed: &Committed| matches!(committed, Committed::Applied { .. });
    committed.iter().map(applied).collect()
}

fn hdfs_url() -> String {
    let file = std::env::var_os("COMPTOIR_SERVICES_ENV").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.comptoir/services/env"),
        Into::into,
    );
    let text = std::fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{}: {error}\nhint: compose/services up", file.display()));
    let url = text.lines().find_map(|line| {
        let (name, value) = line.strip_prefix("export ")?.split_once('=')?;
        (name == "COMPTOIR_LAKE_URL").then(|| value.trim_matches('\'').to_owned())
    });
    url.expect("HDFS is not among the services: run `compose/services up hdfs`")
}

/// Makes each function a test on a local directory and one on HDFS.
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {
        mod local {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                crate::place::Place::local().run(super::$test).await;
            })+
        }
        mod hdfs {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                crate::place::Place::hdfs().run(super::$test).await;
            })+
        }
    };
}
pub(crate) use on_both;
