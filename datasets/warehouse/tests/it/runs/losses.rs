//! What either side lost, and streams that ended.

use super::batch::{Archive, loaded, prune_all};
use crate::cache::Cache;
use crate::records::{Log, Plain, batch};
use crate::world::{World, at, on_every_database, partition};
use comptoir_model::ids::{Offset, StreamId};
use comptoir_model::merge::{Ending, GenerationNumber, Span};
use comptoir_warehouse::{LiveReader, Switched};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

on_every_database! {
    what_the_views_sink_lost_counts_once_the_archive_covers_it
    a_stream_that_ended_is_closed_where_the_farther_sink_stands
}

fn span(start: u64, end: u64) -> Span {
    Span::new(Offset(start), Offset(end)).unwrap()
}

async fn grouped(world: &World) -> Plain {
    let mut cache = Cache::default();
    let mut reader = LiveReader::new(&world.warehouse);
    cache.read(&mut reader, 0, 0).await;
    cache.figures().0
}

async fn what_the_views_sink_lost_counts_once_the_archive_covers_it(world: &World) {
    let log = Log::random(&mut ChaCha8Rng::seed_from_u64(9), 100);
    let mut writer = world.writer().await;
    let id = (writer.position(&partition(0), at(0)).await.unwrap()).partition;
    // The first forty were gone before the views sink came; the archive has them.
    let nothing = log.tally(0..0);
    let mut hole = batch(id, 0..40, &nothing);
    let lost = [span(0, 40)];
    hole.lost = &lost;
    writer.commit(&hole).await.unwrap();
    log.commit(&mut writer, id, 40..70).await.unwrap();
    writer.seal(at(1)).await.unwrap();
    log.commit(&mut writer, id, 70..100).await.unwrap();
    let mut archive = Archive::new(vec![log]);
    archive.next[0] = 70;
    let mut without = Plain::default();
    archive.logs[0].add_to(&mut without, 40..100);
    assert_eq!(grouped(world).await.tops, without.tops);
    let facts = world.warehouse.batch_facts().await.unwrap();
    let plan = archive.plan(&facts);
    let alone = &plan.candidate.by_archive_alone[&partition(0)];
    assert_eq!(*alone, [GenerationNumber(1)].into());
    let run = loaded(world, &archive).await;
    let switched = run.switch(at(4)).await.unwrap();
    assert!(matches!(switched, Switched::Done { .. }));
    let mut whole = Plain::default();
    archive.logs[0].add_to(&mut whole, 0..100);
    for pruned in [false, true] {
        if pruned {
            prune_all(world).await;
        }
        let found = grouped(world).await;
        assert_eq!(found.tops, whole.tops);
        assert_eq!(found.grouped, whole.grouped);
    }
    // It is on record for the next run.
    let facts = world.warehouse.batch_facts().await.unwrap();
    let recorded = &facts.partitions[&partition(0)];
    assert_eq!(recorded.by_archive_alone, *alone);
    let control = archive.logs[0].tally(0..70);
    assert_eq!(&recorded.counted, control.control());
}

async fn a_stream_that_ended_is_closed_where_the_farther_sink_stands(world: &World) {
    let log = Log::random(&mut ChaCha8Rng::seed_from_u64(9), 60);
    let mut writer = world.writer().await;
    let stream = StreamId("stream-1".to_owned());
    let registered = writer.register_stream(&stream, "jsonl", "transactions", at(0));
    registered.await.unwrap();
    for number in 0..2 {
        let position = writer.position(&partition(number), at(0)).await.unwrap();
        let committed = log.commit(&mut writer, position.partition, 0..30);
        committed.await.unwrap();
    }
    // The archive is ahead in one, behind in the other, and knows a third one alone.
    let archived = |ends: [u64; 3]| -> BTreeMap<_, _> {
        let ends = (0..).zip(ends);
        ends.map(|(number, end)| (partition(number), Offset(end)))
            .collect()
    };
    let archived = archived([50, 10, 7]);
    let living = writer.end_partitions(&archived, at(1)).await.unwrap();
    assert_eq!(living, BTreeMap::new());
    writer.end_stream(&stream, at(2)).await.unwrap();
    let endings = writer.end_partitions(&archived, at(3)).await.unwrap();
    let ending = |end, views: Option<Span>, archive: Option<Span>| Ending {
        end: Offset(end),
        lost_to_views: views,
        lost_to_archive: archive,
    };
    assert_eq!(
        endings,
        [
            (partition(0), ending(50, Some(span(30, 50)), None)),
            (partition(1), ending(30, None, Some(span(10, 30)))),
            (partition(2), ending(7, Some(span(0, 7)), None)),
        ]
        .into()
    );
    // Again, as after a crash: only what the archive has not done yet is left.
    let again = writer.end_partitions(&archived, at(4)).await.unwrap();
    assert!(again.values().all(|ending| ending.lost_to_views.is_none()));
    let facts = world.warehouse.batch_facts().await.unwrap();
    assert_eq!(facts.ended.len(), 3);
    assert_eq!(facts.positions[&partition(2)], Offset(7));
    writer.seal(at(5)).await.unwrap();
    let facts = world.warehouse.batch_facts().await.unwrap();
    assert_eq!(facts.last_seals(), facts.positions);
}
