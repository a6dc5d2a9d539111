//! The single decisions.

use super::*;
use crate::ids::{Offset, Partition, StreamId};

fn key(stream: &str, partition: u32) -> PartitionKey {
    PartitionKey {
        stream: StreamId(stream.to_owned()),
        partition: Partition(partition),
    }
}

fn span(start: u64, end: u64) -> Span {
    Span::new(Offset(start), Offset(end)).unwrap()
}

fn row(number: u64, start: u64, next: u64, control: u64) -> Position<u64> {
    Position {
        next: Offset(next),
        open: Open {
            number: GenerationNumber(number),
            start: Offset(start),
            control,
        },
    }
}

fn generation(number: u64, start: u64, end: u64, control: u64) -> Generation<u64> {
    Generation {
        number: GenerationNumber(number),
        span: span(start, end),
        control,
    }
}

fn covered(through: u64, end: u64, set_aside: &[u64]) -> Covered {
    Covered {
        through: GenerationNumber(through),
        end: Offset(end),
        set_aside: set_aside.iter().copied().map(GenerationNumber).collect(),
    }
}

fn coverage(covered: Covered) -> Coverage {
    Coverage([(key("a", 0), covered)].into())
}

/// Three generations of ten records each, of which the archive has `archived`.
fn cover_three(archived: u64, views: &Gaps, archive: &Gaps, third: u64) -> Cover<u64> {
    let sealed = [
        generation(1, 0, 10, 10),
        generation(2, 10, 20, 10),
        generation(3, 20, 30, 10),
    ];
    let recomputed = [(1, 10), (2, 10), (3, third)];
    cover(&PartitionFacts {
        current: None,
        sealed: &sealed,
        archived: Offset(archived),
        views_gaps: views,
        archive_gaps: archive,
        recomputed: &recomputed
            .map(|(number, total)| (GenerationNumber(number), total))
            .into(),
    })
}

fn lost(start: u64, end: u64) -> Gaps {
    Gaps {
        lost: vec![span(start, end)],
        blind: Vec::new(),
    }
}

#[test]
fn a_batch_goes_to_the_generation_that_is_open_and_moves_the_position() {
    let batch = Batch {
        span: span(7, 9),
        control: 2,
    };
    let applied = commit(&row(3, 5, 7, 2), &batch).unwrap();
    let expected = Commit::Apply {
        generation: GenerationNumber(3),
        row: row(3, 5, 9, 4),
    };
    assert_eq!(applied, expected);
}

#[test]
fn an_owner_whose_position_was_passed_gives_up() {
    let batch = Batch {
        span: span(5, 9),
        control: 4,
    };
    let outcome = commit(&row(3, 5, 7, 2), &batch).unwrap();
    assert_eq!(outcome, Commit::GiveUp { found: Offset(7) });
}

#[test]
fn an_overflow_of_the_totals_applies_nothing() {
    let batch = Batch {
        span: span(7, 9),
        control: 2,
    };
    assert_eq!(commit(&row(3, 5, 7, u64::MAX), &batch), Err(Overflow));
}

#[test]
fn seals_every_partition_that_moved_in_the_order_of_locks() {
    let rows = [
        (key("b", 0), row(1, 0, 4, 3)),
        (key("a", 10), row(2, 6, 6, 0)),
        (key("a", 2), row(2, 6, 8, 0)),
    ];
    let seals: Vec<_> = seal(&rows.into()).into_iter().collect();
    let expected = [
        (
            key("a", 2),
            Seal {
                sealed: generation(2, 6, 8, 0),
                row: row(3, 8, 8, 0),
            },
        ),
        (
            key("b", 0),
            Seal {
                sealed: generation(1, 0, 4, 3),
                row: row(2, 4, 4, 0),
            },
        ),
    ];
    assert_eq!(seals, expected);
}

#[test]
fn waits_for_the_archive_where_it_is_behind_a_seal_or_unknown() {
    let seals = [(key("a", 0), 5), (key("a", 1), 5), (key("a", 2), 5)];
    let archived = [(key("a", 0), 5), (key("a", 1), 4)];
    let seals = seals.map(|(key, end)| (key, Offset(end))).into();
    let archived = archived.map(|(key, next)| (key, Offset(next))).into();
    let expected = [key("a", 1), key("a", 2)];
    assert_eq!(behind(&seals, &archived), expected.iter().collect());
}

#[test]
fn an_ended_stream_is_closed_at_the_higher_position() {
    let ending = end_of_stream(Offset(3), Offset(8));
    assert_eq!(ending.end, Offset(8));
    assert_eq!(ending.lost_to_views, Some(span(3, 8)));
    assert_eq!(ending.lost_to_archive, None);
    let ending = end_of_stream(Offset(8), Offset(3));
    assert_eq!(ending.end, Offset(8));
    assert_eq!(ending.lost_to_views, None);
    assert_eq!(ending.lost_to_archive, Some(span(3, 8)));
}

#[test]
fn covers_up_to_the_last_seal_that_the_archive_has_passed() {
    let none = Gaps::default();
    assert_eq!(cover_three(9, &none, &none, 10).covered, None);
    let second = Some(covered(2, 20, &[]));
    assert_eq!(cover_three(29, &none, &none, 10).covered, second);
    let third = Some(covered(3, 30, &[]));
    assert_eq!(cover_three(30, &none, &none, 10).covered, third);
}

