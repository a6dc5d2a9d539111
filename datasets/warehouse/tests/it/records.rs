//! Random records with what they add up to, worked out without our own totals.

use crate::world::at;
use comptoir_model::event::{Channel, Status};
use comptoir_model::ids::Offset;
use comptoir_model::live::{DistinctSketch, Tally};
use comptoir_model::merge::Span;
use comptoir_model::verdict::{DuplicateWindow, MappingVersion, Reach, Record, Verdict, judge};
use comptoir_warehouse::{Committed, PartitionId, Progress, ViewsBatch, ViewsWriter};
use jiff::Timestamp;
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// One record of a partition.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) id: u64,
    /// Since the beginning of the tests' day.
    pub(crate) minute: i64,
    pub(crate) order: u32,
    pub(crate) customer: Option<u32>,
    pub(crate) product: u32,
    pub(crate) quantity: i64,
    pub(crate) cents: i64,
    pub(crate) currency: &'static str,
    pub(crate) category: &'static str,
    pub(crate) city: String,
    pub(crate) channel: Channel,
    pub(crate) status: Status,
    pub(crate) malformed: bool,
}

impl Draft {
    /// Any minute of three hours, some ids twice, some malformed.
    pub(crate) fn random(random: &mut ChaCha8Rng, id: u64) -> Self {
        let duplicate = id > 0 && random.random_bool(0.1);
        Self {
            id: if duplicate {
                random.random_range(0..id)
            } else {
                id
            },
            minute: random.random_range(0..180),
            order: random.random_range(0..40),
            customer: random.random_bool(0.8).then(|| random.random_range(0..20)),
            product: random.random_range(0..6),
            quantity: random.random_range(1..5),
            cents: random.random_range(0..100_000),
            currency: ["EUR", "USD"].choose(random).unwrap(),
            category: ["Grocery", "Éclairs", "éclairs"].choose(random).unwrap(),
            city: (*["Nantes", "Lyon", "LYON", "Orléans"]
                .choose(random)
                .unwrap())
            .to_owned(),
            channel: *Channel::ALL.choose(random).unwrap(),
            status: *Status::ALL.choose(random).unwrap(),
            malformed: random.random_bool(0.05),
        }
    }

    pub(crate) fn plain(id: u64) -> Self {
        Self {
            id,
            minute: 0,
            order: 1,
            customer: Some(1),
            product: 1,
            quantity: 1,
            cents: 100,
            currency: "EUR",
            category: "Grocery",
            city: "Nantes".to_owned(),
            channel: Channel::Web,
            status: Status::Approved,
            malformed: false,
        }
    }

    fn to_json(&self) -> String {
        if self.malformed {
            return format!("{{\"event_id\": \"{}\"", self.id);
        }
        let customer = match self.customer {
            None => "null".to_owned(),
            Some(id) => format!("\"c-{id}\""),
        };
        format!(
            r#"{{"event_id": "{}", "event_time": "{}", "order_id": "o-{}",
            "order_line": 1, "customer_id": {customer}, "product_id": "p-{}", "product_name": "Tea",
            "category": "{}", "merchant": "Port", "quantity": {}, "unit_price": "1",
            "amount": "{}.{:02}", "currency": "{}", "country": "France", "city": "{}",
            "channel": "{}", "payment_method": "card", "status": "{}"}}"#,
            self.id,
            self.time(),
            self.order,
            self.product,
            self.category,
            self.quantity,
            self.cents / 100,
            self.cents % 100,
            self.currency,
            self.city,
            self.channel,
            self.status,
        )
    }

    pub(crate) fn time(&self) -> Timestamp {
        at(60 * self.minute + 30)
    }
}

/// The records of one partition: offset n is the n-th of them.
pub(crate) struct Log {
    drafts: Vec<Draft>,
    records: Vec<String>,
}

impl Log {
    pub(crate) fn new(drafts: Vec<Draft>) -> Self {
        let records = drafts.iter().map(Draft::to_json).collect();
        Self { drafts, records }
    }

    pub(crate) fn random(random: &mut ChaCha8Rng, records: u64) -> Self {
        Self::new((0..records).map(|id| Draft::random(random, id)).collect())
    }

    pub(crate) fn len(&self) -> u64 {
        self.records.len() as u64
    }

    /// What the sink makes of these offsets.
    pub(crate) fn tally(&self, offsets: Range<u64>) -> Tally {
        let mut window = DuplicateWindow::new(Reach::new(u64::MAX));
        let mut tally = Tally::default();
        for (offset, text) in (0..).zip(&self.records) {
            let record = Record {
                offset: Offset(offset),
                timestamp: at(0),
                bytes: text.as_bytes(),
            };
            let verdict = judge(record, MappingVersion::NEWEST, &mut window).unwrap();
            if offsets.contains(&offset) {
                tally
                    .add(&record, MappingVersion::NEWEST, &verdict)
                    .unwrap();
            }
        }
        tally
    }

    /// Adds those accepted records to `tally` that `wanted` takes, by offset and draft.
    pub(crate) fn add_accepted(
        &self,
        tally: &mut Tally,
        mut wanted: impl FnMut(u64, &Draft) -> bool,
    ) {
        let mut window = DuplicateWindow::new(Reach::new(u64::MAX));
        for (offset, (text, draft)) in (0..).zip(self.records.iter().zip(&self.drafts)) {
            let record = Record {
                offset: Offset(offset),
                timestamp: at(0),
                bytes: text.as_bytes(),
            };
            let verdict = judge(record, MappingVersion::NEWEST, &mut window).unwrap();
            if matches!(verdict, Verdict::Accepted(_)) && wanted(offset, draft) {
                (tally.add(&record, MappingVersion::NEWEST, &verdict)).unwrap();
            }
        }
    }

