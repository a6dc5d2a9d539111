use super::*;
use crate::archive::sample::{self, at};

fn range(number: u64, life: u64, second: i64) -> Sealed {
    sample::sealed(number, life, (second, second))
}

fn sealed(number: u64, life: u64, second: i64) -> ChainEntry {
    entry(number, Entry::Sealed(Box::new(range(number, life, second))))
}

fn entry(number: u64, entry: Entry) -> ChainEntry {
    sample::entry(ChainNumber(number), entry)
}

fn tombstone(number: u64, before: i64, segments: Vec<ExpiredSegment>) -> ChainEntry {
    let before = at(before);
    entry(number, Entry::Expired(Expired { before, segments }))
}

fn named(number: u64, life: u64) -> ExpiredSegment {
    ExpiredSegment::of(ChainNumber(number), &range(number, life, 0)).unwrap()
}

fn numbers(tombstones: &Tombstones) -> Vec<u64> {
    tombstones.expired.keys().map(|number| number.0).collect()
}

#[test]
fn of_each_life_a_prefix_expires() {
    let chain = [
        sealed(1, 1, 10),
        sealed(2, 2, 20),
        sealed(3, 1, 30),
        sealed(4, 2, 40),
        // Of life 2 the first one is left out.
        tombstone(5, 50, vec![named(1, 1), named(3, 1), named(4, 2)]),
    ];
    let tombstones = Tombstones::of(&chain);
    assert_eq!(numbers(&tombstones), [1, 3]);
    assert_eq!(tombstones.wrong, [].into());
    // A later one makes up for it.
    let chain = [&chain[..], &[tombstone(6, 50, vec![named(2, 2)])]].concat();
    let tombstones = Tombstones::of(&chain);
    assert_eq!(numbers(&tombstones), [1, 2, 3, 4]);
    assert_eq!(tombstones.expired[&ChainNumber(2)], ChainNumber(6));
}

#[test]
fn a_tombstone_that_says_something_else_than_the_manifest_counts_for_nothing() {
    let mut other = named(1, 1);
    other.end += 1;
    let young = named(2, 2);
    let ahead = named(4, 4);
    let chain = [
        sealed(1, 1, 10),
        sealed(2, 2, 20),
        tombstone(3, 20, vec![other, young, ahead]),
        sealed(4, 4, 5),
    ];
    let tombstones = Tombstones::of(&chain);
    assert_eq!(numbers(&tombstones), [] as [u64; 0]);
    let wrong: Vec<u64> = tombstones.wrong.iter().map(|(_, named)| named.0).collect();
    assert_eq!(wrong, [1, 2, 4]);
    // Of a manifest that does not count itself, more can't be said.
    let tombstones = Tombstones::of(&[tombstone(3, 20, vec![named(2, 2)])]);
    assert_eq!(tombstones, Tombstones::default());
}

#[test]
fn a_line_of_the_future_is_no_younger_than_its_sealing() {
    let mut lines = range(1, 1, 2000);
    assert_eq!(written_by(&lines, at(1000)), at(1000));
    lines.to = Some(at(900));
    assert_eq!(written_by(&lines, at(1000)), at(900));
    lines.to = None;
    assert_eq!(written_by(&lines, at(1000)), at(1000));
}
