//! A lake of a test's own beside the topic that flows into it.

use crate::counts::Counts;
use crate::services::Services;
use crate::views::recomputed::Figures;
use crate::views::till::Sent;
use crate::views::world::{Kind, PATIENCE, Process, Sink, World};
use comptoir_bronze::{Snapshot, Table};
use comptoir_lake::{Lake, LakeOptions, LakePath, Recursive};
use comptoir_speed::archive::{ArchiveRequest, run};
use deltalake::arrow::array::ArrayRef;
use deltalake::arrow::util::display::array_value_to_string;
use deltalake::datafusion::prelude::SessionContext;
use futures::FutureExt;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tokio::time::Instant;

pub(crate) struct Shore<'a> {
    pub(crate) world: &'a World,
    pub(crate) table: Table,
    pub(super) lake_url: String,
    pub(super) directory: LakePath,
}

/// Makes each test run from every transport into every lake.
macro_rules! on_both {
    ($($test:ident)*) => { $(
        mod $test {
            use crate::archive::shore::Shore;
            use crate::views::world::Kind;

            #[tokio::test(flavor = "multi_thread")]
            async fn from_jsonl_into_a_directory() {
                Shore::with(Kind::JsonlSqlite, super::$test).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn from_kafka_into_hdfs() {
                Shore::with(Kind::KafkaMariaDb, super::$test).await;
            }
        }
    )* };
}
pub(crate) use on_both;

impl Shore<'_> {
    pub(crate) async fn with(kind: Kind, test: impl AsyncFnOnce(&Shore<'_>)) {
        Self::of_partitions(kind, 3, test).await;
    }

    pub(crate) async fn of_partitions(
        kind: Kind,
        partitions: u32,
        test: impl AsyncFnOnce(&Shore<'_>),
    ) {
        World::of_partitions(kind, partitions, async |world: &World| {
            let lake_url = match kind {
                Kind::JsonlSqlite => format!("file://{}/lake", world.directory.path().display()),
                _ => Services::find().get("COMPTOIR_LAKE_URL", "hdfs").to_owned(),
            };
            let lake = Lake::open(&lake_url, LakeOptions::default()).unwrap();
            let directory = LakePath::parse(&format!("/tmp/{}", world.unique)).unwrap();
            let shore = Shore {
                world,
                table: Table::open(&lake, &directory, Duration::from_mins(1)).unwrap(),
                lake_url,
                directory: directory.clone(),
            };
            let result = AssertUnwindSafe(test(&shore)).catch_unwind().await;
            let deleted = lake.delete(&directory, Recursive::Yes).await;
            if let Err(panic) = result {
                std::panic::resume_unwind(panic);
            }
            deleted.unwrap();
        })
        .await;
    }

    /// An archive in this process.
    pub(crate) async fn sink(&self) -> Sink {
        self.sink_with(None, None).await
    }

    /// One that also keeps the table small, and reconciles.
    pub(crate) async fn sink_with(
        &self,
        upkeep_every: Option<Duration>,
        reconcile_every: Option<Duration>,
    ) -> Sink {
        let request = ArchiveRequest {
            upkeep_every,
            reconcile_every,
            ..self.request()
        };
        Self::sink_of(request).await
    }

    pub(crate) fn request(&self) -> ArchiveRequest {
        let views = self.world.request();
        ArchiveRequest {
            transport: views.transport,
            table: self.table.clone(),
            warehouse: views.warehouse,
            group: format!("{}-archive", views.group),
            every: Duration::from_millis(300),
            records: 200_000,
            file_bytes: 8_000,
            upkeep_every: None,
            keep_days: None,
            reconcile_every: None,
        }
    }

    pub(crate) async fn sink_of(request: ArchiveRequest) -> Sink {
        Sink::start(|listener, stopped| run(request, listener, stopped)).await
    }

    /// An archive in a process of its own.
    pub(crate) fn process(&self) -> Process {
        Process::start(self.archive(&format!("{}-archive", self.world.unique)))
    }

    /// The program of an archive, in this group.
    pub(crate) fn archive(&self, group: &str) -> Command {
        let arguments = ["archive", "--listen", "127.0.0.1:0", "--every", "0.2"];
        let mut command = self.command(&arguments);
        command.args(["--group", group]);
        command
    }

    /// The program itself, for this archive.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.world.program(arguments);
        command.args(["--lake", &self.lake_url, "--dir", self.directory.as_str()]);
        command
    }

    /// Where the table lies, of a lake that is a local directory.
    pub(crate) fn local_directory(&self) -> PathBuf {
        let lake = self.lake_url.strip_prefix("file://").unwrap();
        Path::new(lake).join(self.directory.as_str().trim_start_matches('/'))
    }

    /// What a query over the newest version says, each row as one text; nothing where there is no
    /// table.
    pub(crate) async fn query(&self, sql: &str) -> Vec<String> {
        let Some(snapshot) = Snapshot::newest(&self.table).await.unwrap() else {
            return Vec::new();
        };
        let context = SessionContext::new();
        let provider = snapshot.provider().await.unwrap();
        context.register_table("bronze", provider).unwrap();
        let batches = context.sql(sql).await.unwrap().collect().await.unwrap();
        let mut rows = Vec::new();
        for batch in batches {
            for row in 0..batch.num_rows() {
                let value = |column: &ArrayRef| array_value_to_string(column, row).unwrap();
                let values: Vec<_> = batch.columns().iter().map(value).collect();
                rows.push(values.join(" "));
            }
        }
        rows
    }

    pub(crate) async fn archived_so_far(&self) -> usize {
        let count = self
            .query("SELECT count(*) FROM bronze WHERE _end_offset IS NULL")
            .await;
        count.first().map_or(0, |count| count.parse().unwrap())
    }

    /// Waits until so many records are in the table.
    pub(crate) async fn archived(&self, records: usize) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let archived = self.archived_so_far().await;
            if archived >= records {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "{archived} of {records} records were archived in {PATIENCE:?}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until more data files lie in the table's directory, named by a version or not, and
    /// counts them.
    pub(crate) async fn more_files_than(&self, known: usize) -> usize {
        let lake = Lake::open(&self.lake_url, LakeOptions::default()).unwrap();
        let deadline = Instant::now() + PATIENCE;
        loop {
            // There is no such directory at first.
            let days = lake.list(&self.directory).await.unwrap_or_default();
            let mut files = 0;
            for day in (days.iter()).filter(|day| day.path.as_str().contains("/day=")) {
                files += lake.list(&day.path).await.unwrap().len();
            }
            if files > known {
                return files;
            }
            assert!(Instant::now() < deadline, "no more files in {PATIENCE:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The table must hold all records that were sent, each once, judged as a plain recount does.
    pub(crate) async fn assert_archived(&self, sent: &[Sent]) {
        self.counts(sent).await.settle("");
    }

    /// What the records that were sent have become in the table, once that many are there.
    pub(crate) async fn counts(&self, sent: &[Sent]) -> Counts {
        self.archived(sent.len()).await;
        let expected = Figures::recompute(sent);
        let expected = Figures {
            records: expected.records,
            net: expected.net,
            dead_letters: expected.dead_letters,
            ..Figures::default()
        };
        let mut counts = self.figures().await.counts(&expected);
        let twice = self
            .query(
                "SELECT _stream, _partition, _offset FROM bronze \
                 GROUP BY 1, 2, 3 HAVING count(*) > 1",
            )
            .await;
        (counts.wrong).extend(
            twice
                .iter()
                .map(|record| format!("{record} is there twice")),
        );
        counts
    }

    /// As far as the table has them.
    async fn figures(&self) -> Figures {
        let records = self
            .query("SELECT _partition, _verdict, count(*) FROM bronze GROUP BY 1, 2")
            .await;
        let net = self
            .query(
                "SELECT _partition, currency, sum(CASE status WHEN 'APPROVED' THEN amount \
                 WHEN 'REFUNDED' THEN -amount ELSE 0 END) AS net FROM bronze \
                 WHERE _verdict = 'accepted' GROUP BY 1, 2",
            )
            .await;
        let mut dead_letters = self
            .query(
                "SELECT _partition, _reason, encode(_raw, 'hex') FROM bronze \
                 WHERE _verdict = 'rejected'",
            )
            .await;
        dead_letters.sort();
        Figures {
            records: numbers(&records),
            net: numbers(&net),
            dead_letters,
            ..Figures::default()
        }
    }
}

/// By what stands before the last word of each row. Of amounts the hundredths; none that is zero.
fn numbers(rows: &[String]) -> BTreeMap<String, i64> {
    let number = |row: &String| {
        let (key, number) = row.rsplit_once(' ').unwrap();
        (key.to_owned(), number.replace('.', "").parse().unwrap())
    };
    (rows.iter().map(number))
        .filter(|(_, number)| *number != 0)
        .collect()
}
