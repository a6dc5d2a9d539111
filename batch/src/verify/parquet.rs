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

pub(super) fn total(file: &LakeBytes, forms: &[CanonicalForm]) -> Result<Total, String> {
    read(file.clone(), forms).map_err(|error| error.to_string())
}

fn read(file: LakeBytes, forms: &[CanonicalForm]) -> Result<Total, ParquetError> {
    let reader = SerializedFileReader::new(file)?;
    let schema = reader.metadata().file_metadata().schema_descr();
    if schema.num_columns() != forms.len() {
        return Err(ParquetError::General(format!(
            "it has {} columns, {} are expected",
            schema.num_columns(),
            forms.len()
        )));
    }
    let mut total = Total::default();
    for index in 0..reader.num_row_groups() {
        total += read_row_group(reader.get_row_group(index)?.as_ref(), forms)?;
    }
    Ok(total)
}

fn read_row_group(
    group: &dyn RowGroupReader,
    forms: &[CanonicalForm],
) -> Result<Total, ParquetError> {
    let descriptors = group.metadata().schema_descr().columns().to_vec();
    let mut columns = (0..descriptors.len())
        .map(|index| group.get_column_reader(index))
        .collect::<Result<Vec<_>, _>>()?;
    let mut rest = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
    let mut total = Total::default();
    let mut row = CanonicalRow::default();
    while rest > 0 {
        let length = rest.min(BATCH);
        let batches = (columns.iter_mut().zip(&descriptors).zip(forms))
            .map(|((column, descriptor), form)| {
                Batch::read(column, &Column::of(descriptor), *form, length)
            })
            .collect::<Result<Vec<_>, _>>()?;
        let mut cursors: Vec<_> = batches.iter().map(|batch| batch.values.iter()).collect();
        for at in 0..length {
            for (batch, cursor) in batches.iter().zip(&mut cursors) {
                match batch.present.get(at) {
                    Some(true) => {
                        let form = cursor.next().map_or(&[][..], Vec::as_slice);
                        row.value(|out| out.extend_from_slice(form));
                    }
                    Some(false) => row.null(),
                    None => {
                        return Err(ParquetError::General(
                            "a column has fewer values than the row group rows".to_owned(),
                        ));
                    }
                }
            }
            total += row.take();
        }
        rest -= length;
    }
    Ok(total)
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

/// Some values of one column in their canonical form.
struct Batch {
    /// Of each row, whether it has a value.
    present: Vec<bool>,
    values: Vec<Vec<u8>>,
}

impl Batch {
    fn read(
        reader: &mut ColumnReader,
        column: &Column,
        form: CanonicalForm,
        length: usize,
    ) -> Result<Self, ParquetError> {
        match reader {
            ColumnReader::BoolColumnReader(reader) => {
                Self::of(reader, form, length, |value| FileValue::Boolean(*value))
            }
            ColumnReader::Int32ColumnReader(reader) => Self::of(reader, form, length, |value| {
                column.integer((*value).into())
            }),
            ColumnReader::Int64ColumnReader(reader) => {
                Self::of(reader, form, length, |value| column.integer(*value))
            }
            ColumnReader::FloatColumnReader(reader) => {
                Self::of(reader, form, length, |value| FileValue::Float32(*value))
            }
            ColumnReader::DoubleColumnReader(reader) => {
                Self::of(reader, form, length, |value| FileValue::Float64(*value))
            }
            ColumnReader::ByteArrayColumnReader(reader) => {
                Self::of(reader, form, length, |value| FileValue::Bytes(value.data()))
            }
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                Self::of(reader, form, length, |value| {
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
        form: CanonicalForm,
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
                .map(|one| {
                    let mut out = Vec::new();
                    value(one).append_canonical(form, &mut out);
                    out
                })
                .collect(),
        })
    }
}
