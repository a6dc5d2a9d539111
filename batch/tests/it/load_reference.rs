//! The well-known sample itself, which lies outside of the repository: its licence forbids a copy.

use crate::load_support::{load_file, query, request, sample_file};
use crate::world::{Kind, World, some};
use comptoir_batch::load::{Encoding, EncodingUsed};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

fn original() -> PathBuf {
    let shared = std::env::var_os("COMPTOIR_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    let path = shared.join("data/sales_data_sample.csv");
    let hint = "compose/test reference needs ../shared, or COMPTOIR_SHARED that names it";
    assert!(
        path.is_file(),
        "{} is missing\nhint: {hint}",
        path.display()
    );
    path
}

async fn holds_the_original(world: &World) {
    let mut request = request(original(), "sales");
    request.erp_tables = true;
    for _ in 0..2 {
        let report = load_file(world, &request).await.unwrap();
        assert_eq!((report.rows, report.bad_rows), (2823, 0));
        let EncodingUsed::Detected(found) = report.encoding else {
            panic!("{:?}", report.encoding)
        };
        assert_eq!(found.encoding, Encoding::Cp437);
        assert_eq!(found.same_as, Some(Encoding::Cp850));
        let erp = report.erp.unwrap();
        assert_eq!(
            (erp.customers, erp.products, erp.orders, erp.order_lines),
            (92, 109, 307, 2823)
        );
    }
    let cents = match world.kind {
        Kind::Sqlite => "SUM(CAST(REPLACE(SALES, '.', '') AS INTEGER))",
        Kind::MariaDb | Kind::MySql => "CAST(SUM(SALES) * 100 AS SIGNED)",
    };
    for (column, expected) in [
        ("COUNT(*)", "2823"),
        ("MIN(id)", "1"),
        ("MAX(id)", "2823"),
        ("COUNT(DISTINCT ORDERNUMBER)", "307"),
        ("COUNT(DISTINCT CUSTOMERNAME)", "92"),
        ("COUNT(DISTINCT PRODUCTCODE)", "109"),
        (cents, "1003262885"),
        ("SUM(ADDRESSLINE1 LIKE 'Berguvsvägen%')", "19"),
        ("SUM(CONTACTFIRSTNAME = 'Martín')", "32"),
        ("SUM(ADDRESSLINE1 LIKE '%Cataluña%')", "23"),
        ("SUM(TERRITORY = 'NA')", "1074"),
        ("SUM(STATE IS NULL)", "1486"),
        ("SUM(POSTALCODE IS NULL)", "76"),
        ("MIN(ORDERDATE)", "2003-01-06"),
        ("MAX(ORDERDATE)", "2005-05-31"),
    ] {
        let found = query(world, &format!("SELECT {column} FROM sales")).await;
        assert_eq!(found, [some(&[expected])], "{column}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "reads ../shared: run by compose/test reference"]
async fn the_original_s_totals_are_exact_in_sqlite() {
    World::with(Kind::Sqlite, holds_the_original).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "reads ../shared: run by compose/test reference"]
async fn the_original_s_totals_are_exact_in_mariadb() {
    World::with(Kind::MariaDb, holds_the_original).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "reads ../shared: run by compose/test reference"]
async fn the_original_s_totals_are_exact_in_mysql() {
    World::with(Kind::MySql, holds_the_original).await;
}

/// Rows of a CSV file whose bytes beyond ASCII do not matter here.
fn rows(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let mut rows = Vec::new();
    for record in reader.byte_records() {
        let fields = record.unwrap();
        rows.push(
            fields
                .iter()
                .map(|field| String::from_utf8_lossy(field).into_owned())
                .collect(),
        );
    }
    rows
}

#[test]
#[ignore = "reads ../shared: run by compose/test reference"]
fn the_sample_has_no_row_customer_or_product_of_the_original() {
    let (original, ours) = (rows(&original()), rows(&sample_file()));
    let all: HashSet<_> = original.iter().collect();
    assert!(!ours.iter().any(|row| all.contains(row)));
    // PRODUCTCODE, CUSTOMERNAME, PHONE, ADDRESSLINE1.
    for column in [12, 13, 14, 15] {
        let theirs: HashSet<_> = original.iter().map(|row| &row[column]).collect();
        let shared: HashSet<_> = ours
            .iter()
            .map(|row| &row[column])
            .filter(|v| theirs.contains(v))
            .collect();
        assert!(shared.is_empty(), "{shared:?}");
    }
}
