//! Dead letters and their replays.

use crate::records::batch;
use crate::world::{World, at, on_every_database, partition};
use comptoir_model::event::Rejection;
use comptoir_model::ids::{Offset, Partition};
use comptoir_model::live::Tally;
use comptoir_model::verdict::{MappingVersion, Record, Verdict};
use comptoir_warehouse::{DeadLetterFilter, DeadLetterKey, Replay, ReplayState};
use jiff::Timestamp;

on_every_database! {
    a_dead_letter_keeps_its_bytes
    letters_are_listed_newest_first_page_by_page
    a_replay_is_planned_once_and_finished_once
}

fn tally(records: &[(u64, &[u8])], reason: &Rejection) -> Tally {
    let mut tally = Tally::default();
    for (offset, bytes) in records {
        let record = Record {
            offset: Offset(*offset),
            timestamp: Timestamp::MAX,
            bytes,
        };
        let verdict = Verdict::Rejected(reason.clone());
        tally
            .add(&record, MappingVersion::NEWEST, &verdict)
            .unwrap();
    }
    tally
}

fn key(offset: u64) -> DeadLetterKey {
    DeadLetterKey {
        partition: partition(0),
        offset: Offset(offset),
    }
}

async fn a_dead_letter_keeps_its_bytes(world: &World) {
    let every_byte: Vec<u8> = (0..=255).collect();
    let large = vec![b'x'; 10_000_000];
    let records: [(u64, &[u8]); 4] = [
        (3, &every_byte),
        (4, b""),
        (5, &large),
        (6, "é😀".as_bytes()),
    ];
    let tally = tally(&records, &Rejection::NotUtf8 { at: 128 });
    let mut writer = world.writer().await;
    let id = writer
        .position(&partition(0), at(0))
        .await
        .unwrap()
        .partition;
    writer.commit(&batch(id, 0..10, &tally)).await.unwrap();
    for (offset, bytes) in records {
        let letter = world.warehouse.dead_letter(&key(offset)).await.unwrap();
        let letter = letter.expect("a dead letter");
        assert!(letter.bytes.as_deref() == Some(bytes), "offset {offset}");
        assert_eq!(letter.size, bytes.len() as u64);
        assert_eq!(letter.reason, "not_utf8");
        assert_eq!(letter.detail, "byte 128 of the record is not UTF-8");
        assert_eq!(letter.cure, "encode the record as UTF-8");
        assert_eq!(letter.found_at, at(1));
        assert_eq!(letter.record_timestamp, Timestamp::MAX);
    }
    assert_eq!(world.warehouse.dead_letter(&key(7)).await.unwrap(), None);
}

async fn letters_are_listed_newest_first_page_by_page(world: &World) {
    let mut writer = world.writer().await;
    let id = writer
        .position(&partition(0), at(0))
        .await
        .unwrap()
        .partition;
    let many: Vec<(u64, &[u8])> = (0..50).map(|offset| (offset, b"{".as_slice())).collect();
    let empty = tally(&many[..20], &Rejection::Empty);
    writer.commit(&batch(id, 0..20, &empty)).await.unwrap();
    let arrays = tally(&many[20..], &Rejection::NotAnObject);
    let mut later = batch(id, 20..50, &arrays);
    later.now = at(2);
    writer.commit(&later).await.unwrap();
    let counts = world.warehouse.dead_letter_counts().await.unwrap();
    let expected = [("empty".to_owned(), 20), ("not_an_object".to_owned(), 30)];
    assert_eq!(counts, expected);
    for (reason, expected) in [(None, 0..50), (Some("empty"), 0..20)] {
        let mut filter = DeadLetterFilter {
            reason: reason.map(str::to_owned),
            after: None,
        };
        let mut offsets = Vec::new();
        loop {
            let page = world.warehouse.dead_letters(&filter, 7).await.unwrap();
            let Some(last) = page.last() else { break };
            filter.after = Some(last.key.clone());
            offsets.extend(page.iter().map(|letter| letter.key.offset.0));
            assert!(page.iter().all(|letter| letter.bytes.is_none()));
        }
        assert_eq!(offsets, expected.rev().collect::<Vec<_>>());
    }
}

async fn a_replay_is_planned_once_and_finished_once(world: &World) {
    let mut writer = world.writer().await;
    writer.position(&partition(0), at(0)).await.unwrap();
    let plan = Replay {
        letter: key(3),
        state: ReplayState::Planned,
        ends: vec![(Partition(0), Offset(10)), (Partition(1), Offset(0))],
        replacement: b"{\"event_id\": \"1\"}\0\xff".to_vec(),
        transactional_id: "comptoir-replay-1".to_owned(),
        created_at: at(3),
    };
    let warehouse = &world.warehouse;
    assert_eq!(warehouse.plan_replay(&plan).await.unwrap(), plan);
    let other = Replay {
        ends: Vec::new(),
        ..plan.clone()
    };
    assert_eq!(warehouse.plan_replay(&other).await.unwrap(), plan);
    let open = warehouse.open_replays().await.unwrap();
    assert_eq!(open, std::slice::from_ref(&plan));
    for now in [at(4), at(5)] {
        warehouse.finish_replay(&key(3), now).await.unwrap();
    }
    let done = warehouse.replay(&key(3)).await.unwrap().unwrap();
    assert_eq!(done.state, ReplayState::Done { at: at(4) });
    assert_eq!(warehouse.open_replays().await.unwrap(), []);
    assert_eq!(warehouse.replay(&key(4)).await.unwrap(), None);
    let mut unknown = plan;
    unknown.letter.partition = partition(9);
    let error = warehouse.plan_replay(&unknown).await.unwrap_err();
    assert!(error.to_string().contains("partition 9"), "{error}");
}
