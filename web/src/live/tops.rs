//! Today's totals by product, merchant, customer and amount, ranked. Pure.

use super::sums::{Names, Sums};
use comptoir_model::api::live::{TopKind, TopList, TopRow};
use comptoir_model::event::Event;
use comptoir_model::live::{QuarterHour, SubjectKind, TopKey};
use comptoir_model::money::Currency;
use comptoir_warehouse::{Origin, QuarterTops};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct SubjectKey {
    kind: TopKind,
    currency: Currency,
    name: String,
}

type QuarterKey = (QuarterHour, Origin);

/// Every subject's totals of today. Quarters are those that end after midnight and begin before the
/// end of the running one.
#[derive(Default)]
pub(crate) struct Tops {
    subjects: Names<SubjectKey>,
    quarters: BTreeMap<QuarterKey, HashMap<u32, Sums>>,
    /// By subject's number.
    today: HashMap<u32, Sums>,
    span: Option<Range<QuarterHour>>,
}

impl Tops {
    pub(crate) fn new(span: Range<QuarterHour>) -> Self {
        Self {
            span: Some(span),
            ..Self::default()
        }
    }

    /// Puts the subjects in it in the place of what was known of them in this quarter.
    pub(crate) fn replace(&mut self, totals: &QuarterTops) {
        let counts = self.counts(totals.quarter);
        let key = (totals.quarter, totals.origin);
        let quarter = self.quarters.entry(key).or_default();
        for subject in &totals.subjects {
            let number = self.subjects.number(SubjectKey {
                kind: subject.kind,
                currency: subject.currency,
                name: subject.name.clone(),
            });
            let new = Sums::from(&subject.sums);
            let old = quarter.insert(number, new).unwrap_or_default();
            if counts {
                let total = self.today.entry(number).or_default();
                total.add(&new);
                total.subtract(&old);
            }
        }
    }

    /// Adds an event that is not among what was put in its quarter's place.
    pub(crate) fn add(&mut self, origin: Origin, event: &Event<'_>) {
        let sums = Sums::from(event);
        for key in TopKey::all_of(event) {
            let quarter = key.quarter;
            if self.span.as_ref().is_some_and(|span| quarter < span.start) {
                continue;
            }
            let number = self.subjects.number(SubjectKey {
                kind: kind(key.kind),
                currency: key.currency,
                name: key.name.to_owned(),
            });
            let key = (quarter, origin);
            let totals = self.quarters.entry(key).or_default();
            totals.entry(number).or_default().add(&sums);
            if self.counts(quarter) {
                self.today.entry(number).or_default().add(&sums);
            }
        }
    }

    /// Lets the quarters in that began since. Within the day none leaves.
    pub(crate) fn advance(&mut self, span: Range<QuarterHour>) {
        let old_end = self.span.as_ref().map_or(span.start, |old| old.end);
        let came = (self.quarters.iter())
            .filter(|((quarter, _), _)| (old_end..span.end).contains(quarter));
        for (subject, sums) in came.flat_map(|(_, subjects)| subjects) {
            self.today.entry(*subject).or_default().add(sums);
        }
        self.span = Some(span);
    }

    /// The `limit` highest of each currency and kind that is asked for, without names.
    pub(crate) fn lists(&self, kinds: &[TopKind], limit: usize) -> Vec<TopList> {
        let mut lists: BTreeMap<(TopKind, Currency), Vec<(&str, &Sums)>> = BTreeMap::new();
        for (number, sums) in &self.today {
            let key = self.subjects.key(*number);
            if kinds.contains(&key.kind) && !sums.is_empty() {
                let list = lists.entry((key.kind, key.currency)).or_default();
                list.push((&key.name, sums));
            }
        }
        (lists.into_iter())
            .map(|((kind, currency), mut rows)| {
                let rank = |(name, sums): &(&str, &Sums)| (Reverse(sums.net()), name.to_string());
                if rows.len() > limit {
                    let by_rank = |a: &(&str, &Sums), b: &(&str, &Sums)| {
                        (b.1.net(), a.0).cmp(&(a.1.net(), b.0))
                    };
                    rows.select_nth_unstable_by(limit, by_rank);
                    rows.truncate(limit);
                }
                rows.sort_by_key(rank);
                let row = |(name, sums): (&str, &Sums)| TopRow {
                    key: name.to_owned(),
                    name: None,
                    transactions: sums.transactions,
                    approved: sums.approved,
                    units: sums.units,
                    revenue: sums.revenue(currency),
                };
                TopList {
                    kind,
                    currency,
                    rows: rows.into_iter().map(row).collect(),
                }
            })
            .collect()
    }

    fn counts(&self, quarter: QuarterHour) -> bool {
        (self.span.as_ref()).is_some_and(|span| span.contains(&quarter))
    }
}

fn kind(kind: SubjectKind) -> TopKind {
    match kind {
        SubjectKind::Product => TopKind::Product,
        SubjectKind::Merchant => TopKind::Merchant,
        SubjectKind::Customer => TopKind::Customer,
        SubjectKind::Amount => TopKind::AmountBucket,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptoir_model::live::{Hundredths, TopSums};
    use comptoir_model::merge::GenerationNumber;
    use comptoir_warehouse::{PartitionId, SubjectTotals};

    fn quarter(number: i64, partition: i64, rows: &[(&str, i64)]) -> QuarterTops {
        QuarterTops {
            origin: Origin::Buckets {
                partition: PartitionId(partition),
                generation: GenerationNumber(1),
            },
            quarter: QuarterHour(number),
            subjects: (rows.iter())
                .map(|(name, net)| SubjectTotals {
                    currency: Currency::EUR,
                    kind: TopKind::Merchant,
                    name: (*name).to_owned(),
                    sums: TopSums {
                        transactions: 1,
                        gross: Hundredths(*net),
                        net: Hundredths(*net),
                        ..TopSums::default()
                    },
                })
                .collect(),
        }
    }

    fn ranking(tops: &Tops, limit: usize) -> Vec<(String, String)> {
        let lists = tops.lists(&[TopKind::Merchant], limit);
        (lists.into_iter().flat_map(|list| list.rows))
            .map(|row| (row.key, row.revenue.net.amount.to_string()))
            .collect()
    }

    fn row(key: &str, net: &str) -> (String, String) {
        (key.to_owned(), net.to_owned())
    }

    #[test]
    fn ranks_by_net_then_by_key() {
        let mut tops = Tops::new(QuarterHour(0)..QuarterHour(4));
        tops.replace(&quarter(1, 1, &[("b", 100), ("a", 100), ("c", 300)]));
        tops.replace(&quarter(2, 2, &[("d", 50), ("b", 10)]));
        assert_eq!(
            ranking(&tops, 3),
            [row("c", "3.00"), row("b", "1.10"), row("a", "1.00")]
        );
        tops.replace(&quarter(1, 1, &[("a", 110)]));
        assert_eq!(
            ranking(&tops, 3),
            [row("c", "3.00"), row("a", "1.10"), row("b", "1.10")]
        );
        assert_eq!(ranking(&tops, 9).len(), 4);
    }

    #[test]
    fn a_quarter_counts_once_its_time_has_come() {
        let mut tops = Tops::new(QuarterHour(0)..QuarterHour(4));
        tops.replace(&quarter(4, 1, &[("a", 100)]));
        assert_eq!(ranking(&tops, 3), []);
        tops.advance(QuarterHour(0)..QuarterHour(5));
        tops.replace(&quarter(4, 1, &[("a", 200)]));
        assert_eq!(ranking(&tops, 3), [row("a", "2.00")]);
    }
}
