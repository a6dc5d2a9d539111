//! A partition that this process owns, between the member's threads and the reader's.

use super::group::GroupContext;
use super::reader::PartitionReader;
use crate::transport::consumer::LogBounds;
use comptoir_model::ids::Offset;
use comptoir_model::merge::PartitionKey;
use rdkafka::consumer::BaseConsumer;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Between the threads of one life.
#[derive(Default)]
pub(super) struct Shared {
    /// The topic was deleted or created again.
    pub(super) ended: AtomicBool,
    /// Nobody reads any more.
    pub(super) over: AtomicBool,
    pub(super) slots: Mutex<Vec<Weak<Slot>>>,
}

impl Shared {
    pub(super) fn slots(&self) -> Vec<Arc<Slot>> {
        let mut slots = lock(&self.slots);
        slots.retain(|slot| slot.strong_count() > 0);
        slots.iter().filter_map(Weak::upgrade).collect()
    }

    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Release);
        for slot in self.slots() {
            slot.ended.store(true, Ordering::Release);
        }
    }
}

/// A partition that this process owns, while anything holds on to the slot.
pub(super) struct Slot {
    pub(super) key: PartitionKey,
    pub(super) topic: String,
    pub(super) consumer: Arc<BaseConsumer<GroupContext>>,
    pub(super) bounds: Mutex<Option<LogBounds>>,
    /// A record of it was delivered elsewhere: fetch again from the position.
    pub(super) disturbed: AtomicBool,
    /// Whether librdkafka fetches it. Held while that changes.
    pub(super) fetching: Arc<Mutex<bool>>,
    pub(super) revoked: AtomicBool,
    pub(super) ended: AtomicBool,
}

impl Slot {
    pub(super) fn is_revoked(&self) -> bool {
        self.revoked.load(Ordering::Acquire)
    }

    pub(super) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }
}

pub struct Assignment {
    pub(super) slot: Arc<Slot>,
}

impl fmt::Debug for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Assignment").field(&self.slot.key).finish()
    }
}

impl Assignment {
    pub(in crate::transport) fn key(&self) -> &PartitionKey {
        &self.slot.key
    }

    pub(in crate::transport) fn is_revoked(&self) -> bool {
        self.slot.is_revoked() || self.slot.is_ended()
    }

    pub(in crate::transport) fn start(self, from: Offset) -> PartitionReader {
        PartitionReader::new(self.slot, from)
    }
}

/// Nothing is left half done where these are held.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
