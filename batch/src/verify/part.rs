//! One part read back, and what of it is not as it should be.

use super::lake_bytes::LakeBytes;
use super::report::{Difference, RowCheck};
use super::text::TextRows;
use super::{avro, csv, parquet};
use crate::encode::Total;
use comptoir_lake::{LakeError, LakeReader};
use comptoir_model::api::PartInfo;
use comptoir_model::file_format::{FileFormat, TextCompression};
use comptoir_model::manifest::Manifest;
use comptoir_model::row_checksum::CanonicalForm;
use comptoir_model::text_format::{ColumnKind, TextFormat};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// How the parts of an import are to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    pub files: FileFormat,
    /// Of text.
    pub format: TextFormat,
    /// Of each column.
    pub kinds: Vec<ColumnKind>,
    /// Of each column. Where the import computed no checksum, any will do: rows are counted.
    pub forms: Vec<CanonicalForm>,
}

/// What a part really is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartReading {
    pub bytes: u64,
    /// Lower-case hexadecimal.
    pub sha256: String,
    /// Of its rows, or why they can't be read.
    pub rows: Result<Total, String>,
}

/// The lake failed; nothing is known about the part.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    Lake(#[from] LakeError),
    #[error("the thread that read it ended: {0}")]
    Thread(#[from] tokio::task::JoinError),
}

impl RowCheck {
    /// What the manifest allows.
    pub fn of(manifest: &Manifest) -> Self {
        match (manifest.ambiguous_rows, manifest.checksum()) {
            (0, Some(_)) => Self::Checksum,
            (0, None) => Self::Count,
            (ambiguous_rows, _) => Self::Impossible { ambiguous_rows },
        }
    }
}

impl Content {
    pub fn of(manifest: &Manifest) -> Self {
        let columns = &manifest.columns;
        Self {
            files: manifest.files,
            format: manifest.format.clone(),
            kinds: columns.iter().map(|column| column.kind).collect(),
            forms: (columns.iter())
                .map(|column| column.canonical.unwrap_or(CanonicalForm::AsWritten))
                .collect(),
        }
    }

    /// Of the rows that were set aside: the rules they break, and the columns.
    pub fn of_quarantine(manifest: &Manifest) -> Self {
        let fields = 1 + manifest.columns.len();
        Self {
            files: FileFormat::default(),
            format: TextFormat::lossless(),
            kinds: vec![ColumnKind::Text; fields],
            forms: vec![CanonicalForm::AsWritten; fields],
        }
    }
}

/// Reads a part to its end: once as bytes, and as rows. Memory stays bounded.
pub async fn read_part(
    reader: LakeReader,
    content: Arc<Content>,
) -> Result<PartReading, ReadError> {
    match content.files {
        FileFormat::Text { compression } => read_text(reader, content, compression).await,
        FileFormat::Avro { .. } => read_binary(reader, content, avro::total).await,
        FileFormat::Parquet { .. } => read_binary(reader, content, parquet::total).await,
        FileFormat::Csv => read_binary(reader, content, csv::total).await,
    }
}

/// Reads a file to its end: its length, and its SHA-256 in lower-case hexadecimal.
pub(super) async fn read_bytes(mut reader: LakeReader) -> Result<(u64, String), LakeError> {
    let (mut bytes, mut sha256) = (0, Sha256::new());
    while let Some(chunk) = reader.next_chunk().await? {
        bytes += chunk.len() as u64;
        sha256.update(&chunk);
    }
    Ok((bytes, hex::encode(sha256.finalize())))
}

async fn read_text(
    mut reader: LakeReader,
    content: Arc<Content>,
    compression: TextCompression,
) -> Result<PartReading, ReadError> {
    let mut rows = TextRows::new(content, compression);
    let (mut bytes, mut sha256) = (0, Sha256::new());
    while let Some(chunk) = reader.next_chunk().await? {
        bytes += chunk.len() as u64;
        sha256.update(&chunk);
        // Rows that can't be read do not end the look at the bytes.
        let appended = rows.and_then(|mut rows| rows.append(&chunk).map(|()| rows));
        rows = appended;
    }
    Ok(PartReading {
        bytes,
        sha256: hex::encode(sha256.finalize()),
        rows: rows.and_then(TextRows::finish),
    })
}

