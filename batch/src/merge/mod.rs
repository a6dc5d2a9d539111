//! Merging two sets of rows by a key: rows of the newer set take the places of those with the same
//! key. For `--merge-key` and the tool `merge`.
//!
//! Memory stays bounded whatever is merged: rows are sorted in temporary files on this machine
//! (`TMPDIR`), which take as much room as the rows. The result is one part, sorted by the key.

mod args;
mod command;
mod key;
mod records;
mod sort;

pub use args::MergeArgs;
pub use command::{CommandError, run};
pub(crate) use key::KeyOrder;

use crate::encode::Compressor;
use crate::verify::Content;
use crate::verify::text::TextRows;
use comptoir_lake::publish::Publication;
use comptoir_lake::published::PublishedRun;
use comptoir_lake::{LakeError, LakeWriter};
use comptoir_model::api::PartInfo;
use comptoir_model::file_format::{FileFormat, TextCompression};
use comptoir_model::manifest::Manifest;
use records::{Keys, Records};
use sha2::{Digest, Sha256};
use sort::{Sorted, Sorter};
use std::sync::Arc;
use tokio::task::block_in_place;

/// What can't be merged, and what went wrong on the way. Nothing is published then.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    #[error(transparent)]
    Lake(#[from] LakeError),
    #[error(
        "rows can't be merged in `*{extension}` files\nhint: import as text, or add rows with --append"
    )]
    Format { extension: &'static str },
    #[error(
        "the columns, the delimiters or the files of the two differ, so their rows can't be merged\nhint: import the whole table again with --delete-target-dir"
    )]
    Shape,
    #[error("there is no column `{key}` to merge by\nhint: the columns are {columns}")]
    UnknownKey { key: String, columns: String },
    #[error(
        "a row has NULL in the merge key\nhint: name a column that is never NULL, such as the primary key"
    )]
    NullKey,
    #[error(
        "{rows} rows can't be told apart from others in the delimiters they were written with\nhint: import again with --escaped-by '\\\\' --null-string '\\\\N' --null-non-string '\\\\N'"
    )]
    Ambiguous { rows: u64 },
    #[error("a part can't be read: {reason}\nhint: `comptoir-batch verify` says what is wrong")]
    Unreadable { reason: String },
    #[error(
        "sorting needs room in {directory}: {0}\nhint: set TMPDIR to a directory with as much room as the rows take", directory = std::env::temp_dir().display()
    )]
    Room(#[from] std::io::Error),
}

impl MergeError {
    #[expect(clippy::needless_pass_by_value, reason = "for map_err")]
    fn unreadable(reason: impl ToString) -> Self {
        Self::Unreadable {
            reason: reason.to_string(),
        }
    }
}

/// The one part that a merge makes, named as Sqoop names it.
fn part_name(compression: TextCompression) -> String {
    let extension = FileFormat::Text { compression }.extension();
    format!("part-r-00000{extension}")
}

/// Merges rows that `newer` describes.
pub(crate) struct Merge<'a> {
    newer: &'a Manifest,
    keys: Keys,
    compression: TextCompression,
    sorter: Sorter,
}

impl<'a> Merge<'a> {
    /// By the column `key`; `order` is `None` for that of its type.
    pub(crate) fn new(
        newer: &'a Manifest,
        key: &str,
        order: Option<KeyOrder>,
    ) -> Result<Self, MergeError> {
        let FileFormat::Text { compression } = newer.files else {
            return Err(MergeError::Format {
                extension: newer.files.extension(),
            });
        };
        ensure_unambiguous(newer)?;
        let columns = newer.columns.iter();
        let found = columns
            .clone()
            .position(|column| column.name.eq_ignore_ascii_case(key));
        let index = found.ok_or_else(|| MergeError::UnknownKey {
            key: key.to_owned(),
            columns: (columns.clone().map(|column| column.name.as_str()))
                .collect::<Vec<_>>()
                .join(", "),
        })?;
        Ok(Self {
            newer,
            keys: Keys {
                format: newer.format.clone(),
                kinds: columns.map(|column| column.kind).collect(),
                index,
                order: order.unwrap_or_else(|| KeyOrder::of(&newer.columns[index])),
            },
            compression,
            sorter: Sorter::new(),
        })
    }

