//! A view that does not fit in memory, and one that is killed anywhere.

use crate::import_crash::kills;
use crate::world::{Kind, World, on_every_database};
use comptoir_config::clock;

on_every_database! {
    a_killed_view_leaves_the_old_or_the_new_result
}

/// As many rows as make a run take a while; `generation` tells the runs apart.
pub(crate) fn view(generation: u32) -> String {
    format!(
        "-- description: Pairs\n-- source t: import t\n\n\
         SELECT a.id AS id, b.note AS note, {generation} AS generation \
         FROM t AS a CROSS JOIN t AS b ORDER BY a.id, b.note"
    )
}

pub(crate) const ROWS: u64 = 150;

async fn a_killed_view_leaves_the_old_or_the_new_result(world: &World) {
    world.write_views_settings("");
    world.numbered_table(u32::try_from(ROWS).unwrap()).await;
    let target = format!("{}/t", world.root);
    world.batch_well(&["import", "--table", "t", "--target-dir", &target]);
    world.write_view("pairs", &view(0));
    let started = clock::instant();
    world.batch_well(&["views", "run", "pairs"]);
    let whole = started.elapsed();
    let mut published = 0;
    let kills = kills();
    for generation in 1..=kills {
        world.write_view("pairs", &view(generation));
        let delay = whole.mul_f64(f64::from(clock::random_u32()) / f64::from(u32::MAX));
        let mut run = world.start(&["views", "run", "pairs"]);
        std::thread::sleep(delay);
        run.kill().unwrap();
        run.wait().unwrap();
        let (found, at) = (
            generation_of(world).await,
            format!("killed after {delay:?} of {whole:?}"),
        );
        assert!(
            (published..=generation).contains(&found),
            "{at}: found {found}, before {published}"
        );
        published = found;
        let (_, rows) = world.gold("pairs").await.expect("a result in the lake");
        assert_eq!(rows, ROWS * ROWS, "{at}");
    }
    world.finish_view("pairs");
    assert_eq!(generation_of(world).await, kills);
    let run = world.view_result("pairs").await.unwrap().run.to_string();
    assert_eq!(world.gold("pairs").await, Some((run, ROWS * ROWS)));
}

/// Of all rows, which are of one run.
pub(crate) async fn generation_of(world: &World) -> u32 {
    let rows = world.view_rows("pairs").await;
    assert_eq!(rows.len() as u64, ROWS * ROWS);
    let first = &rows[0]["generation"];
    assert!(
        rows.iter().all(|row| row["generation"] == *first),
        "two runs in one result"
    );
    u32::try_from(first.as_u64().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_in_memory_goes_to_the_disk_and_comes_back_right() {
    World::with(Kind::Sqlite, async |world| {
        world.write_views_settings("memory_mb = 16\n");
        world.numbered_table(300).await;
        let target = format!("{}/t", world.root);
        world.batch_well(&["import", "--table", "t", "--target-dir", &target]);
        // 90,000 rows of 400 characters are sorted, more than twice the memory.
        let sql = "-- description: Sorted\n-- source t: import t\n\n\
                   WITH pairs AS (\
                     SELECT a.id * 1000 + b.id AS n, \
                       CONCAT(a.note, REPEAT(b.note, 50)) AS filler \
                     FROM t AS a CROSS JOIN t AS b), \
                   numbered AS (\
                     SELECT n, ROW_NUMBER() OVER (ORDER BY filler, n) AS place, \
                       CHARACTER_LENGTH(filler) AS size FROM pairs) \
                   SELECT COUNT(*) AS row_count, SUM(n) AS total, SUM(place) AS places, \
                     MIN(size) AS smallest FROM numbered";
        world.write_view("sorted", sql);
        let run = world
            .batch_well(&["views", "run", "sorted", "--json"])
            .json();
        assert!(
            run[0]["spilled_bytes"].as_u64().unwrap() > 10_000_000,
            "{run:?}"
        );
        let rows = world.view_rows("sorted").await;
        let places = 90_000_u64 * 90_001 / 2;
        let total: u64 = (1..=300_u64).map(|a| 300 * a * 1000 + 300 * 301 / 2).sum();
        assert_eq!(rows[0]["row_count"], 90_000);
        assert_eq!(
            (&rows[0]["total"], &rows[0]["places"]),
            (&total.into(), &places.into())
        );
        let left = std::fs::read_dir(world.directory.path().join(".comptoir/views")).unwrap();
        assert_eq!(left.count(), 0, "files that were spilled are still there");
    })
    .await;
}
