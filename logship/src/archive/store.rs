//! The files of one source's directory, by their names.

use super::contents::Listing;
use super::names::{Epoch, Name};
use super::reader::ArchiveError;
use super::records::{Recovery, VERSION};
use bytes::Bytes;
use comptoir_lake::{Lake, LakeError, LakePath, LakeReader};
use futures::{StreamExt, TryStreamExt};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Records that are read at the same time.
const READS_AT_ONCE: usize = 16;

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
    pub async fn list(&self) -> Result<Listing, LakeError> {
        let entries = match self.lake.list(&self.directory).await {
            Err(LakeError::NotFound { .. }) => Vec::new(),
            entries => entries?,
        };
        let names = entries.iter().filter_map(|entry| entry.name().parse().ok());
        Ok(Listing::of(names))
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
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let path = self.path(name)?;
        let bytes = self.lake.read(&path).await?;
        let damaged = |error: serde_json::Error| ArchiveError::Record {
            record: self.lake.url_of(&path),
            reason: error.to_string(),
        };
        let Versioned { version } = serde_json::from_slice(&bytes).map_err(damaged)?;
        if version > VERSION {
            return Err(ArchiveError::Newer {
                record: self.lake.url_of(&path),
                version,
            });
        }
        serde_json::from_slice(&bytes).map_err(damaged)
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