#[test]
fn stops_before_a_generation_whose_totals_differ_and_names_it() {
    let none = Gaps::default();
    let cover = cover_three(30, &none, &none, 9);
    assert_eq!(cover.covered, Some(covered(2, 20, &[])));
    let difference = Stop::Difference {
        generation: GenerationNumber(3),
        span: span(20, 30),
        views: 10,
        archive: 9,
    };
    assert_eq!(cover.stop, Some(difference));
}

#[test]
fn sets_aside_what_touches_a_gap_of_the_archive_and_goes_on() {
    let blind = Gaps {
        blind: vec![span(20, 21)],
        ..lost(19, 20)
    };
    let cover = cover_three(30, &lost(15, 16), &blind, 3);
    assert_eq!(cover.covered, Some(covered(3, 30, &[2, 3])));
    assert_eq!(cover.stop, None);
}

#[test]
fn lets_the_archive_count_where_only_the_views_sink_has_a_gap() {
    let cover = cover_three(30, &lost(29, 31), &Gaps::default(), 12);
    assert_eq!(cover.covered, Some(covered(3, 30, &[])));
    assert_eq!(cover.by_archive_alone, [GenerationNumber(3)]);
}

#[test]
fn stops_where_a_generation_is_missing() {
    let cover = cover(&PartitionFacts {
        current: Some(&covered(1, 10, &[])),
        sealed: &[generation(3, 20, 30, 0)],
        archived: Offset(30),
        views_gaps: &Gaps::default(),
        archive_gaps: &Gaps::default(),
        recomputed: &BTreeMap::new(),
    });
    let out_of_line = Stop::OutOfLine {
        generation: GenerationNumber(3),
        expected: Offset(10),
        found: Offset(20),
    };
    assert_eq!(cover.covered, Some(covered(1, 10, &[])));
    assert_eq!(cover.stop, Some(out_of_line));
}

#[test]
fn refuses_a_run_whose_coverage_goes_back_or_is_gone() {
    let current = coverage(covered(2, 20, &[]));
    let refused = |candidate: &Coverage| {
        matches!(
            switch(&current, RunState::Loading, candidate),
            Err(Refusal::GoesBack { .. })
        )
    };
    assert!(refused(&coverage(covered(1, 10, &[]))));
    assert!(refused(&Coverage::default()));
    assert!(!refused(&current));
    assert!(!refused(&coverage(covered(3, 30, &[3]))));
}

#[test]
fn a_refusal_names_the_partition_and_both_ends() {
    let current = coverage(covered(2, 20, &[]));
    let refusal = switch(&current, RunState::Loading, &coverage(covered(1, 10, &[])));
    let text = refusal.unwrap_err().to_string();
    let expected = "the run covers partition 0 of a up to offset 10, the current one up to 20\n";
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn refuses_a_run_that_sets_aside_what_may_be_pruned() {
    let current = coverage(covered(2, 20, &[1]));
    let kept = coverage(covered(3, 30, &[1, 3]));
    assert_eq!(switch(&current, RunState::Loading, &kept), Ok(()));
    let anew = coverage(covered(3, 30, &[1, 2]));
    let refusal = Refusal::SetAsideAnew {
        partition: key("a", 0),
        generation: GenerationNumber(2),
    };
    assert_eq!(switch(&current, RunState::Loading, &anew), Err(refusal));
}

#[test]
fn refuses_a_run_that_may_have_lost_rows() {
    let current = Coverage::default();
    let refused = switch(&current, RunState::Swept, &current);
    assert_eq!(refused, Err(Refusal::Swept));
}

#[test]
fn prunes_what_the_archive_counts_and_no_more_than_asked() {
    let current = coverage(covered(3, 30, &[2]));
    let (covered, other) = (key("a", 0), key("a", 1));
    let buckets = || {
        let numbers = (1..=4).map(GenerationNumber);
        numbers.flat_map(|number| [(&covered, number), (&other, number)])
    };
    let pruned = [
        (&covered, GenerationNumber(1)),
        (&covered, GenerationNumber(3)),
    ];
    assert_eq!(prune(&current, buckets(), 10), pruned);
    assert_eq!(prune(&current, buckets(), 1), pruned[..1]);
}

#[test]
fn serves_rows_and_the_buckets_that_they_do_not_speak_for() {
    let current = coverage(covered(2, 20, &[1]));
    let (here, other) = (key("a", 0), key("a", 1));
    let buckets = [
        (&here, GenerationNumber(1), &1),
        (&here, GenerationNumber(2), &10),
        (&here, GenerationNumber(3), &100),
        (&other, GenerationNumber(1), &1_000),
    ];
    assert_eq!(serve(&current, [&10_000], buckets), Ok(11_101));
}

#[test]
fn leaves_the_offsets_set_aside_out_of_the_rows() {
    let sealed = [generation(1, 0, 10, 0), generation(2, 10, 20, 0)];
    assert_eq!(covered(2, 20, &[2]).skips(&sealed), [span(10, 20)]);
}

#[test]
fn totals_by_key_add_key_by_key() {
    let mut totals: BTreeMap<_, u64> = [("a", 1), ("b", 2)].into();
    totals.add(&[("b", 3), ("c", 4)].into()).unwrap();
    assert_eq!(totals, [("a", 1), ("b", 5), ("c", 4)].into());
    assert_eq!(totals.add(&[("a", u64::MAX)].into()), Err(Overflow));
}
