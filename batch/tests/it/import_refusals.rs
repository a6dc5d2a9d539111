//! What is refused, with the cure; and that nothing was touched.

use crate::world::{Kind, World, on_every_database};
use comptoir_batch::cli::Exit;
use comptoir_batch::database::{Access, Database, DatabaseError, Limits, Login};
use comptoir_batch::import::ImportError;
use comptoir_config::Secret;
use comptoir_lake::{Create, Retry};
use std::time::Duration;

on_every_database! {
    names_the_tables_that_look_like_an_unknown_one
    a_table_without_a_primary_key_needs_split_by_or_one_part
    a_directory_that_is_not_ours_is_left_alone
    an_empty_directory_is_taken
    a_failed_import_leaves_nothing_behind
}

async fn names_the_tables_that_look_like_an_unknown_one(world: &World) {
    world
        .sql("CREATE TABLE sales (id INT NOT NULL PRIMARY KEY); CREATE TABLE stores (id INT)")
        .await;
    let error = world.import(&world.request("sale", 1)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{} has no table `sale`\nhint: did you mean `sales` or `stores`?",
            world.source.url
        )
    );
    assert_eq!((error.exit(), error.retry()), (Exit::Failed, Retry::CanNot));
}

async fn a_table_without_a_primary_key_needs_split_by_or_one_part(world: &World) {
    world
        .sql("CREATE TABLE t (id INT, name VARCHAR(9)); INSERT INTO t VALUES (1, 'a'), (2, 'b')")
        .await;
    let error = world.import(&world.request("t", 4)).await.unwrap_err();
    assert!(matches!(error, ImportError::NoPrimaryKey { .. }), "{error}");
    assert!(error.to_string().contains("--split-by"), "{error}");
    let mut request = world.request("t", 4);
    request.split.column = Some("name".to_owned());
    let error = world.import(&request).await.unwrap_err().to_string();
    assert!(
        error.to_lowercase().contains("is varchar(9)") && error.contains("hint: "),
        "{error}"
    );
    assert_eq!(world.import(&world.request("t", 1)).await.unwrap().parts, 1);
}

async fn a_directory_that_is_not_ours_is_left_alone(world: &World) {
    world.numbered_table(3).await;
    let foreign = world.target.join("part-m-00000").unwrap();
    let mut writer = world
        .lake
        .create(&foreign, Create::Exclusive)
        .await
        .unwrap();
    writer.write("1,by sqoop\n".into()).await.unwrap();
    writer.close().await.unwrap();
    let error = world.import(&world.request("t", 1)).await.unwrap_err();
    assert!(
        matches!(error, ImportError::ForeignTarget { .. }),
        "{error}"
    );
    assert!(error.to_string().contains("hint: move it away"), "{error}");
    assert_eq!(
        world.lake.read(&foreign).await.unwrap(),
        &b"1,by sqoop\n"[..]
    );

    let mut request = world.request("t", 1);
    request.target = foreign;
    let error = world.import(&request).await.unwrap_err();
    assert!(matches!(error, ImportError::TargetIsFile { .. }), "{error}");
}

async fn an_empty_directory_is_taken(world: &World) {
    world.numbered_table(3).await;
    world.lake.mkdirs(&world.target).await.unwrap();
    world.import(&world.request("t", 1)).await.unwrap();
    assert_eq!(world.rows().await.len(), 3);
}

async fn a_failed_import_leaves_nothing_behind(world: &World) {
    world.numbered_table(3).await;
    world
        .import(&world.request("missing", 1))
        .await
        .unwrap_err();
    assert!(world.lake.stat(&world.target).await.unwrap().is_none());
}

async fn connect_error(world: &World, url: &str, login: &Login, limits: Limits) -> DatabaseError {
    let url = url.parse().unwrap();
    let opened = Database::connect(&url, login, Access::Read, limits).await;
    opened
        .err()
        .unwrap_or_else(|| panic!("{:?} let us in", world.kind))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_refused_and_not_repeated() {
    for kind in [Kind::MariaDb, Kind::MySql] {
        World::with(kind, async |world: &World| {
            let login = Login {
                password: Some(Secret::new("hunter2")),
                ..world.source.login.clone()
            };
            let url = world.source.url.to_string();
            let error = connect_error(world, &url, &login, Limits::default()).await;
            assert!(matches!(error, DatabaseError::Refused { .. }), "{error}");
            assert_eq!(error.retry(), Retry::CanNot);
            let said = format!("{error} {error:?}");
            assert!(
                said.contains("user `comptoir`") && said.contains("password file"),
                "{said}"
            );
            assert!(!said.contains("hunter2"), "{said}");

            let without = Login {
                password: None,
                ..login
            };
            let error = connect_error(world, &url, &without, Limits::default()).await;
            assert!(error.to_string().contains("--password-file"), "{error}");
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_database_is_named() {
    for kind in [Kind::MariaDb, Kind::MySql] {
        World::with(kind, async |world: &World| {
            let url = format!("{}_missing", world.source.url);
            let error = connect_error(world, &url, &world.source.login, Limits::default()).await;
            assert!(
                matches!(error, DatabaseError::UnknownDatabase { .. }),
                "{error}"
            );
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_file_is_no_empty_database() {
    World::with(Kind::Sqlite, async |world: &World| {
        let path = world.directory.path().join("missing.db");
        let url = format!("sqlite://{}", path.display());
        let error = connect_error(world, &url, &Login::default(), Limits::default()).await;
        assert!(matches!(error, DatabaseError::NoFile { .. }), "{error}");
        assert!(!path.exists());
    })
    .await;
}

/// Neither needs a service: nobody listens, or somebody who never says a word.
#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_server_is_named_within_the_limit() {
    World::with(Kind::Sqlite, async |world: &World| {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = listener.local_addr().unwrap().to_string();
        let url = format!("mysql://{server}/erp");
        let limits = Limits {
            connect: Duration::from_millis(200),
            ..Limits::default()
        };
        let silent = connect_error(world, &url, &Login::default(), limits).await;
        drop(listener);
        let closed = connect_error(world, &url, &Login::default(), limits).await;
        for error in [silent, closed] {
            assert!(error.to_string().contains(&server), "{error}");
            assert_eq!(error.retry(), Retry::CanHelp);
            assert_eq!(ImportError::from(error).exit(), Exit::SourceUnreachable);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_without_snapshots_is_imported_as_one_part_only() {
    World::with(Kind::MariaDb, async |world: &World| {
        world.sql("CREATE TABLE t (id INT NOT NULL PRIMARY KEY) ENGINE=MyISAM; INSERT INTO t VALUES (1), (2)").await;
        let error = world.import(&world.request("t", 2)).await.unwrap_err();
        assert!(matches!(error, ImportError::NoSnapshots { .. }), "{error}");
        assert_eq!(world.import(&world.request("t", 1)).await.unwrap().rows, 2);
    })
    .await;
}
