//! What readers find.

use crate::place::{Place, add, applied, event, key, on_both};
use comptoir_bronze::{Draft, Gap};
use comptoir_model::ids::Offset;
use comptoir_model::merge::Span;
use comptoir_model::verdict::{DuplicateWindow, Reach};

on_both! {
    every_verdict_keeps_what_the_record_said,
    a_snapshot_does_not_change,
    gaps_and_ids_are_found_again,
}

fn span(start: u64, end: u64) -> Span {
    Span::new(Offset(start), Offset(end)).unwrap()
}

async fn every_verdict_keeps_what_the_record_said(place: &Place) {
    let mut archive = place.archive();
    archive.next(&key(0)).await.unwrap();
    let mut draft = Draft::new(key(0));
    let mut window = DuplicateWindow::new(Reach::KAFKA);
    let sale = event("e-1", "999999999.99");
    add(&mut draft, &mut window, 0, sale.as_bytes());
    add(&mut draft, &mut window, 1, sale.as_bytes());
    add(&mut draft, &mut window, 2, b"\xff{");
    let part = place.finish(draft, &key(0), 0, 3).await;
    assert_eq!(
        (
            part.counts.accepted,
            part.counts.duplicates,
            part.counts.rejected
        ),
        (1, 1, 1)
    );
    assert_eq!(applied(&archive.commit(&[part]).await), [true]);
    let said = place
        .query(
            "SELECT _offset, _verdict, day, event_time, amount, unit_price, product_name, \
             _reason, encode(_raw, 'hex') = '' AS raw FROM bronze ORDER BY _offset",
        )
        .await;
    assert_eq!(
        said,
        [
            "0 accepted 2026-11-21 2026-11-21T00:59:59.123456Z 999999999.99 4.50 Thé  ",
            "1 duplicate 2026-11-21 2026-11-21T00:59:59.123456Z 999999999.99 4.50 Thé  false",
            "2 rejected 2026-11-21     not_utf8 false",
        ]
    );
    let sum = place
        .query("SELECT sum(amount) FROM bronze WHERE _verdict = 'accepted' AND _offset < 3")
        .await;
    assert_eq!(sum, ["999999999.99"]);
}

async fn a_snapshot_does_not_change(place: &Place) {
    let mut archive = place.archive();
    archive.next(&key(0)).await.unwrap();
    archive.commit(&[place.part(&key(0), 0, 2).await]).await;
    let snapshot = place.snapshot().await;
    archive.commit(&[place.part(&key(0), 2, 5).await]).await;
    assert_eq!(snapshot.position(&key(0)).await.unwrap(), Some(Offset(2)));
    let ids = snapshot.ids(&key(0), span(0, 100)).await.unwrap();
    assert_eq!(ids.len(), 2);
    assert_eq!(place.offsets(&key(0)).await.len(), 5);
}

async fn gaps_and_ids_are_found_again(place: &Place) {
    let mut archive = place.archive();
    archive.next(&key(0)).await.unwrap();
    archive.next(&key(1)).await.unwrap();
    for part in [
        place.part(&key(0), 0, 3).await,
        place.gap(&key(0), Gap::Hole, 3, 10).await,
        place.gap(&key(0), Gap::Blind, 10, 30).await,
        place.part(&key(1), 0, 1).await,
    ] {
        assert_eq!(applied(&archive.commit(&[part]).await), [true]);
    }
    let snapshot = place.snapshot().await;
    let gaps = snapshot.gaps(&key(0)).await.unwrap();
    assert_eq!(gaps.lost, [span(3, 10)]);
    assert_eq!(gaps.blind, [span(10, 30)]);
    let none = snapshot.gaps(&key(1)).await.unwrap();
    assert_eq!((none.lost, none.blind), (vec![], vec![]));
    let ids = snapshot.ids(&key(0), span(1, 100)).await.unwrap();
    assert_eq!(
        ids,
        [
            (Offset(1), "e-0-1".to_owned()),
            (Offset(2), "e-0-2".to_owned())
        ]
    );
}
