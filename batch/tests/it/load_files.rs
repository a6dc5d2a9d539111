//! Files as they come: encodings, bad lines, doubts. The database does not matter here.

use crate::load_support::{csv_file, load_file, query, request};
use crate::world::{Kind, World, some};
use comptoir_batch::load::{BadLine, Encoding, EncodingUsed, LineFault, LoadError};
use std::fmt::Write as _;
use std::path::PathBuf;

const NAMES: &str = "name,city,territory\nMartín,A Coruña,EMEA\nJäger,Köln,NA\nHélène,Béziers,NA\n";

fn encoded(encoding: Encoding, marked: bool) -> Vec<u8> {
    let bytes: Vec<u8> = match encoding {
        Encoding::Utf8 => NAMES.as_bytes().to_vec(),
        Encoding::Utf16Le => NAMES.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        Encoding::Utf16Be => NAMES.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        Encoding::Cp437 => {
            oem_cp::encode_string_lossy(NAMES, &oem_cp::code_table::ENCODING_TABLE_CP437)
        }
        Encoding::Cp850 => {
            oem_cp::encode_string_lossy(NAMES, &oem_cp::code_table::ENCODING_TABLE_CP850)
        }
        Encoding::Windows1252 | Encoding::Iso8859_1 => NAMES
            .chars()
            .map(|char| u8::try_from(u32::from(char)).unwrap())
            .collect(),
    };
    let mark: &[u8] = match encoding {
        Encoding::Utf8 if marked => b"\xEF\xBB\xBF",
        Encoding::Utf16Le if marked => b"\xFF\xFE",
        Encoding::Utf16Be if marked => b"\xFE\xFF",
        _ => b"",
    };
    [mark, &bytes].concat()
}

async fn on_sqlite(test: impl AsyncFnOnce(&World)) {
    World::with(Kind::Sqlite, test).await;
}

