//! What batch views answer: loaded in chunks, made current at once.

use crate::world::{World, at, on_every_database};
use comptoir_model::ids::RunId;
use comptoir_model::view_result::{ViewAbout, ViewColumn, ViewName, ViewType};
use comptoir_warehouse::{ViewResultWriter, Warehouse, WarehouseError};

on_every_database! {
    a_result_is_seen_whole_or_not_at_all
    a_run_that_was_given_up_changes_nothing_any_more
    views_do_not_touch_one_another
}

fn name(view: &str) -> ViewName {
    ViewName::parse(view).unwrap()
}

fn about() -> ViewAbout {
    ViewAbout {
        description: "Größen".to_owned(),
        columns: vec![ViewColumn {
            name: "n".to_owned(),
            kind: ViewType::Decimal {
                precision: 18,
                scale: 2,
            },
        }],
        sources: Vec::new(),
        as_of: at(1),
        sha256: "5e".repeat(32),
        lake: None,
        unknown: Vec::new(),
        broken: Vec::new(),
    }
}

async fn begin(warehouse: &Warehouse, view: &str, run: &str) -> ViewResultWriter {
    let run = RunId::parse(run).unwrap();
    warehouse
        .begin_view_result(&name(view), &run, at(2))
        .await
        .unwrap()
}

async fn publish(warehouse: &Warehouse, view: &str, run: &str, chunks: &[&str]) {
    let mut writer = begin(warehouse, view, run).await;
    for chunk in chunks {
        writer.append(1, chunk).await.unwrap();
    }
    writer.publish(&about(), at(3)).await.unwrap();
}

/// Run and chunks of what readers see.
async fn seen(warehouse: &Warehouse, view: &str) -> Option<(String, Vec<String>)> {
    let result = warehouse.view_result(&name(view)).await.unwrap()?;
    assert_eq!(
        (result.about.clone(), result.published_at),
        (about(), at(3))
    );
    let chunks = warehouse.view_result_chunks(&result).await.unwrap();
    let chunks = chunks.expect("the chunks of the current result");
    assert_eq!(chunks.len() as u64, result.rows);
    Some((result.run.to_string(), chunks))
}

async fn a_result_is_seen_whole_or_not_at_all(world: &World) {
    let warehouse = &world.warehouse;
    let mut writer = begin(warehouse, "sales", "run-1").await;
    writer.append(1, "[[\"1.00\"]]").await.unwrap();
    assert_eq!(seen(warehouse, "sales").await, None);
    writer.publish(&about(), at(3)).await.unwrap();
    let first = Some(("run-1".to_owned(), vec!["[[\"1.00\"]]".to_owned()]));
    assert_eq!(seen(warehouse, "sales").await, first);

    let mut writer = begin(warehouse, "sales", "run-2").await;
    writer.append(1, "[[\"2.00\"]]").await.unwrap();
    writer.append(1, "[[\"é\"]]").await.unwrap();
    assert_eq!(seen(warehouse, "sales").await, first);
    let old = warehouse
        .view_result(&name("sales"))
        .await
        .unwrap()
        .unwrap();
    writer.publish(&about(), at(3)).await.unwrap();
    let second = vec!["[[\"2.00\"]]".to_owned(), "[[\"é\"]]".to_owned()];
    assert_eq!(
        seen(warehouse, "sales").await,
        Some(("run-2".to_owned(), second))
    );
    // Whoever still holds the old one hears that it is gone, and never reads half of it.
    assert_eq!(warehouse.view_result_chunks(&old).await.unwrap(), None);
}

async fn a_run_that_was_given_up_changes_nothing_any_more(world: &World) {
    let warehouse = &world.warehouse;
    publish(warehouse, "sales", "run-1", &["[[1]]"]).await;
    let mut paused = begin(warehouse, "sales", "run-2").await;
    paused.append(1, "[[2]]").await.unwrap();
    let mut late = begin(warehouse, "sales", "run-3").await;
    let refused = paused.append(1, "[[3]]").await.unwrap_err();
    assert!(
        matches!(refused, WarehouseError::ViewTakenOver { .. }),
        "{refused}"
    );
    let refused = paused.publish(&about(), at(3)).await.unwrap_err();
    assert!(
        matches!(refused, WarehouseError::ViewTakenOver { .. }),
        "{refused}"
    );
    assert_eq!(seen(warehouse, "sales").await.unwrap().0, "run-1");
    late.append(1, "[[4]]").await.unwrap();
    late.publish(&about(), at(3)).await.unwrap();
    let found = seen(warehouse, "sales").await;
    assert_eq!(found, Some(("run-3".to_owned(), vec!["[[4]]".to_owned()])));
}

async fn views_do_not_touch_one_another(world: &World) {
    let warehouse = &world.warehouse;
    publish(warehouse, "b", "run-1", &["[[1]]"]).await;
    let half = begin(warehouse, "c", "run-1").await;
    publish(warehouse, "a", "run-1", &[]).await;
    publish(warehouse, "a", "run-2", &["[[2]]", "[[3]]"]).await;
    half.publish(&about(), at(3)).await.unwrap();
    let results = warehouse.view_results().await.unwrap();
    let found: Vec<_> = (results.iter())
        .map(|result| (result.view.as_str(), result.run.as_str(), result.rows))
        .collect();
    assert_eq!(
        found,
        [("a", "run-2", 2), ("b", "run-1", 1), ("c", "run-1", 0)]
    );
    assert_eq!(warehouse.view_result(&name("d")).await.unwrap(), None);
}
