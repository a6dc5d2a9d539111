//! Which files the flags ask for: format, compression, types. Pure.

use super::args::ImportArgs;
use super::columns::Fidelity;
use super::compose::UsageError;
use super::properties::SqoopProperties;
use crate::encode::{Conversion, SqoopDecimals, Timestamps, TypeMapping};
use comptoir_model::file_format::{AvroCodec, FileFormat, ParquetCodec, TextCompression};

/// The words of `--compression-codec`, ours and Hadoop's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Codec {
    Gzip,
    Bzip2,
    Zstd,
    Snappy,
}

const CODECS: &str = "gzip, bzip2, zstd or snappy";

pub(super) fn files(args: &ImportArgs, fidelity: Fidelity) -> Result<FileFormat, UsageError> {
    let files = &args.files;
    let named = files.compression_codec.as_deref().map(codec).transpose()?;
    let codec = named.or(files.compress.then_some(Codec::Gzip));
    if files.as_avrodatafile {
        return Ok(FileFormat::Avro { codec: avro(codec) });
    }
    if files.as_parquetfile {
        let codec = parquet(codec, fidelity)?;
        return Ok(FileFormat::Parquet { codec });
    }
    Ok(FileFormat::Text {
        compression: match codec {
            None => TextCompression::None,
            Some(Codec::Gzip) => TextCompression::Gzip,
            Some(Codec::Bzip2) => TextCompression::Bzip2,
            Some(Codec::Zstd) => TextCompression::Zstd,
            Some(Codec::Snappy) => TextCompression::Snappy,
        },
    })
}

/// How values become those of Avro and Parquet.
pub(super) fn conversion(
    args: &ImportArgs,
    fidelity: Fidelity,
    properties: &SqoopProperties,
) -> Conversion {
    let logical = if args.files.as_parquetfile {
        properties.parquet_decimals
    } else {
        properties.avro_decimals
    };
    Conversion {
        mapping: match fidelity {
            // The session prints TIMESTAMP in the time zone of the server.
            Fidelity::Lossless => TypeMapping::Lossless {
                timestamps: Timestamps::Local,
            },
            Fidelity::AsSqoop => TypeMapping::Sqoop {
                decimals: if logical {
                    SqoopDecimals::Logical
                } else {
                    SqoopDecimals::Text
                },
            },
        },
        on_lossy: args.files.on_lossy,
    }
}

fn codec(name: &str) -> Result<Codec, UsageError> {
    let word = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
    Ok(match word.trim_end_matches("codec") {
        "gzip" => Codec::Gzip,
        "bzip2" => Codec::Bzip2,
        "zstd" | "zstandard" => Codec::Zstd,
        "snappy" => Codec::Snappy,
        _ => {
            return Err(UsageError::Codec {
                name: name.to_owned(),
                reason: "it is not known",
                cure: CODECS,
            });
        }
    })
}

/// `--compress` alone is Avro's own deflate, as with Sqoop.
fn avro(codec: Option<Codec>) -> AvroCodec {
    match codec {
        None => AvroCodec::Null,
        Some(Codec::Gzip) => AvroCodec::Deflate,
        Some(Codec::Bzip2) => AvroCodec::Bzip2,
        Some(Codec::Zstd) => AvroCodec::Zstd,
        Some(Codec::Snappy) => AvroCodec::Snappy,
    }
}

/// Sqoop's Parquet files are compressed by Snappy unless something else is asked for; ours by zstd.
fn parquet(codec: Option<Codec>, fidelity: Fidelity) -> Result<ParquetCodec, UsageError> {
    Ok(match (codec, fidelity) {
        (None, Fidelity::Lossless) | (Some(Codec::Zstd), _) => ParquetCodec::Zstd,
        (None, Fidelity::AsSqoop) | (Some(Codec::Snappy), _) => ParquetCodec::Snappy,
        (Some(Codec::Gzip), _) => ParquetCodec::Gzip,
        (Some(Codec::Bzip2), _) => {
            return Err(UsageError::Codec {
                name: "bzip2".to_owned(),
                reason: "Parquet has no such compression",
                cure: "gzip, zstd or snappy",
            });
        }
    })
}

