//! Tables that runs replace: old or new, by one writer, and days that stay.

use crate::place::{Place, on_both};
use comptoir_bronze::{BronzeError, OutputTable, OutputWriter, Replaced, Sweep, Table};
use comptoir_config::clock;
use comptoir_model::view_result::{ViewColumn, ViewType};
use deltalake::arrow::array::{AsArray, Date32Array, Int64Array, RecordBatch};
use deltalake::arrow::datatypes::{DataType, Field, Int64Type, Schema};
use deltalake::datafusion::prelude::SessionContext;
use jiff::civil::date;
use std::sync::Arc;
use std::time::Duration;

on_both! {
    a_run_replaces_the_days_that_it_names_and_readers_keep_their_version,
    of_two_runs_over_one_version_one_wins,
}

/// 29 February 2024, and the days after it.
const DAY: i32 = 19_782;

fn columns() -> Vec<ViewColumn> {
    let column = |name: &str, kind| ViewColumn {
        name: name.to_owned(),
        kind,
    };
    vec![
        column("day", ViewType::Date),
        column("n", ViewType::Integer),
    ]
}

fn rows(rows: &[(i32, i64)]) -> RecordBatch {
    let schema = Schema::new(vec![
        Field::new("day", DataType::Date32, true),
        Field::new("n", DataType::Int64, true),
    ]);
    let days: Date32Array = rows.iter().map(|(day, _)| Some(DAY + day)).collect();
    let numbers: Int64Array = rows.iter().map(|(_, n)| Some(*n)).collect();
    RecordBatch::try_new(Arc::new(schema), vec![Arc::new(days), Arc::new(numbers)]).unwrap()
}

fn table(place: &Place) -> OutputTable {
    let directory = place.directory.join("output").unwrap();
    OutputTable::open(&place.lake, &directory, Duration::from_mins(1)).unwrap()
}

async fn begin(table: &OutputTable) -> OutputWriter {
    let newest = table.newest().await.unwrap();
    table.begin(newest, columns(), Some(0), clock::now())
}

async fn numbers(version: &comptoir_bronze::OutputVersion) -> Vec<i64> {
    let context = SessionContext::new();
    let frame = context
        .read_table(version.provider().await.unwrap())
        .unwrap();
    let frame = frame.select_columns(&["n"]).unwrap();
    let batches = frame.collect().await.unwrap();
    let numbers = |batch: &RecordBatch| {
        batch
            .column(0)
            .as_primitive::<Int64Type>()
            .values()
            .to_vec()
    };
    let mut found: Vec<i64> = batches.iter().flat_map(numbers).collect();
    found.sort_unstable();
    found
}

async fn a_run_replaces_the_days_that_it_names_and_readers_keep_their_version(place: &Place) {
    let table = table(place);
    assert!(table.newest().await.unwrap().is_none());
    let mut first = begin(&table).await;
    // More days than files are open at a time, each of them twice.
    let many: Vec<_> = (0..60).map(|n| (n % 30, i64::from(n))).collect();
    for row in many.chunks(7) {
        first.write(&rows(row)).await.unwrap();
    }
    first.commit(&Replaced::All, "first").await.unwrap();
    let before = table.newest().await.unwrap().unwrap();
    assert_eq!(
        (before.version(), before.facts(), before.rows()),
        (0, Some("first"), Some(60))
    );
    assert_eq!(numbers(&before).await, (0..60).collect::<Vec<_>>());

    let mut second = begin(&table).await;
    second.write(&rows(&[(1, 100), (1, 101)])).await.unwrap();
    let days = Replaced::Days([date(2024, 3, 1), date(2024, 3, 2)].into());
    assert_eq!(second.kept(&days), Some(56));
    let committed = second.commit(&days, "second").await.unwrap();
    assert_eq!(committed.version, 1);
    let after = table.newest().await.unwrap().unwrap();
    assert_eq!((after.facts(), after.rows()), (Some("second"), Some(58)));
    let kept = (0..60).filter(|n| ![1, 2].contains(&(n % 30)));
    assert_eq!(
        numbers(&after).await,
        kept.chain([100, 101]).collect::<Vec<_>>()
    );
    assert_eq!(
        numbers(&before).await.len(),
        60,
        "a reader lost its version"
    );
    // Files of the earlier version stay a day, and nobody needs them then.
    assert_eq!(table.tidy(clock::now()).await.unwrap(), 0);
    let directory = place.directory.join("output").unwrap();
    let all = Table::open(&place.lake, &directory, Duration::from_mins(1)).unwrap();
    let gone = all.vacuum(Duration::ZERO, clock::now(), Sweep::Delete);
    assert!(!gone.await.unwrap().is_empty());
    assert_eq!(numbers(&after).await.len(), 58);
}

async fn of_two_runs_over_one_version_one_wins(place: &Place) {
    let table = table(place);
    for round in ["made", "replaced"] {
        let mut one = begin(&table).await;
        let mut other = begin(&table).await;
        one.write(&rows(&[(0, 1)])).await.unwrap();
        other.write(&rows(&[(0, 2)])).await.unwrap();
        let facts = [format!("{round} by one"), format!("{round} by other")];
        let (one, other) = tokio::join!(
            one.commit(&Replaced::All, &facts[0]),
            other.commit(&Replaced::All, &facts[1])
        );
        let newest = table.newest().await.unwrap().unwrap();
        let winner = match (&one, &other) {
            (Ok(_), Err(error)) | (Err(error), Ok(_)) => {
                let is_told = matches!(error, BronzeError::Overtaken { .. });
                assert!(is_told, "{error}");
                usize::from(one.is_err())
            }
            both => panic!("{both:?}"),
        };
        assert_eq!(newest.facts(), Some(facts[winner].as_str()));
        assert_eq!(numbers(&newest).await, [i64::try_from(winner).unwrap() + 1]);
    }
}

#[tokio::test]
async fn a_row_without_a_day_is_refused() {
    Place::local()
        .run(async |place| {
            let mut writer = begin(&table(place)).await;
            let schema = rows(&[]).schema();
            let days = Date32Array::from(vec![None]);
            let numbers = Int64Array::from(vec![Some(1)]);
            let columns: Vec<_> = vec![Arc::new(days) as _, Arc::new(numbers) as _];
            let error = writer
                .write(&RecordBatch::try_new(schema, columns).unwrap())
                .await;
            assert!(error.unwrap_err().to_string().contains("has no day"));
        })
        .await;
}