async fn holds_the_names(world: &World) {
    let rows = query(world, "SELECT name, city, territory FROM names ORDER BY id").await;
    assert_eq!(
        rows,
        [
            some(&["Martín", "A Coruña", "EMEA"]),
            some(&["Jäger", "Köln", "NA"]),
            some(&["Hélène", "Béziers", "NA"]),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_encoding_is_detected() {
    on_sqlite(async |world| {
        for (encoding, marked) in [
            (Encoding::Utf8, false),
            (Encoding::Utf8, true),
            (Encoding::Utf16Le, true),
            (Encoding::Utf16Be, true),
            (Encoding::Cp437, false),
            (Encoding::Cp850, false),
            (Encoding::Windows1252, false),
        ] {
            let file = csv_file(world, "names.csv", encoded(encoding, marked));
            let report = load_file(world, &request(file, "names")).await.unwrap();
            let EncodingUsed::Detected(found) = report.encoding else {
                panic!("{:?}", report.encoding)
            };
            let found = [Some(found.encoding), found.same_as];
            assert!(found.contains(&Some(encoding)), "{encoding}: {found:?}");
            holds_the_names(world).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_encoding_can_be_given() {
    on_sqlite(async |world| {
        for encoding in Encoding::ALL {
            for marked in [false, true] {
                let file = csv_file(world, "names.csv", encoded(encoding, marked));
                let mut request = request(file, "names");
                request.encoding = Some(encoding);
                let report = load_file(world, &request).await.unwrap();
                assert_eq!(report.encoding, EncodingUsed::Given(encoding));
                holds_the_names(world).await;
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_text_are_refused_with_their_place() {
    on_sqlite(async |world| {
        let file = csv_file(world, "names.csv", b"name\nKoeln\nK\xF6ln\n");
        let mut request = request(file, "names");
        request.encoding = Some(Encoding::Utf8);
        let error = load_file(world, &request).await.unwrap_err().to_string();
        assert!(
            error.contains("names.csv, line 3: byte 12 (F6) is not UTF-8"),
            "{error}"
        );
        assert!(error.contains("hint: name the file's encoding"), "{error}");
    })
    .await;
}

/// 200 lines, one of them replaced.
fn prices(bad: usize, with: &str) -> String {
    let mut text = "item,price,sold\n".to_owned();
    for line in 2..=201 {
        if line == bad {
            writeln!(text, "{with}").unwrap();
        } else {
            writeln!(text, "item {line},{line}.50,2/{}/2024", line % 28 + 1).unwrap();
        }
    }
    text
}

async fn fault_of(world: &World, file: PathBuf) -> BadLine {
    match load_file(world, &request(file, "prices"))
        .await
        .unwrap_err()
    {
        LoadError::BadLine {
            first, others: 0, ..
        } => *first,
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_line_is_refused_with_line_column_and_value() {
    on_sqlite(async |world| {
        for (bad, message) in [
            (
                "x,1.50",
                "line 77: 2 values, but the header names 3 columns",
            ),
            (
                "a,b,1.50,2/1/2024",
                "line 77: 4 values, but the header names 3 columns",
            ),
            (
                "x,12;50,2/1/2024",
                "line 77, column price: `12;50` is not a decimal number",
            ),
            (
                "x,1.50,2/30/2024",
                "line 77, column sold: `2/30/2024` is not a date of the calendar",
            ),
            (
                "x,1.50,soon",
                "line 77, column sold: `soon` is not a date of the calendar",
            ),
        ] {
            let file = csv_file(world, "prices.csv", prices(77, bad));
            let fault = fault_of(world, file).await;
            assert!(fault.to_string().starts_with(message), "{fault}");
        }
        // Nothing was made.
        let tables = query(world, "SELECT name FROM sqlite_schema").await;
        assert!(tables.is_empty(), "{tables:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_line_is_counted_in_lines_of_the_file_not_in_records() {
    on_sqlite(async |world| {
        let text = prices(77, "x,oops,2/1/2024").replace("item 5,", "\"item\n5\",\n\n\n");
        let text = text.replace("\n\n\n5.50", "\n\n\nitem 5,5.50");
        let file = csv_file(
            world,
            "prices.csv",
            text.replace("\"item\n5\",\n", "\"item\n5\",1,2/1/2024\n"),
        );
        let fault = fault_of(world, file).await;
        assert_eq!(fault.line, 81);
        assert!(matches!(fault.fault, LineFault::Value { .. }));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_lines_are_set_aside_and_counted() {
    on_sqlite(async |world| {
        let text = prices(77, "x,oops,2/1/2024") + "too,short\n";
        let mut request = request(csv_file(world, "prices.csv", text), "prices");
        let aside = world.directory.path().join("bad.csv");
        request.bad_rows = Some(aside.clone());
        let report = load_file(world, &request).await.unwrap();
        assert_eq!((report.rows, report.bad_rows), (199, 2));
        assert_eq!(
            std::fs::read_to_string(aside).unwrap(),
            "LINE,REASON,item,price,sold\n\
             77,column price: `oops` is not a decimal number with at most 8 digits before and 2 behind the point,x,oops,2/1/2024\n\
             202,\"2 values, but the header names 3 columns\",too,short\n"
        );
        // The others keep the numbers that they have in the file.
        let ids = "SELECT COUNT(*), MAX(id), SUM(id = 76) FROM prices";
        assert_eq!(query(world, ids).await, [some(&["199", "200", "0"])]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_bad_lines_only_empties_no_table() {
    on_sqlite(async |world| {
        let good = csv_file(world, "good.csv", "a,b\n1,2\n");
        load_file(world, &request(good, "t")).await.unwrap();
        let mut request = request(csv_file(world, "bad.csv", "a,b\n1;2\n3;4\n"), "t");
        request.bad_rows = Some(world.directory.path().join("aside.csv"));
        let error = load_file(world, &request).await.unwrap_err();
        assert!(
            matches!(error, LoadError::AllBad { lines: 2, .. }),
            "{error}"
        );
        assert_eq!(query(world, "SELECT a FROM t").await, [some(&["1"])]);
        assert!(!world.directory.path().join("aside.csv.partial").exists());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doubt_about_dates_is_said() {
    on_sqlite(async |world| {
        let file = csv_file(world, "a.csv", "sold\n1/2/2024\n3/4/2024\n");
        let report = load_file(world, &request(file, "t")).await.unwrap();
        assert!(
            report.notes[0].contains("M/D/Y or D/M/Y"),
            "{:?}",
            report.notes
        );
        assert_eq!(
            query(world, "SELECT sold FROM t WHERE id = 1").await,
            [some(&["2024-01-02"])]
        );
        let file = csv_file(world, "a.csv", "sold\n1/2/2024\n31/4/2024\n30/4/2024\n");
        let error = load_file(world, &request(file, "t"))
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("line 3, column sold: `31/4/2024`"),
            "{error}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quarters_that_contradict_the_date_are_refused_where_they_would_be_lost() {
    on_sqlite(async |world| {
        let sample = std::fs::read_to_string(crate::load_support::sample_file()).unwrap();
        let text = sample.replacen(",Shipped,1,1,2024,", ",Shipped,2,1,2024,", 1);
        let mut request = request(csv_file(world, "a.csv", text), "sales");
        load_file(world, &request).await.unwrap();
        request.erp_tables = true;
        let error = load_file(world, &request).await.unwrap_err().to_string();
        assert!(
            error.contains("line 2, column QTR_ID: `2` is not 1"),
            "{error}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_split_into_tables_is_refused() {
    on_sqlite(async |world| {
        let mut request = request(csv_file(world, "a.csv", "name,price\na,1\n"), "t");
        request.erp_tables = true;
        let error = load_file(world, &request).await.unwrap_err().to_string();
        assert!(error.contains("it has no column CUSTOMERNAME"), "{error}");
    })
    .await;
}
