//! Which rows of the archive count: accepted, below the coverage, and not set aside. Pure.

use comptoir_model::ids::Offset;
use comptoir_model::live::ControlTotals;
use comptoir_model::merge::{Coverage, PartitionKey, Recorded, Span};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The offsets that count, of each partition in ascending runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::views) struct Counting(BTreeMap<PartitionKey, Vec<Span>>);

impl Counting {
    /// `recorded` has at least the generations that `coverage` sets aside.
    pub(in crate::views) fn of(
        coverage: &Coverage,
        recorded: &BTreeMap<PartitionKey, Recorded<ControlTotals>>,
    ) -> Self {
        let counting = coverage.0.iter().map(|(key, covered)| {
            let sealed = recorded.get(key).map(|recorded| &recorded.sealed);
            let skips = sealed.map_or_else(Vec::new, |sealed| covered.skips(sealed));
            (key.clone(), without(covered.end, &skips))
        });
        Self(counting.collect())
    }

    /// Everything below the coverage, also what is set aside.
    pub(in crate::views) fn all_below(coverage: &Coverage) -> Self {
        let ends = coverage.0.iter().map(|(key, covered)| (key, covered.end));
        Self::of_spans(ends.filter_map(|(key, end)| Some((key, Span::new(Offset(0), end)?))))
    }

    /// One run of each partition.
    pub(in crate::views) fn of_spans<'a>(
        spans: impl Iterator<Item = (&'a PartitionKey, Span)>,
    ) -> Self {
        Self(spans.map(|(key, span)| (key.clone(), vec![span])).collect())
    }

    /// Of each partition only what lies behind this offset.
    pub(in crate::views) fn behind(&self, end: impl Fn(&PartitionKey) -> Option<Offset>) -> Self {
        let behind = self.0.iter().map(|(key, spans)| {
            let end = end(key).unwrap_or(Offset(0));
            let spans = spans.iter();
            let spans = spans.filter_map(|span| Span::new(span.start().max(end), span.end()));
            (key.clone(), spans.collect())
        });
        Self(behind.collect())
    }

    /// The accepted events, over the table `bronze`.
    pub(in crate::views) fn events_sql(&self) -> String {
        format!(
            "SELECT {EVENT} FROM bronze WHERE _verdict = 'accepted' AND ({})",
            self.condition()
        )
    }

    /// All records, over the table `bronze`.
    pub(in crate::views) fn records_sql(&self) -> String {
        format!(
            "SELECT {EVENT}, _verdict, _reason, _end_offset FROM bronze WHERE {}",
            self.condition()
        )
    }

    /// Which rows of `bronze` lie at these offsets, in SQL.
    pub(in crate::views) fn condition(&self) -> String {
        let partitions: Vec<_> = (self.0.iter()).filter_map(of_partition).collect();
        if partitions.is_empty() {
            return "1 = 0".to_owned();
        }
        partitions.join(" OR ")
    }
}

/// What SQL sees of an event.
const EVENT: &str = "day, _stream, _partition, _offset, _timestamp, event_time, event_id, \
                       order_id, order_line, customer_id, customer_name, product_id, \
                       product_name, category, merchant, quantity, unit_price, amount, currency, \
                       country, city, channel, payment_method, status";

/// What is left of the offsets below `end`; `skips` ascend.
fn without(end: Offset, skips: &[Span]) -> Vec<Span> {
    let mut left = Vec::new();
    let mut from = Offset(0);
    for skip in skips {
        left.extend(Span::new(from, skip.start()));
        from = skip.end();
    }
    left.extend(Span::new(from, end));
    left
}

fn of_partition((key, spans): (&PartitionKey, &Vec<Span>)) -> Option<String> {
    let (first, others) = spans.split_first()?;
    let mut offsets = between(*first);
    for span in others {
        // Writing to a String can't fail.
        write!(offsets, " OR {}", between(*span)).ok();
    }
    let stream = key.stream.0.replace('\'', "''");
    let partition = key.partition.0;
    Some(format!(
        "(_stream = '{stream}' AND _partition = {partition} AND ({offsets}))"
    ))
}

fn between(span: Span) -> String {
    format!(
        "(_offset >= {} AND _offset < {})",
        span.start().0,
        span.end().0
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptoir_model::ids::{Partition, StreamId};
    use comptoir_model::merge::{Covered, Gaps, Generation, GenerationNumber};
    use std::collections::BTreeSet;

    fn key(stream: &str) -> PartitionKey {
        PartitionKey {
            stream: StreamId(stream.to_owned()),
            partition: Partition(1),
        }
    }

    fn generation(number: u64, start: u64, end: u64) -> Generation<ControlTotals> {
        Generation {
            number: GenerationNumber(number),
            span: Span::new(Offset(start), Offset(end)).unwrap(),
            control: ControlTotals::default(),
        }
    }

    #[test]
    fn what_is_set_aside_and_what_lies_behind_the_coverage_does_not_count() {
        let covered = Covered {
            through: GenerationNumber(4),
            end: Offset(40),
            set_aside: BTreeSet::from([GenerationNumber(1), GenerationNumber(3)]),
        };
        let recorded = Recorded {
            current: None,
            counted: ControlTotals::default(),
            by_archive_alone: BTreeSet::new(),
            sealed: vec![generation(1, 0, 10), generation(3, 20, 30)],
            gaps: Gaps::default(),
        };
        let counting = Counting::of(
            &Coverage([(key("a'b"), covered)].into()),
            &[(key("a'b"), recorded)].into(),
        );
        let sql = counting.events_sql();
        let (_, condition) = sql.split_once(" WHERE ").unwrap();
        assert_eq!(
            condition,
            "_verdict = 'accepted' AND ((_stream = 'a''b' AND _partition = 1 AND \
             ((_offset >= 10 AND _offset < 20) OR (_offset >= 30 AND _offset < 40))))"
        );
        let behind = counting.behind(|_| Some(Offset(15)));
        let spans = [(15, 20), (30, 40)].map(|(start, end)| Span::new(Offset(start), Offset(end)));
        assert_eq!(behind.0[&key("a'b")], spans.map(Option::unwrap));
        assert_eq!(counting.behind(|_| None), counting);
        let nothing = counting.behind(|_| Some(Offset(40)));
        assert_eq!(nothing.condition(), "1 = 0");
    }

    #[test]
    fn without_any_coverage_nothing_counts() {
        let sql = Counting::default().events_sql();
        assert!(
            sql.ends_with("WHERE _verdict = 'accepted' AND (1 = 0)"),
            "{sql}"
        );
    }
}
