//! From cron: what is due is sealed before a run ends, because nobody else would seal it.

use crate::sealing::text;
use crate::world::{DEADLINE, World, on_both};
use std::process::Output;
use std::time::Duration;

on_both!(a_run_from_cron_seals_what_is_due_and_says_so);

fn ship(world: &World) -> (Output, String) {
    let mut command = world.program(&["ship", "--once", "--listen", "127.0.0.1:0"]);
    command.env("COMPTOIR_LOGSHIP_SEAL_AFTER_S", "0.1");
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output, said)
}

/// Runs until one has sealed something, which is when it is old enough.
async fn ship_until_sealed(world: &World) {
    let sealing = async {
        loop {
            let (output, said) = ship(world);
            assert!(output.status.success(), "{said}");
            if said.contains("1 segments of ") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(DEADLINE, sealing).await.unwrap();
}

async fn a_run_from_cron_seals_what_is_due_and_says_so(world: &World) {
    let first = text(0..300);
    world.append(&first);
    let (output, said) = ship(world);
    assert!(output.status.success(), "{said}");
    // The last piece of a run is decided about by a later one, which has nothing to ship.
    ship_until_sealed(world).await;
    let archive = world.archive().await.unwrap();
    let life = archive.lives().next().unwrap();
    assert_eq!((life.pieces.len(), life.sealed.len()), (0, 1));
    assert!(archive.read_life(life.sidecar.life).await.unwrap() == first.as_bytes());
    // With nothing due, nothing is claimed.
    let before = names(world).await;
    let (_, said) = ship(world);
    assert!(!said.contains("segments of"), "{said}");
    assert_eq!(names(world).await, before);
    // What an earlier run left is sealed also where there is more to ship.
    world.append(&text(300..600));
    ship(world);
    world.append(&text(600..900));
    ship_until_sealed(world).await;
    // Without its key it can't, and says that.
    let key = world.directory.path().join("data/logship/signing-key.pem");
    std::fs::write(&key, "not a key").unwrap();
    world.append(&text(900..901));
    let (output, said) = ship(world);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("is shipped, but can't be sealed now: "),
        "{said}"
    );
    world.holds(&[&text(0..901)]).await;
}

async fn names(world: &World) -> Vec<String> {
    let directory = world.target_dir.join("app.log").unwrap();
    let entries = world.lake.list(&directory).await.unwrap();
    let names = entries.iter().map(|entry| entry.name().to_owned());
    names.collect()
}
