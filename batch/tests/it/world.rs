//! A database and a lake of a test's own, removed when it ends.

use crate::services::Services;
use comptoir_batch::database::{Access, Database, Limits, Login};
use comptoir_batch::import::{ImportError, ImportReport, ImportRequest, Source, import};
use comptoir_config::{Secret, clock};
use comptoir_lake::{Lake, LakeOptions, LakePath, Recursive, published};
use comptoir_model::ids::RunId;
use comptoir_model::manifest::Manifest;
use futures::FutureExt;
use indicatif::ProgressBar;
use std::num::NonZeroU32;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use tokio::sync::RwLock;

/// Which database; the lake goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// With a local directory as the lake.
    Sqlite,
    /// With HDFS.
    MariaDb,
    /// With HDFS.
    MySql,
}

pub(crate) struct World {
    pub(crate) kind: Kind,
    pub(crate) source: Source,
    pub(crate) password_file: Option<PathBuf>,
    pub(crate) lake: Lake,
    pub(crate) lake_url: String,
    /// Everything of this test lies below it.
    pub(crate) root: LakePath,
    pub(crate) target: LakePath,
    pub(crate) directory: tempfile::TempDir,
    pub(crate) hadoop_conf_dir: Option<PathBuf>,
}

/// Makes each test run on every kind of database.
macro_rules! on_every_database {
    ($($test:ident)*) => { $(
        mod $test {
            use crate::world::{Kind, World};

            #[tokio::test(flavor = "multi_thread")]
            async fn on_sqlite_and_a_directory() {
                World::with(Kind::Sqlite, super::$test).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn on_mariadb_and_hdfs() {
                World::with(Kind::MariaDb, super::$test).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn on_mysql_and_hdfs() {
                World::with(Kind::MySql, super::$test).await;
            }
        }
    )* };
}
pub(crate) use on_every_database;

/// Makes each test run on files, and on real services.
macro_rules! on_both {
    ($($test:ident)*) => { $(
        mod $test {
            use crate::world::{Kind, World};

            #[tokio::test(flavor = "multi_thread")]
            async fn on_sqlite_and_a_directory() {
                World::with(Kind::Sqlite, super::$test).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn on_mariadb_and_hdfs() {
                World::with(Kind::MariaDb, super::$test).await;
            }
        }
    )* };
}
pub(crate) use on_both;

/// Held for writing by tests that lock a whole server.
static SERVERS: RwLock<()> = RwLock::const_new(());

impl World {
    /// Runs a test in a new world and removes it, whatever comes of the test.
    pub(crate) async fn with(kind: Kind, test: impl AsyncFnOnce(&Self)) {
        let _others_too = SERVERS.read().await;
        Self::run(kind, test).await;
    }

    /// The same, while no other test uses a server.
    pub(crate) async fn alone(kind: Kind, test: impl AsyncFnOnce(&Self)) {
        let _no_others = SERVERS.write().await;
        Self::run(kind, test).await;
    }

    async fn run(kind: Kind, test: impl AsyncFnOnce(&Self)) {
        let world = Self::create(kind).await;
        let result = AssertUnwindSafe(test(&world)).catch_unwind().await;
        world.remove().await;
        if let Err(panic) = result {
            std::panic::resume_unwind(panic);
        }
    }

    async fn create(kind: Kind) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let unique = format!(
            "test_import_{}_{:08x}",
            std::process::id(),
            clock::random_u32()
        );
        let root = LakePath::parse(&format!("/test/{unique}")).unwrap();
        let (source, password_file, lake_url, hadoop_conf_dir) = if kind == Kind::Sqlite {
            let path = directory.path().join("the erp.db");
            let source = Source {
                url: format!("sqlite://{}", path.display()).parse().unwrap(),
                login: Login::default(),
            };
            let lake_url = format!("file://{}", directory.path().join("lake").display());
            (source, None, lake_url, None)
        } else {
            let services = Services::find();
            let (url, password_file) = match kind {
                Kind::MySql => (
                    services.get("COMPTOIR_MYSQL_URL", "mysql"),
                    services.get("COMPTOIR_MYSQL_PASSWORD_FILE", "mysql"),
                ),
                _ => (
                    services.get("COMPTOIR_ERP_URL", "mariadb"),
                    services.get("COMPTOIR_ERP_PASSWORD_FILE", "mariadb"),
                ),
            };
            let password = std::fs::read_to_string(password_file).unwrap();
            let mut source = Source {
                url: url.parse().unwrap(),
                login: Login {
                    username: Some("comptoir".to_owned()),
                    password: Some(Secret::new(password.trim_end())),
                },
            };
            let mut admin = connect(&source, Access::Write).await;
            let create = format!("CREATE DATABASE {unique} CHARACTER SET utf8mb4");
            admin
                .execute("creating the database", &create)
                .await
                .unwrap();
            let (server, _) = url.rsplit_once('/').unwrap();
            source.url = format!("{server}/{unique}").parse().unwrap();
            (
                source,
                Some(PathBuf::from(password_file)),
                services.get("COMPTOIR_LAKE_URL", "hdfs").to_owned(),
                Some(PathBuf::from(services.get("HADOOP_CONF_DIR", "hdfs"))),
            )
        };
        let options = LakeOptions {
            timeout: Duration::from_secs(30),
            hadoop_conf_dir: hadoop_conf_dir.clone(),
        };
        let world = Self {
            kind,
            source,
            password_file,
            lake: Lake::open(&lake_url, options).unwrap(),
            lake_url,
            target: root.join("sales").unwrap(),
            root,
            directory,
            hadoop_conf_dir,
        };
        if kind == Kind::Sqlite {
            world.sql("PRAGMA journal_mode = WAL").await;
        }
        world
    }

    async fn remove(self) {
        if self.kind != Kind::Sqlite {
            let (_, name) = self.root.as_str().rsplit_once('/').unwrap();
            self.sql(&format!("DROP DATABASE {name}")).await;
            self.lake.delete(&self.root, Recursive::Yes).await.unwrap();
        }
    }

    /// A connection that may write.
    pub(crate) async fn writer(&self) -> Database {
        connect(&self.source, Access::Write).await
    }

    /// Runs statements in a session of their own.
    pub(crate) async fn sql(&self, statements: &str) {
        let mut database = self.writer().await;
        database
            .execute("preparing a test", statements)
            .await
            .unwrap();
        database.close().await;
    }

    /// A table `t` of `id` 1 to `count` and a `note`, in one statement.
    pub(crate) async fn numbered_table(&self, count: u32) {
        let rows: Vec<_> = (1..=count).map(|id| format!("({id},'row {id}')")).collect();
        self.sql("CREATE TABLE t (id INT NOT NULL PRIMARY KEY, note VARCHAR(50))")
            .await;
        for rows in rows.chunks(5000) {
            self.sql(&format!("INSERT INTO t VALUES {}", rows.join(",")))
                .await;
        }
    }

    /// A request in the lossless format.
    pub(crate) fn request(&self, table: &str, mappers: u32) -> ImportRequest {
        let mappers = NonZeroU32::new(mappers).unwrap();
        ImportRequest::of_table(table, self.target.clone(), mappers)
    }

    pub(crate) async fn import(
        &self,
        request: &ImportRequest,
    ) -> Result<ImportReport, ImportError> {
        let run = RunId::new(clock::now(), clock::random_u32());
        let progress = ProgressBar::hidden();
        // Boxed: the futures of tests with several imports would be large.
        let importing = import(
            &self.source,
            &self.lake,
            request,
            run,
            clock::now,
            &progress,
        );
        Box::pin(importing).await
    }

    /// What is published: its manifest, and the rows of each part, checked.
    pub(crate) async fn published(&self) -> (Manifest, Vec<Vec<Vec<Option<String>>>>) {
        let run = published::open(&self.lake, &self.target)
            .await
            .unwrap()
            .expect("a published run");
        let mut parts = Vec::new();
        for index in 0..run.manifest().parts.len() {
            let rows = run.read_rows(index).await.unwrap();
            let text =
                |value: Option<Vec<u8>>| value.map(|bytes| String::from_utf8(bytes).unwrap());
            parts.push(
                (rows.into_iter())
                    .map(|row| row.into_iter().map(text).collect())
                    .collect(),
            );
        }
        (run.manifest().clone(), parts)
    }

    /// The published rows of all parts, in order.
    pub(crate) async fn rows(&self) -> Vec<Vec<Option<String>>> {
        self.published().await.1.concat()
    }

    /// The program itself, in a directory and an environment of its own.
    pub(crate) fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_comptoir-batch"));
        command.args(arguments).current_dir(self.directory.path());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("COMPTOIR_") {
                command.env_remove(name);
            }
        }
        command.env_remove("HADOOP_CONF_DIR");
        if let Some(directory) = &self.hadoop_conf_dir {
            command.env("HADOOP_CONF_DIR", directory);
        }
        command
    }

    /// The flags that lead to the database and the lake.
    pub(crate) fn flags(&self) -> Vec<String> {
        let mut flags = vec![
            format!("--connect={}", self.source.url),
            format!("--lake={}", self.lake_url),
            format!("--target-dir={}", self.target),
        ];
        flags.extend(
            self.source
                .login
                .username
                .iter()
                .map(|name| format!("--username={name}")),
        );
        flags.extend(
            self.password_file
                .iter()
                .map(|file| format!("--password-file={}", file.display())),
        );
        flags
    }
}

async fn connect(source: &Source, access: Access) -> Database {
    (Database::connect(&source.url, &source.login, access, Limits::default()).await)
        .unwrap_or_else(|error| panic!("{error}\nhint: compose/services up"))
}

/// As SQL's and the lake's values are compared in tests.
pub(crate) fn some(texts: &[&str]) -> Vec<Option<String>> {
    texts.iter().map(|text| Some((*text).to_owned())).collect()
}
