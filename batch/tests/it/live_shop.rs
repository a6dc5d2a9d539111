//! Sales of a test's own: what the views sink and the archive make of them, and what readers have to
//! be shown.

use crate::counts::Counts;
use crate::world::World;
use comptoir_bronze::{Archive, Committed, Draft, Gap, Part, Snapshot, Table};
use comptoir_config::clock;
use comptoir_lake::LakePath;
use comptoir_model::ids::{Offset, Partition, StreamId};
use comptoir_model::live::{Distinct, Minute, QuarterHour, Tally, TopSums};
use comptoir_model::merge::{PartitionKey, Span};
use comptoir_model::verdict::{DuplicateWindow, MappingVersion, Reach, Record, Verdict, judge};
use comptoir_warehouse::{
    LiveQuery, LiveReader, Progress, Seen, Totals, ViewsBatch, ViewsWriter, Warehouse,
};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::ops::Range;
use std::time::Duration;

pub(crate) const PARTITIONS: usize = 3;

/// Transactions, approved, units, gross, refunds, net.
type Sums = [i64; 6];

/// What readers are shown, by words; distinct orders and customers as they are estimated.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    sums: BTreeMap<String, Sums>,
    distinct: BTreeMap<String, (u64, u64)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Sale {
    pub(crate) id: u64,
    pub(crate) time: Timestamp,
    pub(crate) order: u64,
    pub(crate) customer: Option<u64>,
    pub(crate) product: u64,
    pub(crate) quantity: i64,
    pub(crate) cents: i64,
    pub(crate) currency: &'static str,
    pub(crate) city: &'static str,
    pub(crate) channel: &'static str,
    pub(crate) status: &'static str,
    malformed: bool,
}

pub(crate) struct Shop {
    pub(crate) warehouse: Warehouse,
    pub(crate) table: Table,
    archive: Archive,
    pub(crate) writer: ViewsWriter,
    /// Of each partition; offset n is the n-th.
    pub(crate) sales: Vec<Vec<Sale>>,
    /// Where both sinks stand.
    counted: [usize; PARTITIONS],
    archived: [usize; PARTITIONS],
    pub(crate) now: Timestamp,
    /// How many there are to sell of.
    pub(crate) order_numbers: u64,
    seed: u64,
}

impl Figures {
    /// What the transactions of `expected` have become here.
    fn counts(&self, expected: &Self) -> Counts {
        let mut wrong = differing(&self.sums, &expected.sums);
        wrong.extend(differing(&self.distinct, &expected.distinct));
        Counts {
            wrong,
            ..Counts::of(expected.transactions(), self.transactions())
        }
    }

    /// By product: each transaction is one of one product.
    fn transactions(&self) -> impl Iterator<Item = (&String, i64)> {
        let of_products = self
            .sums
            .iter()
            .filter(|(key, _)| key.contains(" Product "));
        of_products.map(|(key, sums)| (key, sums[0]))
    }
}

fn differing<V: PartialEq + Debug>(
    found: &BTreeMap<String, V>,
    expected: &BTreeMap<String, V>,
) -> Vec<String> {
    let keys: BTreeSet<_> = found.keys().chain(expected.keys()).collect();
    keys.into_iter()
        .map(|key| (key, found.get(key), expected.get(key)))
        .filter(|(_, found, expected)| found != expected)
        .map(|(key, found, expected)| format!("{key}: {found:?}, not {expected:?}"))
        .collect()
}

pub(crate) fn key(partition: usize) -> PartitionKey {
    PartitionKey {
        stream: StreamId("stream-1".to_owned()),
        partition: Partition(u32::try_from(partition).unwrap()),
    }
}

