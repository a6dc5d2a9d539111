//! What a reader keeps of the changes that it was told, as the dashboard does.

use crate::records::{Plain, Sums, add};
use comptoir_model::live::{Distinct, TopSums};
use comptoir_warehouse::{LiveChange, LiveQuery, LiveReader, PartitionId, Seen, Totals};
use std::collections::BTreeMap;

/// Partition, generation, minute or quarter of an hour.
type Key = (PartitionId, u64, i64);

#[derive(Default)]
pub(crate) struct Cache {
    pub(crate) seen: Seen,
    minutes: BTreeMap<Key, Totals>,
    older: BTreeMap<Key, Vec<Totals>>,
    tops: BTreeMap<(PartitionId, u64, i64, String, String, String), Sums>,
}

impl Cache {
    /// Reads everything from `older_from` on, in minutes from `minutes_from` on.
    pub(crate) async fn read(
        &mut self,
        reader: &mut LiveReader,
        older_from: i64,
        minutes_from: i64,
    ) -> LiveChange {
        self.fold(minutes_from);
        let query = LiveQuery {
            seen: &self.seen,
            minutes_from: comptoir_model::live::QuarterHour(minutes_from),
            older_from: comptoir_model::live::QuarterHour(older_from),
            tops_from: Some(comptoir_model::live::QuarterHour(older_from)),
            recent_max: 5,
            dead_letters_max: 5,
        };
        let change = reader.read(&query).await.unwrap();
        self.apply(&change);
        change
    }

    /// Turns minutes that have become old into quarters.
    fn fold(&mut self, minutes_from: i64) {
        let (old, minutes) = std::mem::take(&mut self.minutes)
            .into_iter()
            .partition(|((_, _, minute), _)| *minute < minutes_from * 15);
        self.minutes = minutes;
        let old: BTreeMap<Key, Totals> = old;
        for ((partition, generation, minute), totals) in old {
            let quarter = (partition, generation, minute / 15);
            self.older.entry(quarter).or_default().push(totals);
        }
    }

    fn apply(&mut self, change: &LiveChange) {
        for minute in &change.minutes {
            let key = (minute.partition, minute.generation.0, minute.minute.0);
            self.minutes.insert(key, minute.totals.clone());
        }
        for older in &change.older {
            let key = (older.partition, older.generation.0, older.quarter.0);
            self.older.insert(key, vec![older.totals.clone()]);
        }
        for tops in &change.tops {
            for subject in &tops.subjects {
                let key = (
                    tops.partition,
                    tops.generation.0,
                    tops.quarter.0,
                    subject.currency.to_string(),
                    format!("{:?}", subject.kind),
                    subject.name.clone(),
                );
                self.tops.insert(key, sums(&subject.sums));
            }
        }
        self.seen = change.seen.clone();
    }

    /// All that is kept, with the distinct orders and customers by quarter of an hour.
    pub(crate) fn figures(&self) -> (Plain, BTreeMap<i64, Distinct>) {
        let mut plain = Plain::default();
        let mut distinct: BTreeMap<i64, Distinct> = BTreeMap::new();
        for (quarter, totals) in self.by_quarter() {
            for group in &totals.grouped {
                let key = (
                    quarter,
                    group.currency.to_string(),
                    group.category.clone(),
                    group.channel.to_string(),
                    group.status.to_string(),
                );
                add(plain.grouped.entry(key).or_default(), &sums(&group.sums));
            }
            for place in &totals.places {
                assert_eq!(place.country, "France");
                let key = (quarter, place.currency.to_string(), place.city.clone());
                add(plain.places.entry(key).or_default(), &sums(&place.sums));
            }
            distinct.entry(quarter).or_default().merge(&totals.distinct);
        }
        for ((_, _, quarter, currency, kind, name), sums) in &self.tops {
            let key = (*quarter, currency.clone(), kind.clone(), name.clone());
            add(plain.tops.entry(key).or_default(), sums);
        }
        (plain, distinct)
    }

    /// Accepted events of a partition, as the buckets have them.
    pub(crate) fn transactions(&self, of: PartitionId) -> u64 {
        let minutes = self.minutes.iter().map(|(key, totals)| (key.0, totals));
        let older = self.older.iter();
        let older = older.flat_map(|(key, all)| all.iter().map(|totals| (key.0, totals)));
        (minutes.chain(older))
            .filter(|(partition, _)| *partition == of)
            .flat_map(|(_, totals)| &totals.grouped)
            .map(|group| group.sums.transactions)
            .sum()
    }

    fn by_quarter(&self) -> impl Iterator<Item = (i64, &Totals)> {
        let minutes = self.minutes.iter();
        let minutes = minutes.map(|(key, totals)| (key.2 / 15, totals));
        let older = self.older.iter();
        let older = older.flat_map(|(key, all)| all.iter().map(|totals| (key.2, totals)));
        minutes.chain(older)
    }
}

fn sums(sums: &TopSums) -> Sums {
    [
        sums.transactions.cast_signed(),
        sums.approved.cast_signed(),
        sums.units.cast_signed(),
        sums.gross.0,
        sums.refunds.0,
        sums.net.0,
    ]
}
