//! What is in the table is what is in the lake.

use crate::world::{Kind, World, on_every_database, some};
use comptoir_lake::{LakeError, published};
use comptoir_model::text_format::TextFormat;

on_every_database! {
    reads_back_every_text
    prints_values_as_sqoop_does
    every_row_lands_in_one_part_also_without_a_split_value
    an_empty_table_makes_one_empty_part
    a_second_import_replaces_the_first
    counts_rows_that_the_format_can_not_tell_apart
}

/// Names that need quoting, texts that need escaping.
async fn reads_back_every_text(world: &World) {
    let texts = [
        "",
        " ",
        "a,b",
        "line\nbreak\r\n",
        "tab\t",
        "back\\slash\\",
        "\\",
        "'single' \"double\"",
        "`tick`",
        "null",
        "NULL",
        "N",
        "Berguvsvägen",
        "東京",
        "🚲🇸🇪",
        "\u{1}\u{7f}",
    ];
    let table = "the \"shop's\" `sales`";
    let quoted = table.replace('`', "``");
    world
        .sql(&format!(
            "CREATE TABLE `{quoted}` (`the id` INT NOT NULL PRIMARY KEY, `a,b \"c\" ``d``` VARCHAR(50), other TEXT)"
        ))
        .await;
    let mut writer = world.writer().await;
    let insert = format!("INSERT INTO `{quoted}` VALUES (?, ?, ?)");
    for (id, text) in texts.iter().enumerate() {
        let values = [Some(id.to_string()), Some((*text).to_owned()), None];
        writer
            .execute_with("preparing a test", &insert, &values)
            .await
            .unwrap();
    }
    let report = world.import(&world.request(table, 3)).await.unwrap();
    assert_eq!(
        (report.rows, report.parts, report.ambiguous_rows),
        (texts.len() as u64, 3, 0)
    );
    let (manifest, parts) = world.published().await;
    assert_eq!(manifest.source.table, table);
    let names: Vec<_> = manifest
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!(names, ["the id", "a,b \"c\" `d`", "other"]);
    let expected: Vec<Vec<_>> = (texts.iter().enumerate())
        .map(|(id, text)| vec![Some(id.to_string()), Some((*text).to_owned()), None])
        .collect();
    assert_eq!(parts.concat(), expected);
}

