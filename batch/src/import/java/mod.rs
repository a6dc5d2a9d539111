//! Numbers as Java prints them, since readers of Sqoop's files know them so.

mod before_19;

use before_19::Digits;

/// Whose digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Version {
    /// Java 8 to 18, on which Sqoop runs: now and then a digit too many.
    Before19,
    /// The shortest digits that read back exactly.
    #[default]
    From19,
}

/// `Double.toString(number)`.
pub(super) fn double(number: f64) -> String {
    in_java(number.is_sign_negative(), &format!("{:e}", number.abs()))
}

/// `Float.toString(number)`.
pub(super) fn float(number: f32) -> String {
    in_java(number.is_sign_negative(), &format!("{:e}", number.abs()))
}

pub(super) fn double_of(version: Version, number: f64) -> String {
    if version == Version::From19 || number == 0.0 || !number.is_finite() {
        return double(number);
    }
    let Digits { digits, exponent } = before_19::of_double(number.abs());
    notation(number.is_sign_negative(), &digits, exponent)
}

pub(super) fn float_of(version: Version, number: f32) -> String {
    if version == Version::From19 || number == 0.0 || !number.is_finite() {
        return float(number);
    }
    let Digits { digits, exponent } = before_19::of_float(number.abs());
    notation(number.is_sign_negative(), &digits, exponent)
}

/// `BigDecimal.toString()` of a plain decimal: scientific where the point is far to the left.
pub(super) fn big_decimal(plain: &str) -> String {
    let (sign, unsigned) = match plain.strip_prefix('-') {
        Some(unsigned) => ("-", unsigned),
        None => ("", plain),
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = format!("{whole}{fraction}");
    let digits = match digits.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    let exponent = digits.len().cast_signed() - 1 - fraction.len().cast_signed();
    if exponent >= -6 {
        return plain.to_owned();
    }
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    format!("{sign}{first}{point}{rest}E{exponent}")
}

/// From Rust's shortest scientific notation: `1.5e-5`, `1e7`, `inf`.
fn in_java(negative: bool, scientific: &str) -> String {
    let parts = scientific.split_once('e');
    match parts.and_then(|(mantissa, exponent)| Some((mantissa, exponent.parse().ok()?))) {
        Some((mantissa, exponent)) => notation(negative, &mantissa.replace('.', ""), exponent),
        None if scientific == "inf" && negative => "-Infinity".to_owned(),
        None if scientific == "inf" => "Infinity".to_owned(),
        None => "NaN".to_owned(),
    }
}

/// Plain from 1e-3 up to below 1e7, with at least one digit behind the point.
fn notation(negative: bool, digits: &str, exponent: i32) -> String {
    let sign = if negative { "-" } else { "" };
    match usize::try_from(exponent) {
        Ok(exponent) if exponent < 7 => {
            let whole = exponent + 1;
            let padded = format!("{digits:0<whole$}");
            let (whole, fraction) = padded.split_at(whole);
            let fraction = if fraction.is_empty() { "0" } else { fraction };
            format!("{sign}{whole}.{fraction}")
        }
        Err(_) if exponent >= -3 => {
            let zeros = usize::try_from(-1 - exponent).unwrap_or(0);
            format!("{sign}0.{:0<zeros$}{digits}", "")
        }
        _ => {
            let (first, rest) = digits.split_at(1);
            let rest = if rest.is_empty() { "0" } else { rest };
            format!("{sign}{first}.{rest}E{exponent}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prints_doubles_like_java() {
        for (number, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (2.25, "2.25"),
            (100.0, "100.0"),
            (9_999_999.999, "9999999.999"),
            (1e7, "1.0E7"),
            (0.001, "0.001"),
            (0.012_5, "0.0125"),
            (9.9e-4, "9.9E-4"),
            (9_007_199_254_740_992.0, "9.007199254740992E15"),
            (0.1 + 0.2, "0.30000000000000004"),
            (f64::MIN_POSITIVE, "2.2250738585072014E-308"),
            (f64::MIN, "-1.7976931348623157E308"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(double(number), text);
        }
    }

    #[test]
    fn prints_doubles_like_the_java_that_sqoop_ran_on() {
        for (number, text) in [
            (1e23, "9.999999999999999E22"),
            (2e-3, "0.002"),
            (1e21, "1.0E21"),
            (1e7, "1.0E7"),
            (-1.5e-10, "-1.5E-10"),
            (9.9e-4, "9.9E-4"),
            (0.1, "0.1"),
            (0.1 + 0.2, "0.30000000000000004"),
            (9_007_199_254_740_992.0, "9.007199254740992E15"),
            (123_456_789_012_345_680.0, "1.2345678901234568E17"),
            (f64::MIN_POSITIVE, "2.2250738585072014E-308"),
            (f64::MAX, "1.7976931348623157E308"),
            (5e-324, "4.9E-324"),
            (100.0, "100.0"),
            (2.25, "2.25"),
        ] {
            assert_eq!(double_of(Version::Before19, number), text);
        }
        assert_eq!(float_of(Version::Before19, 1.175_49e-38), "1.17549E-38");
        assert_eq!(float_of(Version::Before19, -0.000_015), "-1.5E-5");
    }

    proptest! {
        /// More digits than needed, maybe, but never another number.
        #[test]
        fn old_digits_read_back_exactly(number in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL) {
            let text = double_of(Version::Before19, number);
            prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), number.to_bits(), "{}", text);
        }
    }

    #[test]
    fn prints_big_decimals_like_java() {
        for (plain, text) in [
            ("0.000000000000000000000000000001", "1E-30"),
            ("0.000000000000000000000000000000", "0E-30"),
            ("-0.00000012", "-1.2E-7"),
            ("0.000001", "0.000001"),
            ("95.70", "95.70"),
            ("123", "123"),
        ] {
            assert_eq!(big_decimal(plain), text);
        }
    }

    #[test]
    fn prints_floats_like_java() {
        for (number, text) in [
            (1.5, "1.5"),
            (1.677_72e7, "1.67772E7"),
            (123_457.0, "123457.0"),
            (9.765_62e-4, "9.76562E-4"),
            (3.402_82e38, "3.40282E38"),
        ] {
            assert_eq!(float(number), text);
        }
    }
}
