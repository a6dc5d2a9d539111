//! Fewer files, the same rows.

use crate::place::{Place, applied, key, on_both};
use comptoir_bronze::Sweep;
use comptoir_config::clock;
use comptoir_lake::LakePath;
use comptoir_model::ids::Offset;
use std::time::Duration;

on_both! {
    compaction_keeps_rows_and_positions_and_vacuum_takes_what_is_left,
}

async fn compaction_keeps_rows_and_positions_and_vacuum_takes_what_is_left(place: &Place) {
    let mut archive = place.archive();
    archive.next(&key(0)).await.unwrap();
    for start in 0..6 {
        let part = place.part(&key(0), start, start + 1).await;
        assert_eq!(applied(&archive.commit(&[part]).await), [true]);
    }
    // A writer that was killed before its commit.
    let orphan = place.part(&key(0), 6, 7).await;
    let temporary = format!("{}/_delta_log/.0.json.0123.tmp", place.directory);
    place.write(&LakePath::parse(&temporary).unwrap()).await;
    let done = place.table.compact().await.unwrap();
    assert_eq!((done.files_removed, done.files_added), (6, 1));
    // Whoever knew the version before goes on.
    let next = place.part(&key(0), 6, 8).await;
    assert_eq!(applied(&archive.commit(&[next]).await), [true]);
    let now = clock::now();
    let hour = Duration::from_hours(1);
    let young = place.table.vacuum(hour, now, Sweep::Delete).await.unwrap();
    assert!(young.is_empty(), "{young:?}");
    drop(orphan);
    let age = Duration::ZERO;
    let seen = place.table.vacuum(age, now, Sweep::Look).await.unwrap();
    let gone = place.table.vacuum(age, now, Sweep::Delete).await.unwrap();
    // The six small files, the orphan and the temporary one.
    assert_eq!((seen.len(), gone.len()), (8, 8), "{seen:?} {gone:?}");
    assert_eq!(place.archive().next(&key(0)).await.unwrap(), Offset(8));
    assert_eq!(place.offsets(&key(0)).await.len(), 8);
    let history = place.table.history(3).await.unwrap();
    assert!(
        history.iter().any(|change| change.note[0]["to"] == 8),
        "{history:?}"
    );
}
