//! Tables cut by columns of every type: each row in one part, whatever is in the column.

use crate::world::{Kind, World};
use comptoir_batch::import::TextSplits;

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
