//! The row checksum of rows as the source sends them.
//!
//! `comptoir_model::row_checksum` defines the format; here it is computed. The same sum comes from
//! reading the written files back ([`crate::verify`]).

use super::held::JavaTime;
use super::java_time;
use super::sql_type::SqlType;
use super::values;
use comptoir_model::row_checksum::{CanonicalForm, RowChecksum};
use comptoir_model::short_bytes;
use xxhash_rust::xxh3::xxh3_128;

/// Adds up the checksum of rows, and counts them.
#[derive(Clone, Debug)]
pub struct RowHasher {
    columns: Vec<(SqlType, CanonicalForm)>,
    row: CanonicalRow,
    /// The column of the next value.
    next: usize,
    total: Total,
}

/// How many rows, and their checksum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    pub rows: u64,
    pub checksum: RowChecksum,
}

impl RowHasher {
    /// For rows of these columns, in this order.
    pub fn new(columns: impl IntoIterator<Item = (SqlType, CanonicalForm)>) -> Self {
        Self {
            columns: columns.into_iter().collect(),
            row: CanonicalRow::default(),
            next: 0,
            total: Total::default(),
        }
    }

    /// Takes the next value of a row: the source's bytes (of a [`CanonicalForm::AsWritten`]
    /// column: what is written). `None` is NULL, and what lies as NULL in the file.
    pub fn value(&mut self, value: Option<&[u8]>) {
        let (sql_type, form) = self.columns[self.next];
        self.next += 1;
        let java_null = |bytes: &&[u8]| {
            form == CanonicalForm::JavaMilliseconds && java_time::is_zero_date(bytes)
        };
        match value.filter(|bytes| !java_null(bytes)) {
            None => self.row.null(),
            Some(bytes) => self.row.source(bytes, sql_type, form),
        }
    }

    /// The same for a value whose canonical form the caller has at hand.
    #[inline]
    pub(crate) fn same(&mut self, form: &[u8]) {
        self.next += 1;
        self.row.bytes(form);
    }

    /// After the last value of a row.
    pub fn end_row(&mut self) {
        debug_assert_eq!(self.next, self.columns.len());
        self.next = 0;
        self.total += self.row.take();
    }

    /// The rows that were ended.
    pub fn total(&self) -> Total {
        self.total
    }
}

impl std::ops::AddAssign for Total {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        self.checksum += other.checksum;
    }
}

/// What precedes a value: that it is none of NULL, and its length.
const HEADER: usize = 5;

/// The canonical bytes of one row, value by value.
#[derive(Clone, Debug, Default)]
pub(crate) struct CanonicalRow(Vec<u8>);

impl CanonicalRow {
    pub(crate) fn null(&mut self) {
        self.0.push(0);
    }

    /// A value as the source sends it.
    #[inline]
    pub(super) fn source(&mut self, bytes: &[u8], sql_type: SqlType, form: CanonicalForm) {
        match part_of(bytes, sql_type, form) {
            Some(bytes) => self.bytes(bytes),
            None => self.value(|out| append(bytes, sql_type, form, out)),
        }
    }

    /// A value whose form lies there.
    #[inline]
    fn bytes(&mut self, bytes: &[u8]) {
        let mut header = [1; HEADER];
        // A value of the server has less than 4 GiB.
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        header[1..].copy_from_slice(&length.to_le_bytes());
        short_bytes::append(&mut self.0, header, bytes, []);
    }

    /// A value whose form `append` writes.
    pub(crate) fn value(&mut self, append: impl FnOnce(&mut Vec<u8>)) {
        let start = self.0.len();
        self.0.extend_from_slice(&[1; HEADER]);
        append(&mut self.0);
        let length = u32::try_from(self.0.len() - start - HEADER).unwrap_or(u32::MAX);
        self.0[start + 1..start + HEADER].copy_from_slice(&length.to_le_bytes());
    }

    /// Ends the row.
    pub(crate) fn take(&mut self) -> Total {
        let checksum = RowChecksum::of_hash(xxh3_128(&self.0));
        self.0.clear();
        Total { rows: 1, checksum }
    }
}

/// A number with this many digits behind its point that needs no more than losing zeros in front.
#[inline]
pub(crate) fn number_as_sent(bytes: &[u8], scale: usize) -> Option<&[u8]> {
    if scale > 0 {
        let point = bytes.len().checked_sub(scale + 1)?;
        if bytes[point] != b'.' {
            return None;
        }
    }
    Some(values::without_zero_fill(bytes))
}

/// What [`append`] appends, where that is a part of the source's bytes; mostly it is.
#[inline]
fn part_of(bytes: &[u8], sql_type: SqlType, form: CanonicalForm) -> Option<&[u8]> {
    match form {
        CanonicalForm::Text | CanonicalForm::Binary | CanonicalForm::AsWritten => Some(bytes),
        CanonicalForm::Moment => Some(without_trailing_zeros(bytes)),
        CanonicalForm::Number => match sql_type {
            SqlType::Decimal { scale, .. } => number_as_sent(bytes, scale),
            _ => number_as_sent(bytes, 0),
        },
        _ => None,
    }
}

