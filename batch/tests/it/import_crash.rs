//! A process that is killed anywhere leaves the old import readable at every moment, and the next
//! run cleans up.

use crate::world::{World, on_every_database};
use comptoir_config::clock;
use comptoir_lake::{EntryKind, Lake, LakePath, published};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;

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
    let reader = Reader::start(world);
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
    reader.stop().await;
    let state = world.root.join(".comptoir").unwrap().join("sales").unwrap();
    let left: Vec<_> = (world.lake.list(&state).await.unwrap().into_iter())
        .filter(|entry| entry.kind == EntryKind::Directory)
        .filter(|entry| !entry.path.file_name().unwrap().starts_with("old-"))
        .collect();
    assert!(left.is_empty(), "unfinished runs were not swept: {left:?}");
}

/// Reads the whole import again and again, as the page does, while processes are killed.
struct Reader {
    stop: Arc<AtomicBool>,
    reading: JoinHandle<u32>,
}

impl Reader {
    fn start(world: &World) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (lake, target) = (world.lake.clone(), world.target.clone());
        let reading = tokio::spawn(read_until(Arc::clone(&stop), lake, target));
        Self { stop, reading }
    }

    /// Fails where anything else was seen than the old or the new import.
    async fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        let looks = self.reading.await.unwrap();
        assert!(looks > kills(), "the reader looked {looks} times only");
    }
}

async fn read_until(stop: Arc<AtomicBool>, lake: Lake, target: LakePath) -> u32 {
    let (mut looks, mut newest) = (0, 0);
    while !stop.load(Ordering::Relaxed) {
        let read = published::read_all(&lake, &target).await.unwrap();
        let (run, parts) = read.expect("there is always an import");
        let kinds: Vec<_> = run.manifest().columns.iter().map(|c| c.kind).collect();
        let text = |value: Option<Vec<u8>>| value.map(|bytes| String::from_utf8(bytes).unwrap());
        let rows: Vec<Vec<_>> = (parts.iter())
            .flat_map(|bytes| run.manifest().format.decode(bytes, &kinds))
            .map(|row| row.unwrap().into_iter().map(text).collect())
            .collect();
        let found = generation_of(&rows);
        assert!(found >= newest, "{found} was seen after {newest}");
        newest = found;
        looks += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    looks
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