impl Shop {
    /// An empty one, with settings that lead to it.
    pub(crate) async fn open(world: &World) -> Self {
        world.write_views_settings("wait_s = 1\n");
        let warehouse = world.warehouse();
        warehouse.migrate().await.unwrap();
        let directory = world.bronze();
        let table = Table::open(&world.lake, &directory, Duration::from_secs(30)).unwrap();
        let mut writer = ViewsWriter::open(&warehouse, "a test").await.unwrap();
        let now = clock::now();
        let stream = StreamId("stream-1".to_owned());
        let registered = writer.register_stream(&stream, "jsonl", "transactions", now);
        registered.await.unwrap();
        Self {
            archive: Archive::new(table.clone()),
            warehouse,
            table,
            writer,
            sales: vec![Vec::new(); PARTITIONS],
            counted: [0; PARTITIONS],
            archived: [0; PARTITIONS],
            now,
            order_numbers: 40,
            seed: clock::random_u32().into(),
        }
    }

    fn draw(&mut self, below: u64) -> u64 {
        // Splitmix64: enough for a mixture.
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }

    /// Records of all kinds, at times that lie `age` back and up to three hours before.
    pub(crate) fn sell(&mut self, count: usize, age: SignedDuration) {
        for _ in 0..count {
            let partition = usize::try_from(self.draw(PARTITIONS as u64)).unwrap();
            let known = self.sales[partition].len() as u64;
            let back = SignedDuration::from_secs(i64::try_from(self.draw(3 * 3600)).unwrap());
            let id = if known > 0 && self.draw(10) == 0 {
                self.draw(known)
            } else {
                known
            };
            let sale = Sale {
                id,
                time: self.now - age - back,
                order: self.draw(self.order_numbers),
                customer: (self.draw(5) > 0).then(|| self.draw(20)),
                product: self.draw(6),
                quantity: 1 + i64::try_from(self.draw(4)).unwrap(),
                cents: i64::try_from(self.draw(1_200_000)).unwrap(),
                currency: ["EUR", "USD"][usize::from(self.draw(4) == 0)],
                city: ["Nantes", "L'Île", "NANTES"][usize::try_from(self.draw(3)).unwrap()],
                channel: ["web", "store"][usize::from(self.draw(2) == 0)],
                status: ["APPROVED", "APPROVED", "DECLINED", "PENDING", "REFUNDED"]
                    [usize::try_from(self.draw(5)).unwrap()],
                malformed: self.draw(20) == 0,
            };
            self.sales[partition].push(sale);
        }
    }

    /// What both sinks make of the records of a partition at these offsets.
    fn judged(
        &self,
        partition: usize,
        offsets: Range<usize>,
        mut each: impl FnMut(Record<'_>, &Verdict<'_>),
    ) {
        let mut window = DuplicateWindow::new(Reach::KAFKA);
        for (offset, sale) in self.sales[partition].iter().enumerate() {
            let text = sale.json();
            let record = Record {
                offset: Offset(offset as u64),
                timestamp: self.now,
                bytes: text.as_bytes(),
            };
            let verdict = judge(record, MappingVersion::NEWEST, &mut window).unwrap();
            if offsets.contains(&offset) {
                each(record, &verdict);
            }
        }
    }

    /// The views sink counts everything that was sold.
    pub(crate) async fn count(&mut self) {
        for partition in 0..PARTITIONS {
            let offsets = self.counted[partition]..self.sales[partition].len();
            let position = self
                .writer
                .position(&key(partition), self.now)
                .await
                .unwrap();
            let Some(span) = span(&offsets) else { continue };
            let mut tally = Tally::default();
            self.judged(partition, offsets.clone(), |record, verdict| {
                tally.add(&record, MappingVersion::NEWEST, verdict).unwrap();
            });
            let batch = ViewsBatch {
                partition: position.partition,
                span,
                tally: &tally,
                lost: &[],
                blind: &[],
                progress: Progress {
                    log_end: span.end(),
                    fresh_through: None,
                    checked_at: self.now,
                },
                names: &[],
                now: self.now,
            };
            self.writer.commit(&batch).await.unwrap();
            self.counted[partition] = offsets.end;
        }
    }

