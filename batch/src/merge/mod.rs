//! Merging two sets of rows by a key: rows of the newer set take the places of those with the same
//! key. For `--merge-key` and the tool `merge`.
//!
//! Memory stays bounded whatever is merged: rows are sorted in temporary files on this machine
//! (`TMPDIR`), which take as much room as the rows. The result is one part, sorted by the key, in the
//! files' own format; it is read back before it counts.

mod args;
mod binary;
mod command;
mod key;
mod output;
mod set_aside;
mod sort;
mod text;

pub use args::MergeArgs;
pub use command::{CommandError, run};
pub(crate) use key::KeyOrder;
pub(crate) use set_aside::carry_set_aside;

use crate::encode::EncodeError;
use crate::verify::ReadError;
use crate::verify::lake_bytes::LakeBytes;
use binary::Shape;
use comptoir_lake::publish::Publication;
use comptoir_lake::published::PublishedRun;
use comptoir_lake::{LakeError, LakeReader};
use comptoir_model::api::PartInfo;
use comptoir_model::file_format::FileFormat;
use comptoir_model::manifest::Manifest;
use key::Key;
use output::Output;
use sort::Sorter;
use text::TextRecords;
use tokio::task::block_in_place;

/// What can't be merged, and what went wrong on the way. Nothing is published then.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    #[error(transparent)]
    Lake(#[from] LakeError),
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
    #[error(transparent)]
    Encode(#[from] EncodeError),
    #[error(
        "the merged part is not what was written: {differences}\nhint: run it again; nothing was published"
    )]
    Altered { differences: String },
    #[error("a part can't be read: {reason}\nhint: `comptoir-batch verify` says what is wrong")]
    Unreadable { reason: String },
    #[error(
        "sorting needs room in {directory}: {0}\nhint: set TMPDIR to a directory with as much room as the rows take", directory = std::env::temp_dir().display()
    )]
    Room(#[from] std::io::Error),
}

impl From<ReadError> for MergeError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Lake(error) => Self::Lake(error),
            ReadError::Thread(error) => Self::unreadable(error),
        }
    }
}

impl MergeError {
    #[expect(clippy::needless_pass_by_value, reason = "for map_err")]
    fn unreadable(reason: impl ToString) -> Self {
        Self::Unreadable {
            reason: reason.to_string(),
        }
    }
}

/// Merges rows that `newer` describes.
pub(crate) struct Merge<'a> {
    newer: &'a Manifest,
    key: Key,
    /// Of Avro and Parquet, from the last file.
    shape: Option<Shape>,
    sorter: Sorter,
}

impl<'a> Merge<'a> {
    /// By the column `key`; `order` is `None` for that of its type.
    pub(crate) fn new(
        newer: &'a Manifest,
        key: &str,
        order: Option<KeyOrder>,
    ) -> Result<Self, MergeError> {
        ensure_unambiguous(newer)?;
        let columns = newer.columns.iter();
        let found = columns
            .clone()
            .position(|column| column.name.eq_ignore_ascii_case(key));
        let column = found.ok_or_else(|| MergeError::UnknownKey {
            key: key.to_owned(),
            columns: (columns.map(|column| column.name.as_str()))
                .collect::<Vec<_>>()
                .join(", "),
        })?;
        let order = order.unwrap_or_else(|| KeyOrder::of(&newer.columns[column]));
        Ok(Self {
            newer,
            key: Key { column, order },
            shape: None,
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
            if let FileFormat::Text { compression } = self.newer.files {
                let mut records = TextRecords::new(self.newer, self.key, compression)?;
                while let Some(chunk) = part.next_chunk().await? {
                    block_in_place(|| records.append(&chunk, &mut self.sorter))?;
                }
                block_in_place(|| records.finish(&mut self.sorter))?;
            } else {
                // Such a file is read here and there: it is checked as a whole before.
                while part.next_chunk().await?.is_some() {}
                self.take_file(run.open_part(index)?)?;
            }
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
            if let FileFormat::Text { compression } = self.newer.files {
                let mut records = TextRecords::new(self.newer, self.key, compression)?;
                while let Some(chunk) = reader.next_chunk().await? {
                    block_in_place(|| records.append(&chunk, &mut self.sorter))?;
                }
                block_in_place(|| records.finish(&mut self.sorter))?;
            } else {
                self.take_file(reader)?;
            }
            publication.remove_part(&part.name).await?;
        }
        Ok(())
    }

    /// Takes the rows of an Avro or Parquet file.
    fn take_file(&mut self, reader: LakeReader) -> Result<(), MergeError> {
        let file = LakeBytes::new(reader);
        let take = match self.newer.files {
            FileFormat::Parquet { .. } => binary::take_parquet,
            FileFormat::Avro { .. } | FileFormat::Text { .. } => binary::take_avro,
            FileFormat::Csv => return Err(MergeError::unreadable("it is CSV that a view made")),
        };
        let taken = block_in_place(|| take(&file, self.newer, self.key, &mut self.sorter));
        if let Some(failure) = file.take_failure() {
            return Err(failure.into());
        }
        self.shape = Some(taken?);
        Ok(())
    }

    /// Writes what was taken as one part of a publication, named as Sqoop names it, and reads it back.
    pub(crate) async fn finish(self, publication: &Publication) -> Result<PartInfo, MergeError> {
        let name = format!("part-r-00000{}", self.newer.files.extension());
        let writer = publication.create_part(&name).await?;
        let mut output = Output::new(writer, self.newer.files, self.shape, &name)?;
        let sorter = self.sorter;
        let mut sorted = block_in_place(|| sorter.finish())?;
        while block_in_place(|| output.fill(&mut sorted))? {
            output.flush().await?;
        }
        let written = output.close().await?;
        written.read_back(publication, self.newer, name).await
    }
}

fn ensure_unambiguous(manifest: &Manifest) -> Result<(), MergeError> {
    match manifest.ambiguous_rows {
        0 => Ok(()),
        rows => Err(MergeError::Ambiguous { rows }),
    }
}
