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
/// Bounded: a record out of reach is forgotten. Each record that is remembered takes 16 bytes,
/// those of its id (at most 64) and about 20 of the table, at most twice that because the parts
/// grow by doubling: about 13 MB, at most 25 MB, for the 200,000 of [`Reach::KAFKA`] with ids of
/// 26 characters.
pub struct DuplicateWindow {
    reach: Reach,
    last: Option<Offset>,
    marks: Marks,
    /// The latest mark of each id. Those of forgotten marks stay until their room is needed: to
    /// look each one up would take as long as to judge the record that takes its place.
    latest: HashTable<Latest>,
    hasher: DefaultHashBuilder,
}

#[derive(Clone, Copy)]
struct Latest {
    hash: u32,
    /// Of the mark.
    number: u32,
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
        self.make_room();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "half of a hash is one, too"
        )]
        let hash = self.hasher.hash_one(id) as u32;
        let number = self.marks.next_number();
        let marks = &self.marks;
        let same_id = |latest: &Latest| latest.hash == hash && marks.id_equals(latest.number, id);
        let earlier = match self
            .latest
            .entry(spread(hash), same_id, |latest| spread(latest.hash))
        {
            Entry::Occupied(mut entry) => {
                let earlier = marks.get(entry.get().number).map(|mark| mark.offset);
                entry.get_mut().number = number;
                earlier
            }
            Entry::Vacant(entry) => {
                entry.insert(Latest { hash, number });
                None
            }
        };
        self.marks.push(offset, id);
        Ok(earlier)
    }

    /// Moves on to a record, and forgets what is out of its reach.
    pub(super) fn pass(&mut self, offset: Offset) -> Result<(), OutOfOrder> {
        if let Some(last) = self.last.filter(|last| *last >= offset) {
            return Err(OutOfOrder { offset, last });
        }
        self.last = Some(offset);
        self.marks.forget_before(self.reach.start(offset));
        Ok(())
    }

    /// For one more id: what is remembered moves to a table twice its size, so this is done once
    /// in so many records. A table that only drops what is forgotten keeps marks of it, and then
    /// grows or not as the hashes fall.
    fn make_room(&mut self) {
        if self.latest.len() < self.latest.capacity() {
            return;
        }
        let marks = &self.marks;
        let mut roomier = HashTable::with_capacity(2 * (marks.queue.len() + 1));
        for latest in self.latest.drain() {
            if marks.get(latest.number).is_some() {
                roomier.insert_unique(spread(latest.hash), latest, |latest| spread(latest.hash));
            }
        }
        self.latest = roomier;
    }
}

/// The table looks at the highest and at the lowest bits.
fn spread(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
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
    first: u32,
    /// The position of the first byte in `ids`.
    ids_start: u32,
}

struct Mark {
    offset: Offset,
    id_end: u32,
}

impl Marks {
    fn next_number(&self) -> u32 {
        self.first.wrapping_add(number_of(self.queue.len()))
    }

    /// `None` of one that is forgotten.
    fn get(&self, number: u32) -> Option<&Mark> {
        self.queue.get(number.wrapping_sub(self.first) as usize)
    }

    fn id_equals(&self, number: u32, id: &[u8]) -> bool {
        let index = number.wrapping_sub(self.first) as usize;
        let Some(mark) = self.queue.get(index) else {
            return false;
        };
        let start = match index.checked_sub(1) {
            None => 0,
            Some(previous) => self.queue[previous].id_end.wrapping_sub(self.ids_start) as usize,
        };
        let end = mark.id_end.wrapping_sub(self.ids_start) as usize;
        end - start == id.len() && self.ids.range(start..end).eq(id)
    }

    fn push(&mut self, offset: Offset, id: &[u8]) {
        self.ids.extend(id);
        let id_end = self.ids_start.wrapping_add(number_of(self.ids.len()));
        self.queue.push_back(Mark { offset, id_end });
    }

    fn forget_before(&mut self, start: Offset) {
        while let Some(mark) = self.queue.pop_front_if(|mark| mark.offset < start) {
            self.first = self.first.wrapping_add(1);
            let length = mark.id_end.wrapping_sub(self.ids_start) as usize;
            self.ids.drain(..length);
            self.ids_start = mark.id_end;
        }
    }
}

/// Of things that lie in memory: far fewer than 2^32 within one reach.
fn number_of(count: usize) -> u32 {
    u32::try_from(count).expect("a window of less than 4 GiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_positions_may_wrap_around() {
        let ids = ["first", "second", "third", "fourth"];
        let mut marks = Marks {
            first: u32::MAX - 1,
            ids_start: u32::MAX - 7,
            ..Marks::default()
        };
        let mut numbers = Vec::new();
        for (offset, id) in (0..).zip(ids) {
            numbers.push(marks.next_number());
            marks.push(Offset(offset), id.as_bytes());
        }
        for forgotten in 0..=ids.len() {
            marks.forget_before(Offset(forgotten as u64));
            for (number, id) in numbers.iter().zip(ids).take(forgotten) {
                assert!(marks.get(*number).is_none(), "{id}");
                assert!(!marks.id_equals(*number, id.as_bytes()), "{id}");
            }
            for (number, id) in numbers.iter().zip(ids).skip(forgotten) {
                assert!(marks.id_equals(*number, id.as_bytes()), "{id}");
                assert!(!marks.id_equals(*number, b"other"), "{id}");
            }
        }
        assert!(marks.ids.is_empty());
    }

    #[test]
    fn the_table_does_not_grow_with_ids_that_are_forgotten() {
        let mut window = DuplicateWindow::new(Reach::new(1_000));
        for offset in 0..100_000 {
            let id = EventId::parse(format!("id-{offset}")).unwrap();
            assert_eq!(window.admit(Offset(offset), &id), Ok(None));
        }
        assert_eq!(window.remembered(), 1_001);
        assert!(
            window.latest.capacity() < 5_000,
            "{}",
            window.latest.capacity()
        );
    }
}
