//! Rows of old days go, and nothing that anybody still needs.

use crate::place::{Place, add, applied, event, key, on_both};
use comptoir_bronze::{Draft, Forgot, Forgotten, Gap, Part, Retention, Snapshot, Sweep, Taken};
use comptoir_config::clock;
use comptoir_model::ids::Offset;
use comptoir_model::verdict::{DuplicateWindow, Reach};
use jiff::civil::{Date, date};
use std::time::Duration;

on_both! {
    rows_of_old_days_go_and_the_others_stay,
    nothing_goes_that_somebody_has_not_taken,
    late_rows_of_a_forgotten_day_go_after_their_time,
}

fn day(number: i8) -> Date {
    date(2026, 11, number)
}

/// Of events of these days, from an offset on.
async fn part(place: &Place, partition: u32, start: u64, days: &[i8]) -> Part {
    let key = key(partition);
    let mut draft = Draft::new(key.clone());
    let mut window = DuplicateWindow::new(Reach::KAFKA);
    for (offset, number) in (start..).zip(days) {
        let time = format!("{}T10:00:00Z", day(*number));
        let text = event(&format!("e-{partition}-{offset}"), "4.50");
        let text = text.replace("2026-11-20T23:59:59.123456789-01:00", &time);
        add(&mut draft, &mut window, offset, text.as_bytes());
    }
    let end = start + days.len() as u64;
    place.finish(draft, &key, start, end).await
}

/// Days 10, 11 and 12: in partition 0 offsets 0 to 3, 4 to 7 and 8 to 9, in partition 1 offsets 0
/// to 1 of the first and 2 to 3 of the last.
async fn three_days(place: &Place) {
    let mut archive = place.archive();
    for number in [0, 1] {
        archive.next(&key(number)).await.unwrap();
    }
    let parts = [
        part(place, 0, 0, &[10, 10, 10, 10, 11, 11, 11, 11, 12, 12]).await,
        part(place, 1, 0, &[10, 10, 12, 12]).await,
    ];
    assert_eq!(applied(&archive.commit(&parts).await), [true, true]);
}

fn retention(before: i8, taken: &[(u32, u64)], reach: u64) -> Retention {
    Retention {
        before: day(before),
        taken: (taken.iter())
            .map(|(number, end)| {
                let taken = Taken {
                    below: Offset(*end),
                    by: "a test".to_owned(),
                };
                (key(*number), taken)
            })
            .collect(),
        reach: Reach::new(reach),
    }
}

async fn forget(place: &Place, retention: &Retention) -> Forgot {
    let forgot = place.table.forget(retention, Sweep::Delete).await;
    forgot.unwrap()
}

async fn left(place: &Place, partition: u32) -> Vec<u64> {
    let offsets = place.offsets(&key(partition)).await;
    let offset = |row: String| row.split(' ').next().unwrap().parse().unwrap();
    offsets.into_iter().map(offset).collect()
}

/// Of these partitions, below these offsets, so many rows.
fn forgotten(before: i8, of: &[(u32, u64, u64)]) -> Forgotten {
    Forgotten {
        before: day(before),
        below: (of.iter())
            .map(|(number, end, _)| (key(*number), Offset(*end)))
            .collect(),
        rows: (of.iter())
            .map(|(number, _, rows)| (key(*number), *rows))
            .collect(),
    }
}

