//! Readers, sinks and seals at the same time.

use crate::cache::Cache;
use crate::records::Log;
use crate::world::{World, at, on_every_database, partition};
use comptoir_database::Retry;
use comptoir_warehouse::{Committed, LiveReader, Warehouse};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

on_every_database! { a_reader_never_sees_half_a_commit }

const PARTITIONS: u32 = 3;
const BATCH: u64 = 25;

async fn a_reader_never_sees_half_a_commit(world: &World) {
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let running = Arc::new(AtomicU32::new(PARTITIONS));
    let mut sinks = Vec::new();
    for number in 0..PARTITIONS {
        let log = Log::random(&mut random, 500);
        let (warehouse, running) = (world.warehouse.clone(), running.clone());
        sinks.push(tokio::spawn(async move {
            let accepted = sink(&warehouse, number, &log).await;
            running.fetch_sub(1, Ordering::SeqCst);
            accepted
        }));
    }
    let sealing = {
        let (warehouse, running) = (world.warehouse.clone(), running.clone());
        tokio::spawn(async move {
            let mut writer = comptoir_warehouse::ViewsWriter::open(&warehouse, "sealer")
                .await
                .unwrap();
            while running.load(Ordering::SeqCst) > 0 {
                if let Err(error) = writer.seal(at(5)).await {
                    assert_eq!(error.retry(), Retry::CanHelp, "{error}");
                }
            }
        })
    };
    let (mut reader, mut cache) = (LiveReader::new(&world.warehouse), Cache::default());
    let mut reads = 0;
    loop {
        let last = running.load(Ordering::SeqCst) == 0;
        let change = cache.read(&mut reader, 0, 0).await;
        for partition in &change.partitions {
            let in_buckets = cache.transactions(partition.id);
            assert_eq!(in_buckets, partition.counted.accepted, "read {reads}");
        }
        reads += 1;
        if last {
            break;
        }
    }
    sealing.await.unwrap();
    let mut accepted = 0;
    for sink in sinks {
        accepted += sink.await.unwrap();
    }
    let all: u64 = (world.warehouse.generations().await.unwrap().iter())
        .map(|generation| generation.control.counted().accepted)
        .sum();
    assert_eq!(all, accepted);
    println!("{reads} reads");
}

/// Commits a log in small batches, again wherever that can help.
async fn sink(warehouse: &Warehouse, number: u32, log: &Log) -> u64 {
    let mut writer = comptoir_warehouse::ViewsWriter::open(warehouse, "a sink")
        .await
        .unwrap();
    let position = loop {
        match writer.position(&partition(number), at(0)).await {
            Ok(position) => break position,
            Err(error) => assert_eq!(error.retry(), Retry::CanHelp, "{error}"),
        }
    };
    let mut start = 0;
    while start < log.len() {
        let end = (start + BATCH).min(log.len());
        match log
            .commit(&mut writer, position.partition, start..end)
            .await
        {
            Ok(Committed::Applied { .. }) => start = end,
            Ok(Committed::GivenUp { found }) => panic!("{found:?} found"),
            Err(error) => assert_eq!(error.retry(), Retry::CanHelp, "{error}"),
        }
    }
    log.tally(0..log.len()).control().counted().accepted
}
