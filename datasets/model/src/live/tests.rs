use super::*;
use crate::event::{Channel, Status};
use crate::ids::Offset;
use crate::money::Currency;
use crate::verdict::{DuplicateWindow, MappingVersion, Reach, Record, Verdict, judge};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug)]
struct Draft {
    id: u8,
    minute: u8,
    order: u8,
    customer: Option<u8>,
    product: u8,
    quantity: u32,
    cents: u32,
    currency: &'static str,
    city: &'static str,
    status: Status,
    malformed: bool,
}

impl Draft {
    fn to_json(&self) -> String {
        if self.malformed {
            return format!("{{\"event_id\": \"{}\"", self.id);
        }
        let customer = match self.customer {
            None => "null".to_owned(),
            Some(id) => format!("\"c-{id}\""),
        };
        format!(
            r#"{{"event_id": "{}", "event_time": "2026-11-21T12:{:02}:30Z", "order_id": "o-{}",
            "order_line": 1, "customer_id": {customer}, "product_id": "p-{}", "product_name": "Tea",
            "category": "Grocery", "merchant": "Port", "quantity": {}, "unit_price": "1",
            "amount": "{}.{:02}", "currency": "{}", "country": "France", "city": "{}",
            "channel": "{}", "payment_method": "card", "status": "{}"}}"#,
            self.id,
            self.minute,
            self.order,
            self.product,
            self.quantity,
            self.cents / 100,
            self.cents % 100,
            self.currency,
            self.city,
            Channel::Web,
            self.status,
        )
    }
}

fn drafts() -> impl Strategy<Value = Vec<Draft>> {
    let who = (any::<u8>(), 0_u8..60, 0_u8..9, prop::option::of(0_u8..5));
    let what = (0_u8..4, 1_u32..=1_000_000, 0_u32..2_000_000);
    let words = (
        prop::sample::select(vec!["EUR", "USD"]),
        prop::sample::select(vec!["Nantes", "Lyon"]),
        prop::sample::select(Status::ALL.to_vec()),
        prop::bool::weighted(0.1),
    );
    let draft = (who, what, words).prop_map(|(who, what, words)| Draft {
        id: who.0,
        minute: who.1,
        order: who.2,
        customer: who.3,
        product: what.0,
        quantity: what.1,
        cents: what.2,
        currency: words.0,
        city: words.1,
        status: words.2,
        malformed: words.3,
    });
    vec(draft, 0..60)
}

/// Records of one partition: the bytes of each draft at an offset.
struct Partition(Vec<String>);

impl Partition {
    fn of(drafts: &[Draft]) -> Self {
        Self(drafts.iter().map(Draft::to_json).collect())
    }

    /// Judges all records and gives each to the tally that `part_of` names.
    fn tallies(&self, parts: usize, part_of: impl Fn(usize) -> usize) -> Vec<Tally> {
        let mut tallies: Vec<Tally> = (0..parts).map(|_| Tally::default()).collect();
        self.judge(|at, record, verdict| {
            tallies[part_of(at)]
                .add(&record, MappingVersion::V1, &verdict)
                .unwrap();
        });
        tallies
    }

    fn tally(&self) -> Tally {
        self.tallies(1, |_| 0).remove(0)
    }

    fn add_to(&self, tally: &mut Tally) {
        self.judge(|_, record, verdict| tally.add(&record, MappingVersion::V1, &verdict).unwrap());
    }

    fn judge(&self, mut take: impl FnMut(usize, Record<'_>, Verdict<'_>)) {
        let mut window = DuplicateWindow::new(Reach::KAFKA);
        for (at, bytes) in self.0.iter().enumerate() {
            let record = Record {
                offset: Offset(at as u64 * 3),
                timestamp: "2026-11-21T12:00:00Z".parse().unwrap(),
                bytes: bytes.as_bytes(),
            };
            let verdict = judge(record, MappingVersion::V1, &mut window).unwrap();
            take(at, record, verdict);
        }
    }
}

fn distinct(by_minute: &BTreeMap<Minute, Distinct>) -> Vec<(Minute, u64, u64)> {
    let row = |(minute, distinct): (&Minute, &Distinct)| {
        let (orders, customers) = (distinct.orders.estimate(), distinct.customers.estimate());
        (*minute, orders, customers)
    };
    by_minute.iter().map(row).collect()
}

fn net_by_currency<'s>(
    rows: impl Iterator<Item = (Currency, Hundredths)> + 's,
) -> BTreeMap<Currency, i64> {
    let mut net = BTreeMap::new();
    for (currency, amount) in rows {
        *net.entry(currency).or_default() += amount.0;
    }
    net.retain(|_, net| *net != 0);
    net
}

