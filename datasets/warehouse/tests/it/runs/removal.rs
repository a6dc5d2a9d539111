//! Dead letters that are kept for a time only.

use super::batch::{Archive, loaded};
use crate::records::{Draft, Log};
use crate::world::{World, at, on_every_database, partition};
use comptoir_model::ids::Offset;
use comptoir_model::merge::Span;
use comptoir_warehouse::{
    DeadLetterFilter, DeadLetterKey, LiveQuery, LiveReader, Replay, ReplayState, Seen,
};
use jiff::Timestamp;

on_every_database! { letters_that_the_archive_counts_go_and_the_books_still_agree }

const REASON: &str = "not_json";

/// The letter whose replay is planned.
const PLANNED: u64 = 41;

/// Three of four records are no events: of 300 letters more go than one transaction deletes.
fn log() -> Log {
    let draft = |id| Draft {
        malformed: is_letter(id),
        ..Draft::plain(id)
    };
    Log::new((0..400).map(draft).collect())
}

fn is_letter(offset: u64) -> bool {
    !offset.is_multiple_of(4)
}

fn key(offset: u64) -> DeadLetterKey {
    DeadLetterKey {
        partition: partition(0),
        offset: Offset(offset),
    }
}

async fn offsets(world: &World) -> Vec<u64> {
    let filter = DeadLetterFilter::default();
    let letters = world.warehouse.dead_letters(&filter, 1_000).await.unwrap();
    let mut offsets: Vec<_> = letters.iter().map(|letter| letter.key.offset.0).collect();
    offsets.sort_unstable();
    offsets
}

/// Deletes all that may go; how many.
async fn remove(world: &World, before: Timestamp) -> u64 {
    let mut all = 0;
    loop {
        match world
            .warehouse
            .remove_dead_letters_chunk(before)
            .await
            .unwrap()
        {
            0 => return all,
            some => all += some,
        }
    }
}

/// Nothing that is counted has changed.
async fn assert_counts(world: &World, reader: &mut LiveReader, newest: u64) {
    let counts = world.warehouse.dead_letter_counts().await.unwrap();
    assert_eq!(counts, [(REASON.to_owned(), 300)]);
    let report = world.warehouse.reconcile(at(9)).await.unwrap();
    assert_eq!(report.differences, []);
    let [of_partition] = report.partitions.as_slice() else {
        panic!("{report:?}")
    };
    assert_eq!(
        (of_partition.rejected, of_partition.dead_letters),
        (300, 300)
    );
    let query = LiveQuery {
        seen: &Seen::default(),
        minutes_from: comptoir_model::live::QuarterHour(0),
        older_from: comptoir_model::live::QuarterHour(0),
        until: None,
        tops_from: None,
        recent_max: 0,
        dead_letters_max: 1_000,
    };
    let letters = reader.read(&query).await.unwrap().dead_letters;
    assert_eq!(letters.total, 300);
    // Also where it was read before.
    assert_eq!(letters.newest.len() as u64, newest);
}

async fn letters_that_the_archive_counts_go_and_the_books_still_agree(world: &World) {
    let log = log();
    let mut writer = world.writer().await;
    let id = (writer.position(&partition(0), at(0)).await.unwrap()).partition;
    let mut archive = Archive::new(vec![log]);
    // Two generations that the archive has, of which the first has a hole there; one that it has
    // not got yet, and the open one.
    for (start, end) in [(0, 40), (40, 320), (320, 360), (360, 400)] {
        let log = &archive.logs[0];
        log.commit(&mut writer, id, start..end).await.unwrap();
        if end < 400 {
            writer.seal(at(1)).await.unwrap();
        }
    }
    let mut reader = LiveReader::new(&world.warehouse);
    assert_eq!(remove(world, at(100)).await, 0, "no archive has them");
    assert_counts(world, &mut reader, 300).await;

    archive.next[0] = 320;
    archive.lost[0] = vec![Span::new(Offset(7), Offset(8)).unwrap()];
    loaded(world, &archive).await.switch(at(4)).await.unwrap();
    let plan = Replay {
        letter: key(PLANNED),
        state: ReplayState::Planned,
        ends: Vec::new(),
        replacement: b"{}".to_vec(),
        transactional_id: "comptoir-replay-1".to_owned(),
        created_at: at(3),
    };
    world.warehouse.plan_replay(&plan).await.unwrap();
    assert_eq!(
        remove(world, at(1)).await,
        0,
        "they were found at that time"
    );
    assert_eq!(remove(world, at(2)).await, 209);
    let stay = (0..40).chain([PLANNED]).chain(320..400);
    let kept: Vec<u64> = stay.filter(|offset| is_letter(*offset)).collect();
    assert_eq!(offsets(world).await, kept);
    assert_counts(world, &mut reader, 91).await;

    // Once it was sent nobody needs it; that it was sent stays on record.
    world
        .warehouse
        .finish_replay(&key(PLANNED), at(5))
        .await
        .unwrap();
    assert_eq!(remove(world, at(2)).await, 1);
    assert!(
        world
            .warehouse
            .replay(&key(PLANNED))
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(
        world.warehouse.dead_letter(&key(PLANNED)).await.unwrap(),
        None
    );
    assert_counts(world, &mut reader, 90).await;

    // One that is lost without a word is still missed.
    world
        .sql("DELETE FROM dead_letters WHERE record_offset = 1")
        .await;
    let report = world.warehouse.reconcile(at(9)).await.unwrap();
    let kinds: Vec<_> = report
        .differences
        .iter()
        .map(|one| one.kind.as_str())
        .collect();
    assert_eq!(kinds, ["dead_letters"]);
}
