use super::*;
use crate::ids::{Partition, StreamId};
use crate::live::Hundredths;
use crate::money::Currency;

fn key() -> PartitionKey {
    PartitionKey {
        stream: StreamId("a".to_owned()),
        partition: Partition(0),
    }
}

fn totals(accepted: u64, rejected: u64) -> ControlTotals {
    let counted = Counted {
        accepted,
        rejected,
        duplicates: 0,
    };
    let net = Hundredths(accepted.cast_signed() * 105);
    ControlTotals::new(counted, [(Currency::EUR, net)]).unwrap()
}

fn generation(number: u64, start: u64, end: Option<u64>, pruned: bool) -> GenerationBooks {
    let kept = if pruned { totals(0, 0) } else { totals(9, 0) };
    GenerationBooks {
        number: GenerationNumber(number),
        start: Offset(start),
        end: end.map(Offset),
        counted_to: Some(Offset(start + 10)),
        control: totals(9, 1),
        buckets: kept.clone(),
        tops: kept,
    }
}

/// Two generations covered and pruned, the second set aside; one sealed, one open.
fn sound() -> Books {
    let generations = vec![
        generation(1, 0, Some(10), true),
        generation(2, 10, Some(20), false),
        generation(3, 20, Some(30), false),
        generation(4, 30, None, false),
    ];
    let covered = Covered {
        through: GenerationNumber(2),
        end: Offset(20),
        set_aside: [GenerationNumber(2)].into(),
    };
    Books {
        partitions: [(
            key(),
            PartitionBooks {
                position: Offset(40),
                open: GenerationNumber(4),
                generations,
                dead_letters: 4,
            },
        )]
        .into(),
        run: Some(RunBooks {
            version: 2,
            newest_version: 2,
            coverage: Coverage([(key(), covered)].into()),
            counted: [(key(), totals(9, 1))].into(),
            by_archive_alone: BTreeMap::new(),
            rows: totals(9, 0),
            tops: totals(9, 0),
        }),
    }
}

fn kinds(books: &Books) -> Vec<&'static str> {
    let outcome = reconcile(books).unwrap();
    let mut kinds: Vec<_> = outcome.differences.iter().map(Difference::kind).collect();
    kinds.dedup();
    kinds
}

#[test]
fn sound_books_have_no_difference() {
    let outcome = reconcile(&sound()).unwrap();
    assert_eq!(outcome.differences, []);
    assert_eq!(outcome.records, 40);
    assert_eq!(reconcile(&Books::default()).unwrap().records, 0);
}

#[test]
fn each_damage_is_named() {
    type Damage = fn(&mut PartitionBooks, &mut RunBooks);
    let damages: [(&str, Damage); 12] = [
        ("position", |partition, _| partition.position = Offset(41)),
        ("open_generation", |partition, _| {
            partition.open = GenerationNumber(3);
        }),
        ("out_of_line", |partition, _| {
            partition.generations[2].start = Offset(21);
        }),
        ("buckets", |partition, _| {
            partition.generations[2].control = totals(10, 1);
        }),
        ("buckets", |partition, _| {
            partition.generations[3].buckets = totals(8, 0);
        }),
        ("buckets", |partition, _| {
            partition.generations[1].tops = totals(8, 0);
        }),
        ("dead_letters", |partition, _| partition.dead_letters = 3),
        ("run", |_, run| run.version = 1),
        ("coverage", |_, run| {
            run.coverage.0.get_mut(&key()).unwrap().end = Offset(19);
        }),
        ("archive", |_, run| {
            run.counted = [(key(), totals(9, 2))].into();
        }),
        ("rows", |_, run| run.rows = totals(9, 1)),
        ("rows", |_, run| run.tops = totals(8, 0)),
    ];
    for (kind, damage) in damages {
        let mut books = sound();
        let partition = books.partitions.get_mut(&key()).unwrap();
        damage(partition, books.run.as_mut().unwrap());
        assert_eq!(kinds(&books), [kind]);
    }
}

#[test]
fn a_difference_says_where_and_how_much() {
    let mut books = sound();
    let partition = books.partitions.get_mut(&key()).unwrap();
    partition.generations[2].buckets = totals(8, 0);
    let outcome = reconcile(&books).unwrap();
    assert_eq!(
        outcome.differences[0].to_string(),
        "partition 0 of a, generation 3: the totals by minute and dimension have 8 records, \
         8 accepted, net 8.40 EUR, counted were 9 records, 9 accepted, net 9.45 EUR"
    );
}

#[test]
fn what_only_the_archive_knows_is_not_held_against_the_views_sink() {
    let mut books = sound();
    let run = books.run.as_mut().unwrap();
    run.counted = [(key(), totals(12, 1))].into();
    run.rows = totals(12, 0);
    run.tops = totals(12, 0);
    assert_eq!(kinds(&books), ["archive"]);
    let run = books.run.as_mut().unwrap();
    run.by_archive_alone = [(key(), [GenerationNumber(1)].into())].into();
    assert_eq!(kinds(&books), Vec::<&str>::new());
}
