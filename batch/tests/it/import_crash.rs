//! A process that is killed anywhere leaves the old import readable, and the next run cleans up.

use crate::world::{World, on_every_database};
use comptoir_config::clock;
use comptoir_lake::EntryKind;
use std::process::Stdio;
use std::time::Duration;

on_every_database! {
    a_killed_import_leaves_the_old_or_the_new_one
}

const ROWS: u32 = 20_000;

/// A handful, or as many as `compose/test long` asks for.
pub(crate) fn kills() -> u32 {
    match std::env::var("COMPTOIR_TEST_KILLS") {
        Ok(kills) => kills.parse().unwrap(),
        Err(_) => 5,
    }
}

async fn a_killed_import_leaves_the_old_or_the_new_one(world: &World) {
    world.numbered_table(ROWS).await;
    world.sql("UPDATE t SET note = 'generation 0'").await;
    let started = clock::instant();
    run_to_its_end(world);
    let whole = started.elapsed();
    let mut published = 0;
    let kills = kills();
    for generation in 1..=kills {
        world
            .sql(&format!("UPDATE t SET note = 'generation {generation}'"))
            .await;
        let delay = whole.mul_f64(f64::from(clock::random_u32()) / f64::from(u32::MAX));
        kill_after(import(world), delay);
        let found = generation_of(&world.rows().await);
        // One that was killed after it had decided is completed by a later one, which is then killed.
        assert!(
            (published..=generation).contains(&found),
            "generation {generation} killed after {delay:?} of {whole:?}: found {found}, before {published}"
        );
        published = found;
    }
    run_to_its_end(world);
    assert_eq!(generation_of(&world.rows().await), kills);
    let state = world.root.join(".comptoir").unwrap().join("sales").unwrap();
    let left: Vec<_> = (world.lake.list(&state).await.unwrap().into_iter())
        .filter(|entry| entry.kind == EntryKind::Directory)
        .filter(|entry| !entry.path.file_name().unwrap().starts_with("old-"))
        .collect();
    assert!(left.is_empty(), "unfinished runs were not swept: {left:?}");
}

fn import(world: &World) -> std::process::Command {
    let flags = world.flags();
    let mut arguments = vec!["import", "--table", "t", "-m", "4", "--delete-target-dir"];
    arguments.extend(flags.iter().map(String::as_str));
    let mut command = world.program(&arguments);
    command.stdout(Stdio::null()).stderr(Stdio::inherit());
    command
}

fn run_to_its_end(world: &World) {
    assert!(import(world).status().unwrap().success());
}

/// Starts an import and kills it after some time, if it still runs.
pub(crate) fn kill_after(mut import: std::process::Command, delay: Duration) {
    let mut process = import.spawn().unwrap();
    std::thread::sleep(delay);
    process.kill().unwrap();
    process.wait().unwrap();
}

/// Of a table that is whole and of one moment.
fn generation_of(rows: &[Vec<Option<String>>]) -> u32 {
    assert_eq!(rows.len(), ROWS as usize);
    let note = rows[0][1].as_ref().unwrap();
    assert!(
        rows.iter().all(|row| row[1].as_ref() == Some(note)),
        "rows of two generations"
    );
    note.strip_prefix("generation ").unwrap().parse().unwrap()
}
