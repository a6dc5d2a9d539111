//! `--incremental`: what is new, nothing missed, nothing twice.

use crate::world::{Kind, World, on_every_database, some};
use comptoir_batch::database::Database;
use comptoir_batch::import::{
    Existing, ImportRequest, IncrementalOutcome, IncrementalRequest, Selection,
};
use comptoir_config::clock;
use comptoir_model::file_format::{AvroCodec, FileFormat, ParquetCodec};
use comptoir_model::incremental::IncrementalMode;
use futures::future::join_all;
use std::time::Duration;

on_every_database! {
    only_new_rows_are_added_and_the_target_knows_where_it_was
    a_value_that_is_given_counts_as_sqoop_counts_it
    avro_and_parquet_targets_grow_too
    a_target_that_does_not_say_where_it_was_is_not_added_to_twice
    columns_that_can_not_tell_are_refused
}

fn incremental(
    world: &World,
    mode: IncrementalMode,
    column: &str,
    last_value: Option<&str>,
) -> ImportRequest {
    let mut request = world.request("t", 2);
    request.existing = Existing::Append;
    request.incremental = Some(IncrementalRequest {
        mode,
        column: column.to_owned(),
        last_value: last_value.map(str::to_owned),
    });
    request
}

fn by_id(world: &World) -> ImportRequest {
    incremental(world, IncrementalMode::Append, "id", None)
}

/// The ids of the published rows, sorted.
async fn ids(world: &World) -> Vec<u32> {
    let rows = world.rows().await;
    let mut ids: Vec<u32> = rows
        .iter()
        .map(|row| row[0].as_ref().unwrap().parse().unwrap())
        .collect();
    ids.sort_unstable();
    ids
}

async fn only_new_rows_are_added_and_the_target_knows_where_it_was(world: &World) {
    world.numbered_table(5).await;
    let request = by_id(world);
    assert_eq!(world.import(&request).await.unwrap().rows, 5);
    world.sql("INSERT INTO t VALUES (6,'six'),(9,'nine')").await;
    let report = world.import(&request).await.unwrap();
    assert_eq!(report.rows, 2);
    assert!(
        report
            .to_string()
            .ends_with("next: --incremental append --check-column id --last-value 9"),
        "{report}"
    );
    for _ in 0..2 {
        let report = world.import(&request).await.unwrap();
        let outcome = report.incremental.as_ref().unwrap().outcome;
        assert_eq!((report.rows, outcome), (0, IncrementalOutcome::NothingNew));
        assert!(
            report.to_string().starts_with("no new rows for "),
            "{report}"
        );
    }
    assert_eq!(ids(world).await, [1, 2, 3, 4, 5, 6, 9]);
    let (manifest, _) = world.published().await;
    let state = manifest.incremental.unwrap();
    assert_eq!((state.ceiling.as_str(), &state.run), ("9", &manifest.run));
    // Keys that were taken, and not shown yet.
    world
        .sql("INSERT INTO t VALUES (8,'eight'),(10,'ten')")
        .await;
    assert_eq!(world.import(&request).await.unwrap().rows, 2);
    assert_eq!(ids(world).await, [1, 2, 3, 4, 5, 6, 8, 9, 10]);
    world.sql("INSERT INTO t VALUES (7,'seven')").await;
    assert_eq!(world.import(&request).await.unwrap().rows, 1);
    assert_eq!(world.import(&request).await.unwrap().rows, 0);
    assert_eq!(ids(world).await, (1..=10).collect::<Vec<_>>());
}

async fn a_value_that_is_given_counts_as_sqoop_counts_it(world: &World) {
    world.numbered_table(5).await;
    let request = incremental(world, IncrementalMode::Append, "id", Some("3"));
    assert_eq!(world.import(&request).await.unwrap().rows, 2);
    assert_eq!(world.import(&request).await.unwrap().rows, 2);
    assert_eq!(ids(world).await, [4, 4, 5, 5]);
    let wrong = incremental(world, IncrementalMode::Append, "id", Some("3 OR 1"));
    let error = world.import(&wrong).await.unwrap_err().to_string();
    assert!(
        error.contains("`3 OR 1` is no value of the column `id`"),
        "{error}"
    );
}

