//! The result of one batch of judged records.

use super::bucket::{BucketKey, BucketSums};
use super::control::ControlTotals;
use super::distinct::Distinct;
use super::hundredths::Overflow;
use super::time::Minute;
use super::top::{TopKey, TopSums};
use crate::event::{Event, Rejection, Status};
use crate::ids::Offset;
use crate::verdict::{Record, Verdict};
use hashbrown::{Equivalent, HashMap};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

/// The most transactions that are kept one by one, of each partition.
pub const RECENT_MAX: usize = 10_000;

/// A record that can't be used, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter<'a> {
    pub offset: Offset,
    pub timestamp: Timestamp,
    pub rejection: Rejection,
    pub bytes: &'a [u8],
}

/// An accepted event and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recent<'a> {
    pub offset: Offset,
    pub event: Event<'a>,
}

/// What a batch of judged records of one (stream, partition, generation) adds to the views.
///
/// After an [`Overflow`] it holds a part of what was being added, and has to be thrown away.
#[derive(Default)]
pub struct Tally<'a> {
    buckets: HashMap<BucketKey<'static>, BucketSums>,
    tops: HashMap<TopKey<'static>, TopSums>,
    distinct: BTreeMap<Minute, Distinct>,
    control: ControlTotals,
    dead_letters: Vec<DeadLetter<'a>>,
    recent: Vec<Recent<'a>>,
}

impl<'a> Tally<'a> {
    /// Adds one record with its verdict.
    pub fn add(&mut self, record: Record<'a>, verdict: Verdict<'a>) -> Result<(), Overflow> {
        self.control.count(&verdict)?;
        match verdict {
            Verdict::Accepted(event) => self.accept(record.offset, event)?,
            Verdict::Rejected(rejection) => self.dead_letters.push(DeadLetter {
                offset: record.offset,
                timestamp: record.timestamp,
                rejection,
                bytes: record.bytes,
            }),
            Verdict::Duplicate { .. } => {}
        }
        Ok(())
    }

    /// Adds another tally of the same generation, of other records, whichever came first.
    pub fn merge(&mut self, other: Self) -> Result<(), Overflow> {
        for (key, sums) in &other.buckets {
            add_to_bucket(&mut self.buckets, key, sums)?;
        }
        for (key, sums) in &other.tops {
            add_to_top(&mut self.tops, key, sums)?;
        }
        for (minute, distinct) in &other.distinct {
            self.distinct.entry(*minute).or_default().merge(distinct);
        }
        self.control.add(&other.control)?;
        self.dead_letters.extend(other.dead_letters);
        self.dead_letters.sort_by_key(|letter| letter.offset);
        self.recent.extend(other.recent);
        self.recent.sort_by_key(|recent| recent.offset);
        self.forget_old();
        Ok(())
    }

    /// In the order of the keys: sinks that write the same rows in one order can't wait for each
    /// other in a circle.
    pub fn buckets(&self) -> Vec<(&BucketKey<'static>, &BucketSums)> {
        in_key_order(&self.buckets)
    }

    /// In the order of the keys.
    pub fn tops(&self) -> Vec<(&TopKey<'static>, &TopSums)> {
        in_key_order(&self.tops)
    }

    /// By minute, only those in which something was sold.
    pub fn distinct(&self) -> &BTreeMap<Minute, Distinct> {
        &self.distinct
    }

    pub fn control(&self) -> &ControlTotals {
        &self.control
    }

    /// By offset.
    pub fn dead_letters(&self) -> &[DeadLetter<'a>] {
        &self.dead_letters
    }

    /// The accepted events with the highest offsets, at most [`RECENT_MAX`], by offset.
    pub fn recent(&self) -> &[Recent<'a>] {
        let surplus = self.recent.len().saturating_sub(RECENT_MAX);
        &self.recent[surplus..]
    }

    fn accept(&mut self, offset: Offset, event: Event<'a>) -> Result<(), Overflow> {
        let sums = BucketSums::of(&event);
        add_to_bucket(&mut self.buckets, &BucketKey::of(&event), &sums)?;
        let top = TopSums::of(event.status, &sums);
        for key in TopKey::all_of(&event) {
            add_to_top(&mut self.tops, &key, &top)?;
        }
        if event.status == Status::Approved {
            let minute = Minute::of(event.event_time.timestamp());
            self.distinct.entry(minute).or_default().insert(&event);
        }
        self.control.add_net(event.currency, sums.net)?;
        self.recent.push(Recent { offset, event });
        // Now and then, so that an event costs nothing for being followed by many.
        if self.recent.len() >= 2 * RECENT_MAX {
            self.forget_old();
        }
        Ok(())
    }

    fn forget_old(&mut self) {
        let surplus = self.recent.len().saturating_sub(RECENT_MAX);
        self.recent.drain(..surplus);
    }
}

/// A key that borrows its texts, to look for one that owns them.
struct Borrowed<'k, K>(&'k K);

impl<K: Hash> Hash for Borrowed<'_, K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl Equivalent<BucketKey<'static>> for Borrowed<'_, BucketKey<'_>> {
    fn equivalent(&self, key: &BucketKey<'static>) -> bool {
        self.0 == key
    }
}

impl Equivalent<TopKey<'static>> for Borrowed<'_, TopKey<'_>> {
    fn equivalent(&self, key: &TopKey<'static>) -> bool {
        self.0 == key
    }
}

fn add_to_bucket(
    buckets: &mut HashMap<BucketKey<'static>, BucketSums>,
    key: &BucketKey<'_>,
    sums: &BucketSums,
) -> Result<(), Overflow> {
    if let Some(total) = buckets.get_mut(&Borrowed(key)) {
        return total.add(sums);
    }
    buckets.insert(key.clone().into_owned(), *sums);
    Ok(())
}

fn add_to_top(
    tops: &mut HashMap<TopKey<'static>, TopSums>,
    key: &TopKey<'_>,
    sums: &TopSums,
) -> Result<(), Overflow> {
    if let Some(total) = tops.get_mut(&Borrowed(key)) {
        return total.add(sums);
    }
    tops.insert(key.clone().into_owned(), *sums);
    Ok(())
}

fn in_key_order<K: Ord, V>(map: &HashMap<K, V>) -> Vec<(&K, &V)> {
    let mut rows: Vec<_> = map.iter().collect();
    rows.sort_unstable_by_key(|(key, _)| *key);
    rows
}
