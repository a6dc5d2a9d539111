//! What the encoders write, read back by other people's readers: each type, each codec.

use super::part::{self, Content, PartReading};
use crate::database::{Storage, TableColumn};
use crate::encode::{
    BinaryFormat, Column, Conversion, EncodeError, Encoded, Encoder, OnLossy, SqlType,
    SqoopDecimals, Timestamps, TypeMapping,
};
use bytes::Bytes;
use comptoir_lake::{Lake, LakeOptions, LakePath};
use comptoir_model::file_format::{AvroCodec, FileFormat, ParquetCodec};
use comptoir_model::row_checksum::CanonicalForm;
use comptoir_model::text_format::{ColumnKind, TextFormat};
use proptest::prelude::*;
use std::sync::Arc;

const LOSSLESS: Conversion = Conversion {
    mapping: TypeMapping::Lossless {
        timestamps: Timestamps::Utc,
    },
    on_lossy: OnLossy::Refuse,
};

const AS_SQOOP: Conversion = Conversion {
    mapping: TypeMapping::Sqoop {
        decimals: SqoopDecimals::Logical,
    },
    on_lossy: OnLossy::Refuse,
};

const FORMATS: [BinaryFormat; 9] = [
    BinaryFormat::Avro(AvroCodec::Null),
    BinaryFormat::Avro(AvroCodec::Deflate),
    BinaryFormat::Avro(AvroCodec::Snappy),
    BinaryFormat::Avro(AvroCodec::Bzip2),
    BinaryFormat::Avro(AvroCodec::Zstd),
    BinaryFormat::Parquet(ParquetCodec::None),
    BinaryFormat::Parquet(ParquetCodec::Snappy),
    BinaryFormat::Parquet(ParquetCodec::Gzip),
    BinaryFormat::Parquet(ParquetCodec::Zstd),
];

type Value = Option<Vec<u8>>;

/// A column of each type, with its least, its greatest and some other values.
fn types() -> Vec<(Column, Vec<&'static [u8]>)> {
    let decimal = |scale| Storage::Decimal { scale };
    let bits = |width| Storage::Bits { width };
    let wide_decimal: &[u8] =
        b"-99999999999999999999999999999999999.999999999999999999999999999999";
    let types: Vec<(&str, Storage, Vec<&'static [u8]>)> = vec![
        (
            "int(11)",
            Storage::Integer,
            vec![b"-2147483648", b"2147483647", b"0"],
        ),
        (
            "int(10) unsigned zerofill",
            Storage::Integer,
            vec![b"4294967295", b"0000000007"],
        ),
        ("tinyint(4)", Storage::Integer, vec![b"-128", b"127"]),
        (
            "smallint(5) unsigned",
            Storage::Integer,
            vec![b"65535", b"0"],
        ),
        (
            "bigint(20)",
            Storage::Integer,
            vec![b"-9223372036854775808", b"9223372036854775807"],
        ),
        (
            "bigint(20) unsigned",
            Storage::Integer,
            vec![b"18446744073709551615", b"0"],
        ),
        ("tinyint(1)", Storage::Boolean, vec![b"-2", b"1", b"0"]),
        ("year(4)", Storage::Integer, vec![b"1901", b"0000"]),
        ("bit(1)", bits(1), vec![b"\0", b"\x01"]),
        ("bit(8)", bits(8), vec![b"\xa5", b"\xff"]),
        (
            "bit(64)",
            bits(64),
            vec![b"\xff\xff\xff\xff\xff\xff\xff\xff", b"\0\0\0\0\0\0\0\0"],
        ),
        (
            "decimal(65,30)",
            decimal(30),
            vec![wide_decimal, b"0.000000000000000000000000000001"],
        ),
        ("decimal(10,2)", decimal(2), vec![b"-99999999.99", b"0.00"]),
        ("decimal(5,2)", decimal(2), vec![b"-999.99", b"0.05"]),
        (
            "decimal(20,0)",
            decimal(0),
            vec![b"-99999999999999999999", b"7"],
        ),
        (
            "float",
            Storage::Float,
            vec![b"16777200", b"-3.40282e38", b"0"],
        ),
        (
            "double",
            Storage::Double,
            vec![b"1e23", b"-1.7976931348623157e308", b"-0"],
        ),
        (
            "date",
            Storage::DateOrTime,
            vec![b"0001-01-01", b"9999-12-31", b"1582-10-05"],
        ),
        (
            "time(6)",
            Storage::DateOrTime,
            vec![b"00:00:00.000000", b"23:59:59.999999"],
        ),
        (
            "datetime(6)",
            Storage::DateTime,
            vec![b"1000-01-01 00:00:00.000000", b"9999-12-31 23:59:59.999999"],
        ),
        (
            "timestamp",
            Storage::DateTime,
            vec![b"1970-01-01 00:00:01", b"2038-01-19 03:14:07"],
        ),
        ("json", Storage::Text, vec![b"{\"k\": [1, null]}", b"null"]),
        (
            "varchar(50)",
            Storage::Text,
            vec![b"", "🚲 a,b\n".as_bytes()],
        ),
        ("longblob", Storage::Binary, vec![b"", b"\0\x01\xfe\xff"]),
    ];
    types
        .into_iter()
        .map(|(declared, storage, values)| {
            let column = TableColumn {
                name: format!("c {declared}"),
                sql_type: declared.to_owned(),
                storage,
                nullable: true,
            };
            let column = Column {
                sql_type: SqlType::of(&column),
                name: column.name,
                declared: column.sql_type,
            };
            (column, values)
        })
        .collect()
}