async fn avro_and_parquet_targets_grow_too(world: &World) {
    world.numbered_table(5).await;
    for (name, files) in [
        (
            "avro",
            FileFormat::Avro {
                codec: AvroCodec::default(),
            },
        ),
        (
            "parquet",
            FileFormat::Parquet {
                codec: ParquetCodec::default(),
            },
        ),
    ] {
        let mut request = by_id(world);
        request.files = files;
        request.target = world.root.join(name).unwrap();
        let first = world.import(&request).await.unwrap();
        world
            .sql("INSERT INTO t SELECT MAX(id) + 1, 'new' FROM t")
            .await;
        let second = world.import(&request).await.unwrap();
        assert_eq!(second.rows, 1);
        let run = comptoir_lake::published::open(&world.lake, &request.target).await;
        let run = run.unwrap().unwrap();
        let report = comptoir_batch::verify::verify(&run, name.to_owned())
            .await
            .unwrap();
        assert!(report.is_right(), "{report}");
        assert_eq!(report.rows, first.rows + 1);
    }
}

async fn a_target_that_does_not_say_where_it_was_is_not_added_to_twice(world: &World) {
    world.numbered_table(5).await;
    world.import(&world.request("t", 1)).await.unwrap();
    let error = world.import(&by_id(world)).await.unwrap_err().to_string();
    assert!(
        error.contains("nothing says up to which value") && error.contains("--last-value"),
        "{error}"
    );
    let given = incremental(world, IncrementalMode::Append, "id", Some("5"));
    assert_eq!(world.import(&given).await.unwrap().rows, 0);
    world.sql("INSERT INTO t VALUES (6,'six')").await;
    assert_eq!(world.import(&given).await.unwrap().rows, 1);
    world.sql("INSERT INTO t VALUES (7,'seven')").await;
    assert_eq!(world.import(&by_id(world)).await.unwrap().rows, 1);
    assert_eq!(world.rows().await[6], some(&["7", "seven"]));
    let other = incremental(world, IncrementalMode::Append, "note", None);
    let error = world.import(&other).await.unwrap_err().to_string();
    assert!(error.contains("can't tell which rows are new"), "{error}");
}

async fn columns_that_can_not_tell_are_refused(world: &World) {
    world.numbered_table(1).await;
    for (mode, column, part) in [
        (IncrementalMode::Append, "note", "texts do not grow"),
        (
            IncrementalMode::LastModified,
            "id",
            "no date and no time stamp",
        ),
        (IncrementalMode::Append, "nite", "did you mean `note`"),
    ] {
        let request = incremental(world, mode, column, None);
        let error = world.import(&request).await.unwrap_err().to_string();
        assert!(error.contains(part) && error.contains("hint: "), "{error}");
    }
}

/// A transaction that holds a row back until it is told to commit.
async fn held_open(world: &World, insert: &str) -> Database {
    let mut writer = world.writer().await;
    for statement in ["SET autocommit = 0", "BEGIN", insert] {
        writer
            .execute("holding a transaction open", statement)
            .await
            .unwrap();
    }
    writer
}

