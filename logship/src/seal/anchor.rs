//! The head of a chain, kept where the archive's user can't change it: one file a head, none is ever
//! replaced. Whoever rewrites or cuts the archive can't rewrite these.

use super::error::SealError;
use crate::archive::digest::Digest;
use crate::archive::names::ChainNumber;
use crate::archive::records::VERSION;
use crate::archive::signature::{Purpose, SigningKey};
use crate::archive::source_id::SourceId;
use bytes::Bytes;
use comptoir_config::clock;
use comptoir_lake::{Lake, LakeError, LakeOptions, LakePath};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The head of a chain at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub version: u32,
    pub source: SourceId,
    pub number: ChainNumber,
    /// Of the whole file `manifest-<number>`.
    pub manifest_sha256: Digest,
    pub anchored_at: Timestamp,
}

/// Where heads are kept: `<directory>/<source's name>/head-<number>`.
#[derive(Clone, Debug)]
pub struct Anchor {
    lake: Lake,
    directory: LakePath,
}

impl Anchor {
    /// `place` is a local directory, or one of a lake: `hdfs://namenode:8020/audit`.
    pub fn open(place: &str, options: LakeOptions) -> Result<Self, LakeError> {
        let Some(rest) = place.strip_prefix("hdfs://") else {
            let url = if place.starts_with("file://") {
                place.to_owned()
            } else {
                let local = std::path::absolute(place).map_err(|error| LakeError::InvalidUrl {
                    url: place.to_owned(),
                    reason: error.to_string(),
                })?;
                format!("file://{}", local.display())
            };
            return Ok(Self {
                lake: Lake::open(&url, options)?,
                directory: LakePath::root(),
            });
        };
        let (server, path) = rest.split_once('/').unwrap_or((rest, ""));
        Ok(Self {
            lake: Lake::open(&format!("hdfs://{server}"), options)?,
            directory: LakePath::parse(&format!("/{path}"))?,
        })
    }

    /// The one in a directory of this one.
    pub(super) fn below(&self, parts: &[&str]) -> Result<Self, LakeError> {
        let mut directory = self.directory.clone();
        for part in parts {
            directory = directory.join(part)?;
        }
        Ok(Self {
            lake: self.lake.clone(),
            directory,
        })
    }

    /// The first file of a number stays.
    pub(crate) async fn keep(
        &self,
        source: &SourceId,
        (number, manifest_sha256): (ChainNumber, Digest),
        key: &SigningKey,
    ) -> Result<(), SealError> {
        let head = &Head {
            version: VERSION,
            source: source.clone(),
            number,
            manifest_sha256,
            anchored_at: clock::now(),
        };
        let failed = |cause| SealError::Anchor {
            place: self.lake.url_of(&self.directory),
            cause,
        };
        let path = self.path(head).map_err(failed)?;
        let file = key
            .sign(Purpose::Anchor, head)
            .map_err(|error| LakeError::Failed {
                path: path.clone(),
                reason: error.to_string(),
            });
        let file = file.map_err(failed)?;
        match self.lake.write_decisive(&path, Bytes::from(file)).await {
            Ok(()) | Err(LakeError::AlreadyExists { .. }) => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }

    fn path(&self, head: &Head) -> Result<LakePath, LakeError> {
        let directory = self.directory.join(&head.source.name)?;
        directory.join(&format!("head-{}", head.number))
    }

    /// All heads that are kept of a source, as `(name, bytes)`; none where there is no directory.
    pub(crate) async fn heads(&self, source: &str) -> Result<Vec<(String, Bytes)>, LakeError> {
        let directory = self.directory.join(source)?;
        let entries = match self.lake.list(&directory).await {
            Err(LakeError::NotFound { .. }) => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut heads = Vec::new();
        for entry in entries {
            if entry.name().starts_with("head-") {
                let bytes = self.lake.read(&entry.path).await?;
                heads.push((self.lake.url_of(&entry.path), bytes));
            }
        }
        Ok(heads)
    }
}