proptest! {
    #[test]
    fn the_tally_of_a_whole_is_the_sum_of_any_parts(
        drafts in drafts(),
        spread in vec(0_usize..4, 60),
    ) {
        let partition = Partition::of(&drafts);
        let whole = partition.tally();
        let parts = partition.tallies(4, |at| spread[at]);
        let mut buckets: BTreeMap<_, BucketSums> = BTreeMap::new();
        let mut tops: BTreeMap<_, TopSums> = BTreeMap::new();
        let mut sold: BTreeMap<Minute, Distinct> = BTreeMap::new();
        let mut control = ControlTotals::default();
        let (mut letters, mut recent) = (Vec::new(), Vec::new());
        for part in &parts {
            for (key, sums) in part.buckets() {
                buckets.entry(key).or_default().add(sums).unwrap();
            }
            for (key, sums) in part.tops() {
                tops.entry(key).or_default().add(sums).unwrap();
            }
            for (minute, distinct) in part.distinct() {
                sold.entry(*minute).or_default().merge(distinct);
            }
            control.add(part.control()).unwrap();
            letters.extend_from_slice(part.dead_letters());
            recent.extend(part.recent());
        }
        letters.sort_by_key(|letter| letter.offset);
        recent.sort_by_key(|recent| recent.offset);
        let rows = |(key, sums): (_, &BucketSums)| (key, *sums);
        prop_assert!(buckets.into_iter().eq(whole.buckets().into_iter().map(rows)));
        let rows = |(key, sums): (_, &TopSums)| (key, *sums);
        prop_assert!(tops.into_iter().eq(whole.tops().into_iter().map(rows)));
        prop_assert_eq!(distinct(&sold), distinct(whole.distinct()));
        prop_assert_eq!(&control, whole.control());
        prop_assert_eq!(letters, whole.dead_letters());
        prop_assert_eq!(recent, whole.recent().collect::<Vec<_>>());
    }

    /// A tally that was used before counts as a new one does.
    #[test]
    fn a_cleared_tally_knows_nothing_of_what_it_held(first in drafts(), second in drafts()) {
        let (first, second) = (Partition::of(&first), Partition::of(&second));
        let mut tally = first.tally();
        tally.clear();
        second.add_to(&mut tally);
        let fresh = second.tally();
        prop_assert_eq!(tally.buckets(), fresh.buckets());
        prop_assert_eq!(tally.tops(), fresh.tops());
        prop_assert_eq!(distinct(tally.distinct()), distinct(fresh.distinct()));
        prop_assert_eq!(tally.control(), fresh.control());
        prop_assert_eq!(tally.dead_letters(), fresh.dead_letters());
        prop_assert!(tally.recent().eq(fresh.recent()));
    }

    #[test]
    fn control_totals_are_the_sums_of_the_buckets(drafts in drafts()) {
        let partition = Partition::of(&drafts);
        let tally = partition.tally();
        let control = tally.control();
        let transactions: u64 = tally.buckets().iter().map(|(_, sums)| sums.transactions).sum();
        prop_assert_eq!(control.counted().accepted, transactions);
        prop_assert_eq!(control.counted().rejected, tally.dead_letters().len() as u64);
        prop_assert_eq!(control.records(), drafts.len() as u64);
        let buckets = tally.buckets().into_iter().map(|(key, sums)| (key.currency, sums.net));
        prop_assert_eq!(net_by_currency(buckets), net_by_currency(control.net()));
    }

    #[test]
    fn every_way_of_cutting_the_figures_adds_up_to_the_same(drafts in drafts()) {
        let partition = Partition::of(&drafts);
        let tally = partition.tally();
        for (_, sums) in tally.buckets() {
            prop_assert_eq!(sums.net.0, sums.gross.0 - sums.refunds.0);
        }
        let net = net_by_currency(tally.control().net());
        for kind in ["product", "merchant", "amount_bucket"] {
            let of_kind = |(key, _): &(TopKey<'_>, &TopSums)| key.kind.as_str() == kind;
            let rows: Vec<_> = tally.tops().into_iter().filter(of_kind).collect();
            let transactions: u64 = rows.iter().map(|(_, sums)| sums.transactions).sum();
            prop_assert_eq!(transactions, tally.control().counted().accepted);
            let rows = rows.iter().map(|(key, sums)| (key.currency, sums.net));
            prop_assert_eq!(&net_by_currency(rows), &net);
        }
    }

    /// The figures again, from the drafts and by other means than the code under test.
    #[test]
    fn figures_equal_a_recomputation_from_the_drafts(drafts in drafts()) {
        let mut seen = BTreeSet::new();
        let accepted: Vec<&Draft> = drafts
            .iter()
            .filter(|draft| !draft.malformed && seen.insert(draft.id))
            .collect();
        let mut cities: BTreeMap<(&str, &str, &str, i64), [i64; 4]> = BTreeMap::new();
        let mut products: BTreeMap<(&str, String), [i64; 3]> = BTreeMap::new();
        let mut sold: BTreeMap<i64, (BTreeSet<u8>, BTreeSet<u8>)> = BTreeMap::new();
        for draft in &accepted {
            let cents = i64::from(draft.cents);
            let (gross, refunds) = match draft.status.as_str() {
                "APPROVED" => (cents, 0),
                "REFUNDED" => (0, cents),
                _ => (0, 0),
            };
            let units = i64::from(draft.quantity);
            let minute = 1_795_262_400 / 60 + i64::from(draft.minute);
            let key = (draft.currency, draft.city, draft.status.as_str(), minute);
            add(cities.entry(key).or_default(), [1, units, gross, refunds]);
            let approved = draft.status == Status::Approved;
            let key = (draft.currency, format!("p-{}", draft.product));
            let product = products.entry(key).or_default();
            add(product, [1, if approved { units } else { 0 }, gross - refunds]);
            if approved {
                let (orders, customers) = sold.entry(minute).or_default();
                orders.insert(draft.order);
                customers.extend(draft.customer);
            }
        }

        let partition = Partition::of(&drafts);
        let tally = partition.tally();
        let mut found = BTreeMap::new();
        let rows = tally.buckets();
        for (key, sums) in &rows {
            let key = (key.currency.as_str(), key.city, key.status.as_str(), key.minute.0);
            let counts = [sums.transactions, sums.quantity].map(u64::cast_signed);
            found.insert(key, [counts[0], counts[1], sums.gross.0, sums.refunds.0]);
        }
        prop_assert_eq!(found, cities);

        let mut found: BTreeMap<(&str, String), [i64; 3]> = BTreeMap::new();
        let rows = tally.tops();
        for (key, sums) in rows.iter().filter(|(key, _)| key.kind == SubjectKind::Product) {
            let key = (key.currency.as_str(), key.name.to_owned());
            let counts = [sums.transactions, sums.units].map(u64::cast_signed);
            add(found.entry(key).or_default(), [counts[0], counts[1], sums.net.0]);
        }
        prop_assert_eq!(found, products);

        let sold: Vec<_> = sold
            .into_iter()
            .map(|(minute, (orders, customers))| {
                (Minute(minute), orders.len() as u64, customers.len() as u64)
            })
            .collect();
        prop_assert_eq!(distinct(tally.distinct()), sold);
        let recent = tally.recent().map(|recent| recent.event.event_id.to_string());
        prop_assert!(recent.eq(accepted.iter().map(|draft| draft.id.to_string())));
    }
}

fn add<const N: usize>(total: &mut [i64; N], share: [i64; N]) {
    for (total, share) in total.iter_mut().zip(share) {
        *total += share;
    }
}

#[test]
fn keeps_the_ten_thousand_transactions_with_the_highest_offsets() {
    let draft = Draft {
        id: 0,
        minute: 0,
        order: 0,
        customer: None,
        product: 0,
        quantity: 1,
        cents: 450,
        currency: "EUR",
        city: "Nantes",
        status: Status::Approved,
        malformed: false,
    };
    let bytes = draft.to_json();
    let event = crate::event::read_event(bytes.as_bytes()).unwrap();
    let tally_of = |offsets: std::ops::Range<u64>| {
        let mut tally = Tally::default();
        for offset in offsets {
            let record = Record {
                offset: Offset(offset),
                timestamp: event.event_time.timestamp(),
                bytes: bytes.as_bytes(),
            };
            let verdict = Verdict::Accepted(event.clone());
            tally.add(&record, MappingVersion::V1, &verdict).unwrap();
        }
        tally
    };
    let ends = |tally: &Tally| {
        let recent: Vec<_> = tally.recent().collect();
        (
            recent[0].offset.0,
            recent[recent.len() - 1].offset.0,
            recent.len(),
        )
    };
    assert_eq!(ends(&tally_of(0..12_000)), (2_000, 11_999, RECENT_MAX));
    assert_eq!(ends(&tally_of(0..23_000)), (13_000, 22_999, RECENT_MAX));
}