async fn commit(mut writer: Database) {
    writer.execute("committing", "COMMIT").await.unwrap();
    writer.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_a_transaction_held_open_across_a_run_arrive_with_the_next() {
    for kind in [Kind::MariaDb, Kind::MySql] {
        World::with(kind, async |world: &World| {
            world
                .sql(
                    "CREATE TABLE t (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, note VARCHAR(50))",
                )
                .await;
            world.sql("INSERT INTO t (note) VALUES ('a'), ('b')").await;
            let request = by_id(world);
            world.import(&request).await.unwrap();
            let late = held_open(world, "INSERT INTO t (note) VALUES ('late'), ('late')").await;
            world.sql("INSERT INTO t (note) VALUES ('c')").await;
            assert_eq!(world.import(&request).await.unwrap().rows, 1);
            assert_eq!(ids(world).await, [1, 2, 5]);
            commit(late).await;
            assert_eq!(world.import(&request).await.unwrap().rows, 2);
            assert_eq!(world.import(&request).await.unwrap().rows, 0);
            assert_eq!(ids(world).await, [1, 2, 3, 4, 5]);
        })
        .await;
    }
}

/// Until the server's clock shows a later second than the newest row, which a run then takes.
async fn let_the_second_pass(world: &World) {
    let deadline = clock::instant() + Duration::from_secs(30);
    let mut database = world.writer().await;
    let what = "looking at the clock";
    let sql = "SELECT NOW() > MAX(changed) FROM t";
    loop {
        let rows = database.fetch_all(what, sql).await.unwrap();
        if database.text(what, rows.first(), 0).unwrap().as_deref() == Some("1") {
            break database.close().await;
        }
        assert!(
            clock::instant() < deadline,
            "the server's clock stands still"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn times_of_a_transaction_held_open_across_a_run_arrive_with_the_next() {
    let worlds = [
        (Kind::MariaDb, IncrementalMode::LastModified),
        (Kind::MariaDb, IncrementalMode::Append),
        (Kind::MySql, IncrementalMode::LastModified),
        (Kind::MySql, IncrementalMode::Append),
    ];
    let tests = worlds.map(|(kind, mode)| {
        World::with(kind, async move |world: &World| {
            world
                .sql("CREATE TABLE t (id INT NOT NULL PRIMARY KEY, changed DATETIME)")
                .await;
            world
                .sql("INSERT INTO t VALUES (1, '2024-01-01 00:00:00'), (2, '2024-01-02 00:00:00')")
                .await;
            let request = incremental(world, mode, "changed", None);
            assert_eq!(world.import(&request).await.unwrap().rows, 2);
            let late = held_open(world, "INSERT INTO t VALUES (3, NOW())").await;
            world
                .sql("INSERT INTO t VALUES (4, NOW() + INTERVAL 1 SECOND)")
                .await;
            let_the_second_pass(world).await;
            assert_eq!(world.import(&request).await.unwrap().rows, 1);
            assert_eq!(ids(world).await, [1, 2, 4]);
            commit(late).await;
            assert_eq!(
                world.import(&request).await.unwrap().rows,
                1,
                "{kind:?} {mode:?}"
            );
            assert_eq!(
                world.import(&request).await.unwrap().rows,
                0,
                "{kind:?} {mode:?}"
            );
            assert_eq!(ids(world).await, [1, 2, 3, 4]);
        })
    });
    join_all(tests).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_imported_incrementally_too() {
    World::with(Kind::MariaDb, async |world: &World| {
        world.numbered_table(5).await;
        let mut request = by_id(world);
        request.selection =
            Selection::Query("SELECT x.id, x.note FROM t x WHERE $CONDITIONS".to_owned());
        request.split.column = Some("x.id".to_owned());
        request.incremental.as_mut().unwrap().column = "x.id".to_owned();
        assert_eq!(world.import(&request).await.unwrap().rows, 5);
        world.sql("INSERT INTO t VALUES (8,'eight')").await;
        assert_eq!(world.import(&request).await.unwrap().rows, 1);
        world.sql("INSERT INTO t VALUES (7,'seven')").await;
        assert_eq!(world.import(&request).await.unwrap().rows, 1);
        assert_eq!(ids(world).await, [1, 2, 3, 4, 5, 7, 8]);
    })
    .await;
}

/// So many rows since the oldest open transaction began that their checksums would not fit into
/// the manifest: the run ends before them.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_to_be_met_again_waits_for_the_next_run() {
    World::with(Kind::MariaDb, async |world: &World| {
        world
            .sql("CREATE TABLE t (id INT NOT NULL PRIMARY KEY, changed DATETIME)")
            .await;
        world
            .sql("INSERT INTO t VALUES (1, '2024-01-01 00:00:00')")
            .await;
        let request = incremental(world, IncrementalMode::LastModified, "changed", None);
        let late = held_open(world, "INSERT INTO t VALUES (2, NOW())").await;
        world
            .sql("INSERT INTO t SELECT seq + 2, NOW() FROM seq_1_to_100001")
            .await;
        let_the_second_pass(world).await;
        assert_eq!(world.import(&request).await.unwrap().rows, 1);
        assert_eq!(ids(world).await, [1]);
        commit(late).await;
        // Transactions of other tests on this server hold them back, too.
        let deadline = clock::instant() + Duration::from_mins(2);
        let mut arrived = 0;
        while arrived < 100_002 {
            assert!(clock::instant() < deadline, "the rows are still held back");
            arrived += world.import(&request).await.unwrap().rows;
        }
        assert_eq!(world.import(&request).await.unwrap().rows, 0);
        assert_eq!(ids(world).await, (1..=100_003).collect::<Vec<_>>());
    })
    .await;
}