/// A line for each flag that means something to text only.
pub(super) fn notices(args: &ImportArgs) -> Vec<String> {
    let files = &args.files;
    if !files.as_avrodatafile && !files.as_parquetfile {
        return Vec::new();
    }
    let format = &args.format;
    let flags = [
        (
            "--fields-terminated-by",
            format.fields_terminated_by.is_some(),
        ),
        (
            "--lines-terminated-by",
            format.lines_terminated_by.is_some(),
        ),
        ("--enclosed-by", format.enclosed_by.is_some()),
        (
            "--optionally-enclosed-by",
            format.optionally_enclosed_by.is_some(),
        ),
        ("--escaped-by", format.escaped_by.is_some()),
        ("--null-string", format.null_string.is_some()),
        ("--null-non-string", format.null_non_string.is_some()),
        ("--mysql-delimiters", format.mysql_delimiters),
        ("--hive-drop-import-delims", format.hive_drop_import_delims),
        (
            "--hive-delims-replacement",
            format.hive_delims_replacement.is_some(),
        ),
    ];
    (flags.into_iter())
        .filter(|(_, given)| *given)
        .map(|(flag, _)| format!("{flag} has no effect here: Avro and Parquet have no delimiters"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::args::FileArgs;

    fn files_of(given: FileArgs, fidelity: Fidelity) -> Result<FileFormat, UsageError> {
        let args = ImportArgs {
            files: given,
            ..ImportArgs::default()
        };
        files(&args, fidelity)
    }

    fn named(name: &str) -> FileArgs {
        FileArgs {
            compression_codec: Some(name.to_owned()),
            ..FileArgs::default()
        }
    }

    #[test]
    fn codecs_have_our_names_and_hadoops() {
        for (name, compression) in [
            ("gzip", TextCompression::Gzip),
            (
                "org.apache.hadoop.io.compress.GzipCodec",
                TextCompression::Gzip,
            ),
            (
                "org.apache.hadoop.io.compress.BZip2Codec",
                TextCompression::Bzip2,
            ),
            (
                "org.apache.hadoop.io.compress.ZStandardCodec",
                TextCompression::Zstd,
            ),
            ("snappy", TextCompression::Snappy),
        ] {
            let files = files_of(named(name), Fidelity::Lossless).unwrap();
            assert_eq!(files, FileFormat::Text { compression }, "{name}");
        }
        let error = files_of(named("lzo"), Fidelity::Lossless).unwrap_err();
        assert!(
            error.to_string().contains("lzo: it is not known"),
            "{error}"
        );
    }

    #[test]
    fn compress_alone_is_gzip_or_avros_deflate() {
        let compress = FileArgs {
            compress: true,
            ..FileArgs::default()
        };
        let text = files_of(compress.clone(), Fidelity::Lossless).unwrap();
        assert_eq!(text.extension(), ".gz");
        let avro = FileArgs {
            as_avrodatafile: true,
            ..compress
        };
        let codec = AvroCodec::Deflate;
        assert_eq!(
            files_of(avro, Fidelity::Lossless).unwrap(),
            FileFormat::Avro { codec }
        );
    }

    #[test]
    fn parquet_is_compressed_by_zstd_or_as_sqoop_does() {
        let parquet = |codec: Option<&str>| FileArgs {
            as_parquetfile: true,
            compression_codec: codec.map(str::to_owned),
            ..FileArgs::default()
        };
        for (fidelity, codec) in [
            (Fidelity::Lossless, ParquetCodec::Zstd),
            (Fidelity::AsSqoop, ParquetCodec::Snappy),
        ] {
            let files = files_of(parquet(None), fidelity).unwrap();
            assert_eq!(files, FileFormat::Parquet { codec });
        }
        assert!(files_of(parquet(Some("bzip2")), Fidelity::Lossless).is_err());
    }
}
