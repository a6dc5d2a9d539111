//! The totals of each minute, and of the windows made of them. Pure.

use super::sums::{Cell, GroupKey, GroupTotals, GroupValue, Names, Sums, add_to, cell};
use super::windows::{Spans, WINDOWS};
use comptoir_model::api::live::WindowName;
use comptoir_model::event::Event;
use comptoir_model::live::{Minute, QuarterHour};
use comptoir_warehouse::{MinuteTotals, OlderTotals, Origin, Totals};
use std::collections::BTreeMap;
use std::ops::Range;

/// Something of one origin.
type Key<T> = (T, Origin);

/// Each minute's totals by group, and the sums of those in each window.
///
/// A window's sums are never added up anew: what changes is taken back and added again, and what
/// leaves is taken back. All of it is exact. Minutes that have left the last hour are joined to
/// quarters of an hour, of which only today consists.
pub(crate) struct Minutes {
    spans: Spans,
    groups: Names<GroupKey>,
    recent: BTreeMap<Key<Minute>, Cell>,
    older: BTreeMap<Key<QuarterHour>, Cell>,
    /// In the order of [`WINDOWS`].
    windows: [GroupTotals; WINDOWS.len()],
}

impl Minutes {
    pub(crate) fn new(spans: Spans) -> Self {
        Self {
            spans,
            groups: Names::default(),
            recent: BTreeMap::new(),
            older: BTreeMap::new(),
            windows: Default::default(),
        }
    }

    /// Puts a minute in the place of what was known of it. Later minutes than the running one are
    /// kept for when their time comes.
    pub(crate) fn replace(&mut self, change: &MinuteTotals) {
        let minute = change.minute;
        let new = self.cell_of(&change.totals);
        let key = (minute, change.origin);
        let old = self.recent.insert(key, new);
        let new = &self.recent[&key];
        for (window, name) in self.windows.iter_mut().zip(WINDOWS) {
            if self.spans.of(name).contains(&minute) {
                // First the new: a group that stays is not removed in between.
                window.add(new);
                window.subtract(old.as_deref().unwrap_or_default());
            }
        }
    }

    /// Puts a quarter of an hour that has left the last hour in the place of what was known of it.
    pub(crate) fn replace_older(&mut self, change: &OlderTotals) {
        let new = self.cell_of(&change.totals);
        let key = (change.quarter, change.origin);
        let old = self.older.insert(key, new);
        if self.is_today(change.quarter) {
            let today = &mut self.windows[TODAY];
            today.add(&self.older[&key]);
            today.subtract(old.as_deref().unwrap_or_default());
        }
    }

    /// Adds an event that is not among what was put in its minute's place.
    pub(crate) fn add(&mut self, origin: Origin, event: &Event<'_>) {
        let minute = Minute::of(event.event_time.timestamp());
        let quarter = QuarterHour::of(minute);
        let rows = self.rows_of(event);
        if quarter >= self.spans.minutes_from() {
            let key = (minute, origin);
            add_to(self.recent.entry(key).or_default(), &rows);
            for (window, name) in self.windows.iter_mut().zip(WINDOWS) {
                if self.spans.of(name).contains(&minute) {
                    window.add(&rows);
                }
            }
        } else if self.is_today(quarter) {
            let key = (quarter, origin);
            add_to(self.older.entry(key).or_default(), &rows);
            self.windows[TODAY].add(&rows);
        }
    }

    /// Moves the windows forward within the day; see [`Spans`].
    pub(crate) fn advance(&mut self, spans: Spans) {
        for (window, name) in self.windows.iter_mut().zip(WINDOWS) {
            let (old, new) = (self.spans.of(name), spans.of(name));
            let came = range(&self.recent, old.end.max(new.start)..new.end);
            came.for_each(|(_, cell)| window.add(cell));
            let left = range(&self.recent, old.start..new.start.min(old.end));
            left.for_each(|(_, cell)| window.subtract(cell));
        }
        self.spans = spans;
        self.join_old_minutes();
    }

    pub(crate) fn spans(&self) -> &Spans {
        &self.spans
    }

    /// The groups of a window, in no order.
    pub(crate) fn window(&self, window: WindowName) -> impl Iterator<Item = (&GroupKey, &Sums)> {
        let number = WINDOWS.iter().position(|name| *name == window);
        let totals = &self.windows[number.unwrap_or_default()];
        (totals.iter()).map(|(key, sums)| (self.groups.key(key), sums))
    }

    /// The groups of one minute of the last hour, of each partition apart.
    pub(crate) fn minute(&self, minute: Minute) -> impl Iterator<Item = (&GroupKey, &Sums)> {
        range(&self.recent, minute..Minute(minute.0 + 1))
            .flat_map(|(_, cell)| cell)
            .map(|(key, sums)| (self.groups.key(*key), sums))
    }

