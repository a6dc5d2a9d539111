//! Reading the server's text into numbers and times. Pure; `None` where it is none of that type.

use num_bigint::BigInt;

/// A decimal's digits without its point: `-12.34` of scale 2 is -1234.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unscaled {
    /// Up to 38 digits.
    Small(i128),
    Big(BigInt),
}

pub(crate) fn parse<T: std::str::FromStr>(bytes: &[u8]) -> Option<T> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

/// A whole number in plain digits, zeros in front included.
pub(crate) fn integer(bytes: &[u8]) -> Option<i128> {
    let (digits, negative) = match bytes {
        [b'-', digits @ ..] => (digits, true),
        digits => (digits, false),
    };
    if digits.is_empty() || digits.len() > 38 {
        return None;
    }
    let number = (digits.iter()).try_fold(0_i128, |number, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + i128::from(byte - b'0'))
    })?;
    Some(if negative { -number } else { number })
}

/// The digits of a decimal; `None` too where it has more of them behind the point than `scale`, or
/// more than `precision` in all.
pub(crate) fn decimal(bytes: &[u8], precision: usize, scale: usize) -> Option<Unscaled> {
    const DIGITS_MAX: usize = 96;
    let (plain, negative) = match bytes {
        [b'-', plain @ ..] => (plain, true),
        plain => (plain, false),
    };
    let point = plain.iter().position(|byte| *byte == b'.');
    let whole = &plain[..point.unwrap_or(plain.len())];
    let fraction = point.map_or(&[][..], |point| &plain[point + 1..]);
    let zeros = whole.iter().take_while(|byte| **byte == b'0').count();
    let significant = &whole[zeros..];
    let is_plain = !whole.is_empty() && plain.len() <= DIGITS_MAX;
    if !is_plain || fraction.len() > scale || significant.len() + scale > precision {
        return None;
    }
    let mut digits = [b'0'; DIGITS_MAX];
    let length = significant.len() + scale;
    digits[..significant.len()].copy_from_slice(significant);
    digits[significant.len()..][..fraction.len()].copy_from_slice(fraction);
    let digits = &digits[..length];
    if length <= 38 {
        let number = if digits.is_empty() {
            0
        } else {
            integer(digits)?
        };
        return Some(Unscaled::Small(if negative { -number } else { number }));
    }
    let number = BigInt::parse_bytes(digits, 10)?;
    Some(Unscaled::Big(if negative { -number } else { number }))
}

impl Unscaled {
    /// Two's complement, big-endian, as few bytes as it takes.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Small(number) => {
                let bytes = number.to_be_bytes();
                let sign = if *number < 0 { 0xff } else { 0 };
                let superfluous = (bytes.windows(2))
                    .take_while(|pair| pair[0] == sign && (pair[1] ^ sign) & 0x80 == 0)
                    .count();
                bytes[superfluous..].to_vec()
            }
            Self::Big(number) => number.to_signed_bytes_be(),
        }
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        match bytes.len() {
            0 => Self::Small(0),
            1..=16 => {
                let sign = if bytes[0] & 0x80 == 0 { 0 } else { 0xff };
                let mut whole = [sign; 16];
                whole[16 - bytes.len()..].copy_from_slice(bytes);
                Self::Small(i128::from_be_bytes(whole))
            }
            _ => Self::Big(BigInt::from_signed_bytes_be(bytes)),
        }
    }

    /// In plain digits, with all of the scale.
    pub(crate) fn print(&self, scale: usize) -> String {
        let digits = match self {
            Self::Small(number) => number.to_string(),
            Self::Big(number) => number.to_string(),
        };
        let (sign, digits) = match digits.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", digits.as_str()),
        };
        if scale == 0 {
            return format!("{sign}{digits}");
        }
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        format!("{sign}{whole}.{fraction}")
    }
}

