//! The result of one batch of judged records.

use super::bucket::{BucketKey, BucketSums};
use super::control::ControlTotals;
use super::distinct::Distinct;
use super::hundredths::Overflow;
use super::newest::Newest;
use super::texts::{TextId, Texts};
use super::time::{Minute, QuarterHour};
use super::top::{SubjectKind, TopKey, TopSums};
use crate::event::{Channel, Event, Rejection, Status};
use crate::ids::Offset;
use crate::money::Currency;
use crate::verdict::{MappingVersion, Record, Verdict};
use hashbrown::HashMap;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

/// The most transactions that are kept one by one, of each partition.
pub const RECENT_MAX: usize = 10_000;

/// A key and its sums, in a table that is not full.
const TOTAL_BYTES: usize = 160;
/// Two sketches, full.
const DISTINCT_BYTES: usize = 2 * 4096;
/// Of a dead letter beside its record.
const LETTER_BYTES: usize = 256;

/// A record that can't be used, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    pub offset: Offset,
    pub timestamp: Timestamp,
    pub rejection: Rejection,
    pub bytes: Box<[u8]>,
}

/// An accepted event and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recent<'a> {
    pub offset: Offset,
    pub event: Event<'a>,
}

/// What a batch of judged records of one (stream, partition, generation) adds to the views.
///
/// It holds sums, the bytes of dead letters and those of the newest records: a batch may be many
/// times bigger than its tally. After an [`Overflow`] it holds a part of what was being added,
/// and has to be thrown away.
#[derive(Default)]
pub struct Tally {
    texts: Texts,
    buckets: HashMap<Bucket, BucketSums>,
    tops: HashMap<Top, TopSums>,
    distinct: BTreeMap<Minute, Distinct>,
    control: ControlTotals,
    dead_letters: Vec<DeadLetter>,
    letters_bytes: usize,
    newest: Newest,
}

impl Tally {
    /// Adds one record with its verdict by a mapping version. Records come by their offsets.
    pub fn add(
        &mut self,
        record: &Record<'_>,
        mapping: MappingVersion,
        verdict: &Verdict<'_>,
    ) -> Result<(), Overflow> {
        self.control.count(verdict)?;
        match verdict {
            Verdict::Accepted(event) => {
                self.accept(event)?;
                self.newest.push(record, mapping);
            }
            Verdict::Rejected(rejection) => {
                self.letters_bytes += record.bytes.len() + LETTER_BYTES;
                self.dead_letters.push(DeadLetter {
                    offset: record.offset,
                    timestamp: record.timestamp,
                    rejection: rejection.clone(),
                    bytes: record.bytes.into(),
                });
            }
            Verdict::Duplicate { .. } => {}
        }
        Ok(())
    }

    /// Forgets everything, and keeps the room for as much again.
    pub fn clear(&mut self) {
        self.texts.clear();
        self.buckets.clear();
        self.tops.clear();
        self.distinct.clear();
        self.control = ControlTotals::default();
        self.dead_letters = Vec::new();
        self.letters_bytes = 0;
        self.newest.clear();
    }

    /// How many totals it holds.
    pub fn totals(&self) -> usize {
        self.buckets.len() + self.tops.len()
    }

    /// About how many bytes it holds.
    pub fn bytes(&self) -> usize {
        let totals = self.totals() * TOTAL_BYTES + self.distinct.len() * DISTINCT_BYTES;
        totals + self.letters_bytes + self.newest.bytes()
    }

    /// In the order of the keys: sinks that write the same rows in one order can't wait for each
    /// other in a circle.
    pub fn buckets(&self) -> Vec<(BucketKey<'_>, &BucketSums)> {
        let rows = self.buckets.iter();
        in_key_order(rows.map(|(bucket, sums)| (bucket.key(&self.texts), sums)))
    }

    /// In the order of the keys.
    pub fn tops(&self) -> Vec<(TopKey<'_>, &TopSums)> {
        let rows = self.tops.iter();
        in_key_order(rows.map(|(top, sums)| (top.key(&self.texts), sums)))
    }

    /// By minute, only those in which something was sold.
    pub fn distinct(&self) -> &BTreeMap<Minute, Distinct> {
        &self.distinct
    }

    pub fn control(&self) -> &ControlTotals {
        &self.control
    }

    /// By offset.
    pub fn dead_letters(&self) -> &[DeadLetter] {
        &self.dead_letters
    }

    /// The accepted events with the highest offsets, at most [`RECENT_MAX`], by offset.
    pub fn recent(&self) -> impl Iterator<Item = Recent<'_>> {
        self.newest.events()
    }

    /// How many these are.
    pub fn recent_count(&self) -> usize {
        self.newest.count()
    }

    fn accept(&mut self, event: &Event<'_>) -> Result<(), Overflow> {
        let minute = Minute::of(event.event_time.timestamp());
        let currency = event.currency;
        let sums = BucketSums::of(event);
        let bucket = Bucket {
            minute,
            currency,
            category: self.texts.take_up(event.category.as_str()),
            country: self.texts.take_up(event.country.as_str()),
            city: self.texts.take_up(event.city.as_str()),
            channel: event.channel,
            status: event.status,
        };
        self.buckets.entry(bucket).or_default().add(&sums)?;
        let top_sums = TopSums::of(event.status, &sums);
        for key in TopKey::all_of(event) {
            let top = Top {
                quarter: key.quarter,
                currency,
                kind: key.kind,
                name: self.texts.take_up(key.name),
            };
            self.tops.entry(top).or_default().add(&top_sums)?;
        }
        if event.status == Status::Approved {
            self.distinct.entry(minute).or_default().insert(event);
        }
        self.control.add_net(currency, sums.net)
    }
}

/// A [`BucketKey`] whose texts are numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Bucket {
    minute: Minute,
    currency: Currency,
    category: TextId,
    country: TextId,
    city: TextId,
    channel: Channel,
    status: Status,
}

impl Bucket {
    fn key<'t>(&self, texts: &'t Texts) -> BucketKey<'t> {
        BucketKey {
            minute: self.minute,
            currency: self.currency,
            category: texts.text(self.category),
            country: texts.text(self.country),
            city: texts.text(self.city),
            channel: self.channel,
            status: self.status,
        }
    }
}

/// In few words: it is done for every event.
impl Hash for Bucket {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_i64(self.minute.0);
        state.write_u64(two(self.category.number(), self.country.number()));
        let words = [self.channel as u8, self.status as u8, 0, 0];
        state.write_u64(two(self.city.number(), u32::from_le_bytes(words)));
        state.write_u32(self.currency.number());
    }
}

/// A [`TopKey`] whose name is a number.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Top {
    quarter: QuarterHour,
    currency: Currency,
    kind: SubjectKind,
    name: TextId,
}

impl Top {
    fn key<'t>(&self, texts: &'t Texts) -> TopKey<'t> {
        TopKey {
            quarter: self.quarter,
            currency: self.currency,
            kind: self.kind,
            name: texts.text(self.name),
        }
    }
}

impl Hash for Top {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_i64(self.quarter.0);
        state.write_u64(two(self.name.number(), self.currency.number()));
        state.write_u8(self.kind as u8);
    }
}

fn two(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

fn in_key_order<K: Ord, V>(rows: impl Iterator<Item = (K, V)>) -> Vec<(K, V)> {
    let mut rows: Vec<_> = rows.collect();
    rows.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    rows
}
