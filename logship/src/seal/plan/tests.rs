use super::*;
use crate::archive::digest::Digest;
use crate::archive::manifest::SealedLife;
use crate::archive::names::SegmentId;
use crate::archive::records::{EndCause, FileId, Head, RecoveredPiece, VERSION};
use crate::archive::signature::SigningKey;
use crate::seal::times::TimePart;

const LIFE: LifeNumber = LifeNumber(1);

fn id(start: u64, epoch: u64) -> PieceId {
    PieceId {
        life: LIFE,
        start,
        epoch: Epoch(epoch),
    }
}

fn ten(start: u64, epoch: u64) -> (PieceId, PieceEnd) {
    let end = PieceEnd {
        end: start + 10,
        lines: 1,
    };
    (id(start, epoch), end)
}

/// A life whose owner of epoch 1 has closed pieces of ten bytes.
fn facts(pieces: u64) -> Facts {
    let file = FileId {
        device: 1,
        inode: 1,
    };
    let life = Life {
        version: VERSION,
        life: LIFE,
        epoch: Epoch(1),
        name: "app.log".to_owned(),
        file,
        born: None,
        head: Head::of(b"2026"),
        first: 0,
        found_at: Timestamp::UNIX_EPOCH,
    };
    let pieces: Vec<_> = (0..pieces).map(|number| ten(number * 10, 1)).collect();
    let names = pieces.iter().map(|(id, end)| Name::Piece(*id, *end));
    Facts {
        listing: Listing::of(names),
        lives: [(LIFE, life)].into(),
        written_at: pieces
            .iter()
            .map(|(id, _)| (*id, Timestamp::UNIX_EPOCH))
            .collect(),
        ..Facts::default()
    }
}

fn recover(facts: &mut Facts, epoch: u64, pieces: &[(PieceId, PieceEnd)]) {
    let recovery = Recovery {
        version: VERSION,
        epoch: Epoch(epoch),
        pieces: pieces
            .iter()
            .map(|(id, end)| RecoveredPiece::new(*id, *end))
            .collect(),
        recovered_at: Timestamp::UNIX_EPOCH,
    };
    facts.listing.recoveries.insert(Epoch(epoch));
    facts.recoveries.insert(Epoch(epoch), recovery);
}

fn seal(facts: &mut Facts, end: u64) {
    let key = SigningKey::from_seed(&[1; 32]).unwrap().public_key();
    facts.chain.head = Some((ChainNumber(1), Digest::of(b"manifest"), key));
    let life = SealedLife {
        end,
        ..SealedLife::default()
    };
    facts.chain.lives.insert(LIFE, life);
}

fn end(facts: &mut Facts, end: u64) {
    let record = End {
        version: VERSION,
        life: LIFE,
        epoch: Epoch(1),
        file: facts.lives[&LIFE].file,
        born: None,
        end,
        seen: end,
        cause: EndCause::Rotated,
        ended_at: Timestamp::UNIX_EPOCH,
    };
    facts.ends.insert(LIFE, record);
}

fn at_once() -> SealLimits {
    SealLimits {
        age: SignedDuration::ZERO,
        ..SealLimits::default()
    }
}

/// The range that is sealed next, and whether it tells the end.
fn next(facts: &Facts, limits: &SealLimits) -> Option<(u64, u64, bool)> {
    match facts.next(limits, Timestamp::UNIX_EPOCH) {
        Work::Seal(run) => {
            let end = run.pieces.last().map_or(run.start, |(_, end)| end.end);
            Some((run.start, end, run.ended.is_some()))
        }
        Work::Nothing => None,
        other => panic!("{other:?}"),
    }
}