/// BIT(n): at most 64 bits, big-endian.
pub(crate) fn bits(bytes: &[u8]) -> Option<u64> {
    (bytes.len() <= 8)
        .then(|| (bytes.iter()).fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// As Java's driver reads a TINYINT(1): -1 and what is above 0.
pub(crate) fn boolean_of_number(bytes: &[u8]) -> Option<bool> {
    integer(bytes).map(|number| number > 0 || number == -1)
}

/// As Java's driver reads a BIT: its first byte alone, as a signed number, and the digit `0` (48)
/// for false.
pub(crate) fn boolean_of_bits(bytes: &[u8]) -> Option<bool> {
    let first = i8::from_be_bytes([*bytes.first()?]);
    Some((first > 0 && first != 48) || first == -1)
}

/// ZEROFILL and YEAR print zeros in front.
#[inline]
pub(crate) fn without_zero_fill(bytes: &[u8]) -> &[u8] {
    if bytes.first() != Some(&b'0') {
        return bytes;
    }
    let zeros = bytes.iter().take_while(|byte| **byte == b'0').count();
    let digit_follows = bytes.get(zeros).is_some_and(u8::is_ascii_digit);
    &bytes[if digit_follows { zeros } else { zeros - 1 }..]
}

/// `2003-02-24`, whatever its month and day may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DateFields {
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
}

/// `12:34:56.789`; of a TIME it may be negative or have more than 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeFields {
    pub(crate) negative: bool,
    /// Whole seconds since midnight.
    pub(crate) seconds: i64,
    /// 0 to 999,999.
    pub(crate) microseconds: i64,
}

pub(crate) fn date_fields(bytes: &[u8]) -> Option<DateFields> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = bytes else {
        return None;
    };
    Some(DateFields {
        year: digits(&[*y1, *y2, *y3, *y4])?,
        month: digits(&[*m1, *m2])?,
        day: digits(&[*d1, *d2])?,
    })
}

pub(crate) fn time_fields(bytes: &[u8]) -> Option<TimeFields> {
    let (bytes, negative) = match bytes {
        [b'-', rest @ ..] => (rest, true),
        bytes => (bytes, false),
    };
    let point = bytes.iter().position(|byte| *byte == b'.');
    let (clock, fraction) = match point {
        Some(point) => (&bytes[..point], &bytes[point + 1..]),
        None => (bytes, &b""[..]),
    };
    let [hours @ .., b':', m1, m2, b':', s1, s2] = clock else {
        return None;
    };
    let (minutes, seconds) = (digits(&[*m1, *m2])?, digits(&[*s1, *s2])?);
    let is_clock = (2..=3).contains(&hours.len()) && minutes < 60 && seconds < 60;
    if !is_clock || fraction.len() > 6 {
        return None;
    }
    let mut microseconds = [b'0'; 6];
    microseconds[..fraction.len()].copy_from_slice(fraction);
    Some(TimeFields {
        negative,
        seconds: (digits(hours)? * 60 + minutes) * 60 + seconds,
        microseconds: digits(&microseconds)?,
    })
}

/// Days since 1970; `None` of a date that no calendar has (a zero in it, 31 February).
pub(crate) fn days(bytes: &[u8]) -> Option<i32> {
    let date = date_fields(bytes)?;
    let real = (1..=12).contains(&date.month)
        && (1..=days_of_month(date.year, date.month)).contains(&date.day);
    real.then(|| i32::try_from(days_from_civil(date)).ok())?
}

/// Microseconds since midnight; `None` of a TIME that is none of a day.
pub(crate) fn time_of_day(bytes: &[u8]) -> Option<i64> {
    let time = time_fields(bytes)?;
    let of_a_day = !time.negative && time.seconds < 86_400;
    of_a_day.then_some(time.seconds * 1_000_000 + time.microseconds)
}

/// Microseconds since 1970 of `2003-02-24 12:34:56.789`; a date alone is its midnight.
pub(crate) fn date_time(bytes: &[u8]) -> Option<i64> {
    let (date, time) = match bytes.get(10) {
        None => (bytes, None),
        Some(b' ' | b'T') => (&bytes[..10], Some(&bytes[11..])),
        Some(_) => return None,
    };
    let time = time.map_or(Some(0), time_of_day)?;
    Some(i64::from(days(date)?) * 86_400_000_000 + time)
}

