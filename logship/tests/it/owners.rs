//! Two shippers of one log.

use crate::world::{DEADLINE, World, on_both, said};
use comptoir_model::api::logs::ShipState;
use rustix::process::{Pid, Signal, kill_process};
use std::sync::Arc;
use std::time::Duration;

on_both!(
    a_later_shipper_takes_over_at_once,
    a_paused_shipper_that_wakes_up_changes_nothing_and_ends,
);

async fn a_later_shipper_takes_over_at_once(world: &World) {
    world.append("one\n");
    let mut first = world.ship().await;
    first.until(|source| source.bytes == 4).await;
    let second = world.ship().await;
    let board = Arc::clone(&first.board);
    let error = first.ended().await.unwrap_err();
    assert!(error.is_superseded() && error.is_final(), "{error}");
    assert!(
        error.to_string().contains("hint: one shipper a log"),
        "{error}"
    );
    assert_eq!(board.sources()[0].state, ShipState::Superseded);
    world.append("two\n");
    world.holds(&["one\ntwo\n"]).await;
    second.stop().await.unwrap();
}

async fn a_paused_shipper_that_wakes_up_changes_nothing_and_ends(world: &World) {
    world.append("one\n");
    let mut paused = world.spawn();
    let pid = Pid::from_child(&paused);
    // It holds an open piece, and is about to fill it.
    let archive_has_piece = async {
        let directory = world.target_dir.join("app.log").unwrap();
        loop {
            let entries = world.lake.list(&directory).await.unwrap_or_default();
            if entries
                .iter()
                .any(|entry| entry.name().starts_with("_piece") && entry.length > 0)
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(DEADLINE, archive_has_piece)
        .await
        .unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    world.append("two\n");
    let second = world.ship().await;
    world.append("three\n");
    world.holds(&["one\ntwo\nthree\n"]).await;

    world.append("four\n");
    kill_process(pid, Signal::CONT).unwrap();
    let ended = tokio::task::spawn_blocking(move || {
        let lines: Vec<String> = said(&mut paused).collect();
        (paused.wait().unwrap(), lines)
    });
    let (status, lines) = tokio::time::timeout(DEADLINE, ended)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(status.code(), Some(3), "{lines:?}");
    let said = lines.join("\n");
    assert!(said.contains("another shipper has taken over"), "{said}");
    world.append("five\n");
    let lives = world.holds(&["one\ntwo\nthree\nfour\nfive\n"]).await;
    assert_eq!(lives[0].0.gaps, []);
    second.stop().await.unwrap();
}
