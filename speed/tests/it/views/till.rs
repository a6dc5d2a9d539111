//! A till that writes records as any program could: plain JSON, by no code of ours.

use comptoir_config::clock;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// One record that was sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) partition: u32,
    pub(crate) timestamp: Timestamp,
    pub(crate) bytes: Vec<u8>,
    /// Why it is no event; `None` of one.
    pub(crate) rejected: Option<&'static str>,
}

/// A seeded source of records. Ids are unique to the seed.
pub(crate) struct Till {
    seed: u64,
    state: u64,
    next_id: u64,
    partitions: u32,
    start: Timestamp,
    /// All records so far, in the order in which they were drawn.
    pub(crate) sent: Vec<Sent>,
}

impl Till {
    #[expect(clippy::print_stdout, reason = "a test that fails shows its seed")]
    pub(crate) fn new(partitions: u32) -> Self {
        let seed = u64::from(clock::random_u32());
        println!("the till's seed is {seed}");
        Self {
            seed,
            state: seed,
            next_id: 0,
            partitions,
            start: clock::now(),
            sent: Vec::new(),
        }
    }

    /// Splitmix64: a number below `below`.
    pub(crate) fn draw(&mut self, below: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below
    }

    /// Events happen about then from now on.
    pub(crate) fn set_back(&mut self, by: SignedDuration) {
        self.start = clock::now() - by;
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[usize::try_from(self.draw(from.len() as u64)).unwrap()]
    }

    /// A sound event with an id of its own.
    pub(crate) fn event(&mut self) -> Value {
        self.next_id += 1;
        let late = match self.draw(10) {
            0 => self.draw(30 * 3600),
            _ => self.draw(200),
        };
        let time = self.start - SignedDuration::from_secs(i64::try_from(late).unwrap());
        let (product, customer) = (self.draw(40), self.draw(60));
        let quantity = 1 + self.draw(5);
        let price = 1 + self.draw(40_000);
        let amount = price * quantity;
        let cents = |cents: u64| format!("{}.{:02}", cents / 100, cents % 100);
        let mut event = json!({
            "event_id": format!("e-{}-{}", self.seed, self.next_id),
            "event_time": time.to_string(),
            "order_id": format!("o-{}", self.draw(500)),
            "order_line": 1 + self.draw(4),
            "product_id": format!("P{product}"),
            "product_name": format!("Prod\u{fc}it {product} \u{1f6d2}"),
            "category": self.pick(&["grocery", "Electronics", "électronique", "travel"]),
            "merchant": self.pick(&["Chez Zoé", "chez zoe", "Épicerie 24"]),
            "quantity": quantity,
            "unit_price": cents(price),
            "amount": cents(amount),
            "currency": self.pick(&["EUR", "EUR", "EUR", "USD"]),
            "country": self.pick(&["France", "Belgique"]),
            "city": self.pick(&["Paris", "Lyon", "Liège"]),
            "channel": self.pick(&["store", "web", "mobile"]),
            "payment_method": self.pick(&["card", "cash", "wallet"]),
            "status": self.pick(&["APPROVED", "APPROVED", "APPROVED", "DECLINED", "PENDING", "REFUNDED"]),
        });
        if self.draw(4) > 0 {
            event["customer_id"] = format!("C{customer}").into();
            event["customer_name"] = format!("Client {customer}").into();
        }
        event
    }

    /// So many records: most are sound, some are sent again, some are no events.
    pub(crate) fn mixed(&mut self, count: usize) -> Vec<Sent> {
        let before = self.sent.len();
        for _ in 0..count {
            let partition = u32::try_from(self.draw(self.partitions.into())).unwrap();
            let again = match self.draw(20) {
                0 | 1 if !self.sent.is_empty() => {
                    let index = self.draw(self.sent.len() as u64);
                    Some(self.sent[usize::try_from(index).unwrap()].clone())
                }
                _ => None,
            };
            let record = match (again, self.draw(20)) {
                // Also in another partition, where it is no duplicate.
                (Some(again), _) => again,
                (None, 0) => self.poison(partition),
                (None, _) => {
                    let bytes = self.event().to_string().into_bytes();
                    Self::record(partition, bytes, None)
                }
            };
            self.sent.push(record);
        }
        self.sent[before..].to_vec()
    }

    pub(crate) fn record(partition: u32, bytes: Vec<u8>, rejected: Option<&'static str>) -> Sent {
        Sent {
            partition,
            timestamp: clock::now(),
            bytes,
            rejected,
        }
    }

    fn poison(&mut self, partition: u32) -> Sent {
        let mut event = self.event();
        let (bytes, reason) = match self.draw(5) {
            0 => (b"{\"half".to_vec(), "not_json"),
            1 => (Vec::new(), "empty"),
            2 => (b"\xff\xfe{}".to_vec(), "not_utf8"),
            3 => {
                event["amount"] = "-1.00".into();
                (event.to_string().into_bytes(), "out_of_range")
            }
            _ => {
                event.as_object_mut().unwrap().remove("status");
                (event.to_string().into_bytes(), "missing_field")
            }
        };
        Self::record(partition, bytes, Some(reason))
    }
}
