//! The owners of the model: each reads, holds what it has read for as long as it likes, and
//! commits it.

use super::super::{Additive, Batch, Commit, Gaps, GenerationNumber, PartitionKey, Span, commit};
use super::topics::{Judged, Read, Verdict, control, figures};
use super::world::World;
use super::{Broken, Sink};
use crate::ids::Offset;

/// One owner, with the partition that it believes to own.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    key: PartitionKey,
    /// Where it believes its sink to stand.
    next: Offset,
    knows_from: Option<Offset>,
    held: Option<Held>,
}

#[derive(Clone, Debug)]
struct Held {
    read: Read,
    /// The generation that was open when it read.
    generation: GenerationNumber,
}

impl World {
    /// Reads a batch of at most `limit` records, and takes the partition over first where another
    /// one was held.
    pub(super) fn read(&mut self, sink: Sink, owner: u8, key: &PartitionKey, limit: usize) {
        let row = self.warehouse.positions.get(key).cloned();
        let row = row.unwrap_or_default();
        let next = match sink {
            Sink::Views => row.next,
            Sink::Archive => self.archive.get(key).map_or(Offset(0), |table| table.next),
        };
        let topic = &self.topics[key];
        let fresh = Owner {
            key: key.clone(),
            next,
            knows_from: None,
            held: None,
        };
        let owner = self.owners.entry((sink, owner)).or_insert(fresh.clone());
        if owner.key != *key {
            *owner = fresh;
        }
        let read = topic.read(owner.next, owner.knows_from, limit);
        owner.held = read.map(|read| Held {
            read,
            generation: row.open.number,
        });
    }

    /// The owner's batch; an owner that is fenced is gone.
    fn take(&mut self, sink: Sink, owner: u8) -> Option<(Owner, Held)> {
        let mut taken = self.owners.remove(&(sink, owner))?;
        let Some(held) = taken.held.take() else {
            self.owners.insert((sink, owner), taken);
            return None;
        };
        Some((taken, held))
    }

    fn keep(&mut self, sink: Sink, owner: u8, kept: Owner, read: &Read) {
        let kept = Owner {
            next: read.span.end(),
            knows_from: Some(read.knows_from),
            ..kept
        };
        self.owners.insert((sink, owner), kept);
    }

    pub(super) fn commit_views(&mut self, owner: u8) {
        let Some((kept, Held { read, generation })) = self.take(Sink::Views, owner) else {
            return;
        };
        let generation = (self.broken == Broken::GenerationUnderLock).then_some(generation);
        if self.commit_batch(&kept.key, read.span, &read.records, &read.gaps, generation) {
            self.keep(Sink::Views, owner, kept, &read);
        }
    }

    /// The transaction of the views sink. Returns whether it was not fenced.
    pub(super) fn commit_batch(
        &mut self,
        key: &PartitionKey,
        mut span: Span,
        records: &[Judged],
        gaps: &Gaps,
        stale_generation: Option<GenerationNumber>,
    ) -> bool {
        let warehouse = &mut self.warehouse;
        let row = warehouse.positions.entry(key.clone()).or_default();
        if self.broken == Broken::Fence {
            let end = span.end().max(Offset(row.next.0 + 1));
            span = Span::new(row.next, end).unwrap();
        }
        let batch = Batch {
            span,
            control: control(records),
        };
        let Commit::Apply {
            generation,
            row: after,
        } = commit(row, &batch).unwrap()
        else {
            return false;
        };
        *row = after;
        let generation = stale_generation.unwrap_or(generation);
        let bucket = warehouse.buckets.entry((key.clone(), generation));
        bucket.or_default().add(&figures(records)).unwrap();
        let recorded = warehouse.gaps.entry(key.clone()).or_default();
        recorded.lost.extend(&gaps.lost);
        recorded.blind.extend(&gaps.blind);
        let judged = self.judged.entry(key.clone()).or_default();
        judged.extend(records);
        true
    }

    pub(super) fn commit_archive(&mut self, owner: u8) {
        let Some((kept, Held { read, .. })) = self.take(Sink::Archive, owner) else {
            return;
        };
        let table = self.archive.entry(kept.key.clone()).or_default();
        if table.next != read.span.start() && self.broken != Broken::ArchiveFence {
            return;
        }
        table.next = read.span.end();
        table.keep(&read.records);
        table.gaps.lost.extend(&read.gaps.lost);
        table.gaps.blind.extend(&read.gaps.blind);
        self.keep(Sink::Archive, owner, kept, &read);
    }

    pub(super) fn corrupt(&mut self, owner: u8) {
        let Some(owner) = self.owners.get_mut(&(Sink::Archive, owner)) else {
            return;
        };
        let Some(held) = &mut owner.held else { return };
        let records = &mut held.read.records;
        if let Some(accepted) = (records.iter()).position(|one| one.verdict == Verdict::Accepted) {
            records.remove(accepted);
            self.corrupted.insert(owner.key.clone());
        }
    }
}
