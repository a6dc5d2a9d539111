//! The files of one source's directory, by their names.

use super::contents::Listing;
use super::digest::Digest;
use super::error::ArchiveError;
use super::manifest::{Chain, ChainEntry, Frame, Manifest};
use super::names::{ChainNumber, Epoch, Name, PieceEnd, PieceId};
use super::records::{Recovery, VERSION};
use super::segment::decompress;
use super::signature::SignedFile;
use bytes::Bytes;
use comptoir_lake::{Entry, EntryKind, Lake, LakeError, LakePath, LakeReader};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;

/// Records that are read at the same time.
const READS_AT_ONCE: usize = 16;

/// What the archive has of the last bytes that a manifest seals.
#[derive(Clone, Debug)]
pub(crate) enum LastSealed {
    Bytes(Bytes),
    /// The segment expired, or was lost: which, is for an audit to tell. The manifest knows its bytes
    /// still.
    Gone {
        /// Of the life.
        range: Range<u64>,
        raw_sha256: Digest,
    },
}

/// A source's directory.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) lake: Lake,
    pub(crate) directory: LakePath,
}

impl Store {
    pub fn new(lake: Lake, directory: LakePath) -> Self {
        Self { lake, directory }
    }

    pub(crate) fn path(&self, name: Name) -> Result<LakePath, LakeError> {
        self.directory.join(&name.to_string())
    }

    /// What has one of our names; nothing where there is no directory yet.
    ///
    /// Pieces go only after the manifest that includes them has come. A listing takes a while: one
    /// that was overtaken by a manifest may lack both, and is taken again.
    pub async fn list(&self) -> Result<Listing, LakeError> {
        let names = self.names().await?;
        Ok(Listing::of(names.into_iter().map(|(name, _)| name)))
    }

    /// As [`Store::list`], with what the lake says of each file.
    pub(crate) async fn names(&self) -> Result<Vec<(Name, Entry)>, LakeError> {
        loop {
            let names = self.names_once().await?;
            let manifests = names.iter().filter_map(|(name, _)| match name {
                Name::Manifest(number) => Some(*number),
                _ => None,
            });
            let next = manifests.max().unwrap_or_default().next();
            let path = self.path(Name::Manifest(next))?;
            if self.lake.stat(&path).await?.is_none() {
                return Ok(names);
            }
        }
    }

    async fn names_once(&self) -> Result<Vec<(Name, Entry)>, LakeError> {
        let entries = match self.lake.list(&self.directory).await {
            Err(LakeError::NotFound { .. }) => Vec::new(),
            entries => entries?,
        };
        let files = entries.into_iter();
        Ok(files
            .filter(|entry| entry.kind == EntryKind::File)
            .filter_map(|entry| Some((entry.name().parse().ok()?, entry)))
            .collect())
    }

    pub(crate) async fn open(&self, name: Name) -> Result<LakeReader, LakeError> {
        self.lake.open_read(&self.path(name)?).await
    }

