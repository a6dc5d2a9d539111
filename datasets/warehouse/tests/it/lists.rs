//! The newest transactions, and the platform's processes.

use crate::records::{Draft, Log, batch};
use crate::world::{World, at, on_every_database, partition};
use comptoir_model::event::Status;
use comptoir_model::live::RECENT_MAX;
use comptoir_warehouse::{
    LiveQuery, LiveReader, ProcessPhase, ProcessState, Seen, TransactionFilter,
};
use jiff::SignedDuration;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

on_every_database! {
    the_last_transactions_of_a_partition_are_kept
    transactions_come_newest_first_page_by_page
    a_process_is_known_by_its_last_heartbeat
}

async fn the_last_transactions_of_a_partition_are_kept(world: &World) {
    let max = RECENT_MAX as u64;
    let drafts = (0..max + 60).map(Draft::plain);
    let log = Log::new(drafts.collect());
    let mut writer = world.writer().await;
    let id = writer
        .position(&partition(0), at(0))
        .await
        .unwrap()
        .partition;
    let (count, lowest) = (
        "SELECT COUNT(*) FROM recent",
        "SELECT MIN(record_offset) FROM recent",
    );
    let small = [0..20, 20..max, max..max + 10];
    for offsets in small {
        let end = offsets.end;
        log.commit(&mut writer, id, offsets).await.unwrap();
        let kept = end.min(max);
        assert_eq!(world.number(count).await, kept.cast_signed());
        assert_eq!(world.number(lowest).await, (end - kept).cast_signed());
    }
    // A batch with more than is kept replaces all.
    let other = writer
        .position(&partition(1), at(0))
        .await
        .unwrap()
        .partition;
    log.commit(&mut writer, other, 0..5).await.unwrap();
    let tally = log.tally(5..log.len());
    writer
        .commit(&batch(other, 5..log.len(), &tally))
        .await
        .unwrap();
    let of_other = format!("{count} WHERE partition_id = {}", other.0);
    assert_eq!(world.number(&of_other).await, max.cast_signed());
    assert_eq!(world.number(count).await, 2 * max.cast_signed());
}

async fn transactions_come_newest_first_page_by_page(world: &World) {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let log = Log::random(&mut random, 200);
    let mut writer = world.writer().await;
    for number in 0..2 {
        let position = writer.position(&partition(number), at(0)).await.unwrap();
        let id = position.partition;
        log.commit(&mut writer, id, 0..log.len()).await.unwrap();
    }
    let tally = log.tally(0..log.len());
    for status in [None, Some(Status::Refunded)] {
        let filter = TransactionFilter {
            status,
            ..TransactionFilter::default()
        };
        let (mut read, mut after) = (Vec::new(), None);
        loop {
            let page = world.warehouse.transactions(&filter, after.as_ref(), 17);
            let page = page.await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.cursor());
            read.extend(page);
        }
        let times = read.iter().map(|of| of.event.event_time);
        assert!(times.is_sorted_by(|a, b| a >= b));
        let count = async |max| world.warehouse.count_transactions(&filter, max).await;
        assert_eq!(count(1_000).await.unwrap(), read.len());
        assert_eq!(count(7).await.unwrap(), 7);
        for number in 0..2 {
            let mut read: Vec<_> = (read.iter())
                .filter(|of| of.partition == partition(number))
                .map(|of| (of.offset, of.event.clone()))
                .collect();
            read.sort_by_key(|(offset, _)| *offset);
            let expected: Vec<_> = tally
                .recent()
                .filter(|of| status.is_none_or(|status| of.event.status == status))
                .map(|of| (of.offset, of.event.clone()))
                .collect();
            assert_eq!(read, expected);
        }
    }
    // The live list: the newest by time of those with the highest offsets.
    let query = LiveQuery {
        seen: &Seen::default(),
        minutes_from: comptoir_model::live::QuarterHour(i64::MAX / 15),
        older_from: comptoir_model::live::QuarterHour(i64::MAX / 15),
        until: None,
        tops_from: None,
        recent_max: 10,
        dead_letters_max: 0,
    };
    let change = LiveReader::new(&world.warehouse)
        .read(&query)
        .await
        .unwrap();
    assert_eq!(change.recent.len(), 10);
    let newest: Vec<_> = tally.recent().collect();
    let oldest = newest[newest.len() - 10].offset;
    assert!(change.recent.iter().all(|of| of.offset >= oldest));
    let times = change.recent.iter().map(|of| of.event.event_time);
    assert!(times.is_sorted_by(|a, b| a >= b));
}

async fn a_process_is_known_by_its_last_heartbeat(world: &World) {
    let state = |instance: &str, seen_at, phase| ProcessState {
        name: "views".to_owned(),
        instance: instance.to_owned(),
        host: "till-1".to_owned(),
        pid: u32::MAX,
        listen: (instance == "a").then(|| "127.0.0.1:9101".to_owned()),
        started_at: at(0),
        seen_at,
        phase,
        detail: "the broker is away: é".to_owned(),
    };
    let warehouse = &world.warehouse;
    for phase in ProcessPhase::ALL {
        warehouse.beat(&state("b", at(50), phase)).await.unwrap();
    }
    warehouse
        .beat(&state("a", at(10), ProcessPhase::Running))
        .await
        .unwrap();
    let expected = [
        state("a", at(10), ProcessPhase::Running),
        state("b", at(50), ProcessPhase::Stopped),
    ];
    assert_eq!(warehouse.processes().await.unwrap(), expected);
    let age = SignedDuration::from_secs(40);
    warehouse.forget_processes(at(60), age).await.unwrap();
    assert_eq!(warehouse.processes().await.unwrap(), expected[1..]);
}
