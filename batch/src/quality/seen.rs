//! Values remembered by their hash, as many as the limit allows; shared by all workers.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use xxhash_rust::xxh3::xxh3_128;

/// The 128 bits that stand for a value: two different ones among 4 million share them with a
/// probability of 2^-85.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ValueHash(u128);

#[derive(Clone, Debug)]
pub(super) struct Seen {
    values: Arc<Mutex<HashSet<ValueHash>>>,
    values_max: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    New,
    Known,
    /// It is not there, and there is no room to remember it.
    Full,
}

impl ValueHash {
    pub(super) fn of(value: &[u8]) -> Self {
        Self(xxh3_128(value))
    }
}

impl Seen {
    pub(super) fn new(values_max: usize) -> Self {
        Self {
            values: Arc::default(),
            values_max,
        }
    }

    /// Remembers a value, and says whether it was there.
    pub(super) fn look(&self, value: ValueHash) -> Look {
        // A set is whole after each call, whatever a thread that held it did then.
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        if values.contains(&value) {
            return Look::Known;
        }
        if values.len() >= self.values_max {
            return Look::Full;
        }
        values.insert(value);
        Look::New
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_when_there_is_no_room() {
        let seen = Seen::new(1);
        let look = |value: &[u8]| seen.look(ValueHash::of(value));
        assert_eq!(look(b"a"), Look::New);
        assert_eq!(look(b"b"), Look::Full);
        assert_eq!(look(b"a"), Look::Known);
    }
}
