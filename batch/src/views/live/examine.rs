//! What the archive counts in the generations that a run may cover next. Pure.

use comptoir_model::event::Status;
use comptoir_model::ids::Offset;
use comptoir_model::live::{
    BucketSums, ControlTotals, Counted, Hundredths, Minute, Overflow, QuarterHour,
};
use comptoir_model::merge::{Generation, GenerationNumber, PartitionKey, Span};
use comptoir_model::money::Currency;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Adds up the rows of some generations as they come, in any order.
#[derive(Debug, Default)]
pub(super) struct Examination {
    partitions: Vec<Examined>,
    /// Whose row came last: the next one is often of the same.
    last: usize,
}

#[derive(Debug)]
struct Examined {
    key: PartitionKey,
    /// Ascending.
    generations: Vec<Found>,
}

/// What was found in one generation.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) number: GenerationNumber,
    span: Span,
    counted: Counted,
    net: BTreeMap<Currency, Hundredths>,
    /// In which something happened.
    pub(super) quarters: BTreeSet<QuarterHour>,
}

/// A row of the archive, as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub(super) stream: &'a str,
    pub(super) partition: u32,
    pub(super) offset: Offset,
    pub(super) said: Said,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Said {
    Accepted {
        time: Timestamp,
        currency: Currency,
        status: Status,
        amount: Hundredths,
    },
    Rejected,
    Duplicate,
}

impl Examination {
    /// `generations` ascend and do not overlap.
    pub(super) fn wants<'a>(
        &mut self,
        key: &PartitionKey,
        generations: impl Iterator<Item = &'a Generation<ControlTotals>>,
    ) {
        let generations: Vec<_> = generations.map(Found::nothing_in).collect();
        if !generations.is_empty() {
            let key = key.clone();
            self.partitions.push(Examined { key, generations });
        }
    }

    /// From where to where rows are wanted, of each partition of which some are.
    pub(super) fn spans(&self) -> impl Iterator<Item = (&PartitionKey, Span)> {
        self.partitions.iter().filter_map(|examined| {
            let first = examined.generations.first()?.span.start();
            let end = examined.generations.last()?.span.end();
            Some((&examined.key, Span::new(first, end)?))
        })
    }

    /// A row of no wanted generation is passed over.
    pub(super) fn add(&mut self, row: &Row<'_>) -> Result<(), Overflow> {
        let Some(examined) = self.partition_of(row) else {
            return Ok(());
        };
        let generations = &mut examined.generations;
        let behind = generations.partition_point(|found| found.span.start() <= row.offset);
        match behind.checked_sub(1).map(|index| &mut generations[index]) {
            Some(found) if found.span.contains(row.offset) => found.add(row.said),
            _ => Ok(()),
        }
    }

    fn partition_of(&mut self, row: &Row<'_>) -> Option<&mut Examined> {
        let is_its = |examined: &Examined| {
            examined.key.partition.0 == row.partition && examined.key.stream.0 == row.stream
        };
        if !(self.partitions.get(self.last)).is_some_and(is_its) {
            self.last = self.partitions.iter().position(is_its)?;
        }
        self.partitions.get_mut(self.last)
    }

    /// All that was found, by partition.
    pub(super) fn found(self) -> BTreeMap<PartitionKey, Vec<Found>> {
        (self.partitions.into_iter())
            .map(|examined| (examined.key, examined.generations))
            .collect()
    }
}

impl Found {
    fn nothing_in(generation: &Generation<ControlTotals>) -> Self {
        Self {
            number: generation.number,
            span: generation.span,
            counted: Counted::default(),
            net: BTreeMap::new(),
            quarters: BTreeSet::new(),
        }
    }

    fn add(&mut self, said: Said) -> Result<(), Overflow> {
        match said {
            Said::Rejected => self.counted.rejected += 1,
            Said::Duplicate => self.counted.duplicates += 1,
            Said::Accepted {
                time,
                currency,
                status,
                amount,
            } => {
                self.counted.accepted += 1;
                let net = BucketSums::of_line(status, 0, amount).net;
                self.net.entry(currency).or_default().add(net)?;
                self.quarters.insert(QuarterHour::of(Minute::of(time)));
            }
        }
        Ok(())
    }

    /// Those that were accepted.
    pub(super) fn events(&self) -> u64 {
        self.counted.accepted
    }

    pub(super) fn control(&self) -> Result<ControlTotals, Overflow> {
        let net = self.net.iter();
        ControlTotals::new(self.counted, net.map(|(currency, net)| (*currency, *net)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptoir_model::ids::{Partition, StreamId};

    fn generation(number: u64, start: u64, end: u64) -> Generation<ControlTotals> {
        Generation {
            number: GenerationNumber(number),
            span: Span::new(Offset(start), Offset(end)).unwrap(),
            control: ControlTotals::default(),
        }
    }

    fn sale(status: Status, cents: i64, second: i64) -> Said {
        Said::Accepted {
            time: Timestamp::from_second(second).unwrap(),
            currency: Currency::EUR,
            status,
            amount: Hundredths(cents),
        }
    }

    #[test]
    fn rows_are_counted_in_their_generations_and_nowhere_else() {
        let key = |number| PartitionKey {
            stream: StreamId("a".to_owned()),
            partition: Partition(number),
        };
        let mut examination = Examination::default();
        examination.wants(
            &key(0),
            [generation(2, 10, 20), generation(3, 20, 25)].iter(),
        );
        examination.wants(&key(1), [].iter());
        let spans: Vec<_> = examination.spans().collect();
        assert_eq!(
            spans,
            [(&key(0), Span::new(Offset(10), Offset(25)).unwrap())]
        );
        for (partition, offset, said) in [
            (0, 9, Said::Rejected),
            (0, 10, sale(Status::Approved, 500, 0)),
            (1, 11, Said::Rejected),
            (0, 19, sale(Status::Refunded, 200, 1_000)),
            (0, 20, Said::Duplicate),
            (0, 12, sale(Status::Declined, 900, 0)),
            (0, 24, Said::Rejected),
            (0, 25, Said::Rejected),
        ] {
            let row = Row {
                stream: "a",
                partition,
                offset: Offset(offset),
                said,
            };
            examination.add(&row).unwrap();
        }
        let found = examination.found();
        let [second, third] = &found[&key(0)][..] else {
            panic!("{found:?}");
        };
        let counted = |accepted, rejected, duplicates| Counted {
            accepted,
            rejected,
            duplicates,
        };
        let net = [(Currency::EUR, Hundredths(300))];
        assert_eq!(second.control(), ControlTotals::new(counted(3, 0, 0), net));
        assert_eq!(second.quarters, [QuarterHour(0), QuarterHour(1)].into());
        assert_eq!(third.control(), ControlTotals::new(counted(0, 1, 1), []));
        assert!(third.quarters.is_empty());
    }
}
