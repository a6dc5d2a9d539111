//! Served figures through random histories of batches, seals, runs that overlap, crash, are cut off
//! and swept, pruners that pause, and readers that go on.

use super::batch::{Archive, Job, prune_all, sweep_all};
use crate::cache::Cache;
use crate::records::Log;
use crate::totals::check;
use crate::world::{World, at, on_every_database, partition, seeded};
use comptoir_model::ids::Offset;
use comptoir_model::live::QuarterHour;
use comptoir_model::merge::Span;
use comptoir_warehouse::{Committed, LiveReader};
use rand::Rng;

on_every_database! { every_record_counts_once_at_every_look }

const PARTITIONS: u32 = 3;
const STEPS: u32 = 130;
/// More steps than any call takes.
const NEVER: usize = usize::MAX;

async fn every_record_counts_once_at_every_look(world: &World) {
    let mut random = seeded();
    let lossless = random.random_bool(0.5);
    let logs = (0..PARTITIONS)
        .map(|_| Log::random(&mut random, 300))
        .collect();
    let mut archive = Archive::new(logs);
    let mut writer = world.writer().await;
    let mut ids = Vec::new();
    for number in 0..PARTITIONS {
        let position = writer.position(&partition(number), at(0)).await.unwrap();
        ids.push(position.partition);
    }
    let first = at(0).as_second() / 900;
    let older_from = first + 1;
    let mut minutes_from = first + 3;
    let mut cache = Cache::default();
    let mut reader = LiveReader::new(&world.warehouse).taking_new_events(20);
    let mut next = [0_u64; PARTITIONS as usize];
    let mut jobs = [Job::Idle, Job::Idle];
    let (mut switches, mut looks) = (0, 0);
    for _ in 0..STEPS {
        let of = random.random_range(0..PARTITIONS as usize);
        match random.random_range(0..20) {
            0..4 => {
                let end = (next[of] + random.random_range(1..30)).min(archive.logs[of].len());
                if next[of] < end {
                    let offsets = next[of]..end;
                    let committed = archive.logs[of].commit(&mut writer, ids[of], offsets).await;
                    assert!(matches!(committed.unwrap(), Committed::Applied { .. }));
                    next[of] = end;
                }
            }
            4..7 => {
                let start = archive.next[of];
                let end = (start + random.random_range(1..60)).min(archive.logs[of].len());
                archive.next[of] = end;
                if !lossless && random.random_bool(0.2) {
                    let lost = (start + random.random_range(0..10)).min(end);
                    archive.lost[of].extend(Span::new(Offset(start), Offset(lost)));
                }
            }
            7 => {
                writer.seal(at(2)).await.unwrap();
            }
            8..15 => {
                let job = random.random_range(0..jobs.len());
                let cut_after = match random.random_range(0..3) {
                    0 => random.random_range(1..40),
                    _ => NEVER,
                };
                let from = QuarterHour(minutes_from);
                let switched = jobs[job].step(world, &archive, from, cut_after).await;
                switches += u32::from(switched);
            }
            15 => match random.random_range(0..6) {
                0 => jobs[of % 2] = Job::Idle,
                1 => {
                    let warehouse = &world.warehouse;
                    warehouse.abandon_runs(at(10), at(10)).await.unwrap();
                }
                2 => minutes_from = (minutes_from + 1).min(first + 12),
                // The archive forgets what is not kept by the minute any more.
                3 | 4 => archive.whole_from = QuarterHour(minutes_from),
                _ => {
                    let from = QuarterHour(minutes_from);
                    world.warehouse.sweep_chunk(from).await.unwrap();
                }
            },
            _ => {
                let moved = reader.has_moved(&cache.seen).await.unwrap();
                let change = cache.read(&mut reader, older_from, minutes_from).await;
                assert_eq!(moved, change.moved);
                check(&cache, &change, &archive.logs, older_from);
                looks += 1;
            }
        }
    }
    // And a run that nobody disturbs brings all of it under the archive's word.
    writer.seal(at(2)).await.unwrap();
    for (archived, next) in archive.next.iter_mut().zip(next) {
        *archived = next.max(*archived);
    }
    let mut job = Job::Idle;
    for _ in 0..200 {
        let from = QuarterHour(minutes_from);
        switches += u32::from(job.step(world, &archive, from, NEVER).await);
        if matches!(job, Job::Prune) {
            break;
        }
    }
    let warehouse = &world.warehouse;
    warehouse.abandon_runs(at(10), at(10)).await.unwrap();
    for stage in 0..3 {
        let change = cache.read(&mut reader, older_from, minutes_from).await;
        check(&cache, &change, &archive.logs, older_from);
        for (number, next) in (0..).zip(next) {
            let covered = change.coverage.end_of(&partition(number));
            assert_eq!(covered, Offset(next), "partition {number}");
        }
        match stage {
            0 => prune_all(world).await,
            _ => sweep_all(world, QuarterHour(minutes_from)).await,
        }
    }
    let mut nothing = Cache::default();
    let mut later = LiveReader::new(&world.warehouse);
    let change = nothing.read(&mut later, older_from, minutes_from).await;
    check(&nothing, &change, &archive.logs, older_from);
    if lossless {
        let buckets = world.number("SELECT COUNT(*) FROM buckets").await;
        let tops = world.number("SELECT COUNT(*) FROM tops").await;
        assert_eq!((buckets, tops), (0, 0));
    }
    // One block of each quarter of an hour is left, and one run's coverage.
    let twice = "SELECT COUNT(*) - COUNT(DISTINCT quarter) FROM view_blocks";
    assert_eq!(world.number(twice).await, 0);
    let runs = "SELECT COUNT(DISTINCT run_id) FROM view_coverage";
    assert_eq!(world.number(runs).await, 1);
    println!("{switches} switches, {looks} looks, lossless: {lossless}");
}