async fn rows_of_old_days_go_and_the_others_stay(place: &Place) {
    three_days(place).await;
    let mut archive = place.archive();
    archive.next(&key(0)).await.unwrap();
    let gap = place.gap(&key(0), Gap::Hole, 10, 12).await;
    assert_eq!(applied(&archive.commit(&[gap]).await), [true]);
    let before = place.snapshot().await;
    assert_eq!(before.forgotten().unwrap(), None);
    let retention = retention(12, &[(0, 12), (1, 4)], 0);
    let look = place.table.forget(&retention, Sweep::Look).await.unwrap();
    assert_eq!((look.rows.accepted, look.rows.total()), (10, 10));
    assert_eq!(place.snapshot().await.version(), before.version());

    let forgot = forget(place, &retention).await;
    assert_eq!(forgot, look);
    assert_eq!((forgot.before, forgot.kept_back), (Some(day(12)), None));
    assert_eq!(left(place, 0).await, [8, 9, 10]);
    assert_eq!(left(place, 1).await, [2, 3]);
    let after = place.snapshot().await;
    assert_eq!(
        after.forgotten().unwrap(),
        Some(forgotten(12, &[(0, 8, 8), (1, 2, 2)]))
    );
    let known = after.forgotten().unwrap().unwrap();
    assert_eq!(after.gone(&known).await.unwrap(), known.rows);
    assert_eq!(after.position(&key(0)).await.unwrap(), Some(Offset(12)));
    assert_eq!(after.gaps(&key(0)).await.unwrap().lost.len(), 1);
    for faults in [after.verify_files().await, after.verify_rows().await] {
        assert_eq!(faults.unwrap(), []);
    }
    // Whoever reads the version before goes on, and whoever commits over it, too.
    assert_eq!(ids(&before).await, 10);
    let next = part(place, 0, 12, &[12]).await;
    assert_eq!(applied(&archive.commit(&[next]).await), [true]);
    let history = place.table.history(5).await.unwrap();
    let deleted = history.iter().find(|change| change.operation == "DELETE");
    let rows = &deleted.unwrap().note[0]["rows"];
    assert_eq!(rows["accepted"], 8, "{history:?}");
    // Nothing more to do is no version.
    let version = place.snapshot().await.version();
    let again = forget(place, &retention).await;
    assert_eq!((again.rows.total(), again.before), (0, Some(day(12))));
    assert_eq!(place.snapshot().await.version(), version);
    // Their files go with a vacuum, and nothing that is left with them.
    let swept = place
        .table
        .vacuum(Duration::ZERO, clock::now(), Sweep::Delete);
    assert!(!swept.await.unwrap().is_empty());
    assert_eq!(left(place, 0).await, [8, 9, 10, 12]);
    assert_eq!(place.archive().next(&key(0)).await.unwrap(), Offset(13));
}

async fn ids(snapshot: &Snapshot) -> usize {
    use comptoir_model::merge::Span;
    let all = Span::new(Offset(0), Offset(100)).unwrap();
    snapshot.ids(&key(0), all).await.unwrap().len()
}

async fn nothing_goes_that_somebody_has_not_taken(place: &Place) {
    three_days(place).await;
    // Nobody has taken anything of partition 1, which has rows of the first day.
    let forgot = forget(place, &retention(13, &[(0, 10)], 0)).await;
    assert_eq!((forgot.rows.total(), forgot.before), (0, None));
    let kept_back = forgot.kept_back.unwrap();
    assert_eq!((kept_back.day, kept_back.key), (day(10), key(1)));
    // Nor all of the second day of partition 0.
    let forgot = forget(place, &retention(13, &[(0, 7), (1, 4)], 0)).await;
    assert_eq!(forgot.before, Some(day(11)));
    assert_eq!(left(place, 0).await, (4..10).collect::<Vec<_>>());
    assert_eq!(left(place, 1).await, [2, 3]);
    // The last ids stay, by which duplicates are found: from offset 5 on.
    let forgot = forget(place, &retention(13, &[(0, 10), (1, 4)], 5)).await;
    assert_eq!((forgot.rows.total(), forgot.before), (1, Some(day(13))));
    assert_eq!(left(place, 0).await, (5..10).collect::<Vec<_>>());
    assert_eq!(left(place, 1).await, [2, 3]);
    let snapshot = place.snapshot().await;
    assert_eq!(
        snapshot.forgotten().unwrap(),
        Some(forgotten(13, &[(0, 5, 5), (1, 2, 2)]))
    );
}

async fn late_rows_of_a_forgotten_day_go_after_their_time(place: &Place) {
    three_days(place).await;
    forget(place, &retention(12, &[(0, 10), (1, 4)], 0)).await;
    let mut archive = place.archive();
    archive.next(&key(0)).await.unwrap();
    let late = part(place, 0, 10, &[10, 12]).await;
    assert_eq!(applied(&archive.commit(&[late]).await), [true]);
    // Nobody has it yet; it holds no other day up.
    let forgot = forget(place, &retention(13, &[(0, 10), (1, 4)], 0)).await;
    assert_eq!(forgot.before, Some(day(12)));
    assert_eq!(forgot.kept_back.unwrap().day, day(12));
    assert_eq!(left(place, 0).await, [8, 9, 10, 11]);
    let forgot = forget(place, &retention(12, &[(0, 11), (1, 4)], 0)).await;
    assert_eq!((forgot.rows.total(), forgot.before), (1, Some(day(12))));
    assert_eq!(left(place, 0).await, [8, 9, 11]);
    // A time that is longer than before brings nothing back.
    let forgot = forget(place, &retention(11, &[(0, 12), (1, 4)], 0)).await;
    assert_eq!((forgot.rows.total(), forgot.before), (0, Some(day(12))));
}
