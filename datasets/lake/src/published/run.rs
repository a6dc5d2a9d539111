//! One published run, all its parts open.

use super::{Location, locate, manifest_in, open_part};
use crate::error::{LakeError, Result};
use crate::file::LakeReader;
use crate::lake::Lake;
use crate::path::LakePath;
use crate::publish::Layout;
use bytes::{Bytes, BytesMut};
use comptoir_model::api::PartInfo;
use comptoir_model::manifest::Manifest;
use comptoir_model::text_format::{ColumnKind, Value};
use sha2::{Digest, Sha256};

#[derive(Debug)]
pub struct PublishedRun {
    lake: Lake,
    layout: Layout,
    location: LakePath,
    manifest: Manifest,
    parts: Vec<LakeReader>,
}

impl PublishedRun {
    pub(super) fn new(
        lake: &Lake,
        layout: &Layout,
        location: LakePath,
        manifest: Manifest,
        parts: Vec<LakeReader>,
    ) -> Self {
        Self {
            lake: lake.clone(),
            layout: layout.clone(),
            location,
            manifest,
            parts,
        }
    }

    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The directory that its parts were opened in; mostly the target itself.
    pub fn location(&self) -> &LakePath {
        &self.location
    }

    pub fn target(&self) -> &LakePath {
        &self.layout.target
    }

    /// Whether the target still holds this run.
    pub async fn still_current(&self) -> Result<bool> {
        let Location::At(location) = locate(&self.lake, &self.layout).await? else {
            return Ok(false);
        };
        let current = manifest_in(&self.lake, &location).await?;
        Ok(current.is_some_and(|current| current.run == self.manifest.run))
    }

    /// Part `index` of the manifest, in chunks.
    pub fn part(&self, index: usize) -> Result<PartReader> {
        let known = self.manifest.parts.get(index).zip(self.parts.get(index));
        let (part, reader) = known.ok_or_else(|| LakeError::Failed {
            path: self.location.clone(),
            reason: format!("it has {} parts, none is number {index}", self.parts.len()),
        })?;
        Ok(PartReader {
            part: part.clone(),
            reader: reader.clone(),
            hash: Sha256::new(),
        })
    }

    /// Part `index`, checked for its length and SHA-256.
    pub async fn read_part(&self, index: usize) -> Result<Bytes> {
        let mut part = self.part(index)?;
        let mut bytes = BytesMut::new();
        while let Some(chunk) = part.next_chunk().await? {
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    }

    /// The rows of part `index`, checked as [`PublishedRun::read_part`] does, and counted.
    pub async fn read_rows(&self, index: usize) -> Result<Vec<Vec<Value>>> {
        self.ensure_decodable()?;
        let bytes = self.read_part(index).await?;
        let kinds: Vec<ColumnKind> = self.manifest.columns.iter().map(|c| c.kind).collect();
        let corrupt = |reason: String| LakeError::Corrupt {
            path: self.parts[index].path().clone(),
            reason,
        };
        let rows: Vec<Vec<Value>> = (self.manifest.format.decode(&bytes, &kinds))
            .collect::<std::result::Result<_, _>>()
            .map_err(|error| corrupt(error.to_string()))?;
        let expected = self.manifest.parts[index].rows;
        if rows.len() as u64 == expected {
            Ok(rows)
        } else {
            let found = rows.len();
            Err(corrupt(format!(
                "it has {found} rows, its manifest says {expected}"
            )))
        }
    }

    /// Part `index` for reading at any place, unchecked.
    pub fn open_part(&self, index: usize) -> Result<LakeReader> {
        Ok(self.part(index)?.reader)
    }

    /// A file of rows that were set aside, as the manifest names it, unchecked. It is opened only
    /// now: of a run that was replaced and deleted meanwhile it is gone.
    pub async fn open_quarantine(&self, file: &PartInfo) -> Result<LakeReader> {
        (self.lake.open_read(&self.location.join(&file.name)?)).await
    }

    /// Opens one of the parts that the manifest does not describe, by its name.
    pub async fn open_other(&self, name: &str) -> Result<LakeReader> {
        open_part(&self.lake, &self.location, &self.manifest, name).await
    }

    /// Refuses a run that is not plain text, or that [`PublishedRun::ensure_readable`] refuses.
    pub fn ensure_decodable(&self) -> Result<()> {
        let extension = self.manifest.files.extension();
        if !extension.is_empty() {
            return Err(LakeError::NotText {
                path: self.layout.target.clone(),
                extension,
            });
        }
        self.ensure_readable()
    }

    /// Refuses a run that has rows that its delimiters can't tell apart from others, or parts that
    /// its manifest does not describe.
    pub fn ensure_readable(&self) -> Result<()> {
        if let Some(other) = self.manifest.appended.others.first() {
            return Err(LakeError::OtherParts {
                path: self.layout.target.clone(),
                part: other.name.clone(),
            });
        }
        match self.manifest.ambiguous_rows {
            0 => Ok(()),
            rows => Err(LakeError::AmbiguousRows {
                path: self.layout.target.clone(),
                rows,
            }),
        }
    }
}

/// Reads one part and checks it on the way; the last call tells whether all bytes were right.
#[derive(Debug)]
pub struct PartReader {
    part: PartInfo,
    reader: LakeReader,
    hash: Sha256,
}

impl PartReader {
    pub fn info(&self) -> &PartInfo {
        &self.part
    }

    /// The next bytes; `None` once everything was read and is what the manifest says.
    pub async fn next_chunk(&mut self) -> Result<Option<Bytes>> {
        if let Some(chunk) = self.reader.next_chunk().await? {
            self.hash.update(&chunk);
            return Ok(Some(chunk));
        }
        let found = hex::encode(self.hash.clone().finalize());
        if found == self.part.sha256 {
            Ok(None)
        } else {
            Err(LakeError::Corrupt {
                path: self.reader.path().clone(),
                reason: format!(
                    "its SHA-256 is {found}, its manifest says {}",
                    self.part.sha256
                ),
            })
        }
    }
}
