//! kill -9 behind every step of `views run`: of the live run, of a view that the warehouse serves, and
//! of silver.

use crate::counts::{Counts, drawn};
use crate::live_shop::Shop;
use crate::silver::{expected_transactions, found_transactions};
use crate::views_crash::{ROWS, generation_of, view};
use crate::world::{Kind, World, on_both};
use comptoir_config::clock;
use comptoir_config::fault::KILL_AT;
use jiff::SignedDuration;
use std::os::unix::process::ExitStatusExt;

const TODAY: SignedDuration = SignedDuration::ZERO;
const THREE_DAYS: SignedDuration = SignedDuration::from_hours(72);

const SIGKILL: i32 = 9;

/// Of a run with some 25 quarters of an hour, and some 40 chunks to prune.
const LIVE: [&str; 6] = [
    "live-sealed",
    "live-waited",
    "live-begun",
    "live-chunk-loaded:12",
    "live-switched",
    "live-chunk-pruned:12",
];

const VIEW: [&str; 3] = ["view-written", "view-in-lake", "view-published"];

/// First, of a Delta table: the files of a run are closed, and no version names them.
const SILVER: [&str; 3] = ["delta-files-written", "view-in-lake", "view-published"];

on_both! {
    no_figure_changes_whichever_step_a_live_run_was_killed_behind
    a_view_that_was_killed_behind_any_step_is_the_old_or_the_new_one
    silver_that_was_killed_behind_any_step_has_each_event_once
}

impl Counts {
    /// Of records that are there one by one.
    fn of_each(expected: &[String], found: &[String]) -> Self {
        let each = |record| (record, 1);
        Self::of(expected.iter().map(each), found.iter().map(each))
    }
}

impl World {
    pub(crate) fn steps<'a>(&self, of: &'a [&'a str]) -> &'a [&'a str] {
        drawn(of, self.kind == Kind::Sqlite, clock::random_u32())
    }

    /// Runs the program until it kills itself behind a step.
    fn is_killed_at(&self, step: &str, arguments: &[&str]) {
        let ended = self.program(arguments).env(KILL_AT, step).output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.signal(), Some(SIGKILL), "{step}: {said}");
    }
}

async fn no_figure_changes_whichever_step_a_live_run_was_killed_behind(world: &World) {
    let mut shop = Shop::open(world).await;
    for step in world.steps(&LIVE) {
        shop.sell(60, TODAY);
        shop.sell(60, THREE_DAYS);
        shop.count().await;
        shop.keep_all().await;
        world.is_killed_at(step, &["views", "run", "live"]);
        shop.look(&format!("{step} at once")).await;
        world.finish_view("live");
        shop.look(step).await;
        shop.is_covered(world).await;
    }
}

async fn a_view_that_was_killed_behind_any_step_is_the_old_or_the_new_one(world: &World) {
    world.write_views_settings("");
    world.numbered_table(u32::try_from(ROWS).unwrap()).await;
    let target = format!("{}/t", world.root);
    world.batch_well(&["import", "--table", "t", "--target-dir", &target]);
    world.write_view("pairs", &view(0));
    world.batch_well(&["views", "run", "pairs"]);
    for (step, generation) in world.steps(&VIEW).iter().zip(1..) {
        world.write_view("pairs", &view(generation));
        world.is_killed_at(step, &["views", "run", "pairs"]);
        let published = if *step == "view-published" {
            generation
        } else {
            generation - 1
        };
        look_at_pairs(world, published, &format!("{step} at once")).await;
        world.finish_view("pairs");
        look_at_pairs(world, generation, step).await;
    }
}

/// All rows are of one run, in the lake as in the warehouse.
async fn look_at_pairs(world: &World, generation: u32, part: &str) {
    let found = world.view_rows("pairs").await;
    let pair = |id: u64, note: u64| format!("{id} row {note}");
    let expected = (1..=ROWS).flat_map(|id| (1..=ROWS).map(move |note| pair(id, note)));
    let expected: Vec<_> = expected.collect();
    let found: Vec<_> = (found.iter())
        .map(|row| format!("{} {}", row["id"], row["note"].as_str().unwrap()))
        .collect();
    let mut counts = Counts::of_each(&expected, &found);
    let found = generation_of(world).await;
    if found != generation {
        (counts.wrong).push(format!("served is run {found}, not {generation}"));
    }
    let (_, rows) = world.gold("pairs").await.expect("a result in the lake");
    if rows != ROWS * ROWS {
        (counts.wrong).push(format!("the lake has {rows} rows"));
    }
    counts.settle(part);
}

async fn silver_that_was_killed_behind_any_step_has_each_event_once(world: &World) {
    let run = ["views", "run", "silver_transactions"];
    let mut shop = Shop::open(world).await;
    trade(&mut shop, world).await;
    world.batch_well(&run);
    let mut before = expected_transactions(&shop);
    for step in world.steps(&SILVER) {
        trade(&mut shop, world).await;
        let after = expected_transactions(&shop);
        world.is_killed_at(step, &run);
        let is_committed = ["view-in-lake", "view-published"].contains(step);
        let expected = if is_committed { &after } else { &before };
        let counts = Counts::of_each(expected, &found_transactions(world));
        counts.settle(&format!("{step} at once"));
        world.finish_view(run[2]);
        let mut counts = Counts::of_each(&after, &found_transactions(world));
        let recorded = world.view_result(run[2]).await.unwrap().about.lake.unwrap();
        if recorded.rows != after.len() as u64 {
            (counts.wrong).push(format!("{} rows are on record", recorded.rows));
        }
        counts.reconciled(shop.named().await).settle(step);
        before = after;
    }
}

/// Something new that the live run counts.
async fn trade(shop: &mut Shop, world: &World) {
    shop.sell(40, TODAY);
    shop.sell(40, THREE_DAYS);
    shop.count().await;
    shop.keep_all().await;
    world.batch_well(&["views", "run", "live"]);
}