    /// The archive keeps everything of a partition that was sold, but for what `forgets` says.
    pub(crate) async fn keep_but(&mut self, partition: usize, forgets: impl Fn(usize) -> bool) {
        self.archive.next(&key(partition)).await.unwrap();
        let offsets = self.archived[partition]..self.sales[partition].len();
        let Some(span) = span(&offsets) else { return };
        let mut draft = Draft::new(key(partition));
        self.judged(partition, offsets.clone(), |record, verdict| {
            if !forgets(usize::try_from(record.offset.0).unwrap()) {
                draft
                    .record(record, MappingVersion::NEWEST, verdict)
                    .unwrap();
            }
        });
        self.commit(partition, span, draft).await;
        self.archived[partition] = offsets.end;
    }

    /// The archive has lost all of a partition that it did not have yet.
    pub(crate) async fn lose(&mut self, partition: usize) {
        self.archive.next(&key(partition)).await.unwrap();
        let offsets = self.archived[partition]..self.sales[partition].len();
        let span = span(&offsets).expect("something to lose");
        let mut draft = Draft::new(key(partition));
        draft.gap(Gap::Hole, span, self.now).unwrap();
        self.commit(partition, span, draft).await;
        self.archived[partition] = offsets.end;
    }

    async fn commit(&mut self, partition: usize, span: Span, mut draft: Draft) {
        let (files, counts) = draft.finish().unwrap();
        let part = Part {
            key: key(partition),
            span,
            files: self.table.upload(&files, self.now).await.unwrap(),
            counts,
        };
        let committed = self.archive.commit(&[part]).await;
        assert!(matches!(committed[..], [Committed::Applied { .. }]));
    }

    pub(crate) async fn keep_all(&mut self) {
        for partition in 0..PARTITIONS {
            self.keep_but(partition, |_| false).await;
        }
    }

    /// From where on figures are asked for by the minute.
    fn minutes_from(&self) -> QuarterHour {
        QuarterHour::of(Minute::of(self.now - SignedDuration::from_hours(48)))
    }

    /// What readers are shown now.
    pub(crate) async fn served(&self) -> Figures {
        let query = LiveQuery {
            seen: &Seen::default(),
            minutes_from: self.minutes_from(),
            older_from: QuarterHour(0),
            until: None,
            tops_from: Some(QuarterHour(0)),
            recent_max: 0,
            dead_letters_max: 0,
        };
        let change = LiveReader::new(&self.warehouse).read(&query).await.unwrap();
        let mut figures = Served::default();
        for minute in &change.minutes {
            figures.add(&format!("minute {}", minute.minute.0), &minute.totals);
        }
        for older in &change.older {
            figures.add(&format!("quarter {}", older.quarter.0), &older.totals);
        }
        for tops in &change.tops {
            for of in &tops.subjects {
                let QuarterHour(quarter) = tops.quarter;
                let key = format!("{quarter} {} {:?} {}", of.currency, of.kind, of.name);
                figures.add_sums(key, &of.sums);
            }
        }
        figures.done()
    }

    /// What they have to be shown of all that was counted.
    pub(crate) fn expected(&self) -> Figures {
        let minutes_from = self.minutes_from();
        let mut figures = Served::default();
        for (sales, counted) in self.sales.iter().zip(self.counted) {
            for sale in accepted(&sales[..counted]) {
                sale.add_to(&mut figures, minutes_from);
            }
        }
        figures.done()
    }

    /// What readers are shown now, held against what they have to be shown, and against all books.
    pub(crate) async fn look(&self, part: &str) {
        let counts = self.served().await.counts(&self.expected());
        counts.reconciled(self.named().await).settle(part);
    }

    /// What does not agree, of the warehouse or of the archive.
    pub(crate) async fn named(&self) -> Vec<String> {
        let report = self.warehouse.reconcile(clock::now()).await.unwrap();
        let named = report.differences.into_iter();
        let mut named: Vec<_> = named.map(|difference| difference.detail).collect();
        let snapshot = Snapshot::newest(&self.table).await.unwrap();
        let snapshot = snapshot.expect("an archive");
        let (files, rows) = (snapshot.verify_files().await, snapshot.verify_rows().await);
        let faults = files.unwrap().into_iter().chain(rows.unwrap());
        named.extend(faults.map(|fault| fault.to_string()));
        named
    }

