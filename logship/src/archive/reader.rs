//! Reading an archive: the bytes of each life, exactly as they stood in the source.

use super::contents::{Listing, chain, pieces_of};
use super::names::{LifeNumber, Name, PieceEnd, PieceId};
use super::records::{End, Gap, Life, VERSION};
use super::store::Store;
use bytes::Bytes;
use comptoir_lake::{Lake, LakeError, LakePath, Retry};
use std::collections::BTreeMap;

/// Why an archive can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    #[error(transparent)]
    Lake(#[from] LakeError),
    #[error(
        "{record} is damaged: {reason}\nhint: records are never changed; look for a copy of it, or at the disk"
    )]
    Record { record: String, reason: String },
    #[error(
        "{record} has version {version}, this program reads up to {VERSION}\nhint: update comptoir"
    )]
    Newer { record: String, version: u32 },
    #[error(
        "{location}: life {life} lacks the bytes from {from} to {to}\nhint: pieces are missing: were files deleted by hand?"
    )]
    Hole {
        location: String,
        life: LifeNumber,
        from: u64,
        to: u64,
    },
    #[error(
        "{piece} ends at byte {has} of its life, its record says {end}\nhint: the file was cut; look for a copy of it"
    )]
    Short { piece: String, has: u64, end: u64 },
    #[error("{location} holds no archive of a log\nhint: `comptoir-logship ship` writes one")]
    None { location: String },
}

impl ArchiveError {
    /// As of the lake's errors; a damaged record stays damaged.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Lake(error) => error.retry(),
            _ => Retry::CanNot,
        }
    }
}

/// One life in the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivedLife {
    pub sidecar: Life,
    /// One behind the other, from `sidecar.first`.
    pub pieces: Vec<(PieceId, PieceEnd)>,
    pub gaps: Vec<Gap>,
    /// `None` of a life that may go on.
    pub end: Option<End>,
}

impl ArchivedLife {
    /// The exclusive end of what can be read.
    pub fn end_offset(&self) -> u64 {
        let last = self.pieces.last();
        last.map_or(self.sidecar.first, |(_, piece)| piece.end)
    }
}

/// A source's archive as it was when it was opened: closed pieces only.
#[derive(Clone, Debug)]
pub struct Archive {
    store: Store,
    listing: Listing,
    lives: BTreeMap<LifeNumber, ArchivedLife>,
}

impl Archive {
    /// `directory` is that of one source: `/user/flume/logs/app.log`.
    pub async fn open(lake: &Lake, directory: &LakePath) -> Result<Self, ArchiveError> {
        let store = Store::new(lake.clone(), directory.clone());
        let listing = store.list().await?;
        if listing == Listing::default() {
            return Err(ArchiveError::None {
                location: lake.url_of(directory),
            });
        }
        let recoveries = store.recoveries(&listing).await?;
        let sidecars: BTreeMap<_, Life> = (store)
            .read_all(listing.lives.iter().copied(), Name::Life)
            .await?;
        let mut ends: BTreeMap<_, End> = (store)
            .read_all(listing.ended.iter().copied(), Name::End)
            .await?;
        let gaps: BTreeMap<_, Gap> = (store)
            .read_all(listing.gaps.iter().copied(), |(life, from)| {
                Name::Gap(life, from)
            })
            .await?;
        let counted = listing.counted(&recoveries);
        let mut lives = BTreeMap::new();
        for (life, sidecar) in sidecars {
            let pieces = chain(&counted, life, sidecar.first);
            let chained = pieces.last().map_or(sidecar.first, |(_, last)| last.end);
            let furthest = (counted.range(pieces_of(life)))
                .map(|(id, _)| id.start)
                .max();
            // A piece behind the chain's end has lost what stood before it.
            if let Some(to) = furthest.filter(|start| *start > chained) {
                return Err(ArchiveError::Hole {
                    location: lake.url_of(directory),
                    life,
                    from: chained,
                    to,
                });
            }
            let of_life = gaps.range((life, 0)..=(life, u64::MAX));
            let archived = ArchivedLife {
                sidecar,
                pieces,
                gaps: of_life.map(|(_, gap)| gap.clone()).collect(),
                end: ends.remove(&life),
            };
            lives.insert(life, archived);
        }
        Ok(Self {
            store,
            listing,
            lives,
        })
    }

    /// In the order in which they began.
    pub fn lives(&self) -> impl Iterator<Item = &ArchivedLife> {
        self.lives.values()
    }

    /// The bytes of one piece, checked against its end.
    pub async fn read(&self, id: PieceId, end: PieceEnd) -> Result<Bytes, ArchiveError> {
        // A recovered piece may get its closed name between our listing and our reading.
        let closed = Name::Piece(id, end);
        let listed = self.listing.name_of(id).unwrap_or(closed);
        let reader = match self.store.open(listed).await {
            Err(LakeError::NotFound { .. }) if listed != closed => self.store.open(closed).await?,
            reader => reader?,
        };
        // A woken writer may have gone on behind the end that was recorded: that is not ours.
        let length = end.end - id.start;
        let bytes = reader.read_range(0..length).await?;
        if bytes.len() as u64 == length {
            Ok(bytes)
        } else {
            Err(ArchiveError::Short {
                piece: reader.path().to_string(),
                has: id.start + bytes.len() as u64,
                end: end.end,
            })
        }
    }

    /// All bytes of a life. For tests and small logs: a piece at a time needs less memory.
    pub async fn read_life(&self, life: LifeNumber) -> Result<Vec<u8>, ArchiveError> {
        let mut bytes = Vec::new();
        let pieces = self.lives.get(&life).map(|life| life.pieces.clone());
        for (id, end) in pieces.unwrap_or_default() {
            bytes.extend_from_slice(&self.read(id, end).await?);
        }
        Ok(bytes)
    }
}
