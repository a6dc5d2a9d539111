//! Parquet files back into canonical rows, by the crate `parquet`.

use super::file_value::FileValue;
use super::lake_bytes::LakeBytes;
use crate::encode::Total;
use crate::encode::canonical::CanonicalRow;
use crate::encode::values::Unscaled;
use comptoir_model::row_checksum::CanonicalForm;
use parquet::basic::{LogicalType, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{AsBytes, DataType};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

/// How many rows of all columns are in memory at a time.
const BATCH: usize = 1024;

/// What is handed out of a column's values.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted {
    /// The canonical form of each.
    Canonical(CanonicalForm),
    /// Each as plain encoding stores it, without a length.
    Stored,
}

pub(super) fn total(file: &LakeBytes, forms: &[CanonicalForm]) -> Result<Total, String> {
    let mut row = CanonicalRow::default();
    let mut total = Total::default();
    let wanted = forms.iter().copied().map(Wanted::Canonical).enumerate();
    let wanted: Vec<_> = wanted.collect();
    for_each_row(file, forms.len(), &wanted, |values| {
        for value in values {
            match value {
                None => row.null(),
                Some(form) => row.value(|out| out.extend_from_slice(form)),
            }
        }
        total += row.take();
        Ok(())
    })?;
    Ok(total)
}

/// Reads a file of so many columns row by row: of each row, the values that are wanted of its columns
/// (numbered from 0), in that order.
pub(crate) fn for_each_row(
    file: &LakeBytes,
    columns: usize,
    wanted: &[(usize, Wanted)],
    mut take: impl FnMut(&[Option<&[u8]>]) -> Result<(), String>,
) -> Result<(), String> {
    let text = |error: ParquetError| error.to_string();
    let reader = SerializedFileReader::new(file.clone()).map_err(text)?;
    let found = reader.metadata().file_metadata().schema_descr();
    let found = found.num_columns();
    if found != columns {
        return Err(format!("it has {found} columns, {columns} are expected"));
    }
    for index in 0..reader.num_row_groups() {
        let group = reader.get_row_group(index).map_err(text)?;
        read_row_group(group.as_ref(), wanted, &mut take)?;
    }
    Ok(())
}

fn read_row_group(
    group: &dyn RowGroupReader,
    wanted: &[(usize, Wanted)],
    take: &mut impl FnMut(&[Option<&[u8]>]) -> Result<(), String>,
) -> Result<(), String> {
    let text = |error: ParquetError| error.to_string();
    let descriptors = group.metadata().schema_descr();
    let mut columns = (wanted.iter())
        .map(|(index, wanted)| {
            let reader = group.get_column_reader(*index)?;
            Ok((reader, Column::of(&descriptors.column(*index)), *wanted))
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(text)?;
    let mut rest = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
    while rest > 0 {
        let length = rest.min(BATCH);
        let batches = (columns.iter_mut())
            .map(|(reader, column, wanted)| Batch::read(reader, column, *wanted, length))
            .collect::<Result<Vec<_>, _>>()
            .map_err(text)?;
        let mut cursors: Vec<_> = batches.iter().map(|batch| batch.values.iter()).collect();
        for at in 0..length {
            let mut row = Vec::with_capacity(batches.len());
            for (batch, cursor) in batches.iter().zip(&mut cursors) {
                row.push(match batch.present.get(at) {
                    Some(true) => cursor.next().map(Vec::as_slice),
                    Some(false) => None,
                    None => {
                        return Err("a column has fewer values than the row group rows".to_owned());
                    }
                });
            }
            take(&row)?;
        }
        rest -= length;
    }
    Ok(())
}

/// What tells how a column's values are read.
struct Column {
    physical: Physical,
    logical: Option<LogicalType>,
    scale: usize,
}

impl Column {
    fn of(descriptor: &ColumnDescriptor) -> Self {
        Self {
            physical: descriptor.physical_type(),
            logical: descriptor.logical_type_ref().cloned(),
            scale: usize::try_from(descriptor.type_scale()).unwrap_or(0),
        }
    }

    fn integer<'a>(&self, number: i64) -> FileValue<'a> {
        match &self.logical {
            Some(LogicalType::Decimal(_)) => {
                FileValue::Decimal(Unscaled::Small(number.into()), self.scale)
            }
            Some(LogicalType::Date) => FileValue::Date(i32::try_from(number).unwrap_or(i32::MAX)),
            Some(LogicalType::Time(_)) => FileValue::Time(number),
            Some(LogicalType::Timestamp(_)) => FileValue::DateTime(number),
            Some(LogicalType::Integer(integer)) if !integer.is_signed => {
                let bits = number.cast_unsigned();
                // An INT32 was widened with its sign.
                FileValue::Integer(match self.physical {
                    Physical::INT32 => (bits & u64::from(u32::MAX)).into(),
                    _ => bits.into(),
                })
            }
            _ => FileValue::Integer(number.into()),
        }
    }
}

/// Some values of one column, as they are wanted.
struct Batch {
    /// Of each row, whether it has a value.
    present: Vec<bool>,
    values: Vec<Vec<u8>>,
}

impl Batch {
    fn read(
        reader: &mut ColumnReader,
        column: &Column,
        wanted: Wanted,
        length: usize,
    ) -> Result<Self, ParquetError> {
        match reader {
            ColumnReader::BoolColumnReader(reader) => {
                Self::of(reader, wanted, length, |value| FileValue::Boolean(*value))
            }
            ColumnReader::Int32ColumnReader(reader) => Self::of(reader, wanted, length, |value| {
                column.integer((*value).into())
            }),
            ColumnReader::Int64ColumnReader(reader) => {
                Self::of(reader, wanted, length, |value| column.integer(*value))
            }
            ColumnReader::FloatColumnReader(reader) => {
                Self::of(reader, wanted, length, |value| FileValue::Float32(*value))
            }
            ColumnReader::DoubleColumnReader(reader) => {
                Self::of(reader, wanted, length, |value| FileValue::Float64(*value))
            }
            ColumnReader::ByteArrayColumnReader(reader) => {
                Self::of(reader, wanted, length, |value| {
                    FileValue::Bytes(value.data())
                })
            }
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                Self::of(reader, wanted, length, |value| {
                    FileValue::Decimal(Unscaled::from_bytes(value.as_bytes()), column.scale)
                })
            }
            ColumnReader::Int96ColumnReader(_) => Err(ParquetError::General(
                "a column has the type INT96, which no import writes".to_owned(),
            )),
        }
    }

    fn of<T: DataType>(
        reader: &mut ColumnReaderImpl<T>,
        wanted: Wanted,
        length: usize,
        value: impl Fn(&T::T) -> FileValue<'_>,
    ) -> Result<Self, ParquetError> {
        let (mut levels, mut values) = (Vec::new(), Vec::new());
        let mut before = usize::MAX;
        // A page may end within.
        while levels.len() < length && before != levels.len() {
            before = levels.len();
            reader.read_records(length - before, Some(&mut levels), None, &mut values)?;
        }
        Ok(Self {
            present: levels.iter().map(|level| *level > 0).collect(),
            values: (values.iter())
                .map(|one| match wanted {
                    Wanted::Stored => one.as_bytes().to_vec(),
                    Wanted::Canonical(form) => {
                        let mut out = Vec::new();
                        value(one).append_canonical(form, &mut out);
                        out
                    }
                })
                .collect(),
        })
    }
}
