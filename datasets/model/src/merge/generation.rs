//! Partitions, runs of offsets, and the generations that a partition is cut into.

use crate::ids::{Offset, Partition, StreamId};
use std::fmt;

/// One partition of one stream. The order, by stream and then partition, is the order in which
/// every transaction that locks several of them takes its locks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartitionKey {
    pub stream: StreamId,
    pub partition: Partition,
}

impl fmt::Display for PartitionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "partition {} of {}", self.partition.0, self.stream.0)
    }
}

/// A run of offsets, `start` included, `end` not; never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    start: Offset,
    end: Offset,
}

impl Span {
    /// `None` where `start..end` holds no offset.
    pub fn new(start: Offset, end: Offset) -> Option<Self> {
        (start < end).then_some(Self { start, end })
    }

    pub fn start(self) -> Offset {
        self.start
    }

    pub fn end(self) -> Offset {
        self.end
    }

    pub fn contains(self, offset: Offset) -> bool {
        self.start <= offset && offset < self.end
    }

    /// Whether both hold an offset.
    pub fn touches(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// The number of a generation in its partition: the first is 1, and none is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GenerationNumber(pub u64);

impl GenerationNumber {
    pub const FIRST: Self = Self(1);

    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for GenerationNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A sealed generation. It never changes again: neither its offsets nor its totals nor the views
/// sink's gaps in it. Its row is kept when its buckets are pruned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation<C> {
    pub number: GenerationNumber,
    pub span: Span,
    /// What the views sink counted in it.
    pub control: C,
}

/// The generation that the views sink adds to now. It ends where the sink stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open<C> {
    pub number: GenerationNumber,
    pub start: Offset,
    pub control: C,
}

/// The views sink's row of a partition: where it goes on, and in which generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position<C> {
    pub next: Offset,
    pub open: Open<C>,
}

/// A partition that no sink has read yet: every sink starts at offset 0.
impl<C: Default> Default for Position<C> {
    fn default() -> Self {
        Self {
            next: Offset(0),
            open: Open {
                number: GenerationNumber::FIRST,
                start: Offset(0),
                control: C::default(),
            },
        }
    }
}
