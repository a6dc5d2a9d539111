//! A value as Avro and Parquet files hold it, and its canonical form. Pure.

use crate::encode::canonical;
use crate::encode::values::{self, Unscaled};
use comptoir_model::row_checksum::CanonicalForm;
use std::io::Write;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FileValue<'a> {
    Boolean(bool),
    Integer(i128),
    Float32(f32),
    Float64(f64),
    Decimal(Unscaled, usize),
    /// Days since 1970.
    Date(i32),
    /// Microseconds since midnight.
    Time(i64),
    /// Microseconds since 1970.
    DateTime(i64),
    Bytes(&'a [u8]),
}

const MICROSECONDS_OF_DAY: i64 = 86_400_000_000;

impl FileValue<'_> {
    /// Appends the canonical form. A value of another type than the form is for, which no file of
    /// ours has, gives other bytes than the source gave: a difference.
    pub(crate) fn append_canonical(&self, form: CanonicalForm, out: &mut Vec<u8>) {
        match self {
            Self::Boolean(value) => canonical::boolean(*value, out),
            Self::Integer(number) => print(out, format_args!("{number}")),
            Self::Float32(number) => out.extend_from_slice(&number.to_be_bytes()),
            Self::Float64(number) => out.extend_from_slice(&number.to_be_bytes()),
            Self::Decimal(number, scale) => print(out, format_args!("{}", number.print(*scale))),
            Self::Date(days) => date(out, i64::from(*days)),
            Self::Time(time) => clock(out, *time),
            Self::DateTime(microseconds) => {
                date(out, microseconds.div_euclid(MICROSECONDS_OF_DAY));
                out.push(b' ');
                clock(out, microseconds.rem_euclid(MICROSECONDS_OF_DAY));
            }
            Self::Bytes(bytes) => match form {
                CanonicalForm::Moment => {
                    out.extend_from_slice(canonical::without_trailing_zeros(bytes));
                }
                _ => out.extend_from_slice(bytes),
            },
        }
    }
}

fn date(out: &mut Vec<u8>, days: i64) {
    let date = values::civil_from_days(days);
    print(
        out,
        format_args!("{:04}-{:02}-{:02}", date.year, date.month, date.day),
    );
}

fn clock(out: &mut Vec<u8>, microseconds: i64) {
    let (seconds, fraction) = (microseconds / 1_000_000, microseconds % 1_000_000);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    print(
        out,
        format_args!("{hours:02}:{minutes:02}:{:02}", seconds % 60),
    );
    if fraction > 0 {
        let digits = format!(".{fraction:06}");
        print(out, format_args!("{}", digits.trim_end_matches('0')));
    }
}

fn print(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing into memory succeeds.
    drop(out.write_fmt(text));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_form_that_the_server_prints() {
        for (value, expected) in [
            (FileValue::Date(-719_528), "0000-01-01"),
            (FileValue::Date(19_782), "2024-02-29"),
            (FileValue::Time(86_399_999_999), "23:59:59.999999"),
            (FileValue::DateTime(-1), "1969-12-31 23:59:59.999999"),
            (FileValue::DateTime(1_500_000), "1970-01-01 00:00:01.5"),
            (FileValue::Decimal(Unscaled::Small(-5), 2), "-0.05"),
            (FileValue::Bytes(b"-838:59:59.500"), "-838:59:59.5"),
        ] {
            let mut out = Vec::new();
            value.append_canonical(CanonicalForm::Moment, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
