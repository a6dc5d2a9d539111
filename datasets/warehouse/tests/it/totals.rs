//! What is read is what was written, whatever the order of batches, seals and reads.

use crate::cache::Cache;
use crate::records::{Draft, Log, Plain, batch, sketch};
use crate::world::{World, at, on_every_database, partition, seeded};
use comptoir_model::ids::Offset;
use comptoir_model::live::ControlTotals;
use comptoir_warehouse::{Committed, LiveReader, NameKind, NewName};
use rand::Rng;
use std::collections::BTreeMap;

on_every_database! {
    totals_equal_a_plain_recomputation_at_every_read
    new_events_amount_to_the_same_totals
    texts_that_differ_stay_apart
}

const PARTITIONS: u32 = 3;
const STEPS: u32 = 60;

async fn totals_equal_a_plain_recomputation_at_every_read(world: &World) {
    let events = reads_at_random(world, LiveReader::new(&world.warehouse)).await;
    assert_eq!(events, 0);
}

/// Small batches come as their events, larger ones and those around a seal as totals.
async fn new_events_amount_to_the_same_totals(world: &World) {
    let reader = LiveReader::new(&world.warehouse).taking_new_events(60);
    assert!(reads_at_random(world, reader).await > 0);
}

/// How many events came as such.
async fn reads_at_random(world: &World, mut reader: LiveReader) -> usize {
    let mut events = 0;
    let mut random = seeded();
    let logs: Vec<_> = (0..PARTITIONS)
        .map(|_| Log::random(&mut random, 400))
        .collect();
    let mut writer = world.writer().await;
    let mut ids = Vec::new();
    for number in 0..PARTITIONS {
        let position = writer.position(&partition(number), at(0)).await.unwrap();
        assert_eq!(position.next, Offset(0));
        ids.push(position.partition);
    }
    let first = at(0).as_second() / 900;
    // Nothing before this counts, and what lies before the second becomes quarters.
    let older_from = first + 1;
    let mut minutes_from = first + 3;
    let mut cache = Cache::default();
    let mut next = [0_u64; PARTITIONS as usize];
    for _ in 0..STEPS {
        match random.random_range(0..10) {
            0 => {
                writer.seal(at(2)).await.unwrap();
            }
            1 => minutes_from = (minutes_from + 1).min(first + 12),
            2..5 => {
                let moved = reader.has_moved(&cache.seen).await.unwrap();
                let change = cache.read(&mut reader, older_from, minutes_from).await;
                assert_eq!(moved, change.moved);
                check(&cache, &change, &logs, older_from);
                events += (change.events.iter())
                    .map(|new| new.events.len())
                    .sum::<usize>();
                if moved {
                    // What is kept of earlier reads is what a first one finds.
                    let mut first = LiveReader::new(&world.warehouse);
                    let mut nothing = Cache::default();
                    let whole = nothing.read(&mut first, older_from, minutes_from).await;
                    assert_eq!(change.recent, whole.recent);
                }
            }
            _ => {
                let of = random.random_range(0..PARTITIONS as usize);
                let end = (next[of] + random.random_range(1..40)).min(logs[of].len());
                if next[of] < end {
                    let offsets = next[of]..end;
                    let committed = logs[of].commit(&mut writer, ids[of], offsets).await;
                    assert!(matches!(committed.unwrap(), Committed::Applied { .. }));
                    next[of] = end;
                }
            }
        }
    }
    let change = cache.read(&mut reader, older_from, minutes_from).await;
    check(&cache, &change, &logs, older_from);
    let again = cache.read(&mut reader, older_from, minutes_from).await;
    assert!(!again.moved && again.minutes.is_empty() && again.tops.is_empty());
    // Somebody who comes later sees the same.
    let (mut reader, mut cache) = (LiveReader::new(&world.warehouse), Cache::default());
    let change = cache.read(&mut reader, older_from, minutes_from).await;
    check(&cache, &change, &logs, older_from);
    check_generations(world, &logs).await;
    events
}

