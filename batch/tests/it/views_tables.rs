//! Results as Delta tables: each version is one run, whatever is killed.

use crate::import_crash::kills;
use crate::world::{Kind, World, on_every_database};
use comptoir_config::clock;
use serde_json::Value;

on_every_database! {
    a_killed_view_leaves_the_old_or_the_new_version
}

const ROWS: u64 = 150;

/// As many rows as make a run take a while; `generation` tells the runs apart.
fn view(generation: u32) -> String {
    format!(
        "-- description: Pairs\n-- source t: import t\n-- output: delta\n-- partition by: day\n\
         -- served: no\n\nSELECT a.id AS id, b.note AS note, {generation} AS generation, \
         CASE WHEN a.id > 75 THEN DATE '2024-02-29' ELSE DATE '2024-03-01' END AS day \
         FROM t AS a CROSS JOIN t AS b"
    )
}

/// What another view sees of it.
const READER: &str = "-- description: Generations\n-- source p: view pairs\n\n\
                      SELECT generation, COUNT(*) AS row_count, MIN(day) AS first_day FROM p \
                      GROUP BY generation ORDER BY generation";

async fn a_killed_view_leaves_the_old_or_the_new_version(world: &World) {
    world.write_views_settings("");
    world.numbered_table(u32::try_from(ROWS).unwrap()).await;
    let target = format!("{}/t", world.root);
    world.batch_well(&["import", "--table", "t", "--target-dir", &target]);
    world.write_view("pairs", &view(0));
    world.write_view("generations", READER);
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
        let found = generation_of(world).await;
        assert!(
            (published..=generation).contains(&found),
            "killed after {delay:?} of {whole:?}: found {found}, before {published}"
        );
        published = found;
    }
    world.finish_view("pairs");
    assert_eq!(generation_of(world).await, kills);
}

/// Of all rows, which are of one run.
async fn generation_of(world: &World) -> u32 {
    world.batch_well(&["views", "run", "generations"]);
    let rows = world.view_rows("generations").await;
    assert_eq!(rows.len(), 1, "two runs in one version: {rows:?}");
    assert_eq!(rows[0]["row_count"], ROWS * ROWS);
    assert_eq!(rows[0]["first_day"], "2024-02-29");
    u32::try_from(rows[0]["generation"].as_u64().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_one_commit_that_says_its_run_and_its_columns() {
    World::with(Kind::Sqlite, async |world: &World| {
        world.write_views_settings("");
        world.numbered_table(3).await;
        let target = format!("{}/t", world.root);
        world.batch_well(&["import", "--table", "t", "--target-dir", &target]);
        let sql = "-- description: Notes\n-- source t: import t\n-- output: delta silver/notes\n\n\
                   SELECT id AS id FROM t";
        world.write_view("notes", sql);
        world.batch_well(&["views", "run", "notes"]);
        let first = world.view_result("notes").await.unwrap().run;
        let more = "note AS note, CAST('2024-02-29' AS DATE) AS day FROM";
        let changed = sql.replace("silver/notes\n", "silver/notes\n-- partition by: day\n");
        world.write_view(
            "notes",
            &changed.replace("id AS id FROM", &format!("id AS id, {more}")),
        );
        world.batch_well(&["views", "run", "notes"]);
        let second = world.view_result("notes").await.unwrap().run;

        // As any reader of Delta finds it: the log itself.
        let root = world.root.as_str().trim_start_matches('/');
        let table = world
            .directory
            .path()
            .join("lake")
            .join(root)
            .join("silver/notes");
        let mut ids = Vec::new();
        for (version, run) in [(0, first), (1, second)] {
            let log = table.join(format!("_delta_log/{version:020}.json"));
            let log = std::fs::read_to_string(log).unwrap();
            let actions: Vec<Value> = (log.lines())
                .map(|line| serde_json::from_str(line).unwrap())
                .collect();
            let all = |kind: &str| -> Vec<Value> {
                let of = |action: &Value| action.get(kind).cloned();
                actions.iter().filter_map(of).collect()
            };
            let metadata = &all("metaData")[0];
            let said = metadata["configuration"]["comptoir.run"].as_str().unwrap();
            assert!(said.contains(run.as_str()), "{said}");
            ids.push(metadata["id"].clone());
            let added = all("add");
            assert_eq!(added.len(), 1);
            let path = table.join(added[0]["path"].as_str().unwrap());
            assert_eq!(
                path.metadata().unwrap().len(),
                added[0]["size"].as_u64().unwrap()
            );
            assert!(
                added[0]["stats"]
                    .as_str()
                    .unwrap()
                    .contains("\"numRecords\":3")
            );
            assert_eq!(all("remove").len(), version);
            let days = metadata["partitionColumns"].as_array().unwrap().len();
            assert_eq!(days, version);
        }
        assert_eq!(ids[0], ids[1], "it is another table");
        assert_eq!(world.view_rows("notes").await[2]["note"], "row 3");
        assert_eq!(world.view_rows("notes").await[2]["day"], "2024-02-29");
    })
    .await;
}
