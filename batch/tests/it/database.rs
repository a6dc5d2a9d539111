//! The connection itself: what breaks it must be an error, and never the end of the rows.

use crate::world::{Kind, World};
use comptoir_batch::database::{Access, Database, DatabaseError, Limits, Login};
use comptoir_lake::Retry;
use futures::TryStreamExt;
use std::time::Duration;

/// More than what lies in buffers between the server and us.
const LONG_ANSWER: &str = "SELECT id, REPEAT('x', 5000) FROM t";
const ROWS: u32 = 20_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_query_or_connection_that_is_killed_is_an_error() {
    for kind in [Kind::MariaDb, Kind::MySql] {
        World::with(kind, async |world: &World| {
            world.numbered_table(ROWS).await;
            for kill in ["KILL QUERY", "KILL CONNECTION"] {
                let mut database = world.writer().await;
                let session = database
                    .fetch_all("asking", "SELECT CONNECTION_ID()")
                    .await
                    .unwrap();
                let session = session[0].get(0).unwrap().to_text().unwrap();
                let mut rows = database.rows("reading", LONG_ANSWER);
                rows.try_next().await.unwrap().expect("a first row");
                world.sql(&format!("{kill} {session}")).await;
                let rest: Result<Vec<_>, _> = rows.try_collect().await;
                let error = rest
                    .err()
                    .unwrap_or_else(|| panic!("{kind:?} {kill}: all rows came"));
                assert_eq!(error.retry(), Retry::CanHelp, "{kind:?} {kill}: {error}");
            }
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_wait_has_its_limit() {
    World::with(Kind::MariaDb, async |world: &World| {
        let limits = Limits {
            statement: Duration::from_millis(200),
            row: Duration::from_millis(300),
            ..Limits::default()
        };
        let (url, login) = (&world.source.url, &world.source.login);
        let mut database = Database::connect(url, login, Access::Read, limits)
            .await
            .unwrap();
        let short = database
            .execute("sleeping", "DO SLEEP(30)")
            .await
            .unwrap_err();
        let mut database = Database::connect(url, login, Access::Read, limits)
            .await
            .unwrap();
        let long = database
            .rows("sleeping", "SELECT SLEEP(30)")
            .try_next()
            .await;
        for (error, seconds) in [
            (short, "0.2 s"),
            (long.err().expect("a time limit"), "0.3 s"),
        ] {
            assert!(matches!(error, DatabaseError::TimedOut { .. }), "{error}");
            assert!(error.to_string().contains(seconds), "{error}");
        }
    })
    .await;
}

/// The default login of `MySQL` encrypts the password itself where TLS does not.
#[tokio::test(flavor = "multi_thread")]
async fn logs_in_with_and_without_tls() {
    World::with(Kind::MySql, async |world: &World| {
        for property in ["sslMode=REQUIRED", "useSSL=false"] {
            // Forgets who logged in before, so that the whole login has to be gone through.
            world.sql("FLUSH PRIVILEGES").await;
            let url = format!("{}?{property}", world.source.url).parse().unwrap();
            let login = &world.source.login;
            let mut database = Database::connect(&url, login, Access::Read, Limits::default())
                .await
                .unwrap();
            let what = "asking for the cipher";
            let rows = database
                .fetch_all(what, "SHOW STATUS LIKE 'Ssl_cipher'")
                .await
                .unwrap();
            let cipher = rows[0].get(1).unwrap().to_text().unwrap();
            assert_eq!(
                cipher.is_empty(),
                property == "useSSL=false",
                "{property}: {cipher}"
            );
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_text_is_not_utf_8_is_refused() {
    World::with(Kind::Sqlite, async |world: &World| {
        let path = world.directory.path().join("utf16.db");
        let url = format!("sqlite://{}", path.display()).parse().unwrap();
        let login = Login::default();
        let limits = Limits::default();
        let mut database = Database::connect(&url, &login, Access::Write, limits)
            .await
            .unwrap();
        database
            .execute(
                "preparing",
                "PRAGMA encoding = 'UTF-16'; CREATE TABLE t (id)",
            )
            .await
            .unwrap();
        database.close().await;
        let error = Database::connect(&url, &login, Access::Read, limits)
            .await
            .unwrap_err();
        assert!(error.to_string().contains("UTF-16le"), "{error}");
    })
    .await;
}
