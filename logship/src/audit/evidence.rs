//! What an audit reads before it judges: names, lengths, manifests, and the heads that were kept.

use crate::archive::ArchiveError;
use crate::archive::contents::Listing;
use crate::archive::names::{ChainNumber, Epoch, LifeNumber, Name};
use crate::archive::records::{Life, Recovery};
use crate::archive::segment_path::{SegmentDirectory, SegmentPath};
use crate::archive::store::{Store, read_entry};
use crate::seal::anchor::Anchor;
use bytes::Bytes;
use comptoir_lake::{EntryKind, Lake, LakeError, LakePath};
use futures::{StreamExt, TryStreamExt};
use std::collections::{BTreeMap, BTreeSet};

const READS_AT_ONCE: usize = 16;

/// Of one source.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// The name of its directory.
    pub source: String,
    pub listing: Listing,
    /// The length of each file with one of our names.
    pub lengths: BTreeMap<Name, u64>,
    /// The segments in the directories that manifests name, with their lengths.
    pub directories: BTreeMap<SegmentDirectory, BTreeMap<SegmentPath, u64>>,
    /// As they lie there.
    pub manifests: BTreeMap<ChainNumber, Bytes>,
    /// `Err` says why one can't be read.
    pub lives: BTreeMap<LifeNumber, Result<Life, String>>,
    pub recoveries: BTreeMap<Epoch, Result<Recovery, String>>,
    /// The kept heads, with their addresses; `None` where no anchor was given.
    pub anchor: Option<Vec<(String, Bytes)>>,
}

/// The names of the sources below `directory`.
pub async fn sources(lake: &Lake, directory: &LakePath) -> Result<Vec<String>, LakeError> {
    let entries = lake.list(directory).await?;
    let directories = entries
        .iter()
        .filter(|entry| entry.kind == EntryKind::Directory);
    Ok(directories.map(|entry| entry.name().to_owned()).collect())
}

impl Evidence {
    /// The length of a segment, in whichever place it lies.
    pub(crate) fn length_of(&self, segment: &SegmentPath) -> Option<u64> {
        let directory = segment.directory.as_ref();
        let own = directory.and_then(|directory| self.directories.get(directory)?.get(segment));
        let waiting = || self.lengths.get(&Name::Segment(segment.id));
        own.or_else(waiting).copied()
    }

    pub(crate) async fn gather(
        store: &Store,
        source: &str,
        anchor: Option<&Anchor>,
    ) -> Result<Self, ArchiveError> {
        // Before the names: a head is kept later than its manifest comes.
        let anchor = match anchor {
            Some(anchor) => Some(anchor.heads(source).await?),
            None => None,
        };
        let names = store.names().await?;
        let lengths = names.iter().map(|(name, entry)| (*name, entry.length));
        let lengths = lengths.collect();
        let listing = Listing::of(names.into_iter().map(|(name, _)| name));
        if listing == Listing::default() {
            return Err(ArchiveError::None {
                location: store.lake.url_of(&store.directory),
            });
        }
        let numbers: Vec<ChainNumber> = listing.manifests.iter().copied().collect();
        let manifests: BTreeMap<_, _> = futures::stream::iter(numbers)
            .map(|number| async move {
                let path = store.path(Name::Manifest(number))?;
                Ok::<_, LakeError>((number, store.lake.read(&path).await?))
            })
            .buffer_unordered(READS_AT_ONCE)
            .boxed()
            .try_collect()
            .await?;
        // After the names: a segment only goes from the log's directory into one of these.
        let directories = directories(store, &manifests).await?;
        let mut evidence = Self {
            source: source.to_owned(),
            lengths,
            directories,
            manifests,
            lives: BTreeMap::new(),
            recoveries: BTreeMap::new(),
            anchor,
            listing,
        };
        for life in evidence.listing.lives.clone() {
            let sidecar = damaged(store.read(Name::Life(life)).await)?;
            evidence.lives.insert(life, sidecar);
        }
        for epoch in evidence.listing.recoveries.clone() {
            // One that a sealer has swept since is not needed any more.
            match damaged(store.read(Name::Recovery(epoch)).await) {
                Err(error) if error.is_gone() => {}
                recovery => drop(evidence.recoveries.insert(epoch, recovery?)),
            }
        }
        Ok(evidence)
    }
}

/// What lies in the directories that manifests name, as far as there are any.
async fn directories(
    store: &Store,
    manifests: &BTreeMap<ChainNumber, Bytes>,
) -> Result<BTreeMap<SegmentDirectory, BTreeMap<SegmentPath, u64>>, ArchiveError> {
    let named = manifests.values().filter_map(|bytes| {
        let entry = read_entry("", bytes).ok()?;
        let segment = entry.sealed()?.segment.as_ref()?;
        segment.name.directory.clone()
    });
    let named: BTreeSet<SegmentDirectory> = named.collect();
    let listed: Vec<_> = futures::stream::iter(named)
        .map(|directory| async move {
            let segments = store.segments_in(&directory).await?;
            Ok::<_, LakeError>(segments.map(|segments| (directory, segments)))
        })
        .buffer_unordered(READS_AT_ONCE)
        .boxed()
        .try_collect()
        .await?;
    Ok(listed.into_iter().flatten().collect())
}

/// A damaged record is a finding; a lake that does not answer is an error.
fn damaged<T>(read: Result<T, ArchiveError>) -> Result<Result<T, String>, ArchiveError> {
    match read {
        Err(ArchiveError::Record { reason, .. }) => Ok(Err(reason)),
        read => read.map(Ok),
    }
}