fn rows() -> impl Strategy<Value = Vec<Vec<Value>>> {
    let value = |values: Vec<&'static [u8]>| {
        proptest::option::of(proptest::sample::select(values).prop_map(<[u8]>::to_vec))
    };
    let row: Vec<_> = types()
        .into_iter()
        .map(|(_, values)| value(values))
        .collect();
    proptest::collection::vec(row, 0..40)
}

fn encode(
    format: BinaryFormat,
    columns: &[Column],
    conversion: Conversion,
    rows: &[Vec<Value>],
) -> Result<(Vec<u8>, Encoded), EncodeError> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(format, "my table", columns, conversion, "r1/part-m-00000")?;
    for row in rows {
        for value in row {
            encoder.value(value.as_deref())?;
        }
        encoder.end_row(&mut out)?;
    }
    let encoded = encoder.finish(&mut out)?;
    Ok((out, encoded))
}

/// Through a lake, as `verify` reads.
async fn read_back(format: BinaryFormat, forms: Vec<CanonicalForm>, bytes: Vec<u8>) -> PartReading {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("file://{}", directory.path().display());
    let lake = Lake::open(&url, LakeOptions::default()).unwrap();
    let path = LakePath::parse("/part").unwrap();
    lake.write_decisive(&path, Bytes::from(bytes))
        .await
        .unwrap();
    let content = Content {
        files: match format {
            BinaryFormat::Avro(codec) => FileFormat::Avro { codec },
            BinaryFormat::Parquet(codec) => FileFormat::Parquet { codec },
        },
        format: TextFormat::lossless(),
        kinds: vec![ColumnKind::Other; forms.len()],
        forms,
    };
    let reader = lake.open_read(&path).await.unwrap();
    part::read_part(reader, Arc::new(content)).await.unwrap()
}

fn in_runtime<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(future)
}

fn columns() -> Vec<Column> {
    types().into_iter().map(|(column, _)| column).collect()
}

fn forms(conversion: Conversion) -> Vec<CanonicalForm> {
    (columns().iter())
        .map(|column| conversion.canonical(column.sql_type))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn other_readers_find_what_the_server_sent(rows in rows()) {
        for format in FORMATS {
            let (bytes, encoded) = encode(format, &columns(), LOSSLESS, &rows).unwrap();
            prop_assert_eq!(encoded.lossy_nulls, 0);
            let read = in_runtime(read_back(format, forms(LOSSLESS), bytes));
            prop_assert_eq!(read.rows, Ok(encoded.total), "{:?}", format);
        }
    }
}

