//! Processes that are killed at any moment.

use super::till::Till;
use super::world::{World, on_every_pair};
use std::time::Duration;

on_every_pair! { figures_are_exact_through_kills }

/// Raised by the long tests.
fn kills() -> usize {
    std::env::var("COMPTOIR_TEST_KILLS").map_or(4, |kills| kills.parse().unwrap())
}

async fn figures_are_exact_through_kills(world: &World) {
    let mut till = Till::new(world.partitions);
    for _ in 0..kills() {
        let before = world.judged_so_far().await;
        let process = world.process();
        world.send(&till.mixed(150)).await;
        // Only an owner that counts is worth killing. Kafka waits for the last one first.
        world.judged(before + 1).await;
        for _ in 0..3 {
            world.send(&till.mixed(150)).await;
            let pause = Duration::from_millis(till.draw(120));
            tokio::time::sleep(pause).await;
        }
        process.kill();
    }
    let _process = world.process();
    world.send(&till.mixed(50)).await;
    world.assert_counted(&till.sent).await;
}
