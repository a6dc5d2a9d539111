//! Where the platform under test keeps everything, and how it is held against the recount.

use super::child::Process;
use crate::launcher::eventually;
use crate::recount::{Log, Stored, accepted, jsonl_partitions, kafka_partitions, recount, stored};
use comptoir_config::{DatabaseUrl, read_secret_file};
use comptoir_database::{Access, Database, Limits, Login};
use comptoir_lake::{Lake, LakeOptions, LakePath, Recursive};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const JSONL_REACH: u64 = 64 * 1024 * 1024;
const KAFKA_REACH: u64 = 200_000;

pub(super) struct World {
    pub(super) dir: TempDir,
    /// For every program of ours.
    pub(super) settings: Vec<(String, String)>,
    warehouse: DatabaseUrl,
    login: Login,
    transport: Transport,
    pub(super) lake_url: String,
    pub(super) logs: String,
}

enum Transport {
    Jsonl(PathBuf),
    Kafka { brokers: String, topic: String },
}

impl World {
    /// Everything as it is by default, but that the archive takes over all the time.
    pub(super) fn embedded() -> Self {
        let often = [
            ("COMPTOIR_ARCHIVE_EVERY_S", "1"),
            ("COMPTOIR_VIEWS_EVERY_S", "1"),
            ("COMPTOIR_VIEWS_WAIT_S", "5"),
        ];
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join(".comptoir");
        Self {
            settings: often
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            warehouse: DatabaseUrl::Sqlite {
                path: data.join("warehouse.db"),
            },
            login: Login::default(),
            transport: Transport::Jsonl(data.join("live/transactions")),
            lake_url: format!("file://{}", data.join("lake").display()),
            logs: "/user/flume/logs".to_owned(),
            dir,
        }
    }

    /// On real services, whose `env` file this is, in places of this test alone.
    pub(super) async fn on_services(env: &BTreeMap<String, String>, test: &str) -> Self {
        let name = format!("test_{test}_{}", std::process::id());
        let password = env["COMPTOIR_WAREHOUSE_PASSWORD_FILE"].as_str();
        let login = Login {
            username: Some(env["COMPTOIR_WAREHOUSE_USERNAME"].clone()),
            password: Some(read_secret_file(Path::new(password)).unwrap()),
        };
        let server = env["COMPTOIR_WAREHOUSE_URL"].clone();
        let sql = format!("CREATE DATABASE {name} CHARACTER SET utf8mb4");
        execute(&server, &login, &sql).await;
        let warehouse = format!("{}/{name}", server.rsplit_once('/').unwrap().0);
        let mut settings: BTreeMap<_, _> = env.clone();
        let [logs, bronze, gold] = ["logs", "bronze", "gold"].map(|of| format!("/tmp/{name}/{of}"));
        let archive_group = format!("{name}_archive");
        let own = [
            ("COMPTOIR_ERP_URL", warehouse.as_str()),
            ("COMPTOIR_WAREHOUSE_URL", &warehouse),
            ("COMPTOIR_TRANSPORT_TOPIC", &name),
            ("COMPTOIR_SPEED_GROUP", &name),
            ("COMPTOIR_SPEED_LISTEN", "127.0.0.1:0"),
            ("COMPTOIR_ARCHIVE_DIR", &bronze),
            ("COMPTOIR_ARCHIVE_GROUP", &archive_group),
            ("COMPTOIR_ARCHIVE_LISTEN", "127.0.0.1:0"),
            ("COMPTOIR_ARCHIVE_EVERY_S", "1"),
            ("COMPTOIR_VIEWS_TARGET_DIR", &gold),
            ("COMPTOIR_VIEWS_EVERY_S", "2"),
            ("COMPTOIR_VIEWS_WAIT_S", "5"),
            ("COMPTOIR_LOGSHIP_LISTEN", "127.0.0.1:0"),
            ("COMPTOIR_WEB_LISTEN", "127.0.0.1:0"),
            ("COMPTOIR_LOGSHIP_TARGET_DIR", &logs),
        ];
        settings.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
        settings.insert(
            "COMPTOIR_IMPORT_TARGET_DIR".to_owned(),
            format!("/tmp/{name}/sales"),
        );
        Self {
            dir: tempfile::tempdir().unwrap(),
            settings: settings.into_iter().collect(),
            warehouse: warehouse.parse().unwrap(),
            login,
            transport: Transport::Kafka {
                brokers: env["COMPTOIR_KAFKA_BOOTSTRAP"].clone(),
                topic: name,
            },
            lake_url: env["COMPTOIR_LAKE_URL"].clone(),
            logs,
        }
    }

