//! Rows of Avro and Parquet files as records that can be sorted: their values as the files hold them.
//! For threads that may block.

use super::MergeError;
use super::key::Key;
use super::sort::Sorter;
use crate::encode::ParquetShape;
use crate::verify::avro;
use crate::verify::lake_bytes::LakeBytes;
use crate::verify::parquet::{self, Wanted};
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use comptoir_model::manifest::Manifest;
use comptoir_model::row_checksum::CanonicalForm;

/// What another file needs to take the rows of the ones that were read.
pub(super) enum Shape {
    /// The schema, in JSON.
    Avro(String),
    Parquet(ParquetShape),
}

/// Takes the rows of an Avro file, as Avro encodes records.
pub(super) fn take_avro(
    file: &LakeBytes,
    manifest: &Manifest,
    key: Key,
    sorter: &mut Sorter,
) -> Result<Shape, MergeError> {
    let schema = avro::schema(file).map_err(MergeError::unreadable)?;
    let form = form(manifest, key);
    let mut failure = None;
    let read = avro::for_each_record(file, manifest.columns.len(), |record, values| {
        let taken = (|| {
            let value = values[key.column].as_ref().ok_or(MergeError::NullKey)?;
            let mut printed = Vec::new();
            value.append_canonical(form, &mut printed);
            let record = apache_avro::to_avro_datum(&schema, record.clone());
            let record = record.map_err(MergeError::unreadable)?;
            Ok(sorter.push(key.order.sortable(&printed), record)?)
        })();
        taken.map_err(|error| stop(error, &mut failure))
    });
    ended(read, failure)?;
    let schema = serde_json::to_string(&schema).map_err(MergeError::unreadable)?;
    Ok(Shape::Avro(schema))
}

/// Takes the rows of a Parquet file: of each value whether there is one, its length and its bytes.
pub(super) fn take_parquet(
    file: &LakeBytes,
    manifest: &Manifest,
    key: Key,
    sorter: &mut Sorter,
) -> Result<Shape, MergeError> {
    let reader = SerializedFileReader::new(file.clone()).map_err(MergeError::unreadable)?;
    let shape = ParquetShape::of(reader.metadata().file_metadata());
    let columns = manifest.columns.len();
    let wanted = std::iter::once((key.column, Wanted::Canonical(form(manifest, key))));
    let wanted: Vec<_> = wanted
        .chain((0..columns).map(|column| (column, Wanted::Stored)))
        .collect();
    let mut failure = None;
    let read = parquet::for_each_row(file, columns, &wanted, |values| {
        let taken = (|| {
            let (printed, row) = values.split_first().ok_or(MergeError::NullKey)?;
            let printed = printed.ok_or(MergeError::NullKey)?;
            Ok(sorter.push(key.order.sortable(printed), joined(row))?)
        })();
        taken.map_err(|error| stop(error, &mut failure))
    });
    ended(read, failure)?;
    Ok(Shape::Parquet(shape))
}

fn form(manifest: &Manifest, key: Key) -> CanonicalForm {
    let form = manifest.columns[key.column].canonical;
    form.unwrap_or(CanonicalForm::AsWritten)
}

/// Readers end at a text; the error itself is kept beside.
fn stop(error: MergeError, failure: &mut Option<MergeError>) -> String {
    let text = error.to_string();
    *failure = Some(error);
    text
}

fn ended(read: Result<(), String>, failure: Option<MergeError>) -> Result<(), MergeError> {
    match (read, failure) {
        (Ok(()), _) => Ok(()),
        (Err(_), Some(error)) => Err(error),
        (Err(reason), None) => Err(MergeError::Unreadable { reason }),
    }
}

const NULL: u8 = 0;
const VALUE: u8 = 1;

/// A row in one piece; [`split`] is the inverse.
fn joined(row: &[Option<&[u8]>]) -> Vec<u8> {
    let mut joined = Vec::new();
    for value in row {
        match value {
            None => joined.push(NULL),
            Some(bytes) => {
                joined.push(VALUE);
                joined.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
                joined.extend_from_slice(bytes);
            }
        }
    }
    joined
}

/// The values of a row that was [`joined`].
pub(super) fn split(mut joined: &[u8]) -> impl Iterator<Item = Option<&[u8]>> {
    std::iter::from_fn(move || {
        let (mark, rest) = joined.split_first()?;
        joined = rest;
        if *mark == NULL {
            return Some(None);
        }
        let (length, rest) = joined.split_first_chunk()?;
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        let (value, rest) = rest.split_at_checked(length)?;
        joined = rest;
        Some(Some(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_row_that_is_joined_and_split_is_the_same(row: Vec<Option<Vec<u8>>>) {
            let row: Vec<_> = row.iter().map(Option::as_deref).collect();
            let joined = joined(&row);
            prop_assert_eq!(split(&joined).collect::<Vec<_>>(), row);
        }
    }
}