    pub(crate) fn is_malformed(&self, partition: usize, offset: usize) -> bool {
        self.sales[partition][offset].malformed
    }

    /// The accepted ones of all that was sold.
    pub(crate) fn accepted(&self) -> impl Iterator<Item = &Sale> {
        self.sales.iter().flat_map(|sales| accepted(sales))
    }

    /// Accepted, rejected, duplicates of all that was sold.
    pub(crate) fn verdicts(&self) -> [usize; 3] {
        let all: usize = self.sales.iter().map(Vec::len).sum();
        let accepted: usize = (self.sales.iter())
            .map(|sales| accepted(sales).count())
            .sum();
        let malformed = self.sales.iter().flatten().filter(|sale| sale.malformed);
        let rejected = malformed.count();
        [accepted, rejected, all - accepted - rejected]
    }

    /// By currency, the customers by what they paid less what they got back, in cents.
    pub(crate) fn customers(&self) -> BTreeMap<String, Vec<(String, i64)>> {
        let mut nets: BTreeMap<_, BTreeMap<_, i64>> = BTreeMap::new();
        for sale in self.sales.iter().flat_map(|sales| accepted(sales)) {
            if let Some(customer) = sale.customer {
                let of_currency = nets.entry(sale.currency.to_owned()).or_default();
                *of_currency.entry(format!("c-{customer}")).or_default() += sale.sums()[5];
            }
        }
        let ranked = |nets: BTreeMap<String, i64>| {
            let mut ranked: Vec<_> = nets.into_iter().collect();
            ranked.sort_by(|(one, a), (other, b)| b.cmp(a).then(one.cmp(other)));
            ranked
        };
        (nets.into_iter())
            .map(|(currency, nets)| (currency, ranked(nets)))
            .collect()
    }

    /// By currency; an order counts once a day.
    pub(crate) fn orders(&self) -> BTreeMap<String, u64> {
        let accepted = self.sales.iter().flat_map(|sales| accepted(sales));
        let day = |sale: &Sale| sale.time.to_zoned(TimeZone::UTC).date();
        let orders: BTreeSet<_> = accepted
            .map(|sale| (day(sale), sale.currency, sale.order))
            .collect();
        let mut by_currency = BTreeMap::new();
        for (_, currency, _) in orders {
            *by_currency.entry(currency.to_owned()).or_default() += 1;
        }
        by_currency
    }

    /// In cents, by currency.
    pub(crate) fn net(&self) -> BTreeMap<String, i64> {
        let mut net = BTreeMap::new();
        for sale in self.sales.iter().flat_map(|sales| accepted(sales)) {
            *net.entry(sale.currency.to_owned()).or_default() += sale.sums()[5];
        }
        net
    }
}

impl World {
    pub(crate) fn bronze(&self) -> LakePath {
        self.root.join("bronze").unwrap()
    }
}

fn span(offsets: &Range<usize>) -> Option<Span> {
    Span::new(Offset(offsets.start as u64), Offset(offsets.end as u64))
}

/// The first well-formed record of each id.
fn accepted(sales: &[Sale]) -> impl Iterator<Item = &Sale> {
    let mut seen = BTreeSet::new();
    (sales.iter()).filter(move |sale| !sale.malformed && seen.insert(sale.id))
}