    /// Writes a record; the first one of its name stays.
    pub(crate) async fn write(&self, name: Name, record: &impl Serialize) -> Result<(), LakeError> {
        let path = self.path(name)?;
        let mut json = serde_json::to_vec_pretty(record).map_err(|error| LakeError::Failed {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        json.push(b'\n');
        self.lake.write_decisive(&path, Bytes::from(json)).await
    }

    pub(crate) async fn read<T: DeserializeOwned>(&self, name: Name) -> Result<T, ArchiveError> {
        let path = self.path(name)?;
        let bytes = self.lake.read(&path).await?;
        versioned(&self.lake.url_of(&path), &bytes)
    }

    /// An entry of the chain, its signature not looked at.
    pub(crate) async fn entry(&self, number: ChainNumber) -> Result<ChainEntry, ArchiveError> {
        let path = self.path(Name::Manifest(number))?;
        let bytes = self.lake.read(&path).await?;
        read_entry(&self.lake.url_of(&path), &bytes)
    }

    /// The chain as it stands in a listing, its signatures not looked at. Entries are forgotten once
    /// they are counted.
    pub(crate) async fn chain(&self, listing: &Listing) -> Result<Chain, ArchiveError> {
        let mut chain = Chain::default();
        let mut entries = self.stream(listing);
        while let Some(entry) = entries.try_next().await? {
            chain.push(&entry);
        }
        Ok(chain)
    }

    /// All entries of a listing, in order.
    pub(crate) async fn entries(&self, listing: &Listing) -> Result<Vec<ChainEntry>, ArchiveError> {
        self.stream(listing).try_collect().await
    }

    fn stream(&self, listing: &Listing) -> BoxStream<'_, Result<ChainEntry, ArchiveError>> {
        let numbers: Vec<ChainNumber> = listing.manifests.iter().copied().collect();
        futures::stream::iter(numbers)
            .map(|number| self.entry(number))
            .buffered(READS_AT_ONCE)
            .boxed()
    }

    /// A piece, under the name that it has now.
    pub(crate) async fn open_piece(
        &self,
        listing: &Listing,
        id: PieceId,
        end: PieceEnd,
    ) -> Result<LakeReader, LakeError> {
        // A recovered piece may get its closed name between our listing and our reading.
        let closed = Name::Piece(id, end);
        let listed = listing.name_of(id).unwrap_or(closed);
        match self.open(listed).await {
            Err(LakeError::NotFound { .. }) if listed != closed => self.open(closed).await,
            reader => reader,
        }
    }

    /// The last frame of what a manifest seals.
    pub(crate) async fn last_sealed(
        &self,
        number: ChainNumber,
    ) -> Result<LastSealed, ArchiveError> {
        let entry = self.entry(number).await?;
        let sealed = entry.sealed();
        let last = sealed.and_then(|sealed| {
            let segment = sealed.segment.as_ref()?;
            Some((sealed, &segment.name, segment.frames.last()?))
        });
        let Some((sealed, name, frame)) = last else {
            return Ok(LastSealed::Bytes(Bytes::new()));
        };
        match self.open_segment(name).await {
            Err(LakeError::NotFound { .. }) => Ok(LastSealed::Gone {
                range: sealed.start..sealed.end,
                raw_sha256: sealed.raw_sha256,
            }),
            segment => {
                let bytes = self.read_frame(&segment?, frame).await?;
                Ok(LastSealed::Bytes(bytes))
            }
        }
    }

    /// The bytes of a frame, as they stood in the source.
    pub(crate) async fn read_frame(
        &self,
        segment: &LakeReader,
        frame: &Frame,
    ) -> Result<Bytes, ArchiveError> {
        let stored = segment
            .read_range(frame.at..frame.at + frame.stored)
            .await?;
        let index = frame.clone();
        let raw = tokio::task::spawn_blocking(move || decompress(&index, &stored)).await;
        let damaged = |reason: String| ArchiveError::Segment {
            segment: self.lake.url_of(segment.path()),
            at: frame.at,
            reason,
        };
        let raw = raw.map_err(|stopped| damaged(stopped.to_string()))?;
        Ok(raw.map_err(|error| damaged(error.to_string()))?.into())
    }

    /// Records of one kind, several at a time.
    pub(crate) async fn read_all<K: Copy + Ord, T: DeserializeOwned>(
        &self,
        keys: impl IntoIterator<Item = K>,
        name: impl Fn(K) -> Name,
    ) -> Result<BTreeMap<K, T>, ArchiveError> {
        let reads = keys.into_iter().map(|key| {
            let read = self.read(name(key));
            async move { Ok((key, read.await?)) }
        });
        futures::stream::iter(reads.collect::<Vec<_>>())
            .buffer_unordered(READS_AT_ONCE)
            .try_collect()
            .await
    }

    pub(crate) async fn recoveries(
        &self,
        listing: &Listing,
    ) -> Result<BTreeMap<Epoch, Recovery>, ArchiveError> {
        (self.read_all(listing.recoveries.iter().copied(), Name::Recovery)).await
    }
}

/// A record, or the body of a signed one.
fn versioned<T: DeserializeOwned>(record: &str, json: &[u8]) -> Result<T, ArchiveError> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let damaged = |error: serde_json::Error| ArchiveError::Record {
        record: record.to_owned(),
        reason: error.to_string(),
    };
    let Versioned { version } = serde_json::from_slice(json).map_err(damaged)?;
    if version > VERSION {
        return Err(ArchiveError::Newer {
            record: record.to_owned(),
            version,
        });
    }
    serde_json::from_slice(json).map_err(damaged)
}

/// A manifest from the bytes of its file; `record` is its address, for messages.
pub(crate) fn read_entry(record: &str, bytes: &[u8]) -> Result<ChainEntry, ArchiveError> {
    let signed = SignedFile::parse(bytes).map_err(|error| ArchiveError::Record {
        record: record.to_owned(),
        reason: error.to_string(),
    })?;
    let manifest: Manifest = versioned(record, signed.body)?;
    Ok(ChainEntry {
        manifest,
        sha256: Digest::of(bytes),
        public_key: signed.public_key,
    })
}
