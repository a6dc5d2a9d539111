//! Tables cut by columns of every type: each row in one part, whatever is in the column.

use crate::world::{Kind, World, on_every_database};
use comptoir_batch::import::{ImportRequest, Selection, SplitMethod, TextSplits};

/// `CREATE TABLE`'s types, with values that are NULL, doubled, zero or at the ends.
const COLUMNS: [(&str, &str, [&str; 6]); 10] = [
    (
        "big",
        "BIGINT UNSIGNED",
        [
            "0",
            "18446744073709551615",
            "7",
            "7",
            "9223372036854775808",
            "NULL",
        ],
    ),
    (
        "small",
        "TINYINT",
        ["-128", "127", "0", "-1", "NULL", "NULL"],
    ),
    (
        "price",
        "DECIMAL(65,30)",
        [
            "0.000000000000000000000000000001",
            "-5.5",
            "5.5",
            "NULL",
            "0",
            "99999",
        ],
    ),
    (
        "ratio",
        "DOUBLE",
        ["0.1", "0.7", "-1e300", "1e300", "NULL", "28.0"],
    ),
    (
        "single",
        "FLOAT",
        ["0.1", "0.3", "3.3333333", "NULL", "-7", "7"],
    ),
    (
        "day",
        "DATE",
        [
            "'2024-01-01'",
            "'1000-01-01'",
            "'9999-12-31'",
            "NULL",
            "'2024-02-29'",
            "'2024-02-29'",
        ],
    ),
    (
        "moment",
        "DATETIME(6)",
        [
            "'2024-01-01 00:00:00.000001'",
            "'2024-01-01 00:00:00.5'",
            "NULL",
            "'1999-12-31 23:59:59.999999'",
            "'2024-01-01'",
            "'2024-01-02'",
        ],
    ),
    ("yes", "TINYINT(1)", ["1", "0", "NULL", "-2", "7", "1"]),
    (
        "flags",
        "BIT(9)",
        ["b'0'", "b'111111111'", "NULL", "b'1'", "b'0'", "b'10'"],
    ),
    (
        "name",
        "VARCHAR(20)",
        ["''", "'Äpfel'", "'apple'", "'Zebra'", "'😀'", "NULL"],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_row_has_one_part_by_a_column_of_any_type() {
    for kind in [Kind::MariaDb, Kind::MySql] {
        World::with(kind, async |world: &World| {
            let declared = COLUMNS.map(|(name, sql_type, _)| format!("{name} {sql_type}"));
            let rows = (0..6).map(|row| {
                let values = COLUMNS.map(|(_, _, values)| values[row]);
                format!("({row}, {})", values.join(", "))
            });
            let rows: Vec<_> = rows.collect();
            world
                .sql(&format!(
                    "CREATE TABLE t (id INT, {}); INSERT INTO t VALUES {}",
                    declared.join(", "),
                    rows.join(", ")
                ))
                .await;
            for (column, sql_type, _) in COLUMNS {
                let mut request = world.request("t", 3);
                request.split.column = Some(column.to_owned());
                request.split.text = TextSplits::Allow;
                let report = world.import(&request).await;
                let report = report.unwrap_or_else(|error| panic!("{sql_type}: {error}"));
                assert!(report.parts > 1, "{sql_type} makes one part");
                let rows = world.rows().await;
                let mut ids: Vec<_> = rows.iter().map(|row| row[0].clone().unwrap()).collect();
                ids.sort();
                assert_eq!(ids, ["0", "1", "2", "3", "4", "5"], "{kind:?}: {sql_type}");
            }
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_cuts_only_if_that_is_allowed_and_a_time_never() {
    World::with(Kind::MySql, async |world: &World| {
        world
            .sql("CREATE TABLE t (name VARCHAR(9) PRIMARY KEY, hour TIME); INSERT INTO t VALUES ('a', '01:00:00')")
            .await;
        let error = world.import(&world.request("t", 2)).await.unwrap_err();
        assert!(error.to_string().contains("allow_text_splitter=true"), "{error}");
        let mut request = world.request("t", 2);
        request.split.column = Some("hour".to_owned());
        let error = world.import(&request).await.unwrap_err().to_string();
        assert!(error.contains("`hour` of `t`, which is time"), "{error}");
    })
    .await;
}

/// Twenty thousand rows in a corner of a column that reaches to the ends of its type.
const SKEWED: &str = "\
    INSERT INTO t VALUES (-9223372036854775808, 'zz'), (9223372036854775807, 'zz'), (4000000000000000000, '');
    ALTER TABLE t ADD plain INT, ADD price DECIMAL(30,10), ADD moment DATETIME(6), ADD KEY (price), ADD KEY (moment);
    UPDATE t SET plain = IF(id BETWEEN 1 AND 20000, id, IF(id < 0, NULL, 2000000000)),
        price = IF(id BETWEEN 1 AND 20000, id / 1000, IF(id < 0, NULL, 99999999999999999999)),
        moment = IF(id BETWEEN 1 AND 20000, '2024-02-29' + INTERVAL id SECOND, IF(id < 0, NULL, '1000-01-01'))";

/// Ids of all rows, and how many the largest part has.
async fn imported(world: &World, request: &ImportRequest) -> (Vec<i64>, usize, usize) {
    let report = world.import(request).await;
    report.unwrap_or_else(|error| panic!("{:?}: {error}", request.split));
    let (_, parts) = world.published().await;
    let largest = parts.iter().map(Vec::len).max().unwrap();
    let ids = parts.iter().flatten().map(|row| row[0].as_ref().unwrap());
    let mut ids: Vec<i64> = ids.map(|id| id.parse().unwrap()).collect();
    ids.sort_unstable();
    (ids, largest, parts.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn balanced_ranges_find_the_rows_of_a_skewed_table() {
    for kind in [Kind::MariaDb, Kind::MySql] {
        World::with(kind, async |world: &World| {
            world
                .sql("CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, note VARCHAR(50))")
                .await;
            let rows: Vec<_> = (1..=20_000)
                .map(|id| format!("({id},'row {id}')"))
                .collect();
            for rows in rows.chunks(5000) {
                world
                    .sql(&format!("INSERT INTO t VALUES {}", rows.join(",")))
                    .await;
            }
            world.sql(SKEWED).await;
            let all: Vec<i64> = std::iter::once(i64::MIN)
                .chain(1..=20_000)
                .chain([4_000_000_000_000_000_000, i64::MAX])
                .collect();

            let (ids, largest, _) = imported(world, &world.request("t", 4)).await;
            assert!(
                ids == all && largest > 19_000,
                "{kind:?}: equal widths are uneven: {largest}"
            );

            let columns = match kind {
                Kind::MySql => ["id", "price", "note"],
                // The last one has no index.
                _ => ["id", "moment", "plain"],
            };
            for column in columns {
                let mut request = world.request("t", 4);
                request.split.method = SplitMethod::Balanced;
                request.split.column = Some(column.to_owned());
                request.split.text = TextSplits::Allow;
                let (ids, largest, parts) = imported(world, &request).await;
                assert!(ids == all, "{kind:?} {column}: {} rows", ids.len());
                assert!(
                    (8..=16).contains(&parts),
                    "{kind:?} {column}: {parts} parts"
                );
                assert!(
                    largest < 5000,
                    "{kind:?} {column}: {largest} rows in a part"
                );
            }

            let mut request = world.request("t", 4);
            request.split.method = SplitMethod::Balanced;
            request.split.column = Some("s.id".to_owned());
            request.selection = Selection::Query(
                "SELECT s.id FROM t s WHERE s.id > 10000 AND $CONDITIONS".to_owned(),
            );
            let (ids, largest, _) = imported(world, &request).await;
            assert!(
                ids == all[10_001..] && largest < 2500,
                "{kind:?}: {largest} rows in a part"
            );
        })
        .await;
    }
}

async fn a_table_of_few_rows_is_one_balanced_part(world: &World) {
    world.numbered_table(500).await;
    let mut request = world.request("t", 4);
    request.split.method = SplitMethod::Balanced;
    let report = world.import(&request).await.unwrap();
    assert_eq!((report.rows, report.parts), (500, 1));
    world.sql("DELETE FROM t").await;
    assert_eq!(world.import(&request).await.unwrap().rows, 0);
}

on_every_database! {
    a_table_of_few_rows_is_one_balanced_part
    many_rows_of_any_database_are_cut_into_balanced_parts
}

async fn many_rows_of_any_database_are_cut_into_balanced_parts(world: &World) {
    world.numbered_table(5000).await;
    let mut request = world.request("t", 2);
    request.split.method = SplitMethod::Balanced;
    let (ids, largest, parts) = imported(world, &request).await;
    assert!(
        ids.into_iter().eq(1..=5000) && parts > 2 && largest < 2500,
        "{parts} parts, {largest}"
    );
}