    fn is_today(&self, quarter: QuarterHour) -> bool {
        (quarter.start()).is_some_and(|minute| self.spans.today.contains(&minute))
    }

    fn join_old_minutes(&mut self) {
        let kept = self.spans.minutes_from();
        let first = (Minute(kept.0 * 15), LEAST);
        let kept = self.recent.split_off(&first);
        let old = std::mem::replace(&mut self.recent, kept);
        for ((minute, origin), rows) in old {
            let quarter = QuarterHour::of(minute);
            if self.is_today(quarter) {
                let key = (quarter, origin);
                let joined = self.older.entry(key).or_default();
                let known = std::mem::take(joined);
                *joined = cell(known.into_iter().chain(rows));
            }
        }
    }

    fn rows_of(&mut self, event: &Event<'_>) -> [(u32, Sums); 4] {
        let sums = Sums::from(event);
        let currency = event.currency;
        [
            GroupValue::Category(event.category.as_str().to_owned()),
            GroupValue::Channel(event.channel),
            GroupValue::Status(event.status),
            GroupValue::City {
                country: event.country.as_str().to_owned(),
                city: event.city.as_str().to_owned(),
            },
        ]
        .map(|value| (self.groups.number(GroupKey { currency, value }), sums))
    }

    fn cell_of(&mut self, totals: &Totals) -> Cell {
        let mut rows = Vec::with_capacity(3 * totals.grouped.len() + totals.places.len());
        for group in &totals.grouped {
            let sums = Sums::from(&group.sums);
            for value in [
                GroupValue::Category(group.category.clone()),
                GroupValue::Channel(group.channel),
                GroupValue::Status(group.status),
            ] {
                let currency = group.currency;
                rows.push((self.groups.number(GroupKey { currency, value }), sums));
            }
        }
        for place in &totals.places {
            let value = GroupValue::City {
                country: place.country.clone(),
                city: place.city.clone(),
            };
            let currency = place.currency;
            let key = self.groups.number(GroupKey { currency, value });
            rows.push((key, Sums::from(&place.sums)));
        }
        cell(rows.into_iter())
    }
}

/// Its place in [`WINDOWS`].
const TODAY: usize = 2;

/// In the order of origins.
const LEAST: Origin = Origin::Archive;

