//! What the part files of an import are: delimited text, Avro or Parquet, and how compressed.

use serde::{Deserialize, Serialize};

/// The kind of the part files of one import; all of them are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FileFormat {
    /// Delimited text, see [`crate::text_format`]; the whole file is one compressed stream.
    Text { compression: TextCompression },
    /// Object container files, compressed block by block.
    Avro { codec: AvroCodec },
    /// Compressed page by page.
    Parquet { codec: ParquetCodec },
    /// CSV by RFC 4180 with a line of names: the result of a view, never an import.
    Csv,
}

/// How a whole text file is compressed. Readers know it by the file's extension, as Hadoop does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextCompression {
    #[default]
    None,
    Gzip,
    Bzip2,
    Zstd,
    /// In the blocks of Hadoop's `SnappyCodec`, not in Snappy's own framing format.
    Snappy,
}

/// The codec of an Avro file's blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AvroCodec {
    #[default]
    Null,
    Deflate,
    Snappy,
    Bzip2,
    Zstd,
}

/// The codec of a Parquet file's pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParquetCodec {
    None,
    Snappy,
    Gzip,
    #[default]
    Zstd,
}

/// Uncompressed text, as every import was before manifests said so.
impl Default for FileFormat {
    fn default() -> Self {
        Self::Text {
            compression: TextCompression::None,
        }
    }
}

impl FileFormat {
    /// What a part's name ends with, its dot included; empty for uncompressed text.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Text { compression } => match compression {
                TextCompression::None => "",
                TextCompression::Gzip => ".gz",
                TextCompression::Bzip2 => ".bz2",
                TextCompression::Zstd => ".zst",
                TextCompression::Snappy => ".snappy",
            },
            Self::Avro { .. } => ".avro",
            Self::Parquet { .. } => ".parquet",
            Self::Csv => ".csv",
        }
    }
}

impl AvroCodec {
    /// As the file's header says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Deflate => "deflate",
            Self::Snappy => "snappy",
            Self::Bzip2 => "bzip2",
            Self::Zstd => "zstandard",
        }
    }
}