    /// Commits these offsets.
    pub(crate) async fn commit(
        &self,
        writer: &mut ViewsWriter,
        partition: PartitionId,
        offsets: Range<u64>,
    ) -> comptoir_warehouse::Result<Committed> {
        let tally = self.tally(offsets.clone());
        writer.commit(&batch(partition, offsets, &tally)).await
    }

    /// Adds what these offsets come to.
    pub(crate) fn add_to(&self, plain: &mut Plain, offsets: Range<u64>) {
        let mut seen = BTreeSet::new();
        for (offset, draft) in (0..).zip(&self.drafts) {
            let is_counted = offsets.contains(&offset);
            if draft.malformed {
                plain.rejected += u64::from(is_counted);
            } else if !seen.insert(draft.id) {
                plain.duplicates += u64::from(is_counted);
            } else if is_counted {
                plain.add(draft);
            }
        }
    }
}

pub(crate) fn batch(partition: PartitionId, offsets: Range<u64>, tally: &Tally) -> ViewsBatch<'_> {
    ViewsBatch {
        partition,
        span: Span::new(Offset(offsets.start), Offset(offsets.end)).unwrap(),
        tally,
        lost: &[],
        blind: &[],
        progress: progress(offsets.end),
        names: &[],
        now: at(1),
    }
}

pub(crate) fn progress(end: u64) -> Progress {
    Progress {
        log_end: Offset(end),
        fresh_through: Some(at(0)),
        checked_at: at(1),
    }
}

/// Transactions, approved, units, gross, refunds, net.
pub(crate) type Sums = [i64; 6];

/// Figures as a shop would work them out from its receipts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plain {
    pub(crate) accepted: u64,
    pub(crate) rejected: u64,
    pub(crate) duplicates: u64,
    /// By quarter of an hour, currency, category, channel and status.
    pub(crate) grouped: BTreeMap<(i64, String, String, String, String), Sums>,
    /// By quarter of an hour, currency and city.
    pub(crate) places: BTreeMap<(i64, String, String), Sums>,
    /// By quarter of an hour, currency, kind and name.
    pub(crate) tops: BTreeMap<(i64, String, String, String), Sums>,
    /// By quarter of an hour.
    pub(crate) orders: BTreeMap<i64, BTreeSet<String>>,
    pub(crate) customers: BTreeMap<i64, BTreeSet<String>>,
}

impl Plain {
    fn add(&mut self, draft: &Draft) {
        self.accepted += 1;
        let quarter = draft.time().as_second() / 900;
        let approved = i64::from(draft.status == Status::Approved);
        let refunded = i64::from(draft.status == Status::Refunded);
        let (gross, refunds) = (approved * draft.cents, refunded * draft.cents);
        let sums = [
            1,
            approved,
            approved * draft.quantity,
            gross,
            refunds,
            gross - refunds,
        ];
        let currency = || draft.currency.to_owned();
        let group = (
            quarter,
            currency(),
            draft.category.to_owned(),
            draft.channel.to_string(),
            draft.status.to_string(),
        );
        add(self.grouped.entry(group).or_default(), &sums);
        let place = (quarter, currency(), draft.city.clone());
        add(self.places.entry(place).or_default(), &sums);
        let bounds = [0, 10, 25, 50, 100, 250, 500, 1_000];
        let bound = bounds
            .iter()
            .rev()
            .find(|bound| **bound * 100 <= draft.cents);
        let customer = draft.customer.map(|id| ("Customer", format!("c-{id}")));
        let subjects = [
            Some(("Product", format!("p-{}", draft.product))),
            Some(("Merchant", "Port".to_owned())),
            Some(("AmountBucket", bound.unwrap().to_string())),
            customer.clone(),
        ];
        for (kind, name) in subjects.into_iter().flatten() {
            let subject = (quarter, currency(), kind.to_owned(), name);
            add(self.tops.entry(subject).or_default(), &sums);
        }
        if approved == 1 {
            let orders = self.orders.entry(quarter).or_default();
            orders.insert(format!("o-{}", draft.order));
            if let Some((_, id)) = customer {
                self.customers.entry(quarter).or_default().insert(id);
            }
        }
    }

    /// The figures without what lies before a quarter of an hour.
    pub(crate) fn from(mut self, quarter: i64) -> Self {
        self.grouped.retain(|key, _| key.0 >= quarter);
        self.places.retain(|key, _| key.0 >= quarter);
        self.tops.retain(|key, _| key.0 >= quarter);
        self.orders.retain(|key, _| *key >= quarter);
        self.customers.retain(|key, _| *key >= quarter);
        self
    }
}

pub(crate) fn add(sums: &mut Sums, other: &Sums) {
    for (sum, other) in sums.iter_mut().zip(other) {
        *sum += other;
    }
}

pub(crate) fn sketch(ids: &BTreeSet<String>) -> DistinctSketch {
    let mut sketch = DistinctSketch::new();
    for id in ids {
        sketch.insert(id);
    }
    sketch
}