async fn read_binary(
    reader: LakeReader,
    content: Arc<Content>,
    total: impl FnOnce(&LakeBytes, &[CanonicalForm]) -> Result<Total, String> + Send + 'static,
) -> Result<PartReading, ReadError> {
    let file = LakeBytes::new(reader.clone());
    let (bytes, sha256) = read_bytes(reader).await?;
    let task = tokio::task::spawn_blocking(move || {
        let rows = total(&file, &content.forms);
        match file.take_failure() {
            Some(failure) => Err(failure),
            None => Ok(rows),
        }
    });
    Ok(PartReading {
        bytes,
        sha256,
        rows: task.await??,
    })
}

/// What differs between the bytes of a part and what its manifest says of them.
pub(super) fn compare_bytes(
    part: &str,
    (bytes, sha256): (u64, &str),
    found: &(u64, String),
) -> Vec<Difference> {
    let mut differences = Vec::new();
    if bytes != found.0 {
        differences.push(Difference::Bytes {
            part: part.to_owned(),
            said: bytes,
            found: found.0,
        });
    }
    if sha256 != found.1 {
        differences.push(Difference::Sha256 {
            part: part.to_owned(),
            said: sha256.to_owned(),
            found: found.1.clone(),
        });
    }
    differences
}

/// What differs between a part and what its manifest says of it.
pub fn compare(said: &PartInfo, found: &PartReading, check: RowCheck) -> Vec<Difference> {
    let part = || said.name.clone();
    let read = (found.bytes, found.sha256.clone());
    let mut differences = compare_bytes(&said.name, (said.bytes, &said.sha256), &read);
    match (&found.rows, check) {
        (_, RowCheck::Impossible { .. }) => {}
        (Err(reason), _) => differences.push(Difference::Unreadable {
            part: part(),
            reason: reason.clone(),
        }),
        (Ok(total), _) if total.rows != said.rows => differences.push(Difference::Rows {
            part: part(),
            said: said.rows,
            found: total.rows,
        }),
        (Ok(total), RowCheck::Checksum) => {
            if let Some(checksum) = said.checksum.filter(|said| *said != total.checksum) {
                differences.push(Difference::Checksum {
                    part: part(),
                    said: checksum,
                    found: total.checksum,
                });
            }
        }
        (Ok(_), RowCheck::Count) => {}
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptoir_model::row_checksum::RowChecksum;

    const TOTAL: Total = Total {
        rows: 7,
        checksum: RowChecksum::of_hash(9),
    };

    fn said() -> PartInfo {
        PartInfo {
            name: "part-m-00000".to_owned(),
            rows: TOTAL.rows,
            bytes: 100,
            sha256: "ab".to_owned(),
            checksum: Some(TOTAL.checksum),
        }
    }

    fn found() -> PartReading {
        PartReading {
            bytes: 100,
            sha256: "ab".to_owned(),
            rows: Ok(TOTAL),
        }
    }

    #[test]
    fn a_part_that_is_as_it_should_be_has_no_differences() {
        assert_eq!(compare(&said(), &found(), RowCheck::Checksum), []);
    }

    #[test]
    fn each_difference_is_named() {
        let differences = |found: PartReading, check| {
            let differences = compare(&said(), &found, check);
            let texts: Vec<_> = differences.iter().map(ToString::to_string).collect();
            texts.join("; ")
        };
        let shorter = PartReading {
            bytes: 99,
            sha256: "cd".to_owned(),
            ..found()
        };
        let text = differences(shorter, RowCheck::Checksum);
        assert!(text.contains("99 bytes") && text.contains("cd"), "{text}");
        let altered = PartReading {
            rows: Ok(Total {
                checksum: RowChecksum::of_hash(8),
                ..TOTAL
            }),
            ..found()
        };
        let text = differences(altered.clone(), RowCheck::Checksum);
        assert!(text.contains("row checksum"), "{text}");
        assert_eq!(differences(altered, RowCheck::Count), "");
        let lost = PartReading {
            rows: Ok(Total { rows: 6, ..TOTAL }),
            ..found()
        };
        let text = differences(lost.clone(), RowCheck::Count);
        assert!(text.contains("6 rows"), "{text}");
        let impossible = RowCheck::Impossible { ambiguous_rows: 1 };
        assert_eq!(differences(lost, impossible), "");
    }
}