/// The canonical form of a value of the source. A value that is not of its column's type, which
/// `SQLite` allows, is taken as it is.
fn append(bytes: &[u8], sql_type: SqlType, form: CanonicalForm, out: &mut Vec<u8>) {
    match form {
        CanonicalForm::Text | CanonicalForm::Binary | CanonicalForm::AsWritten => {
            out.extend_from_slice(bytes);
        }
        CanonicalForm::Number => {
            let scale = match sql_type {
                SqlType::Decimal { scale, .. } => scale,
                _ => 0,
            };
            number(bytes, scale, out);
        }
        CanonicalForm::Moment => out.extend_from_slice(without_trailing_zeros(bytes)),
        CanonicalForm::Float32 => float32(bytes, out),
        CanonicalForm::Float64 => float64(bytes, out),
        CanonicalForm::Bits => match values::bits(bytes) {
            Some(number) => out.extend_from_slice(number.to_string().as_bytes()),
            None => out.extend_from_slice(bytes),
        },
        CanonicalForm::Boolean => {
            let read = match sql_type {
                SqlType::Bits { .. } => values::boolean_of_bits(bytes),
                _ => values::boolean_of_number(bytes),
            };
            match read {
                Some(value) => boolean(value, out),
                None => out.extend_from_slice(bytes),
            }
        }
        CanonicalForm::JavaMilliseconds => {
            let class = match sql_type {
                SqlType::Date => JavaTime::Date,
                SqlType::Time => JavaTime::Time,
                _ => JavaTime::Timestamp,
            };
            match java_time::milliseconds(bytes, class) {
                Some(number) => out.extend_from_slice(number.to_string().as_bytes()),
                None => out.extend_from_slice(bytes),
            }
        }
    }
}

/// Without superfluous zeros in front (ZEROFILL, YEAR), and with those missing behind the point.
pub(super) fn number(bytes: &[u8], scale: usize, out: &mut Vec<u8>) {
    let unsigned = values::without_zero_fill(bytes);
    out.extend_from_slice(unsigned);
    if scale > 0 {
        let point = unsigned.iter().position(|byte| *byte == b'.');
        let fraction = point.map_or(0, |point| unsigned.len() - point - 1);
        if fraction < scale && unsigned.last().is_some_and(u8::is_ascii_digit) {
            out.extend(point.is_none().then_some(b'.'));
            out.extend(std::iter::repeat_n(b'0', scale - fraction));
        }
    }
}