async fn prints_values_as_sqoop_does(world: &World) {
    let decimal = match world.kind {
        Kind::Sqlite => "DECIMAL_TEXT(10,2)",
        Kind::MariaDb | Kind::MySql => "DECIMAL(10,2)",
    };
    world
        .sql(&format!(
            "CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, price {decimal}, day DATE, moment DATETIME, \
             flag TINYINT(1), number DOUBLE, code VARBINARY(9), letter CHAR(3));
             INSERT INTO t VALUES (-9223372036854775808, '10.10', '2003-02-24', '2003-02-24 00:00:00', 1, 1e7, x'0001feff', 'é');
             INSERT INTO t VALUES (9223372036854775807, '-0.05', '0001-01-01', '9999-12-31 23:59:59', 0, 0.1, x'', '');
             INSERT INTO t VALUES (7, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"
        ))
        .await;
    world.import(&world.request("t", 2)).await.unwrap();
    let mut rows = world.rows().await;
    rows.sort_by_key(|row| row[0].as_ref().unwrap().parse::<i64>().unwrap());
    let first = [
        "-9223372036854775808",
        "10.10",
        "2003-02-24",
        "2003-02-24 00:00:00.0",
        "true",
        "1.0E7",
        "00 01 fe ff",
        "é",
    ];
    let last = [
        "9223372036854775807",
        "-0.05",
        "0001-01-01",
        "9999-12-31 23:59:59.0",
        "false",
        "0.1",
        "",
        "",
    ];
    let mut nulls = vec![None; 8];
    nulls[0] = Some("7".to_owned());
    assert_eq!(rows, [some(&first), nulls, some(&last)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn prints_the_types_that_only_mysql_has() {
    for kind in [Kind::MariaDb, Kind::MySql] {
        World::with(kind, async |world: &World| {
            world
                .sql(
                    "CREATE TABLE t (id BIGINT UNSIGNED NOT NULL PRIMARY KEY, yes BIT(1), flags BIT(9), year_of YEAR, \
                     moment DATETIME(6), stamp TIMESTAMP NULL, single FLOAT, size ENUM('s','m,l'), filled INT(6) ZEROFILL, old CHAR(9) CHARACTER SET latin1); \
                     INSERT INTO t VALUES (18446744073709551615, b'1', b'100000001', 2003, '2003-02-24 12:34:56.789010', '2004-05-07 01:02:03', 16777216, 'm,l', 42, 'Martín'); \
                     INSERT INTO t VALUES (1, b'0', b'0', 1901, '2003-02-24 12:34:56', NULL, 0.0009765625, 's', 0, NULL)",
                )
                .await;
            world.import(&world.request("t", 2)).await.unwrap();
            let (manifest, parts) = world.published().await;
            assert_eq!(manifest.parts.len(), 2);
            let mut first = some(&["1", "false", "0", "1901", "2003-02-24 12:34:56.0", "", "9.76562E-4", "s", "0", ""]);
            (first[5], first[9]) = (None, None);
            let last = [
                "18446744073709551615", "true", "257", "2003", "2003-02-24 12:34:56.78901", "2004-05-07 01:02:03.0",
                "1.67772E7", "m,l", "42", "Martín",
            ];
            assert_eq!(parts, [vec![first], vec![some(&last)]]);
        })
        .await;
    }
}

/// The driver takes a row whose first value has 16 MiB or more for the end of the answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_huge_first_value_does_not_hide_the_rows_behind_it() {
    World::with(Kind::MySql, async |world: &World| {
        world
            .sql(
                "CREATE TABLE t (body LONGTEXT, id INT); \
                  INSERT INTO t VALUES (REPEAT('x', 17 * 1024 * 1024), 1), ('y', 2)",
            )
            .await;
        let report = world.import(&world.request("t", 1)).await.unwrap();
        assert_eq!(report.rows, 2);
        let rows = world.rows().await;
        assert_eq!(rows[0][0].as_ref().unwrap().len(), 17 * 1024 * 1024);
        assert_eq!(rows[1], some(&["y", "2"]));
    })
    .await;
}

async fn every_row_lands_in_one_part_also_without_a_split_value(world: &World) {
    world
        .sql("CREATE TABLE t (name VARCHAR(20), place INT)")
        .await;
    // Gaps, duplicates, negative numbers and, at the end, rows without a place.
    let places: Vec<Option<i64>> = (0..200)
        .map(|n| Some((n * n) % 977 - 100))
        .chain([None; 20])
        .collect();
    let rows: Vec<_> = (places.iter().enumerate())
        .map(|(n, place)| {
            format!(
                "('row {n}', {})",
                place.map_or("NULL".to_owned(), |p| p.to_string())
            )
        })
        .collect();
    world
        .sql(&format!("INSERT INTO t VALUES {}", rows.join(",")))
        .await;
    let mut request = world.request("t", 4);
    request.split.column = Some("place".to_owned());
    let report = world.import(&request).await.unwrap();
    assert_eq!((report.rows, report.parts), (220, 4));
    let (_, parts) = world.published().await;
    assert_eq!(parts[0].iter().filter(|row| row[1].is_none()).count(), 20);
    assert!(parts.iter().all(|part| !part.is_empty()));
    let mut found: Vec<_> = parts
        .concat()
        .into_iter()
        .map(|row| row[0].clone().unwrap())
        .collect();
    let mut expected: Vec<_> = (0..220).map(|n| format!("row {n}")).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

async fn an_empty_table_makes_one_empty_part(world: &World) {
    world
        .sql("CREATE TABLE t (id INT NOT NULL PRIMARY KEY)")
        .await;
    let report = world.import(&world.request("t", 4)).await.unwrap();
    assert_eq!((report.rows, report.bytes, report.parts), (0, 0, 1));
    assert_eq!(world.rows().await, Vec::<Vec<_>>::new());
}

async fn a_second_import_replaces_the_first(world: &World) {
    world.numbered_table(10).await;
    let first = world.import(&world.request("t", 4)).await.unwrap();
    world.sql("DELETE FROM t WHERE id > 3").await;
    let second = world.import(&world.request("t", 2)).await.unwrap();
    assert!(first.run != second.run && first.imported_at < second.imported_at);
    let (manifest, parts) = world.published().await;
    assert_eq!(manifest.run, second.run);
    assert_eq!(manifest.imported_at, second.imported_at);
    assert_eq!(parts.concat().len(), 3);
    let entries = world.lake.list(&world.target).await.unwrap();
    let names: Vec<_> = entries
        .iter()
        .filter_map(|entry| entry.path.file_name())
        .collect();
    assert_eq!(
        names,
        [
            "_SUCCESS",
            "_manifest-1",
            "part-m-00000",
            "part-m-00001",
            "part-m-00002"
        ]
    );
}

async fn counts_rows_that_the_format_can_not_tell_apart(world: &World) {
    world
        .sql(
            "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, note VARCHAR(50)); \
              INSERT INTO t VALUES (1, 'fine'), (2, 'a,b'), (3, 'null'), (4, NULL)",
        )
        .await;
    let mut request = world.request("t", 1);
    request.format = TextFormat::sqoop_default();
    let report = world.import(&request).await.unwrap();
    assert_eq!((report.rows, report.ambiguous_rows), (4, 2));
    let run = published::open(&world.lake, &world.target)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        run.read_part(0).await.unwrap(),
        &b"1,fine\n2,a,b\n3,null\n4,null\n"[..]
    );
    let refused = run.read_rows(0).await.unwrap_err();
    assert!(
        matches!(refused, LakeError::AmbiguousRows { rows: 2, .. }),
        "{refused}"
    );
}
