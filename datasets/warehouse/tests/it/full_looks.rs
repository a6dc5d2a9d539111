//! The newest look at everything is kept, and why the last one failed.

use crate::world::{World, at, on_every_database};
use comptoir_model::api::reconcile::ReconcileReport;
use comptoir_warehouse::{JobEnd, JobOutcome, JobStart, Warehouse, full_look_job};

on_every_database! { the_newest_look_counts_and_a_failed_one_is_told }

async fn the_newest_look_counts_and_a_failed_one_is_told(world: &World) {
    let warehouse = &world.warehouse;
    assert_eq!(warehouse.full_looks().await.unwrap().report, None);
    let first = warehouse.reconcile(at(1)).await.unwrap();
    let second = ReconcileReport {
        unchecked: vec!["the log: “away”".to_owned()],
        ..warehouse.reconcile(at(2)).await.unwrap()
    };
    // The slow one comes last, and is older; the same one may come twice.
    for look in [&second, &first, &second] {
        warehouse.keep_full_look(look).await.unwrap();
        let looks = warehouse.full_looks().await.unwrap();
        assert_eq!((looks.report, looks.failure), (Some(second.clone()), None));
    }
    assert_eq!(world.number("SELECT COUNT(*) FROM full_looks").await, 1);

    turn(warehouse, 3, Err("the lake is away")).await;
    let looks = warehouse.full_looks().await.unwrap();
    assert_eq!(looks.failure, Some((at(3), "the lake is away".to_owned())));
    assert_eq!(looks.report, Some(second));
    turn(warehouse, 4, Ok(())).await;
    assert_eq!(warehouse.full_looks().await.unwrap().failure, None);
}

async fn turn(warehouse: &Warehouse, second: i64, done: Result<(), &str>) {
    let job = full_look_job();
    let started = warehouse.start_job(&job, "a test", 1, at(second));
    let JobStart::Started(lock) = started.await.unwrap() else {
        panic!("nobody else looks");
    };
    let end = JobEnd {
        at: at(second),
        outcome: match done {
            Ok(()) => JobOutcome::Done,
            Err(_) => JobOutcome::Failed,
        },
        attempts: 1,
        output: None,
        error: done.err().map(str::to_owned),
    };
    lock.finish(&end).await.unwrap();
}
