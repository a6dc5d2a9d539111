//! What is counted.

use super::till::Till;
use super::world::{World, on_every_pair};

on_every_pair! { figures_equal_a_plain_recomputation a_restart_knows_the_ids_before_it }

async fn figures_equal_a_plain_recomputation(world: &World) {
    let mut till = Till::new(world.partitions);
    let sink = world.sink().await;
    for _ in 0..5 {
        world.send(&till.mixed(400)).await;
        world.judged(till.sent.len()).await;
    }
    world.assert_counted(&till.sent).await;
    sink.stop().await;
}

async fn a_restart_knows_the_ids_before_it(world: &World) {
    let mut till = Till::new(world.partitions);
    world.send(&till.mixed(600)).await;
    let sink = world.sink().await;
    world.judged(600).await;
    sink.stop().await;
    // All of it once more, and something new between.
    let mut again = till.sent.clone();
    let fresh = till.mixed(300);
    again.extend(fresh);
    world.send(&again).await;
    let sink = world.sink().await;
    let mut all = till.sent[..600].to_vec();
    all.extend(again);
    world.assert_counted(&all).await;
    sink.stop().await;
}