#[test]
fn files_with_the_types_of_sqoop_are_read_back_as_well() {
    // What Java's driver has no value for stays out.
    let fits = |value: &&[u8]| !value.starts_with(b"18446744073709551615");
    let rows: Vec<Vec<Value>> = (0..3)
        .map(|at| {
            (types().into_iter())
                .map(|(_, values)| {
                    values
                        .get(at)
                        .filter(|value| fits(value))
                        .map(|value| value.to_vec())
                })
                .collect()
        })
        .collect();
    for format in FORMATS {
        let (bytes, encoded) = encode(format, &columns(), AS_SQOOP, &rows).unwrap();
        let read = in_runtime(read_back(format, forms(AS_SQOOP), bytes));
        assert_eq!(read.rows, Ok(encoded.total), "{format:?}");
    }
}

#[test]
fn many_rows_make_several_blocks_and_row_groups() {
    let (column, _) = types().remove(22);
    let columns = [column];
    let text = "x".repeat(2000);
    let rows: Vec<Vec<Value>> = (0..30_000)
        .map(|number| vec![Some(format!("{number} {text}").into_bytes())])
        .collect();
    for format in [
        BinaryFormat::Avro(AvroCodec::Snappy),
        BinaryFormat::Parquet(ParquetCodec::Zstd),
    ] {
        let (bytes, encoded) = encode(format, &columns, LOSSLESS, &rows).unwrap();
        assert_eq!(encoded.total.rows, 30_000);
        let read = in_runtime(read_back(format, vec![CanonicalForm::Text], bytes));
        assert_eq!(read.rows, Ok(encoded.total), "{format:?}");
    }
}

#[test]
fn a_file_that_was_altered_or_cut_is_seen() {
    let rows: Vec<Vec<Value>> = (0..100)
        .map(|_| {
            (types().into_iter())
                .map(|(_, values)| Some(values[0].to_vec()))
                .collect()
        })
        .collect();
    for format in FORMATS {
        let (bytes, encoded) = encode(format, &columns(), LOSSLESS, &rows).unwrap();
        let whole = in_runtime(read_back(format, forms(LOSSLESS), bytes.clone()));
        assert_eq!(whole.rows, Ok(encoded.total));
        let mut cut = bytes.clone();
        cut.truncate(bytes.len() - 20);
        let cut = in_runtime(read_back(format, forms(LOSSLESS), cut));
        assert_ne!(cut.rows, Ok(encoded.total), "{format:?}");
        let (others, _) = encode(format, &columns(), LOSSLESS, &rows[1..]).unwrap();
        let others = in_runtime(read_back(format, forms(LOSSLESS), others));
        assert_ne!(others.rows, Ok(encoded.total), "{format:?}");
    }
}

#[test]
fn a_value_that_does_not_fit_is_named_or_becomes_null() {
    let columns = columns();
    let row = |value: &[u8]| -> Vec<Vec<Value>> {
        let mut row = vec![None; columns.len()];
        row[17] = Some(value.to_vec());
        vec![row]
    };
    for format in FORMATS {
        let error = encode(format, &columns, LOSSLESS, &row(b"2024-00-00")).unwrap_err();
        let said = error.to_string();
        assert!(
            said.contains("`2024-00-00`") && said.contains("`c date`"),
            "{said}"
        );
        let null = Conversion {
            on_lossy: OnLossy::Null,
            ..LOSSLESS
        };
        let (bytes, encoded) = encode(format, &columns, null, &row(b"2024-00-00")).unwrap();
        assert_eq!(encoded.lossy_nulls, 1);
        let read = in_runtime(read_back(format, forms(null), bytes));
        assert_eq!(read.rows, Ok(encoded.total), "{format:?}");
        let text = Conversion {
            on_lossy: OnLossy::Text,
            ..LOSSLESS
        };
        let (bytes, encoded) = encode(format, &columns, text, &row(b"2024-00-00")).unwrap();
        let read = in_runtime(read_back(format, forms(text), bytes));
        assert_eq!((read.rows, encoded.lossy_nulls), (Ok(encoded.total), 0));
    }
}
