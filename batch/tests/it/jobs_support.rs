//! Jobs of a test's own: their file, their warehouse, and a source that can be held back.

use crate::world::{Kind, World};
use comptoir_batch::database::{Access, Database, Limits, Login};
use comptoir_config::DatabaseUrl;
use comptoir_warehouse::{JobOutcome, Warehouse};
use serde_json::Value;
use std::fmt::Write as _;
use std::process::{Child, Command, Output, Stdio};

pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A database file that nobody can read as long as this is there.
pub(crate) struct Blocked(Database);

impl Ended {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            code: output.status.code().expect("an exit code"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Each line of stdout as an object.
    pub(crate) fn json(&self) -> Vec<Value> {
        let lines = self.stdout.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

impl World {
    /// Writes `comptoir.toml`, which leads to the database, the lake and a warehouse, and
    /// `jobs.toml`.
    pub(crate) fn write_jobs(&self, jobs: &str) {
        let mut settings = String::new();
        let mut section = |name: &str, url: &str, login: bool| {
            writeln!(settings, "[{name}]\nurl = \"{url}\"").unwrap();
            if let Some(file) = self.password_file.as_ref().filter(|_| login) {
                let file = file.display();
                writeln!(
                    settings,
                    "username = \"comptoir\"\npassword_file = \"{file}\""
                )
                .unwrap();
            }
        };
        section("erp", &self.source.url.to_string(), true);
        section("lake", &self.lake_url, false);
        section("warehouse", &self.warehouse_url().to_string(), true);
        let (table, target) = ("t", &self.target);
        write!(
            settings,
            "[import]\ntable = \"{table}\"\ntarget_dir = \"{target}\"\n"
        )
        .unwrap();
        std::fs::write(self.directory.path().join("comptoir.toml"), settings).unwrap();
        std::fs::write(self.directory.path().join("jobs.toml"), jobs).unwrap();
    }

    /// The server's database has the warehouse's tables as well.
    pub(crate) fn warehouse_url(&self) -> DatabaseUrl {
        match self.kind {
            Kind::Sqlite => {
                let path = self.directory.path().join("warehouse.db");
                DatabaseUrl::Sqlite { path }
            }
            Kind::MariaDb | Kind::MySql => self.source.url.clone(),
        }
    }

    pub(crate) fn warehouse(&self) -> Warehouse {
        let login = self.source.login.clone();
        Warehouse::new(self.warehouse_url(), login, Limits::default())
    }

    /// Runs the program to its end.
    pub(crate) fn batch(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.program(arguments).output().unwrap())
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        let mut command: Command = self.program(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// A job `blocked`, whose source is a file of its own that can't be read for now.
    pub(crate) async fn block(&self) -> Blocked {
        let path = self.directory.path().join("blocked.db");
        let url = DatabaseUrl::Sqlite { path };
        let (login, limits) = (Login::default(), Limits::default());
        let database = Database::connect(&url, &login, Access::Write, limits).await;
        let mut database = database.unwrap();
        let statements = "PRAGMA journal_mode = DELETE; CREATE TABLE t (id INTEGER PRIMARY KEY); \
                          INSERT INTO t VALUES (1), (2); BEGIN EXCLUSIVE";
        database.execute("blocking", statements).await.unwrap();
        let jobs = format!(
            "[jobs.blocked]\nconnect = \"sqlite:blocked.db\"\ntable = \"t\"\nretries = 100\n\
             target-dir = \"{}\"\ndelete-target-dir = true\n",
            self.target
        );
        self.write_jobs(&jobs);
        Blocked(database)
    }

    /// Waits until the newest run of all jobs is like this.
    pub(crate) async fn wait_for(&self, outcome: JobOutcome) {
        let deadline = comptoir_config::clock::instant() + std::time::Duration::from_mins(1);
        let warehouse = self.warehouse();
        loop {
            let newest = warehouse.job_runs(None, 1).await.unwrap_or_default();
            match newest.first() {
                Some(run) if run.outcome == outcome => return,
                found => assert!(
                    comptoir_config::clock::instant() < deadline,
                    "not {outcome:?}: {found:?}"
                ),
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

impl Blocked {
    pub(crate) async fn release(self) {
        self.0.close().await;
    }
}
