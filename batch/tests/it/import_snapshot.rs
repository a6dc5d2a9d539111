//! How the workers agree on one moment, and what happens where they can't.

use crate::world::{Kind, World};
use comptoir_batch::import::{ImportError, SnapshotMode};
use comptoir_model::manifest::SnapshotMethod;

#[tokio::test(flavor = "multi_thread")]
async fn the_manifest_says_which_moment_it_is() {
    for kind in [Kind::MariaDb, Kind::MySql] {
        World::with(kind, async |world: &World| {
            world.numbered_table(100).await;
            world.import(&world.request("t", 4)).await.unwrap();
            let snapshot = world.published().await.0.snapshot.unwrap();
            assert_eq!(snapshot.method, SnapshotMethod::Frozen);
            let (file, position) = snapshot.log.as_ref().unwrap().split_once(':').unwrap();
            assert!(!file.is_empty() && position.parse::<u64>().unwrap() > 0);
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_needs_no_agreement() {
    World::with(Kind::MariaDb, async |world: &World| {
        world.numbered_table(10).await;
        world.import(&world.request("t", 1)).await.unwrap();
        let snapshot = world.published().await.0.snapshot.unwrap();
        assert_eq!(snapshot.method, SnapshotMethod::Single);
        assert!(
            snapshot.log.is_some(),
            "MariaDB tells where each snapshot stands"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_may_have_a_moment_of_its_own_if_that_was_said() {
    World::with(Kind::MySql, async |world: &World| {
        world.numbered_table(10).await;
        let mut request = world.request("t", 4);
        request.snapshot = SnapshotMode::Off;
        world.import(&request).await.unwrap();
        let snapshot = world.published().await.0.snapshot.unwrap();
        assert_eq!(snapshot.method, SnapshotMethod::Separate);
        assert_eq!(world.rows().await.len(), 10);
    })
    .await;
}

/// Somebody else's backup holds the stage that holding back commits takes.
#[tokio::test(flavor = "multi_thread")]
async fn mariadb_compares_positions_where_commits_can_not_be_held_back() {
    World::alone(Kind::MariaDb, async |world: &World| {
        world.numbered_table(100).await;
        let mut backup = world.writer().await;
        backup
            .execute("a backup", "BACKUP STAGE START")
            .await
            .unwrap();
        let mut request = world.request("t", 4);
        request.snapshot = SnapshotMode::Require;
        let report = world.import(&request).await.unwrap();
        assert_eq!(report.rows, 100);
        let snapshot = world.published().await.0.snapshot.unwrap();
        assert_eq!(snapshot.method, SnapshotMethod::Compared);
        assert!(snapshot.log.is_some());
        backup.close().await;
    })
    .await;
}

/// A session that locks a table for good keeps the server from being frozen.
#[tokio::test(flavor = "multi_thread")]
async fn mysql_reads_over_one_connection_or_refuses() {
    World::alone(Kind::MySql, async |world: &World| {
        world.numbered_table(100).await;
        world.sql("CREATE TABLE locked (id INT)").await;
        let mut other = world.writer().await;
        other
            .execute("locking", "LOCK TABLES locked WRITE")
            .await
            .unwrap();
        let mut request = world.request("t", 4);
        request.snapshot = SnapshotMode::Require;
        let error = world.import(&request).await.unwrap_err();
        assert!(
            matches!(error, ImportError::NoCommonSnapshot { .. }),
            "{error}"
        );
        assert!(error.to_string().contains("hint: "), "{error}");
        assert!(world.lake.stat(&world.target).await.unwrap().is_none());

        request.snapshot = SnapshotMode::Auto;
        assert_eq!(world.import(&request).await.unwrap().rows, 100);
        let (manifest, parts) = world.published().await;
        assert_eq!(manifest.snapshot.unwrap().method, SnapshotMethod::Single);
        assert_eq!(parts.len(), 4);
        other.close().await;
    })
    .await;
}
