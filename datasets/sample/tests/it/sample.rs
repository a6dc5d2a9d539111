use comptoir_model::sales::{CANCELLED, SALES_COLUMNS};
use comptoir_sample::{DEFAULT_SEED, SampleRow, generate, write_csv};
use jiff::civil::{Date, date};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../sales_data_sample.csv");
const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");

fn written(seed: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_csv(&generate(seed), &mut bytes).unwrap();
    bytes
}

fn distinct<T: Ord>(rows: &[SampleRow], of: impl Fn(&SampleRow) -> T) -> usize {
    rows.iter().map(of).collect::<BTreeSet<_>>().len()
}

#[test]
fn the_committed_file_is_what_the_generator_writes() {
    let committed = std::fs::read(COMMITTED).unwrap();
    assert!(
        committed == written(DEFAULT_SEED),
        "{COMMITTED} differs: run `cargo run -p comptoir-sample -- --output datasets/sales_data_sample.csv`"
    );
}

#[test]
fn another_seed_gives_another_file_of_the_same_shape() {
    assert_ne!(written(1), written(2));
    let rows = generate(1);
    assert_eq!(distinct(&rows, |row| row.order.number), 300);
    assert_eq!(distinct(&rows, |row| row.order.customer.name), 90);
}

#[test]
fn the_shape_is_that_of_the_well_known_sample() {
    let rows = generate(DEFAULT_SEED);
    assert!(
        (2_750..=2_850).contains(&rows.len()),
        "{} lines",
        rows.len()
    );
    assert_eq!(distinct(&rows, |row| row.order.number), 300);
    assert_eq!(distinct(&rows, |row| row.order.customer.name), 90);
    assert_eq!(distinct(&rows, |row| row.product.code.clone()), 109);
    assert_eq!(distinct(&rows, |row| row.product.line), 7);
    assert_eq!(distinct(&rows, |row| row.order.customer.country), 19);
    assert_eq!(distinct(&rows, |row| row.order.customer.territory), 4);
    assert_eq!(distinct(&rows, |row| row.order.status), 6);
    assert_eq!(distinct(&rows, SampleRow::deal_size), 3);
    let months = distinct(&rows, |row| (row.order.date.year(), row.order.date.month()));
    assert_eq!(months, 29);
    let last: Option<Date> = rows.iter().map(|row| row.order.date).max();
    assert_eq!(last, Some(date(2026, 5, 29)));
}

#[test]
fn the_readme_tells_the_file_s_own_figures() {
    let rows = generate(DEFAULT_SEED);
    let total = |rows: &mut dyn Iterator<Item = &SampleRow>| {
        grouped(&rows.map(SampleRow::sales).sum::<Decimal>().to_string())
    };
    let sales = total(&mut rows.iter());
    let net = total(&mut rows.iter().filter(|row| row.order.status != CANCELLED));
    let lines = grouped(&rows.len().to_string());
    let readme = std::fs::read_to_string(README).unwrap();
    for figure in [format!("{lines} lines of 300 orders"), sales, net] {
        assert!(readme.contains(&figure), "{README} lacks {figure}");
    }
}

/// `1234567.89` as `1,234,567.89`.
fn grouped(number: &str) -> String {
    let integer = number.find('.').unwrap_or(number.len());
    let mut text = String::new();
    for (at, char) in number.char_indices() {
        if at > 0 && at < integer && (integer - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(char);
    }
    text
}

#[test]
fn november_is_the_peak_of_every_full_year() {
    let mut sales: BTreeMap<(i16, i8), Decimal> = BTreeMap::new();
    for row in generate(DEFAULT_SEED) {
        let month = (row.order.date.year(), row.order.date.month());
        *sales.entry(month).or_default() += row.sales();
    }
    for year in [2024, 2025] {
        let of_year = sales.range((year, 1)..=(year, 12));
        let peak = of_year.max_by_key(|(_, sales)| **sales).unwrap();
        assert_eq!(*peak.0, (year, 11));
    }
}

#[test]
fn an_order_numbers_its_lines_and_names_no_product_twice() {
    let rows = generate(DEFAULT_SEED);
    let lines = distinct(&rows, |row| (row.order.number, row.line));
    let products = distinct(&rows, |row| (row.order.number, row.product.code.clone()));
    assert_eq!((lines, products), (rows.len(), rows.len()));
}

/// The columns `of` have one value for each value of the columns `key`.
fn follow(key: &[&str], of: &[&str]) {
    let at = |name: &&str| {
        SALES_COLUMNS
            .iter()
            .position(|column| column == name)
            .unwrap()
    };
    let mut seen: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
    for row in generate(DEFAULT_SEED) {
        let record = row.record();
        let values = |names: &[&str]| -> Vec<String> {
            names.iter().map(|name| record[at(name)].clone()).collect()
        };
        let first = seen.entry(values(key)).or_insert_with(|| values(of));
        assert_eq!(*first, values(of), "{key:?} {:?}", values(key));
    }
}

#[test]
fn customers_products_and_orders_are_the_same_in_all_their_lines() {
    follow(&["CUSTOMERNAME"], &SALES_COLUMNS[14..24]);
    follow(&["PRODUCTCODE"], &["PRODUCTLINE", "MSRP"]);
    follow(
        &["ORDERNUMBER"],
        &[
            "ORDERDATE",
            "STATUS",
            "QTR_ID",
            "MONTH_ID",
            "YEAR_ID",
            "CUSTOMERNAME",
        ],
    );
}

#[test]
fn sales_are_quantity_times_price_to_the_cent() {
    for row in generate(DEFAULT_SEED) {
        let record = row.record();
        let decimal = |at: usize| record[at].parse::<Decimal>().unwrap();
        assert_eq!(decimal(4), decimal(1) * decimal(2), "{record:?}");
        assert_eq!(
            (decimal(2).scale(), decimal(4).scale()),
            (2, 2),
            "{record:?}"
        );
    }
}

#[test]
fn has_what_makes_real_files_hard_to_read() {
    let text = String::from_utf8(written(DEFAULT_SEED)).unwrap();
    for hard in [
        "é", "ö", "ñ", "Å", "ß", "ø", "ō", "\"\"", ", ", ",,", ",NA,", ",01", "O'",
    ] {
        assert!(text.contains(hard), "{hard}");
    }
    assert!(!text.starts_with('\u{feff}'));
}
