//! What is wrong with a table is named, and what is read back is what was archived.

use crate::place::{Place, add, applied, event, key, on_both};
use comptoir_bronze::{ArchivedRecord, ArchivedSaid, Draft, Fault, Gap};
use comptoir_model::event::read_event;
use comptoir_model::ids::Offset;
use comptoir_model::merge::Span;
use comptoir_model::verdict::{DuplicateWindow, Reach};

on_both! {
    rows_that_stand_twice_or_too_far_are_named,
    records_come_back_in_the_order_of_their_offsets,
}

async fn rows_that_stand_twice_or_too_far_are_named(place: &Place) {
    let mut archive = place.archive();
    archive.next(&key(0)).await.unwrap();
    archive.next(&key(1)).await.unwrap();
    let mut twice = place.part(&key(0), 0, 5).await;
    twice.files.extend(place.part(&key(0), 0, 5).await.files);
    let mut beyond = place.part(&key(1), 0, 5).await;
    beyond.span = Span::new(Offset(0), Offset(3)).unwrap();
    assert_eq!(
        applied(&archive.commit(&[twice, beyond]).await),
        [true, true]
    );
    let snapshot = place.snapshot().await;
    assert_eq!(snapshot.verify_files().await.unwrap(), []);
    let mut faults = snapshot.verify_rows().await.unwrap();
    faults.sort_by_key(ToString::to_string);
    let doubled = Fault::Doubled {
        key: key(0),
        rows: 5,
    };
    let beyond = Fault::Beyond {
        key: key(1),
        position: Offset(3),
        last: Offset(4),
    };
    assert_eq!(faults, [doubled, beyond]);
}

async fn records_come_back_in_the_order_of_their_offsets(place: &Place) {
    let mut archive = place.archive();
    archive.next(&key(0)).await.unwrap();
    let mut draft = Draft::new(key(0));
    let mut window = DuplicateWindow::new(Reach::KAFKA);
    let sale = event("e-1", "12.34");
    add(&mut draft, &mut window, 0, sale.as_bytes());
    add(&mut draft, &mut window, 1, sale.as_bytes());
    add(&mut draft, &mut window, 2, b"\xff{");
    let first = place.finish(draft, &key(0), 0, 3).await;
    let gap = place.gap(&key(0), Gap::Hole, 3, 9).await;
    let last = place.part(&key(0), 9, 12).await;
    for part in [first, gap, last] {
        assert_eq!(applied(&archive.commit(&[part]).await), [true]);
    }
    let snapshot = place.snapshot().await;
    assert_eq!(snapshot.partitions().await.unwrap(), [key(0)].into());
    let records = read(place, Offset(0)).await;
    let offsets: Vec<_> = records.iter().map(|record| record.offset.0).collect();
    assert_eq!(offsets, [0, 1, 2, 3, 9, 10, 11]);
    let ArchivedSaid::Accepted(bytes) = &records[0].said else {
        panic!("{:?}", records[0]);
    };
    // To the microsecond, and with two decimals.
    let kept = sale
        .replace("123456789", "123456")
        .replace("4.5\"", "4.50\"");
    assert_ne!(kept, sale);
    assert_eq!(read_event(bytes), read_event(kept.as_bytes()));
    assert_eq!(records[1].said, ArchivedSaid::Duplicate);
    let rejected = ArchivedSaid::Rejected("not_utf8".to_owned(), b"\xff{".to_vec());
    assert_eq!(records[2].said, rejected);
    let lost = Span::new(Offset(3), Offset(9)).unwrap();
    assert_eq!(records[3].said, ArchivedSaid::Gap(Gap::Hole, lost));
    assert_eq!(read(place, Offset(10)).await, records[5..]);
}

async fn read(place: &Place, from: Offset) -> Vec<ArchivedRecord> {
    let snapshot = place.snapshot().await;
    let mut records = snapshot.records(&key(0), from).await.unwrap();
    let mut all = Vec::new();
    while let Some(batch) = records.next().await.unwrap() {
        all.extend(batch);
    }
    all
}
