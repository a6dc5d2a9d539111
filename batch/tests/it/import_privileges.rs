//! A user of the source who may read rows and nothing else.

use crate::import_source_faults::import_from;
use crate::services::Services;
use crate::world::{Kind, World};
use comptoir_batch::database::Login;
use comptoir_batch::import::{ImportError, SnapshotMode, Source};
use comptoir_config::{Secret, clock};
use comptoir_model::manifest::SnapshotMethod;
use std::io::Write;
use std::process::{Command, Stdio};

/// A user who may read the tables of a test's database.
struct Reader {
    kind: Kind,
    name: String,
    password: String,
}

impl Reader {
    fn of(world: &World) -> Self {
        let (_, database) = world.root.as_str().rsplit_once('/').unwrap();
        let reader = Self {
            kind: world.kind,
            name: format!("reader_{:08x}", clock::random_u32()),
            password: format!("{:08x}{:08x}", clock::random_u32(), clock::random_u32()),
        };
        let Self { name, password, .. } = &reader;
        as_administrator(
            world.kind,
            &format!(
                "CREATE USER {name}@'%' IDENTIFIED BY '{password}'; \
                 GRANT SELECT ON {database}.* TO {name}@'%';"
            ),
        );
        reader
    }

    fn source(&self, world: &World) -> Source {
        Source {
            url: world.source.url.clone(),
            login: Login {
                username: Some(self.name.clone()),
                password: Some(Secret::new(&self.password)),
            },
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        as_administrator(self.kind, &format!("DROP USER {}@'%';", self.name));
    }
}

/// Says something on the server's socket, as who administrates it there.
fn as_administrator(kind: Kind, sql: &str) {
    let services = Services::find();
    let part = if kind == Kind::MySql {
        "mysql"
    } else {
        "mariadb"
    };
    let directory = services.get("COMPTOIR_SERVICES_DIR", part);
    let mut client = Command::new("mariadb");
    client.arg("--no-defaults");
    match kind {
        Kind::MySql => client
            .args(["--user", "root", "--socket"])
            .arg(format!("{directory}/mysql/run/mysqld/mysql.sock")),
        _ => client
            .arg("--socket")
            .arg(format!("{directory}/data/mariadb/mariadb.sock")),
    };
    let mut client = client
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    client
        .stdin
        .take()
        .unwrap()
        .write_all(sql.as_bytes())
        .unwrap();
    let output = client.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_without_reload_reads_one_moment_all_the_same_or_is_told_what_to_grant() {
    for kind in [Kind::MariaDb, Kind::MySql] {
        World::with(kind, async |world: &World| {
            world.numbered_table(100).await;
            let reader = Reader::of(world);
            let mut imports = Vec::new();
            for mode in [SnapshotMode::Require, SnapshotMode::Auto] {
                let mut request = world.request("t", 4);
                request.snapshot = mode;
                imports.push(import_from(world, &reader.source(world), &request).await);
            }
            let [required, auto] = imports.try_into().expect("two imports");
            assert_eq!(auto.unwrap().rows, 100);
            let method = world.published().await.0.snapshot.unwrap().method;
            // MariaDB tells each session where it stands, MySQL does not.
            if kind == Kind::MariaDb {
                assert_eq!(required.unwrap().rows, 100);
                assert_eq!(method, SnapshotMethod::Compared);
            } else {
                let error = required.unwrap_err();
                assert!(
                    matches!(error, ImportError::NoCommonSnapshot { .. }),
                    "{error}"
                );
                assert!(
                    error
                        .to_string()
                        .contains("hint: `GRANT RELOAD ON *.* TO user`"),
                    "{error}"
                );
                assert_eq!(method, SnapshotMethod::Single);
            }
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_may_not_see_transactions_is_told_what_an_incremental_import_can_miss() {
    for kind in [Kind::MariaDb, Kind::MySql] {
        World::with(kind, async |world: &World| {
            world
                .sql("CREATE TABLE t (id INT NOT NULL PRIMARY KEY, changed DATETIME)")
                .await;
            world
                .sql("INSERT INTO t VALUES (1, '2024-01-01 00:00:00')")
                .await;
            let reader = Reader::of(world);
            let password_file = world.directory.path().join("reader.password");
            std::fs::write(&password_file, &reader.password).unwrap();
            let run = world
                .program(&["import", "--table=t", "--append", "-m=1"])
                .args(["--incremental=lastmodified", "--check-column=changed"])
                .arg(format!("--connect={}", world.source.url))
                .arg(format!("--username={}", reader.name))
                .arg(format!("--password-file={}", password_file.display()))
                .arg(format!("--lake={}", world.lake_url))
                .arg(format!("--target-dir={}", world.target))
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&run.stderr);
            assert!(run.status.success(), "{said}");
            assert!(
                said.contains("hint: `GRANT PROCESS ON *.* TO user`"),
                "{said}"
            );
            assert_eq!(world.rows().await.len(), 1);
        })
        .await;
    }
}