pub(crate) fn boolean(value: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

pub(crate) fn float32(text: &[u8], out: &mut Vec<u8>) {
    match values::parse::<f32>(text) {
        Some(number) => out.extend_from_slice(&number.to_be_bytes()),
        None => out.extend_from_slice(text),
    }
}

pub(crate) fn float64(text: &[u8], out: &mut Vec<u8>) {
    match values::parse::<f64>(text) {
        Some(number) => out.extend_from_slice(&number.to_be_bytes()),
        None => out.extend_from_slice(text),
    }
}

/// `12:00:00.500` as `12:00:00.5`, `12:00:00.0` as `12:00:00`.
pub(crate) fn without_trailing_zeros(moment: &[u8]) -> &[u8] {
    let Some(point) = moment.iter().position(|byte| *byte == b'.') else {
        return moment;
    };
    let zeros = moment[point + 1..].iter().rev();
    let kept = moment.len() - zeros.take_while(|byte| **byte == b'0').count();
    &moment[..if kept == point + 1 { point } else { kept }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::sql_type::{IntegerWidth, Sign};
    use proptest::prelude::*;

    const INTEGER: SqlType = SqlType::Integer {
        width: IntegerWidth::Bits32,
        sign: Sign::Unsigned,
    };

    fn canonical(bytes: &[u8], sql_type: SqlType, form: CanonicalForm) -> Vec<u8> {
        let mut out = Vec::new();
        append(bytes, sql_type, form, &mut out);
        out
    }

    fn total(rows: &[Vec<Option<Vec<u8>>>]) -> Total {
        let columns = rows.first().map_or(0, Vec::len);
        let mut hasher = RowHasher::new(vec![(SqlType::Text, CanonicalForm::Text); columns]);
        for row in rows {
            for value in row {
                hasher.value(value.as_deref());
            }
            hasher.end_row();
        }
        hasher.total()
    }

    /// The format's definition, word by word.
    fn reference(rows: &[Vec<Option<Vec<u8>>>]) -> u128 {
        rows.iter().fold(0_u128, |sum, row| {
            let bytes: Vec<u8> = (row.iter())
                .flat_map(|value| match value {
                    None => vec![0],
                    Some(form) => {
                        let length = u32::try_from(form.len()).unwrap().to_le_bytes();
                        [&[1][..], &length, form].concat()
                    }
                })
                .collect();
            let mut hash = xxhash_rust::xxh3::Xxh3::with_seed(0);
            hash.update(&bytes);
            sum.wrapping_add(hash.digest128())
        })
    }

    #[test]
    fn is_what_another_implementation_computes() {
        // xxhash 4.1 for Python:
        // sum(xxh3_128_intdigest(row) for row in (b"\1\1\0\0\0a\0", b"\1\0\0\0\0\1\2\0\0\0bc")) % 2**128
        let rows = [
            vec![Some(b"a".to_vec()), None],
            vec![Some(Vec::new()), Some(b"bc".to_vec())],
        ];
        assert_eq!(
            total(&rows).checksum.to_string(),
            "deca24f125281bc0b6ff9b79364e9db1"
        );
    }

    #[test]
    fn each_type_has_one_form() {
        let decimal = SqlType::Decimal {
            precision: 10,
            scale: 2,
        };
        let bits = SqlType::Bits { width: 9 };
        for (bytes, sql_type, form, expected) in [
            (&b"007"[..], INTEGER, CanonicalForm::Number, &b"7"[..]),
            (b"0000", SqlType::Year, CanonicalForm::Number, b"0"),
            (b"007.50", decimal, CanonicalForm::Number, b"7.50"),
            (b"10", decimal, CanonicalForm::Number, b"10.00"),
            (b"-0.5", decimal, CanonicalForm::Number, b"-0.50"),
            (
                b"2003-02-24 00:00:00.500000",
                SqlType::DateTime,
                CanonicalForm::Moment,
                b"2003-02-24 00:00:00.5",
            ),
            (
                b"-838:59:59.000",
                SqlType::Time,
                CanonicalForm::Moment,
                b"-838:59:59",
            ),
            (
                b"1",
                SqlType::Double,
                CanonicalForm::Float64,
                &1f64.to_be_bytes(),
            ),
            (b"\x01\x00", bits, CanonicalForm::Bits, b"256"),
            (
                b"-2",
                SqlType::TinyBoolean,
                CanonicalForm::Boolean,
                b"false",
            ),
            (
                b"1970-01-02",
                SqlType::Date,
                CanonicalForm::JavaMilliseconds,
                b"86400000",
            ),
        ] {
            assert_eq!(
                canonical(bytes, sql_type, form),
                expected,
                "{sql_type:?} {form:?}"
            );
        }
    }

    fn rows() -> impl Strategy<Value = Vec<Vec<Option<Vec<u8>>>>> {
        let value = proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40));
        proptest::collection::vec(proptest::collection::vec(value, 3), 0..12)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_part_of_the_bytes_is_taken_only_where_it_is_the_form(
            text in "[0-9.:x-]{0,12}", precision in 1_usize..12, scale in 0_usize..4
        ) {
            let bytes = text.as_bytes();
            let decimal = SqlType::Decimal { precision, scale };
            for (sql_type, form) in [
                (SqlType::Text, CanonicalForm::Text),
                (SqlType::Binary, CanonicalForm::Binary),
                (SqlType::DateTime, CanonicalForm::Moment),
                (INTEGER, CanonicalForm::Number),
                (decimal, CanonicalForm::Number),
                (SqlType::Double, CanonicalForm::Float64),
            ] {
                if let Some(part) = part_of(bytes, sql_type, form) {
                    prop_assert_eq!(part, canonical(bytes, sql_type, form));
                }
            }
        }

        #[test]
        fn is_what_the_definition_says(rows in rows()) {
            let expected = RowChecksum::of_hash(reference(&rows));
            prop_assert_eq!(total(&rows), Total { rows: rows.len() as u64, checksum: expected });
        }

        #[test]
        fn does_not_depend_on_order_or_parts(rows in rows(), cut: usize) {
            let mut reversed = rows.clone();
            reversed.reverse();
            prop_assert_eq!(total(&rows), total(&reversed));
            let (one, other) = rows.split_at(cut % (rows.len() + 1));
            let mut sum = total(one);
            sum += total(other);
            prop_assert_eq!(total(&rows), sum);
        }

        #[test]
        fn sees_a_row_that_is_lost_doubled_or_shifted(rows in rows(), at: usize) {
            prop_assume!(!rows.is_empty());
            let at = at % rows.len();
            let mut fewer = rows.clone();
            let row = fewer.remove(at);
            prop_assert_ne!(total(&rows).checksum, total(&fewer).checksum);
            let mut shifted = fewer.clone();
            shifted.push([&row[1..], &row[..1]].concat());
            if shifted.last() != Some(&row) {
                prop_assert_ne!(total(&rows).checksum, total(&shifted).checksum);
            }
            let mut doubled = rows.clone();
            doubled.push(row);
            prop_assert_ne!(total(&rows).checksum, total(&doubled).checksum);
        }
    }
}