    /// Takes the rows of a published import, checked by length and SHA-256. What is taken later
    /// counts more.
    pub(crate) async fn take_published(&mut self, run: &PublishedRun) -> Result<(), MergeError> {
        let manifest = run.manifest();
        ensure_unambiguous(manifest)?;
        if !self.newer.describes_parts_of(manifest) {
            return Err(MergeError::Shape);
        }
        if let Some(other) = manifest.appended.others.first() {
            return Err(MergeError::Lake(LakeError::OtherParts {
                path: run.target().clone(),
                part: other.name.clone(),
            }));
        }
        for index in 0..manifest.parts.len() {
            let mut part = run.part(index)?;
            let mut records = Records::new(&self.keys, self.compression)?;
            while let Some(chunk) = part.next_chunk().await? {
                block_in_place(|| records.append(&chunk, &mut self.sorter))?;
            }
            block_in_place(|| records.finish(&mut self.sorter))?;
        }
        Ok(())
    }

    /// Takes the rows of parts that are written and not published, and removes those.
    pub(crate) async fn take_written(
        &mut self,
        publication: &Publication,
    ) -> Result<(), MergeError> {
        for part in &self.newer.parts {
            let mut reader = publication.open_part(&part.name).await?;
            let mut records = Records::new(&self.keys, self.compression)?;
            while let Some(chunk) = reader.next_chunk().await? {
                block_in_place(|| records.append(&chunk, &mut self.sorter))?;
            }
            block_in_place(|| records.finish(&mut self.sorter))?;
            publication.remove_part(&part.name).await?;
        }
        Ok(())
    }

    /// Writes what was taken as one part of a publication.
    pub(crate) async fn finish(self, publication: &Publication) -> Result<PartInfo, MergeError> {
        let name = part_name(self.compression);
        let writer = publication.create_part(&name).await?;
        let mut output = Output::new(writer, self.newer, self.compression)?;
        let sorter = self.sorter;
        let mut sorted = block_in_place(|| sorter.finish())?;
        while block_in_place(|| output.fill(&mut sorted))? {
            output.flush().await?;
        }
        output.close(name).await
    }
}

fn ensure_unambiguous(manifest: &Manifest) -> Result<(), MergeError> {
    match manifest.ambiguous_rows {
        0 => Ok(()),
        rows => Err(MergeError::Ambiguous { rows }),
    }
}

/// What is collected before it goes to the lake.
const CHUNK: usize = 1024 * 1024;

/// The merged part on its way into the lake.
struct Output {
    writer: LakeWriter,
    compressor: Compressor,
    /// Adds up the checksum of the rows.
    rows: TextRows,
    plain: Vec<u8>,
    buffer: Vec<u8>,
    sha256: Sha256,
    bytes: u64,
}

impl Output {
    fn new(
        writer: LakeWriter,
        manifest: &Manifest,
        compression: TextCompression,
    ) -> Result<Self, MergeError> {
        let content = Arc::new(Content::of(manifest));
        Ok(Self {
            writer,
            compressor: Compressor::new(compression)?,
            rows: TextRows::new(content, TextCompression::None).map_err(MergeError::unreadable)?,
            plain: Vec::new(),
            buffer: Vec::with_capacity(CHUNK),
            sha256: Sha256::new(),
            bytes: 0,
        })
    }

    /// Takes records until a chunk is full; false when there are no more.
    fn fill(&mut self, sorted: &mut Sorted) -> Result<bool, MergeError> {
        while self.buffer.len() < CHUNK {
            self.plain.clear();
            while self.plain.len() < CHUNK / 16 {
                let Some(record) = sorted.next()? else {
                    self.encode()?;
                    return Ok(false);
                };
                self.plain.extend_from_slice(&record);
            }
            self.encode()?;
        }
        Ok(true)
    }

    fn encode(&mut self) -> Result<(), MergeError> {
        self.rows
            .append(&self.plain)
            .map_err(MergeError::unreadable)?;
        Ok(self.compressor.append(&self.plain, &mut self.buffer)?)
    }

    async fn flush(&mut self) -> Result<(), LakeError> {
        let chunk = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK));
        self.sha256.update(&chunk);
        self.bytes += chunk.len() as u64;
        if chunk.is_empty() {
            return Ok(());
        }
        self.writer.write(chunk.into()).await
    }

    async fn close(mut self, name: String) -> Result<PartInfo, MergeError> {
        self.flush().await?;
        let none = Compressor::new(TextCompression::None)?;
        let compressor = std::mem::replace(&mut self.compressor, none);
        compressor.finish(&mut self.buffer)?;
        self.flush().await?;
        self.writer.hsync().await?;
        self.writer.close().await?;
        let total = self.rows.finish().map_err(MergeError::unreadable)?;
        Ok(PartInfo {
            name,
            rows: total.rows,
            bytes: self.bytes,
            sha256: hex::encode(self.sha256.finalize()),
            checksum: Some(total.checksum),
        })
    }
}