impl Sale {
    fn json(&self) -> String {
        if self.malformed {
            return format!("{{\"event_id\": \"{}\"", self.id);
        }
        let customer = match self.customer {
            None => "null".to_owned(),
            Some(id) => format!("\"c-{id}\""),
        };
        format!(
            r#"{{"event_id": "{}", "event_time": "{}", "order_id": "o-{}", "order_line": 1,
            "customer_id": {customer}, "product_id": "p-{}", "product_name": "Tea",
            "category": "Grocery", "merchant": "Port", "quantity": {}, "unit_price": "1",
            "amount": "{}.{:02}", "currency": "{}", "country": "France", "city": "{}",
            "channel": "{}", "payment_method": "card", "status": "{}"}}"#,
            self.id,
            self.time,
            self.order,
            self.product,
            self.quantity,
            self.cents / 100,
            self.cents % 100,
            self.currency,
            self.city,
            self.channel,
            self.status,
        )
    }

    fn sums(&self) -> Sums {
        let approved = i64::from(self.status == "APPROVED");
        let refunded = i64::from(self.status == "REFUNDED");
        let (gross, refunds) = (approved * self.cents, refunded * self.cents);
        [
            1,
            approved,
            approved * self.quantity,
            gross,
            refunds,
            gross - refunds,
        ]
    }

    fn add_to(&self, figures: &mut Served, minutes_from: QuarterHour) {
        let minute = self.time.as_second().div_euclid(60);
        let quarter = minute.div_euclid(15);
        let unit = if quarter >= minutes_from.0 {
            format!("minute {minute}")
        } else {
            format!("quarter {quarter}")
        };
        let (currency, sums) = (self.currency, self.sums());
        let (channel, status, city) = (self.channel, self.status, self.city);
        figures.add_to(
            format!("{unit} {currency} Grocery {channel} {status}"),
            sums,
        );
        figures.add_to(format!("{unit} {currency} France {city}"), sums);
        let bounds = [10_000, 5_000, 2_500, 1_000, 500, 250, 100, 50, 25, 10];
        let bound = (bounds.into_iter()).find(|bound| self.cents >= bound * 100);
        let subject = |kind: &str, name: String| format!("{quarter} {currency} {kind} {name}");
        figures.add_to(subject("Product", format!("p-{}", self.product)), sums);
        figures.add_to(subject("Merchant", "Port".to_owned()), sums);
        figures.add_to(
            subject("AmountBucket", bound.unwrap_or(0).to_string()),
            sums,
        );
        if let Some(customer) = self.customer {
            figures.add_to(subject("Customer", format!("c-{customer}")), sums);
        }
        if self.status == "APPROVED" {
            let distinct = figures.distinct.entry(unit).or_default();
            distinct.orders.insert(&format!("o-{}", self.order));
            if let Some(customer) = self.customer {
                distinct.customers.insert(&format!("c-{customer}"));
            }
        }
    }
}

/// Figures of several origins, added up.
#[derive(Default)]
struct Served {
    sums: BTreeMap<String, Sums>,
    distinct: BTreeMap<String, Distinct>,
}

impl Served {
    fn add(&mut self, unit: &str, totals: &Totals) {
        for group in &totals.grouped {
            let key = format!(
                "{unit} {} {} {} {}",
                group.currency, group.category, group.channel, group.status
            );
            self.add_sums(key, &group.sums);
        }
        for place in &totals.places {
            let key = format!("{unit} {} {} {}", place.currency, place.country, place.city);
            self.add_sums(key, &place.sums);
        }
        let distinct = self.distinct.entry(unit.to_owned()).or_default();
        distinct.merge(&totals.distinct);
    }

    fn add_sums(&mut self, key: String, sums: &TopSums) {
        let count = |number: u64| i64::try_from(number).unwrap();
        let sums = [
            count(sums.transactions),
            count(sums.approved),
            count(sums.units),
            sums.gross.0,
            sums.refunds.0,
            sums.net.0,
        ];
        self.add_to(key, sums);
    }

    fn add_to(&mut self, key: String, sums: Sums) {
        let known = self.sums.entry(key).or_default();
        for (known, sum) in known.iter_mut().zip(sums) {
            *known += sum;
        }
    }

    fn done(self) -> Figures {
        let estimates = |(unit, distinct): (String, Distinct)| {
            let estimates = (distinct.orders.estimate(), distinct.customers.estimate());
            (estimates != (0, 0)).then_some((unit, estimates))
        };
        Figures {
            sums: self.sums,
            distinct: self.distinct.into_iter().filter_map(estimates).collect(),
        }
    }
}