pub(crate) fn check(
    cache: &Cache,
    change: &comptoir_warehouse::LiveChange,
    logs: &[Log],
    from: i64,
) {
    let mut expected = Plain::default();
    let mut counted = (0, 0, 0);
    for read in &change.partitions {
        let log = &logs[read.key.partition.0 as usize];
        log.add_to(&mut expected, 0..read.next.0);
        counted.0 += read.counted.accepted;
        counted.1 += read.counted.rejected;
        counted.2 += read.counted.duplicates;
    }
    let all = (expected.accepted, expected.rejected, expected.duplicates);
    assert_eq!(counted, all);
    assert_eq!(change.dead_letters.total, expected.rejected);
    let expected = expected.from(from);
    let (read, distinct) = cache.figures();
    assert_eq!(read.grouped, expected.grouped);
    assert_eq!(read.places, expected.places);
    assert_eq!(read.tops, expected.tops);
    for (quarter, distinct) in distinct {
        let estimate = |ids: Option<&_>| ids.map_or(0, |ids| sketch(ids).estimate());
        let orders = estimate(expected.orders.get(&quarter));
        let customers = estimate(expected.customers.get(&quarter));
        assert_eq!(distinct.orders.estimate(), orders, "orders of {quarter}");
        assert_eq!(
            distinct.customers.estimate(),
            customers,
            "customers of {quarter}"
        );
    }
}

/// Generations follow each other without a gap, each with the control totals of its offsets.
async fn check_generations(world: &World, logs: &[Log]) {
    let mut ends = BTreeMap::new();
    for generation in world.warehouse.generations().await.unwrap() {
        let key = generation.partition.clone();
        let (number, start) = ends.remove(&key).unwrap_or((1, Offset(0)));
        assert_eq!((generation.number.0, generation.start), (number, start));
        let Some(end) = generation.end else { continue };
        ends.insert(key, (number + 1, end));
        let log = &logs[generation.partition.partition.0 as usize];
        let tally = log.tally(start.0..end.0);
        assert_eq!(&generation.control, tally.control());
        assert_ne!(generation.control, ControlTotals::default());
    }
}

async fn texts_that_differ_stay_apart(world: &World) {
    let cities = [
        "Orléans",
        "Orleans",
        "ORLÉANS",
        "orléans",
        "Orle\u{301}ans",
        "😀",
        "😁",
        "Straße",
        "Strasse",
        "日本",
        "日本。",
    ];
    let drafts = (0..).zip(&cities).map(|(id, city)| Draft {
        city: (*city).to_owned(),
        ..Draft::plain(id)
    });
    let log = Log::new(drafts.collect());
    let mut writer = world.writer().await;
    let position = writer.position(&partition(0), at(0)).await.unwrap();
    let tally = log.tally(0..log.len());
    let names: Vec<_> = cities
        .iter()
        .map(|name| NewName {
            kind: NameKind::Product,
            id: "p-1",
            name,
        })
        .collect();
    let mut batch = batch(position.partition, 0..log.len(), &tally);
    batch.names = &names;
    writer.commit(&batch).await.unwrap();
    let mut cache = Cache::default();
    let mut reader = LiveReader::new(&world.warehouse);
    cache.read(&mut reader, 0, 0).await;
    let (read, _) = cache.figures();
    let mut expected = Plain::default();
    log.add_to(&mut expected, 0..log.len());
    assert_eq!(read.places, expected.places);
    assert_eq!(read.places.len(), cities.len());
    // The last name counts, and only for its own kind and id.
    let names = world
        .warehouse
        .names(NameKind::Product, &["p-1", "P-1", "p-2"]);
    let names: Vec<_> = names.await.unwrap().into_iter().collect();
    assert_eq!(names, [("p-1".to_owned(), "日本。".to_owned())]);
    let customers = world.warehouse.names(NameKind::Customer, &["p-1"]).await;
    assert!(customers.unwrap().is_empty());
}
