//! Reconciliation finds each damage and names it.

use super::batch::{Archive, loaded, prune_all};
use crate::records::Log;
use crate::world::{World, at, on_every_database, partition};
use comptoir_model::api::reconcile::ReconcileReport;
use comptoir_model::ids::Offset;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

on_every_database! { each_damage_is_found_and_named }

async fn report(world: &World) -> ReconcileReport {
    world.warehouse.reconcile(at(9)).await.unwrap()
}

/// Two runs were current, what they cover is pruned; a sealed and an open generation follow.
async fn busy(world: &World) -> u64 {
    let log = Log::random(&mut ChaCha8Rng::seed_from_u64(5), 160);
    let mut writer = world.writer().await;
    let id = (writer.position(&partition(0), at(0)).await.unwrap()).partition;
    assert!(report(world).await.complete);
    let mut archive = Archive::new(vec![log]);
    for (start, end) in [(0, 40), (40, 80)] {
        archive.logs[0]
            .commit(&mut writer, id, start..end)
            .await
            .unwrap();
        writer.seal(at(1)).await.unwrap();
        archive.next[0] = end;
        let run = loaded(world, &archive).await;
        run.switch(at(4)).await.unwrap();
        assert!(report(world).await.complete, "nothing is pruned yet");
        prune_all(world).await;
    }
    let log = &archive.logs[0];
    log.commit(&mut writer, id, 80..120).await.unwrap();
    writer.seal(at(1)).await.unwrap();
    log.commit(&mut writer, id, 120..160).await.unwrap();
    log.len()
}

async fn each_damage_is_found_and_named(world: &World) {
    let records = busy(world).await;
    let sound = report(world).await;
    assert_eq!(sound.differences, []);
    assert!(sound.complete);
    assert_eq!(
        sound.verdict,
        format!("complete up to {}: {records} records, 0 differences", at(0))
    );
    assert_eq!(sound.partitions[0].covered, Offset(80));
    assert_eq!(sound.partitions[0].sealed_generations, 3);
    // What is done, what undoes it, and how it is called.
    let bucket = "generation = 3 AND category = 'Grocery'";
    let open = "generation = 4 AND kind = 'product'";
    let first = "SELECT run_id FROM (SELECT MIN(id) AS run_id FROM view_runs) f";
    let last = "SELECT run_id FROM (SELECT MAX(id) AS run_id FROM view_runs) l";
    let damages = [
        (
            format!("UPDATE buckets SET net = net + 1 WHERE {bucket}"),
            format!("UPDATE buckets SET net = net - 1 WHERE {bucket}"),
            "buckets",
        ),
        (
            format!("UPDATE tops SET transactions = transactions + 1 WHERE {open}"),
            format!("UPDATE tops SET transactions = transactions - 1 WHERE {open}"),
            "buckets",
        ),
        (
            "UPDATE generations SET accepted = accepted + 1 WHERE generation = 3".to_owned(),
            "UPDATE generations SET accepted = accepted - 1 WHERE generation = 3".to_owned(),
            "buckets",
        ),
        (
            "UPDATE generations SET rejected = rejected + 1 WHERE generation = 1".to_owned(),
            "UPDATE generations SET rejected = rejected - 1 WHERE generation = 1".to_owned(),
            "archive",
        ),
        (
            "UPDATE view_sums SET net = net + 1 WHERE grain = 15".to_owned(),
            "UPDATE view_sums SET net = net - 1 WHERE grain = 15".to_owned(),
            "rows",
        ),
        (
            "UPDATE view_tops SET net = net + 1 WHERE kind = 'product'".to_owned(),
            "UPDATE view_tops SET net = net - 1 WHERE kind = 'product'".to_owned(),
            "rows",
        ),
        (
            "UPDATE offsets SET next_offset = next_offset + 7".to_owned(),
            "UPDATE offsets SET next_offset = next_offset - 7".to_owned(),
            "position",
        ),
        (
            "UPDATE offsets SET generation = generation - 1".to_owned(),
            "UPDATE offsets SET generation = generation + 1".to_owned(),
            "open_generation",
        ),
        (
            "UPDATE generations SET end_offset = 39 WHERE generation = 1".to_owned(),
            "UPDATE generations SET end_offset = 40 WHERE generation = 1".to_owned(),
            "out_of_line",
        ),
        (
            "UPDATE view_coverage SET end_offset = end_offset + 1".to_owned(),
            "UPDATE view_coverage SET end_offset = end_offset - 1".to_owned(),
            "coverage",
        ),
        (
            format!("UPDATE view_current SET version = 1, run_id = ({first})"),
            format!("UPDATE view_current SET version = 2, run_id = ({last})"),
            "run",
        ),
    ];
    for (damage, cure, kind) in damages {
        world.sql(&damage).await;
        let found = report(world).await;
        assert!(!found.complete, "{damage}");
        let kinds: Vec<_> = (found.differences.iter())
            .map(|difference| difference.kind.as_str())
            .collect();
        assert!(kinds.contains(&kind), "{damage}: {kinds:?}");
        let named = (found.differences.iter()).find(|difference| difference.kind == kind);
        let named = named.unwrap();
        assert_eq!(named.partition.is_none(), ["rows", "run"].contains(&kind));
        assert!(
            found.verdict.starts_with("not complete"),
            "{}",
            found.verdict
        );
        println!("{}: {}", named.kind, named.detail);
        world.sql(&cure).await;
        assert_eq!(report(world).await, sound, "after {cure}");
    }
}
