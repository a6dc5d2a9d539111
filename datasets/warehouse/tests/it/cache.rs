//! What a reader keeps of the changes that it was told, as the dashboard does.

use crate::records::{Plain, Sums, add};
use comptoir_model::api::live::TopKind;
use comptoir_model::event::{Event, Status};
use comptoir_model::live::{
    BucketSums, Distinct, Minute, QuarterHour, SubjectKind, TopKey, TopSums,
};
use comptoir_warehouse::{
    Grouped, LiveChange, LiveQuery, LiveReader, Origin, PartitionId, PlaceTotals, Seen, Totals,
};
use std::collections::BTreeMap;

/// With the minute or quarter of an hour.
type Key = (Origin, i64);

#[derive(Default)]
pub(crate) struct Cache {
    pub(crate) seen: Seen,
    minutes: BTreeMap<Key, Totals>,
    older: BTreeMap<Key, Vec<Totals>>,
    tops: BTreeMap<(Origin, i64, String, String, String), Sums>,
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
            minutes_from: QuarterHour(minutes_from),
            older_from: QuarterHour(older_from),
            until: None,
            tops_from: Some(QuarterHour(older_from)),
            recent_max: 5,
            dead_letters_max: 5,
        };
        let change = reader.read(&query).await.unwrap();
        self.apply(&change);
        for new in &change.events {
            let of = new.origin();
            for event in new.events.iter().map(|stored| &stored.event) {
                let quarter = QuarterHour::of(Minute::of(event.event_time.timestamp())).0;
                if quarter >= older_from {
                    self.add(of, event, quarter >= minutes_from);
                }
            }
        }
        change
    }

    /// Adds an event to its minute, or to its quarter of an hour.
    fn add(&mut self, origin: Origin, event: &Event<'_>, fine: bool) {
        let minute = Minute::of(event.event_time.timestamp());
        let quarter = QuarterHour::of(minute).0;
        let sums = sums_of(event);
        let mut totals = Totals::default();
        totals.distinct.insert(event);
        totals.grouped.push(Grouped {
            currency: event.currency,
            category: event.category.as_str().to_owned(),
            channel: event.channel,
            status: event.status,
            sums,
        });
        totals.places.push(PlaceTotals {
            currency: event.currency,
            country: event.country.as_str().to_owned(),
            city: event.city.as_str().to_owned(),
            sums,
        });
        if fine {
            let known = (self.minutes).entry((origin, minute.0)).or_default();
            known.grouped.extend(totals.grouped);
            known.places.extend(totals.places);
            known.distinct.merge(&totals.distinct);
        } else {
            let known = self.older.entry((origin, quarter));
            known.or_default().push(totals);
        }
        for subject in TopKey::all_of(event) {
            let kind = match subject.kind {
                SubjectKind::Product => TopKind::Product,
                SubjectKind::Merchant => TopKind::Merchant,
                SubjectKind::Customer => TopKind::Customer,
                SubjectKind::Amount => TopKind::AmountBucket,
            };
            let key = (
                origin,
                quarter,
                event.currency.to_string(),
                format!("{kind:?}"),
                subject.name.to_owned(),
            );
            add(self.tops.entry(key).or_default(), &self::sums(&sums));
        }
    }

    /// Turns minutes that have become old into quarters.
    fn fold(&mut self, minutes_from: i64) {
        let (old, minutes) = std::mem::take(&mut self.minutes)
            .into_iter()
            .partition(|((_, minute), _)| *minute < minutes_from * 15);
        self.minutes = minutes;
        let old: BTreeMap<Key, Totals> = old;
        for ((origin, minute), totals) in old {
            let quarter = (origin, minute / 15);
            self.older.entry(quarter).or_default().push(totals);
        }
    }

    fn apply(&mut self, change: &LiveChange) {
        if change.anew {
            *self = Self::default();
        }
        for minute in &change.minutes {
            let key = (minute.origin, minute.minute.0);
            self.minutes.insert(key, minute.totals.clone());
        }
        for older in &change.older {
            let key = (older.origin, older.quarter.0);
            self.older.insert(key, vec![older.totals.clone()]);
        }
        for tops in &change.tops {
            for subject in &tops.subjects {
                let key = (
                    tops.origin,
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
        for ((_, quarter, currency, kind, name), sums) in &self.tops {
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
            .filter(|(origin, _)| {
                matches!(origin, Origin::Buckets { partition, .. } if *partition == of)
            })
            .flat_map(|(_, totals)| &totals.grouped)
            .map(|group| group.sums.transactions)
            .sum()
    }

    fn by_quarter(&self) -> impl Iterator<Item = (i64, &Totals)> {
        let minutes = self.minutes.iter();
        let minutes = minutes.map(|(key, totals)| (key.1 / 15, totals));
        let older = self.older.iter();
        let older = older.flat_map(|(key, all)| all.iter().map(|totals| (key.1, totals)));
        minutes.chain(older)
    }
}

fn sums_of(event: &Event<'_>) -> TopSums {
    let sums = BucketSums::of(event);
    let approved = u64::from(event.status == Status::Approved);
    TopSums {
        transactions: 1,
        approved,
        units: approved * sums.quantity,
        gross: sums.gross,
        refunds: sums.refunds,
        net: sums.net,
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
