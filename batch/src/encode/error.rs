//! What can go wrong while rows become a file.

use std::fmt;

#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    #[error(
        "{format} can't hold the value `{value}` of the column `{column}` ({sql_type})\nhint: --on-lossy text makes columns of such types text, --on-lossy null makes NULL of such values and counts them, --as-textfile keeps them as they are"
    )]
    Lossy {
        format: FormatName,
        column: String,
        sql_type: String,
        value: String,
    },
    #[error(
        "the column `{column}` holds bytes that are not UTF-8, and {format} has no other text: `{value}`\nhint: cast it to BINARY with --query, or --on-lossy null makes NULL of such values and counts them"
    )]
    NotUtf8 {
        format: FormatName,
        column: String,
        value: String,
    },
    #[error("the rows can't be compressed: {0}\nhint: this is a defect, please report it")]
    Compression(#[from] std::io::Error),
    #[error("the Parquet file can't be written: {0}\nhint: this is a defect, please report it")]
    Parquet(#[from] parquet::errors::ParquetError),
    #[error(
        "the block of an Avro file can't be compressed with Snappy: {0}\nhint: this is a defect, please report it"
    )]
    Snappy(#[from] snap::Error),
}

/// A binary format, for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormatName {
    Avro,
    Parquet,
}

impl fmt::Display for FormatName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Avro => "Avro",
            Self::Parquet => "Parquet",
        })
    }
}

/// The beginning of a value on one line.
pub(crate) fn shown(value: &[u8]) -> String {
    const LENGTH: usize = 60;
    let text = String::from_utf8_lossy(&value[..value.len().min(LENGTH)]);
    let end = if value.len() > LENGTH { "…" } else { "" };
    format!("{}{end}", text.escape_debug())
}
