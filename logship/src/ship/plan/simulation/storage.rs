//! The lake: names, contents, and who may write them.

use super::super::{Record, Records};
use super::sealing::Sealings;
use crate::archive::contents::Listing;
use crate::archive::names::{Epoch, Name, PieceEnd, PieceId};
use crate::archive::segment_path::SegmentPath;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Recovery fences the writer, and what it only buffered is lost.
    Hdfs,
    /// Nobody is fenced, and every write is there.
    Local,
}

#[derive(Clone, Debug)]
struct Piece {
    content: Vec<u8>,
    buffered: Vec<u8>,
    closed: Option<PieceEnd>,
    /// Which process may write; `None` once it is fenced or done.
    writer: Option<usize>,
}

#[derive(Clone, Debug)]
pub(super) struct Storage {
    kind: Kind,
    owners: BTreeMap<Epoch, (usize, u64)>,
    names: BTreeSet<Name>,
    records: Records,
    pieces: BTreeMap<PieceId, Piece>,
    pub(super) sealings: Sealings,
}

/// The lake refuses.
#[derive(Debug)]
pub(super) struct Refused;

pub(super) struct Archived {
    pub(super) listing: Listing,
    pub(super) records: Records,
}

impl Storage {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            kind,
            owners: BTreeMap::new(),
            names: BTreeSet::new(),
            records: Records::default(),
            pieces: BTreeMap::new(),
            sealings: Sealings::default(),
        }
    }

    pub(super) fn list(&self) -> Listing {
        let owners = self.owners.keys().map(|epoch| Name::Owner(*epoch));
        let pieces = self.pieces.iter().map(|(id, piece)| match piece.closed {
            Some(end) => Name::Piece(*id, end),
            None => Name::OpenPiece(*id),
        });
        let names = self.names.iter().copied().chain(self.sealings.names());
        Listing::of(owners.chain(pieces).chain(names))
    }

    pub(super) fn archive(&self) -> Archived {
        Archived {
            listing: self.list(),
            records: self.records.clone(),
        }
    }

    pub(super) fn records(&self) -> &Records {
        &self.records
    }

    pub(super) fn owner(&self, epoch: Epoch) -> Option<(usize, u64)> {
        self.owners.get(&epoch).copied()
    }

    pub(super) fn claim(&mut self, epoch: Epoch, who: (usize, u64)) -> bool {
        if self.owners.contains_key(&epoch) {
            return false;
        }
        self.owners.insert(epoch, who);
        true
    }

    pub(super) fn write(&mut self, record: &Record) -> Result<(), Refused> {
        if !self.names.insert(record.name()) {
            return Err(Refused);
        }
        let records = &mut self.records;
        match record.clone() {
            Record::Life(life) => drop(records.lives.insert(life.life, life)),
            Record::Recovery(recovery) => {
                drop(records.recoveries.insert(recovery.epoch, recovery));
            }
            Record::Gap(gap) => drop(records.gaps.insert((gap.life, gap.from), gap)),
            Record::End(end) => drop(records.ends.insert(end.life, end)),
        }
        Ok(())
    }

    pub(super) fn recover(&mut self, id: PieceId, random: &mut ChaCha8Rng) -> Result<u64, Refused> {
        let kind = self.kind;
        let piece = self.pieces.get_mut(&id).ok_or(Refused)?;
        if piece.closed.is_some() {
            return Err(Refused);
        }
        if kind == Kind::Hdfs {
            piece.lose_buffer(random);
            piece.writer = None;
        }
        Ok(id.start + piece.content.len() as u64)
    }

    pub(super) fn publish(&mut self, id: PieceId, end: PieceEnd) -> Result<(), Refused> {
        let piece = self.pieces.get_mut(&id).ok_or(Refused)?;
        piece.closed.get_or_insert(end);
        Ok(())
    }

    pub(super) fn create(&mut self, id: PieceId, writer: usize) -> Result<(), Refused> {
        if self.pieces.contains_key(&id) {
            return Err(Refused);
        }
        let piece = Piece {
            content: Vec::new(),
            buffered: Vec::new(),
            closed: None,
            writer: Some(writer),
        };
        self.pieces.insert(id, piece);
        Ok(())
    }

    /// A fenced writer does not notice before it syncs.
    pub(super) fn append(&mut self, id: PieceId, bytes: &[u8], writer: usize) {
        let kind = self.kind;
        // It may have been deleted under its writer.
        let Some(piece) = self.pieces.get_mut(&id) else {
            return;
        };
        match kind {
            Kind::Hdfs if piece.writer != Some(writer) => {}
            Kind::Hdfs => piece.buffered.extend_from_slice(bytes),
            Kind::Local => piece.content.extend_from_slice(bytes),
        }
    }

    pub(super) fn sync(&mut self, id: PieceId, writer: usize) -> Result<(), Refused> {
        let piece = self.pieces.get_mut(&id).ok_or(Refused)?;
        if piece.writer != Some(writer) {
            return Err(Refused);
        }
        piece.content.append(&mut piece.buffered);
        Ok(())
    }

    /// Closes it and gives it its name.
    pub(super) fn close(
        &mut self,
        id: PieceId,
        end: PieceEnd,
        writer: usize,
    ) -> Result<(), Refused> {
        self.sync(id, writer)?;
        let piece = self.pieces.get_mut(&id).unwrap();
        piece.writer = None;
        if piece.closed.is_some() {
            return Err(Refused);
        }
        piece.closed = Some(end);
        Ok(())
    }

    /// Its writers are gone.
    pub(super) fn crash(&mut self, writer: usize, random: &mut ChaCha8Rng) {
        for piece in self.pieces.values_mut() {
            if piece.writer == Some(writer) {
                piece.lose_buffer(random);
                piece.writer = None;
            }
        }
    }

    /// What is gone already may be deleted again.
    pub(super) fn delete(&mut self, name: Name) {
        match name {
            Name::OpenPiece(id) | Name::Piece(id, _) => drop(self.pieces.remove(&id)),
            Name::Segment(id) => {
                self.sealings.segments.remove(&SegmentPath::beside(id));
            }
            Name::Recovery(epoch) => drop(self.records.recoveries.remove(&epoch)),
            Name::Gap(life, from) => drop(self.records.gaps.remove(&(life, from))),
            _ => unreachable!("{name} is never deleted"),
        }
        self.names.remove(&name);
    }

    pub(super) fn has(&self, id: PieceId) -> bool {
        self.pieces.contains_key(&id)
    }

    pub(super) fn content(&self, id: PieceId) -> &[u8] {
        &self.pieces[&id].content
    }
}

impl Piece {
    /// Some of what was never synced is there all the same.
    fn lose_buffer(&mut self, random: &mut ChaCha8Rng) {
        let kept = random.random_range(0..=self.buffered.len());
        self.content.extend_from_slice(&self.buffered[..kept]);
        self.buffered.clear();
    }
}