fn range(
    cells: &BTreeMap<Key<Minute>, Cell>,
    minutes: Range<Minute>,
) -> impl Iterator<Item = (&Key<Minute>, &Cell)> {
    let end = minutes.end.max(minutes.start);
    cells.range((minutes.start, LEAST)..(end, LEAST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptoir_model::event::{
        Amount, Channel, EventId, EventTime, Label, OrderId, OrderLine, PaymentMethod, ProductId,
        Quantity, Status,
    };
    use comptoir_model::live::{Distinct, Hundredths, TopSums};
    use comptoir_model::merge::GenerationNumber;
    use comptoir_model::money::Currency;
    use comptoir_warehouse::{Grouped, PartitionId, PlaceTotals};
    use jiff::Timestamp;
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    type Row = (u8, u64, i64);

    /// The minute in which a day of UTC begins.
    const MIDNIGHT: i64 = 29_920_320;

    fn totals(rows: &[Row]) -> Totals {
        let sums = |transactions, gross| TopSums {
            transactions,
            approved: transactions,
            units: transactions,
            gross: Hundredths(gross),
            refunds: Hundredths(0),
            net: Hundredths(gross),
        };
        Totals {
            grouped: (rows.iter())
                .map(|(category, transactions, gross)| Grouped {
                    currency: Currency::EUR,
                    category: format!("category {category}"),
                    channel: Channel::Web,
                    status: Status::Approved,
                    sums: sums(*transactions, *gross),
                })
                .collect(),
            places: (rows.iter())
                .map(|(city, transactions, gross)| PlaceTotals {
                    currency: Currency::EUR,
                    country: "France".to_owned(),
                    city: format!("city {city}"),
                    sums: sums(*transactions, *gross),
                })
                .collect(),
            distinct: Distinct::default(),
        }
    }

    /// Sold in a minute: one row of it.
    fn event(minute: i64, key: u8, gross: i64) -> Event<'static> {
        let text = |text: &str| Label::parse(text.to_owned()).unwrap();
        let time = Timestamp::from_second(minute * 60 + 59).unwrap();
        let amount = Amount::parse(&Decimal::new(gross, 2).to_string()).unwrap();
        Event {
            event_id: EventId::parse("e".to_owned()).unwrap(),
            event_time: EventTime::parse(&time.to_string()).unwrap(),
            order_id: OrderId::parse("o".to_owned()).unwrap(),
            order_line: OrderLine::parse("1").unwrap(),
            customer_id: None,
            customer_name: None,
            product_id: ProductId::parse("p".to_owned()).unwrap(),
            product_name: text("product"),
            category: text(&format!("category {key}")),
            merchant: text("merchant"),
            quantity: Quantity::parse("1").unwrap(),
            unit_price: amount,
            amount,
            currency: Currency::EUR,
            country: text("France"),
            city: text(&format!("city {key}")),
            channel: Channel::Web,
            payment_method: PaymentMethod::from_word("card").unwrap(),
            status: Status::Approved,
        }
    }

    /// The run, or a partition's open generation.
    fn origin(number: i64) -> Origin {
        match number {
            0 => Origin::Archive,
            _ => Origin::Buckets {
                partition: PartitionId(number),
                generation: GenerationNumber(1),
            },
        }
    }

    fn spans(running: i64) -> Spans {
        let end = Minute(running + 1);
        Spans {
            minutes_5: Minute(end.0 - 5)..end,
            minutes_60: Minute(end.0 - 60)..end,
            today: Minute(MIDNIGHT)..end,
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Replace(i64, i64, Vec<Row>),
        Add(i64, i64, u8, i64),
        Advance(i64),
    }

    fn minute() -> impl Strategy<Value = i64> {
        MIDNIGHT - 70..MIDNIGHT + 200
    }

    fn step() -> impl Strategy<Value = Step> {
        let rows = prop::collection::vec((0_u8..3, 0_u64..4, 0_i64..1000), 0..4);
        prop_oneof![
            4 => (0_i64..3, minute(), rows).prop_map(|(p, m, rows)| Step::Replace(p, m, rows)),
            3 => (0_i64..3, minute(), 0_u8..3, 0_i64..1000)
                .prop_map(|(p, m, key, gross)| Step::Add(p, m, key, gross)),
            1 => (0_i64..30).prop_map(Step::Advance),
        ]
    }

    /// What a warehouse says: minutes where they are asked for, else the quarter as a whole.
    fn tell(
        minutes: &mut Minutes,
        known: &BTreeMap<(i64, i64), Vec<Row>>,
        partition: i64,
        minute: i64,
    ) {
        let origin = origin(partition);
        let quarter = QuarterHour::of(Minute(minute));
        let spans = minutes.spans().clone();
        if quarter >= spans.minutes_from() {
            minutes.replace(&MinuteTotals {
                origin,
                minute: Minute(minute),
                totals: totals(&known[&(partition, minute)]),
            });
        } else if quarter >= spans.older_from() {
            let first = quarter.0 * 15;
            let rows: Vec<_> = (known.range((partition, first)..(partition, first + 15)))
                .flat_map(|(_, rows)| rows.clone())
                .collect();
            minutes.replace_older(&OlderTotals {
                origin,
                quarter,
                totals: totals(&rows),
            });
        }
    }

    proptest! {
        #[test]
        fn windows_equal_the_sum_of_their_minutes(steps in prop::collection::vec(step(), 1..60)) {
            let mut running = MIDNIGHT + 10;
            let mut minutes = Minutes::new(spans(running));
            let mut known = BTreeMap::new();
            for step in steps {
                match step {
                    Step::Replace(partition, minute, rows) => {
                        known.insert((partition, minute), rows);
                        tell(&mut minutes, &known, partition, minute);
                    }
                    Step::Add(partition, minute, key, gross) => {
                        let rows: &mut Vec<Row> = known.entry((partition, minute)).or_default();
                        rows.push((key, 1, gross));
                        minutes.add(origin(partition), &event(minute, key, gross));
                    }
                    Step::Advance(by) => {
                        running += by;
                        minutes.advance(spans(running));
                    }
                }
                for name in WINDOWS {
                    let spans = spans(running);
                    let span = spans.of(name);
                    let mut expected: BTreeMap<String, (u64, i128)> = BTreeMap::new();
                    for ((_, minute), rows) in &known {
                        if !span.contains(&Minute(*minute)) { continue }
                        for (key, transactions, gross) in rows {
                            if *transactions == 0 { continue }
                            for name in [format!("category {key}"), format!("city {key}"),
                                "web".to_owned(), "APPROVED".to_owned()] {
                                let total = expected.entry(name).or_default();
                                total.0 += transactions;
                                total.1 += i128::from(*gross);
                            }
                        }
                    }
                    let found: BTreeMap<String, (u64, i128)> = minutes
                        .window(name)
                        .map(|(key, sums)| {
                            (key.value.key().to_owned(), (sums.transactions, sums.net()))
                        })
                        .collect();
                    prop_assert_eq!(found, expected);
                }
            }
        }
    }
}
