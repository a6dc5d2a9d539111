//! The values of one column until its row group is written.

use super::super::columns::Typed;
use super::super::held::Held;
use super::super::values::Unscaled;
use super::schema::{decimal_length, physical};
use bytes::Bytes;
use parquet::basic::Type as Physical;
use parquet::column::writer::{ColumnWriter, ColumnWriterImpl};
use parquet::data_type::{ByteArray, DataType, FixedLenByteArray};
use parquet::errors::ParquetError;

/// How many values go to the writer at a time.
const BATCH: usize = 1024;

pub(super) struct Buffer {
    values: Values,
    /// 1 for each value, 0 for each NULL.
    levels: Vec<i16>,
}

enum Values {
    Boolean(Vec<bool>),
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Float32(Vec<f32>),
    Float64(Vec<f64>),
    Bytes(Arena),
    /// Decimals of so many bytes.
    Fixed(Arena, usize),
}

/// Byte values, one behind the other.
#[derive(Default)]
struct Arena {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Buffer {
    pub(super) fn new(held: Held) -> Self {
        let length = match held {
            Held::Decimal { precision, .. } => decimal_length(precision),
            _ => 0,
        };
        Self::of(physical(held), length)
    }

    /// `length` is that of a `FIXED_LEN_BYTE_ARRAY`, in bytes.
    pub(super) fn of(physical: Physical, length: usize) -> Self {
        let values = match physical {
            Physical::BOOLEAN => Values::Boolean(Vec::new()),
            Physical::INT32 => Values::Int32(Vec::new()),
            Physical::INT64 => Values::Int64(Vec::new()),
            Physical::FLOAT => Values::Float32(Vec::new()),
            Physical::DOUBLE => Values::Float64(Vec::new()),
            Physical::FIXED_LEN_BYTE_ARRAY => Values::Fixed(Arena::default(), length),
            Physical::BYTE_ARRAY | Physical::INT96 => Values::Bytes(Arena::default()),
        };
        Self {
            values,
            levels: Vec::new(),
        }
    }

    /// Takes a value of this column's type, and says how many bytes it occupies.
    pub(super) fn push(&mut self, value: Option<Typed<'_>>) -> usize {
        self.levels.push(i16::from(value.is_some()));
        let Some(value) = value else {
            return size_of::<i16>();
        };
        size_of::<i16>() + self.values.push(value)
    }

    /// Writes all values, and is empty afterwards.
    pub(super) fn drain_into(&mut self, writer: &mut ColumnWriter<'_>) -> Result<(), ParquetError> {
        let levels = std::mem::take(&mut self.levels);
        match (&mut self.values, writer) {
            (Values::Boolean(values), ColumnWriter::BoolColumnWriter(writer)) => {
                plain(values, &levels, writer)
            }
            (Values::Int32(values), ColumnWriter::Int32ColumnWriter(writer)) => {
                plain(values, &levels, writer)
            }
            (Values::Int64(values), ColumnWriter::Int64ColumnWriter(writer)) => {
                plain(values, &levels, writer)
            }
            (Values::Float32(values), ColumnWriter::FloatColumnWriter(writer)) => {
                plain(values, &levels, writer)
            }
            (Values::Float64(values), ColumnWriter::DoubleColumnWriter(writer)) => {
                plain(values, &levels, writer)
            }
            (Values::Bytes(arena), ColumnWriter::ByteArrayColumnWriter(writer)) => {
                slices(arena, &levels, writer, ByteArray::from)
            }
            (Values::Fixed(arena, _), ColumnWriter::FixedLenByteArrayColumnWriter(writer)) => {
                slices(arena, &levels, writer, |bytes| {
                    FixedLenByteArray::from(ByteArray::from(bytes))
                })
            }
            _ => Err(ParquetError::General(
                "the schema has another type for this column".to_owned(),
            )),
        }?;
        // The room is used again.
        self.levels = levels;
        self.levels.clear();
        Ok(())
    }
}

impl Values {
    fn push(&mut self, value: Typed<'_>) -> usize {
        match (self, value) {
            (Self::Boolean(values), Typed::Boolean(value)) => push(values, value),
            (Self::Int32(values), Typed::Int32(number)) => push(values, number),
            // UINT_32 lies in the same 32 bits, and a small decimal has no more of them.
            (Self::Int32(values), Typed::Int64(number)) => push(values, low_32(number.into())),
            (Self::Int32(values), Typed::Decimal(Unscaled::Small(number))) => {
                push(values, low_32(number))
            }
            (Self::Int64(values), Typed::Int64(number)) => push(values, number),
            (Self::Int64(values), Typed::UInt64(number)) => push(values, number.cast_signed()),
            (Self::Int64(values), Typed::Decimal(Unscaled::Small(number))) => {
                push(values, low_64(number))
            }
            (Self::Float32(values), Typed::Float32(number)) => push(values, number),
            (Self::Float64(values), Typed::Float64(number)) => push(values, number),
            (Self::Bytes(arena), Typed::Bytes(bytes)) => arena.push(&bytes),
            (Self::Fixed(arena, length), Typed::Decimal(number)) => {
                arena.push_extended(&number.to_bytes(), *length)
            }
            (_, value) => unreachable!("{value:?} is of another type than its column"),
        }
    }
}

impl Arena {
    fn push(&mut self, bytes: &[u8]) -> usize {
        self.bytes.extend_from_slice(bytes);
        self.ends.push(self.bytes.len());
        bytes.len() + size_of::<usize>()
    }

    /// A number in two's complement, its sign repeated in front.
    fn push_extended(&mut self, number: &[u8], length: usize) -> usize {
        let sign = if number.first().is_some_and(|first| first & 0x80 != 0) {
            0xff
        } else {
            0
        };
        let missing = length.saturating_sub(number.len());
        self.bytes.extend(std::iter::repeat_n(sign, missing));
        self.push(number) + missing
    }
}

fn push<T>(values: &mut Vec<T>, value: T) -> usize {
    values.push(value);
    size_of::<T>()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the column has no wider numbers"
)]
fn low_32(number: i128) -> i32 {
    number as i32
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the column has no wider numbers"
)]
fn low_64(number: i128) -> i64 {
    number as i64
}

fn plain<T: DataType>(
    values: &mut Vec<T::T>,
    levels: &[i16],
    writer: &mut ColumnWriterImpl<'_, T>,
) -> Result<(), ParquetError> {
    writer.write_batch(values, Some(levels), None)?;
    values.clear();
    Ok(())
}

/// The values share the arena's memory, so none is copied before it is encoded.
fn slices<T: DataType>(
    arena: &mut Arena,
    levels: &[i16],
    writer: &mut ColumnWriterImpl<'_, T>,
    value: impl Fn(Bytes) -> T::T,
) -> Result<(), ParquetError> {
    let bytes = Bytes::from(std::mem::take(&mut arena.bytes));
    let mut batch = Vec::with_capacity(BATCH);
    let (mut start, mut ends) = (0, arena.ends.iter());
    for levels in levels.chunks(BATCH) {
        batch.clear();
        let present = levels.iter().filter(|level| **level == 1).count();
        for &end in ends.by_ref().take(present) {
            batch.push(value(bytes.slice(start..end)));
            start = end;
        }
        writer.write_batch(&batch, Some(levels), None)?;
    }
    arena.ends.clear();
    Ok(())
}
