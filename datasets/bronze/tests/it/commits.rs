//! Records and positions are one commit, and each record is in the table once.

use crate::place::{Place, applied, key, on_both};
use comptoir_bronze::{BronzeError, Committed, Part};
use comptoir_model::ids::Offset;

on_both! {
    a_partition_begins_at_zero_and_goes_on_where_it_stands,
    an_owner_that_was_overtaken_changes_nothing,
    partitions_of_one_process_share_a_commit,
    a_position_moves_over_no_records,
    writers_that_race_archive_each_record_once,
    rows_without_a_position_are_an_error,
    a_checkpoint_keeps_positions_and_rows,
}

async fn a_partition_begins_at_zero_and_goes_on_where_it_stands(place: &Place) {
    let mut archive = place.archive();
    assert_eq!(archive.next(&key(0)).await.unwrap(), Offset(0));
    let begun = place.snapshot().await;
    assert_eq!(begun.position(&key(0)).await.unwrap(), Some(Offset(0)));
    assert_eq!(begun.position(&key(1)).await.unwrap(), None);
    let parts = [place.part(&key(0), 0, 3).await];
    assert_eq!(
        archive.commit(&parts).await,
        [Committed::Applied {
            version: begun.version() + 1
        }]
    );
    let mut restarted = place.archive();
    assert_eq!(restarted.next(&key(0)).await.unwrap(), Offset(3));
    assert_eq!(
        place.offsets(&key(0)).await,
        ["0 accepted", "1 accepted", "2 accepted"]
    );
}

async fn an_owner_that_was_overtaken_changes_nothing(place: &Place) {
    let (mut first, mut second) = (place.archive(), place.archive());
    first.next(&key(0)).await.unwrap();
    second.next(&key(0)).await.unwrap();
    let paused = [place.part(&key(0), 0, 2).await];
    let quick = [place.part(&key(0), 0, 4).await];
    assert_eq!(applied(&second.commit(&quick).await), [true]);
    // Its lost answer makes it try again, too.
    assert_eq!(second.commit(&quick).await, [Committed::GivenUp]);
    assert_eq!(first.commit(&paused).await, [Committed::GivenUp]);
    assert_eq!(place.offsets(&key(0)).await.len(), 4);
    assert_eq!(first.next(&key(0)).await.unwrap(), Offset(4));
}

async fn partitions_of_one_process_share_a_commit(place: &Place) {
    let (mut archive, mut other) = (place.archive(), place.archive());
    for partition in 0..3 {
        archive.next(&key(partition)).await.unwrap();
    }
    other.next(&key(1)).await.unwrap();
    other.commit(&[place.part(&key(1), 0, 1).await]).await;
    let before = place.snapshot().await.version();
    let mut parts = Vec::new();
    for partition in 0..3 {
        parts.push(place.part(&key(partition), 0, 2).await);
    }
    // Only the partition that another owner has moved is given up.
    let committed = archive.commit(&parts).await;
    let version = before + 1;
    assert_eq!(
        committed,
        [
            Committed::Applied { version },
            Committed::GivenUp,
            Committed::Applied { version }
        ]
    );
    assert_eq!(place.offsets(&key(1)).await, ["0 accepted"]);
    assert_eq!(place.snapshot().await.version(), version);
}

async fn a_position_moves_over_no_records(place: &Place) {
    let mut archive = place.archive();
    archive.next(&key(0)).await.unwrap();
    let part = Part {
        files: Vec::new(),
        ..place.part(&key(0), 0, 5).await
    };
    assert_eq!(applied(&archive.commit(&[part]).await), [true]);
    let snapshot = place.snapshot().await;
    assert_eq!(snapshot.position(&key(0)).await.unwrap(), Some(Offset(5)));
    assert!(place.offsets(&key(0)).await.is_empty());
}

async fn writers_that_race_archive_each_record_once(place: &Place) {
    let race = async |length: u64| {
        let mut archive = place.archive();
        loop {
            let next = archive.next(&key(0)).await.unwrap().0;
            if next >= 40 {
                return;
            }
            let part = place.part(&key(0), next, next + length).await;
            archive.commit(&[part]).await;
        }
    };
    futures::join!(race(3), race(4), race(5));
    let offsets = place
        .query("SELECT _offset FROM bronze ORDER BY _offset")
        .await;
    let next = place.archive().next(&key(0)).await.unwrap().0;
    let expected: Vec<_> = (0..next).map(|offset| offset.to_string()).collect();
    assert_eq!(offsets, expected);
}

async fn rows_without_a_position_are_an_error(place: &Place) {
    let mut archive = place.archive();
    archive.next(&key(0)).await.unwrap();
    // As if the rows had been written under another partition's position.
    let mut part = place.part(&key(7), 0, 2).await;
    part.key = key(0);
    assert_eq!(applied(&archive.commit(&[part]).await), [true]);
    let error = archive.next(&key(7)).await.unwrap_err();
    assert!(matches!(error, BronzeError::PositionLost { .. }), "{error}");
}

async fn a_checkpoint_keeps_positions_and_rows(place: &Place) {
    let mut archive = place.archive();
    archive.next(&key(0)).await.unwrap();
    for start in 0..25 {
        let part = place.part(&key(0), start, start + 1).await;
        assert_eq!(applied(&archive.commit(&[part]).await), [true]);
    }
    let log = comptoir_lake::LakePath::parse(&format!("{}/_delta_log", place.directory)).unwrap();
    let names = place.lake.list(&log).await.unwrap();
    let checkpoints = (names.iter())
        .filter(|entry| entry.name().ends_with(".checkpoint.parquet"))
        .count();
    assert_eq!(checkpoints, 2);
    assert_eq!(place.archive().next(&key(0)).await.unwrap(), Offset(25));
    assert_eq!(place.offsets(&key(0)).await.len(), 25);
}