fn swept(facts: &Facts) -> BTreeSet<Name> {
    match facts.next(&SealLimits::default(), Timestamp::UNIX_EPOCH) {
        Work::Sweep(names) => names,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_piece_whose_end_a_later_owner_may_change_is_not_sealed() {
    let mut facts = facts(2);
    assert_eq!(next(&facts, &at_once()), Some((0, 10, false)));
    recover(&mut facts, 2, &[ten(0, 1), ten(10, 1)]);
    assert_eq!(next(&facts, &at_once()), Some((0, 20, false)));
}

#[test]
fn the_end_of_a_life_is_told_once_its_last_piece_is_closed() {
    let mut facts = facts(2);
    end(&mut facts, 30);
    assert_eq!(next(&facts, &SealLimits::default()), None);
    end(&mut facts, 20);
    assert_eq!(next(&facts, &SealLimits::default()), Some((0, 20, true)));
    // Also where all of it is sealed already, and only once.
    seal(&mut facts, 20);
    facts.listing = Listing::default();
    assert_eq!(next(&facts, &SealLimits::default()), Some((20, 20, true)));
    facts.chain.lives.get_mut(&LIFE).unwrap().has_ended = true;
    assert_eq!(next(&facts, &at_once()), None);
}

#[test]
fn pieces_are_joined_up_to_the_limits_and_wait_until_they_are_old() {
    let facts = facts(9);
    assert_eq!(next(&facts, &SealLimits::default()), None);
    let few = SealLimits {
        pieces: 3,
        ..SealLimits::default()
    };
    assert_eq!(next(&facts, &few), Some((0, 30, false)));
    let short = SealLimits {
        bytes: 45,
        ..SealLimits::default()
    };
    assert_eq!(next(&facts, &short), Some((0, 40, false)));
    let tiny = SealLimits {
        bytes: 5,
        ..SealLimits::default()
    };
    assert_eq!(next(&facts, &tiny), Some((0, 10, false)));
}

#[test]
fn what_is_sealed_is_swept_but_never_the_last_recovery() {
    let mut facts = facts(3);
    recover(&mut facts, 1, &[]);
    recover(&mut facts, 2, &[ten(0, 1), ten(10, 1)]);
    seal(&mut facts, 20);
    let pieces = [ten(0, 1), ten(10, 1)].map(|(id, end)| Name::Piece(id, end));
    let mut expected: BTreeSet<Name> = pieces.into();
    expected.insert(Name::Recovery(Epoch(1)));
    assert_eq!(swept(&facts), expected);
    // It made void what is behind: a later one does so too.
    recover(&mut facts, 3, &[]);
    expected.insert(Name::Recovery(Epoch(2)));
    assert_eq!(swept(&facts), expected);
}

#[test]
fn another_attempt_is_swept_only_once_its_number_stands() {
    let mut facts = facts(0);
    seal(&mut facts, 0);
    let segment = |number, attempt| SegmentId {
        number: ChainNumber(number),
        attempt,
    };
    facts.chain.segments.insert(segment(1, 7), None);
    for id in [segment(1, 7), segment(1, 8), segment(2, 9)] {
        facts.listing.segments.insert(id, Name::Segment(id));
    }
    assert_eq!(swept(&facts), [Name::Segment(segment(1, 8))].into());
}

fn hours() -> SealLimits {
    SealLimits {
        times: Times::new(vec![TimePart::Day, TimePart::Hour]).unwrap(),
        ..SealLimits::default()
    }
}

fn written_at(facts: &mut Facts, hours: &[i64]) {
    let ids = facts.written_at.keys().copied().collect::<Vec<_>>();
    for (id, hour) in ids.into_iter().zip(hours) {
        let at = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(*hour);
        facts.written_at.insert(id, at);
    }
}

/// What is sealed at an hour, and into which directory.
fn sealed_at(facts: &Facts, hour: i64) -> Option<(usize, String)> {
    let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hour);
    match facts.next(&hours(), now) {
        Work::Seal(run) => Some((run.pieces.len(), run.directory.unwrap().to_string())),
        Work::Nothing => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn pieces_of_different_hours_are_not_joined_and_an_hour_that_is_over_is_sealed() {
    // The last one waits for one behind it.
    let mut facts = facts(4);
    written_at(&mut facts, &[5, 5, 5, 5]);
    assert_eq!(sealed_at(&facts, 5), None);
    assert_eq!(sealed_at(&facts, 6), Some((3, "0105".to_owned())));
    // The clock of the lake may be ahead.
    assert_eq!(sealed_at(&facts, 4), None);
    written_at(&mut facts, &[5, 5, 6, 6]);
    assert_eq!(sealed_at(&facts, 6), Some((2, "0105".to_owned())));
    seal(&mut facts, 20);
    let left = facts.listing.pieces.split_off(&id(20, 1));
    facts.listing.pieces = left;
    assert_eq!(sealed_at(&facts, 6), None);
    assert_eq!(sealed_at(&facts, 7), Some((1, "0106".to_owned())));
}

#[test]
fn a_segment_is_moved_once_its_manifest_stands_and_after_what_is_due() {
    let mut facts = facts(0);
    seal(&mut facts, 0);
    let segment = |number| SegmentId {
        number: ChainNumber(number),
        attempt: 7,
    };
    let directory: SegmentDirectory = "2026/11".parse().unwrap();
    facts
        .chain
        .segments
        .insert(segment(1), Some(directory.clone()));
    // One of a manifest that nobody has seen yet stays.
    for id in [segment(1), segment(2)] {
        facts.listing.segments.insert(id, Name::Segment(id));
    }
    let moved = SegmentPath {
        directory: Some(directory),
        id: segment(1),
    };
    let next = |facts: &Facts| facts.next(&at_once(), Timestamp::UNIX_EPOCH);
    assert_eq!(next(&facts), Work::Move(vec![moved]));
    end(&mut facts, 0);
    assert!(matches!(next(&facts), Work::Seal(_)));
    facts.chain.lives.get_mut(&LIFE).unwrap().has_ended = true;
    facts.listing.segments.remove(&segment(1));
    assert_eq!(next(&facts), Work::Nothing);
}