/// The days from 1970-01-01 in the proleptic Gregorian calendar, which `MySQL` uses for all dates
/// (Howard Hinnant, "chrono-compatible low-level date algorithms").
pub(crate) fn days_from_civil(date: DateFields) -> i64 {
    let year = date.year - i64::from(date.month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (date.month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days_from_civil`].
pub(crate) fn civil_from_days(days: i64) -> DateFields {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let month = (month_from_march + 2) % 12 + 1;
    DateFields {
        year: year_of_era + era * 400 + i64::from(month <= 2),
        month,
        day: day_of_year - (153 * month_from_march + 2) / 5 + 1,
    }
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn digits(bytes: &[u8]) -> Option<i64> {
    (bytes.iter()).try_fold(0, |number, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + i64::from(byte - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn a_decimal_keeps_all_of_its_digits() {
        for (text, precision, scale) in [
            ("0.00", 10, 2),
            ("-0.50", 10, 2),
            ("99999999.99", 10, 2),
            ("0.000000000000000000000000000001", 65, 30),
            (
                "-99999999999999999999999999999999999.999999999999999999999999999999",
                65,
                30,
            ),
            ("7", 20, 0),
        ] {
            let read = decimal(text.as_bytes(), precision, scale).unwrap();
            assert_eq!(read.print(scale), text);
            assert_eq!(Unscaled::from_bytes(&read.to_bytes()).print(scale), text);
        }
        assert_eq!(decimal(b"10", 10, 2).unwrap().print(2), "10.00");
        for (text, what) in [
            ("1.005", "a digit too many behind the point"),
            ("123456789.00", "a digit too many before it"),
            ("1e5", "an exponent"),
            ("", "nothing"),
            ("-", "a sign alone"),
        ] {
            assert_eq!(decimal(text.as_bytes(), 10, 2), None, "{what}");
        }
    }

    #[test]
    fn dates_that_no_calendar_has_are_none() {
        for text in [
            "0000-00-00",
            "2024-00-05",
            "2024-05-00",
            "2023-02-29",
            "next week",
        ] {
            assert_eq!(days(text.as_bytes()), None, "{text}");
        }
        assert_eq!(days(b"1970-01-02"), Some(1));
        assert_eq!(days(b"2024-02-29"), Some(19_782));
        assert_eq!(date_time(b"1970-01-01 00:00:01.5"), Some(1_500_000));
        assert_eq!(date_time(b"1969-12-31 23:59:59.999999"), Some(-1));
        assert_eq!(date_time(b"2024-01-01 24:00:00"), None);
        assert_eq!(time_of_day(b"23:59:59.999999"), Some(86_399_999_999));
        for text in ["24:00:00", "-00:00:01", "838:59:59", "12:60:00"] {
            assert_eq!(time_of_day(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn booleans_are_read_as_java_reads_them() {
        for (bytes, expected) in [
            (&[0][..], false),
            (&[1], true),
            (&[0b1010_0101], false),
            (&[0xff], true),
            (&[0x7f], true),
        ] {
            assert_eq!(boolean_of_bits(bytes), Some(expected), "{bytes:?}");
        }
        for (text, expected) in [("0", false), ("-1", true), ("-2", false), ("127", true)] {
            assert_eq!(boolean_of_number(text.as_bytes()), Some(expected), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn days_are_those_of_the_calendar(days in -719_528_i32..2_932_896) {
            let day = date(1970, 1, 1)
                .checked_add(jiff::Span::new().days(days)).unwrap();
            let text = day.strftime("%Y-%m-%d").to_string();
            prop_assert_eq!(super::days(text.as_bytes()), Some(days));
            let fields = civil_from_days(i64::from(days));
            prop_assert_eq!(
                (fields.year, fields.month, fields.day),
                (i64::from(day.year()), i64::from(day.month()), i64::from(day.day()))
            );
        }

        #[test]
        fn bytes_of_a_decimal_read_back(number: i128, shift in 0_u32..128) {
            let number = number >> shift;
            let small = Unscaled::Small(number);
            let bytes = small.to_bytes();
            prop_assert_eq!(&bytes, &BigInt::from(number).to_signed_bytes_be());
            prop_assert_eq!(Unscaled::from_bytes(&bytes), small);
        }
    }
}
