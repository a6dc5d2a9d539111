//! The schema and its versions.

use crate::world::{TABLES, World, at, on_every_database, partition};
use comptoir_database::Retry;
use comptoir_warehouse::{Limits, LiveReader, ViewsWriter, Warehouse, WarehouseError};
use std::time::Duration;

on_every_database! {
    migrating_again_and_at_once_changes_nothing
    a_migration_that_ended_half_way_is_finished
    a_schema_that_is_not_ours_is_refused
    a_warehouse_that_is_away_says_so_in_time
}

/// How many there are.
const MIGRATIONS: u32 = 9;

const LIMIT: Duration = Duration::from_secs(10);

async fn migrating_again_and_at_once_changes_nothing(world: &World) {
    let mut writer = world.writer().await;
    writer.position(&partition(0), at(0)).await.unwrap();
    let before = world.dump(TABLES).await;
    drop_everything_but(world, &[]).await;
    let migrating: Vec<_> = (0..6)
        .map(|_| {
            let warehouse = world.another(Limits::default());
            tokio::spawn(async move { warehouse.migrate().await })
        })
        .collect();
    for migrated in migrating {
        assert_eq!(migrated.await.unwrap().unwrap().0, MIGRATIONS);
    }
    let versions = "SELECT COUNT(*) FROM schema_version";
    assert_eq!(world.number(versions).await, i64::from(MIGRATIONS));
    // The connection that was open while all of it went away is of use again.
    let id = writer.position(&partition(0), at(0)).await;
    drop(id);
    writer.position(&partition(0), at(0)).await.unwrap();
    assert_eq!(world.dump(TABLES).await, before);
    let health = world.warehouse.check(LIMIT).await.unwrap();
    assert_eq!(health.schema, health.known);
}

async fn a_migration_that_ended_half_way_is_finished(world: &World) {
    drop_everything_but(world, &["streams", "buckets", "minutes"]).await;
    world.warehouse.migrate().await.unwrap();
    for table in TABLES {
        let rows = world.number(&format!("SELECT COUNT(*) FROM {table}")).await;
        assert_eq!(rows, 0, "{table}");
    }
}

async fn drop_everything_but(world: &World, kept: &[&str]) {
    let dropped = (TABLES.iter().chain(&["schema_version"])).filter(|table| !kept.contains(table));
    for table in dropped {
        world.sql(&format!("DROP TABLE {table}")).await;
    }
}

async fn a_schema_that_is_not_ours_is_refused(world: &World) {
    world
        .sql("INSERT INTO schema_version (version, applied_at_ms) VALUES (99, 0)")
        .await;
    let newer = |error: &WarehouseError| {
        assert!(
            matches!(error, WarehouseError::NewerSchema { .. }),
            "{error}"
        );
        assert_eq!(error.retry(), Retry::CanNot);
        assert!(error.to_string().contains("hint: "), "{error}");
    };
    newer(&world.warehouse.migrate().await.unwrap_err());
    newer(
        &ViewsWriter::open(&world.warehouse, "a test")
            .await
            .err()
            .unwrap(),
    );
    newer(&world.warehouse.processes().await.unwrap_err());
    let health = world.warehouse.check(LIMIT).await.unwrap();
    assert_eq!((health.schema.0, health.known.0), (99, MIGRATIONS));
    world.sql("DROP TABLE schema_version").await;
    let error = world
        .another(Limits::default())
        .processes()
        .await
        .unwrap_err();
    assert!(
        matches!(error, WarehouseError::NotMigrated { .. }),
        "{error}"
    );
    assert_eq!(error.retry(), Retry::CanHelp);
}

async fn a_warehouse_that_is_away_says_so_in_time(world: &World) {
    let url = match &world.url {
        comptoir_config::DatabaseUrl::Sqlite { path } => {
            format!("sqlite://{}", path.with_file_name("no such.db").display())
        }
        comptoir_config::DatabaseUrl::MySql { .. } => "mysql://127.0.0.1:1/warehouse".to_owned(),
    };
    let away = Warehouse::new(url.parse().unwrap(), world.login.clone(), Limits::default());
    let error = away.check(LIMIT).await.unwrap_err();
    assert_eq!(error.retry(), Retry::CanHelp, "{error}");
    let query = comptoir_warehouse::LiveQuery {
        seen: &comptoir_warehouse::Seen::default(),
        minutes_from: comptoir_model::live::QuarterHour(0),
        older_from: comptoir_model::live::QuarterHour(0),
        until: None,
        tops_from: None,
        recent_max: 0,
        dead_letters_max: 0,
    };
    let read = LiveReader::new(&away).read(&query).await;
    assert_eq!(read.err().unwrap().retry(), Retry::CanHelp);
}