    pub(super) fn start(&self, program: &'static str, arguments: &[&str]) -> Process {
        Process::start(program, arguments, &self.settings, self.dir.path())
    }

    pub(super) fn app_log(&self) -> PathBuf {
        self.dir.path().join(".comptoir/log/app.log")
    }

    /// Everything that is in the transport now.
    pub(super) fn log(&self) -> Log {
        match &self.transport {
            Transport::Jsonl(topic) => jsonl_partitions(topic),
            Transport::Kafka { brokers, topic } => kafka_partitions(brokers, topic),
        }
    }

    fn reach(&self) -> u64 {
        match self.transport {
            Transport::Jsonl(_) => JSONL_REACH,
            Transport::Kafka { .. } => KAFKA_REACH,
        }
    }

    /// Waits until more events are accepted than `before`.
    pub(super) async fn counted_more_than(&self, before: i64, process: &mut Process) {
        eventually("more events to be counted", async || {
            process.assert_runs();
            let accepted = accepted(&self.warehouse, &self.login).await?;
            (accepted > before).then_some(())
        })
        .await;
    }

    pub(super) async fn stored(&self) -> Stored {
        stored(&self.warehouse, &self.login).await
    }

    /// Nothing is sent any more: waits until everything is counted, and holds it against the recount.
    /// Gives the number of accepted events.
    pub(super) async fn assert_counted_once(&self, views: &mut Process, context: &str) -> i64 {
        let log = self.log();
        let last = |records: &Vec<_>| {
            records
                .last()
                .map(|last: &crate::recount::RawRecord| last.offset)
        };
        let ends: BTreeMap<_, _> = (log.iter())
            .filter_map(|(partition, records)| Some((*partition, last(records)?)))
            .collect();
        let stored = eventually("everything to be counted", async || {
            views.assert_runs();
            let stored = self.stored().await;
            let next = |partition| stored.next.get(partition).copied().unwrap_or(0);
            let counted = ends.iter().all(|(partition, last)| next(partition) > *last);
            counted.then_some(stored)
        })
        .await;
        let expected = recount(&log, self.reach(), &stored.next);
        assert_eq!(stored.gaps, 0, "{context}: holes");
        expected.assert_equal(&stored.figures, context);
        expected.accepted()
    }

    /// Everything is counted: waits until the archive counts it, and holds that against the recount.
    pub(super) async fn assert_archive_counts(
        &self,
        processes: &mut [&mut Process],
        context: &str,
    ) {
        let stored = eventually("the archive to count everything", async || {
            for process in &mut *processes {
                process.assert_runs();
            }
            let stored = self.stored().await;
            (stored.by_sinks == 0 && stored.by_run > 0).then_some(stored)
        })
        .await;
        let expected = recount(&self.log(), self.reach(), &stored.next);
        expected.assert_equal(&stored.figures, context);
    }

    pub(super) async fn remove(&self) {
        if let DatabaseUrl::MySql { database, .. } = &self.warehouse {
            let sql = format!("DROP DATABASE {database}");
            execute(&self.warehouse.to_string(), &self.login, &sql).await;
            let lake = Lake::open(&self.lake_url, LakeOptions::default()).unwrap();
            let directory = LakePath::parse(&format!("/tmp/{database}")).unwrap();
            lake.delete(&directory, Recursive::Yes).await.unwrap();
        }
    }
}

async fn execute(url: &str, login: &Login, sql: &str) {
    let (url, limits) = (url.parse().unwrap(), Limits::default());
    let mut database = Database::connect(&url, login, Access::Write, limits)
        .await
        .unwrap();
    database.execute("setting up a test", sql).await.unwrap();
    database.close().await;
}
