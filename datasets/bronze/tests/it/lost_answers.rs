//! A commit that HDFS has made and whose answer never comes.

#[path = "../../../../batch/tests/it/proxy.rs"]
#[expect(dead_code, reason = "others hold connections up, too")]
mod proxy;

use crate::place::{Place, key};
use comptoir_bronze::{Archive, Committed};
use comptoir_lake::{Lake, LakeOptions};
use comptoir_model::ids::Offset;
use proxy::{Proxy, Verdict, Way, holds};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// For each call, so that a `NameNode` that is gone is not waited for long.
const LIMIT: Duration = Duration::from_secs(4);

/// A writer whose next commit loses its answer, and whether that has happened.
async fn writer_that_hears_nothing(place: &Place, verdict: Verdict) -> (Archive, Arc<AtomicBool>) {
    let url = place.lake.url_of(&place.directory);
    let name_node = url.strip_prefix("hdfs://").unwrap();
    let name_node = name_node.split('/').next().unwrap();
    let lost = Arc::new(AtomicBool::new(false));
    let (mut asked, is_lost) = (false, Arc::clone(&lost));
    let proxy = Proxy::before(name_node, move |way, piece| {
        asked |= way == Way::ToServer && holds(piece, "rename") && holds(piece, "_delta_log");
        if asked && way == Way::ToClient && !is_lost.swap(true, Ordering::AcqRel) {
            return verdict;
        }
        Verdict::Pass
    })
    .await;
    let options = LakeOptions {
        timeout: LIMIT,
        ..LakeOptions::default()
    };
    let lake = Lake::open(&format!("hdfs://{}", proxy.address), options).unwrap();
    let table = comptoir_bronze::Table::open(&lake, &place.directory, LIMIT).unwrap();
    (Archive::new(table), lost)
}

async fn is_in_the_table_once(place: &Place, verdict: Verdict) {
    // The table is there, and the partition in it.
    assert_eq!(place.archive().next(&key(0)).await.unwrap(), Offset(0));
    let (mut archive, lost) = writer_that_hears_nothing(place, verdict).await;
    let parts = [place.part(&key(0), 0, 3).await];
    let committed = archive.commit(&parts).await;
    assert!(
        lost.load(Ordering::Acquire),
        "no answer was lost: {committed:?}"
    );
    assert_ne!(
        committed,
        [Committed::GivenUp],
        "it would be archived again"
    );
    // Whoever looks knows, and whoever tries it again adds nothing.
    let mut another = place.archive();
    assert_eq!(another.next(&key(0)).await.unwrap(), Offset(3));
    assert_eq!(another.commit(&parts).await, [Committed::GivenUp]);
    if verdict == Verdict::CutThis {
        assert_eq!(archive.next(&key(0)).await.unwrap(), Offset(3));
        assert_eq!(archive.commit(&parts).await, [Committed::GivenUp]);
    }
    let rows = ["0 accepted", "1 accepted", "2 accepted"];
    assert_eq!(place.offsets(&key(0)).await, rows);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_is_in_the_table_once() {
    let test = async |place: &Place| is_in_the_table_once(place, Verdict::CutThis).await;
    Place::hdfs().run(test).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_after_which_hdfs_stays_away_is_in_the_table_once() {
    let test = async |place: &Place| is_in_the_table_once(place, Verdict::CutAll).await;
    Place::hdfs().run(test).await;
}
