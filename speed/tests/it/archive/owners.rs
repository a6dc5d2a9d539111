//! Several owners of a partition, one after the other or at once.

use super::shore::Shore;
use crate::views::till::Till;
use crate::views::world::Kind;
use rustix::process::Signal;
use std::time::Duration;

/// An owner that sleeps while others archive changes nothing when it wakes.
#[tokio::test(flavor = "multi_thread")]
async fn a_paused_owner_that_wakes_changes_nothing() {
    Shore::with(Kind::KafkaMariaDb, async |shore: &Shore<'_>| {
        let mut till = Till::new(shore.world.partitions);
        let sleeper = shore.process();
        shore.world.send(&till.mixed(300)).await;
        shore.archived(300).await;
        shore.world.send(&till.mixed(300)).await;
        // In the middle of it.
        tokio::time::sleep(Duration::from_millis(till.draw(300))).await;
        sleeper.signal(Signal::STOP);
        let second = shore.process();
        shore.world.send(&till.mixed(300)).await;
        shore.assert_archived(&till.sent).await;
        sleeper.signal(Signal::CONT);
        for _ in 0..3 {
            shore.world.send(&till.mixed(100)).await;
            shore.assert_archived(&till.sent).await;
        }
        drop(second);
        shore.world.send(&till.mixed(100)).await;
        shore.assert_archived(&till.sent).await;
    })
    .await;
}
