//! The ids that a partition has seen lately: what tells a repeated delivery from a new event.

use crate::event::EventId;
use crate::ids::Offset;
use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::collections::VecDeque;
use std::hash::BuildHasher;

/// How far back, in offsets, the same id makes a record a duplicate. Offsets are not dense: it is
/// a distance, not a number of records.
///
/// All sinks of a partition need the same reach, or they would not agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reach(u64);

impl Reach {
    /// Offsets of a Kafka partition count records.
    pub const KAFKA: Self = Self(200_000);
    /// Offsets of a JSONL partition are byte positions: 64 MiB.
    pub const JSONL: Self = Self(64 * 1024 * 1024);

    pub const fn new(offsets: u64) -> Self {
        Self(offsets)
    }

    pub fn offsets(self) -> u64 {
        self.0
    }

    /// The lowest offset that matters to a record at `next` or behind it. In a JSONL file it may
    /// lie inside a line: the first whole line behind it is the first that matters.
    pub fn start(self, next: Offset) -> Offset {
        Offset(next.0.saturating_sub(self.0))
    }

    /// The first offset whose record has everything that matters to it at `known` or behind it.
    pub fn end(self, known: Offset) -> Offset {
        Offset(known.0.saturating_add(self.0))
    }
}

/// A record that came again, or too late, to be judged: a fault of the caller, who would count it
/// by a window that is not the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "offset {} comes after offset {} was judged (hint: rebuild the window and go on from the stored position)",
    .offset.0,
    .last.0
)]
pub struct OutOfOrder {
    pub offset: Offset,
    pub last: Offset,
}

/// The ids of the records that were not rejected, over one [`Reach`] of one partition.
///
/// Exact: ids are compared byte by byte, hashes only find them. What it holds depends on the
/// records within reach alone, so a window that was rebuilt from there on equals one that saw
/// everything.
///
/// Bounded: a record out of reach is forgotten. Each record that is remembered takes 24 bytes,
/// those of its id (at most 64) and about 10 of the table, at most twice that because the parts
/// grow by doubling: about 12 MB, at most 24 MB, for the 200,000 of [`Reach::KAFKA`] with ids of
/// 26 characters.
pub struct DuplicateWindow {
    reach: Reach,
    last: Option<Offset>,
    marks: Marks,
    /// The number of the latest mark of each id.
    latest: HashTable<usize>,
    hasher: DefaultHashBuilder,
}

impl DuplicateWindow {
    pub fn new(reach: Reach) -> Self {
        Self {
            reach,
            last: None,
            marks: Marks::default(),
            latest: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
        }
    }

    /// How many records it remembers.
    pub fn remembered(&self) -> usize {
        self.marks.queue.len()
    }

    /// Remembers a record that is not rejected, and says where its id stood last within reach.
    pub fn admit(
        &mut self,
        offset: Offset,
        id: &EventId<'_>,
    ) -> Result<Option<Offset>, OutOfOrder> {
        self.pass(offset)?;
        let id = id.as_str().as_bytes();
        let hash = self.hasher.hash_one(id);
        let number = self.marks.next_number();
        let marks = &self.marks;
        let same_id = |&number: &usize| marks.id_equals(number, id);
        let rehash = |&number: &usize| marks.get(number).hash;
        let earlier = match self.latest.entry(hash, same_id, rehash) {
            Entry::Occupied(mut entry) => {
                let earlier = marks.get(*entry.get()).offset;
                *entry.get_mut() = number;
                Some(earlier)
            }
            Entry::Vacant(entry) => {
                entry.insert(number);
                None
            }
        };
        self.marks.push(offset, hash, id);
        Ok(earlier)
    }

    /// Moves on to a record, and forgets what is out of its reach.
    pub(super) fn pass(&mut self, offset: Offset) -> Result<(), OutOfOrder> {
        if let Some(last) = self.last.filter(|last| *last >= offset) {
            return Err(OutOfOrder { offset, last });
        }
        self.last = Some(offset);
        let start = self.reach.start(offset);
        while let Some((number, hash)) = self.marks.pop_before(start) {
            // An id that came again has a later mark in the table, which stays.
            if let Ok(entry) = self.latest.find_entry(hash, |&latest| latest == number) {
                entry.remove();
            }
        }
        Ok(())
    }
}

/// The remembered records in the order of their offsets, with their ids in one run of bytes.
///
/// Marks are numbered from the first one ever; numbers and byte positions may wrap around, their
/// distances do not.
#[derive(Default)]
struct Marks {
    queue: VecDeque<Mark>,
    ids: VecDeque<u8>,
    /// The number of the first mark in the queue.
    first: usize,
    /// The position of the first byte in `ids`.
    ids_start: usize,
}

struct Mark {
    offset: Offset,
    hash: u64,
    id_end: usize,
}

impl Marks {
    fn next_number(&self) -> usize {
        self.first.wrapping_add(self.queue.len())
    }

    fn get(&self, number: usize) -> &Mark {
        &self.queue[number.wrapping_sub(self.first)]
    }

    fn id_equals(&self, number: usize, id: &[u8]) -> bool {
        let index = number.wrapping_sub(self.first);
        let start = match index.checked_sub(1) {
            None => 0,
            Some(previous) => self.queue[previous].id_end.wrapping_sub(self.ids_start),
        };
        let end = self.queue[index].id_end.wrapping_sub(self.ids_start);
        end - start == id.len() && self.ids.range(start..end).eq(id)
    }

    fn push(&mut self, offset: Offset, hash: u64, id: &[u8]) {
        self.ids.extend(id);
        let id_end = self.ids_start.wrapping_add(self.ids.len());
        self.queue.push_back(Mark {
            offset,
            hash,
            id_end,
        });
    }

    /// Takes out the first mark, if it lies before `start`: its number and its hash.
    fn pop_before(&mut self, start: Offset) -> Option<(usize, u64)> {
        let mark = self.queue.pop_front_if(|mark| mark.offset < start)?;
        let number = self.first;
        self.first = self.first.wrapping_add(1);
        let length = mark.id_end.wrapping_sub(self.ids_start);
        self.ids.drain(..length);
        self.ids_start = mark.id_end;
        Some((number, mark.hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_positions_may_wrap_around() {
        let ids = ["first", "second", "third", "fourth"];
        let mut marks = Marks {
            first: usize::MAX - 1,
            ids_start: usize::MAX - 7,
            ..Marks::default()
        };
        let mut numbers = Vec::new();
        for (offset, id) in (0..).zip(ids) {
            numbers.push(marks.next_number());
            marks.push(Offset(offset), offset, id.as_bytes());
        }
        for popped in 0..ids.len() {
            for (number, id) in numbers.iter().zip(ids).skip(popped) {
                assert!(marks.id_equals(*number, id.as_bytes()), "{id}");
                assert!(!marks.id_equals(*number, b"other"), "{id}");
            }
            let mark = marks.pop_before(Offset(9));
            assert_eq!(mark, Some((numbers[popped], popped as u64)));
        }
        assert_eq!(marks.pop_before(Offset(9)), None);
        assert!(marks.ids.is_empty());
    }
}
