//! Floating-point numbers as Java prints them, since readers of Sqoop's files know them so.
//!
//! The digits are the shortest that read back exactly, as in Java 19 and later. Older Javas print
//! some doubles with more (1.0E23 as `9.999999999999999E22`).

/// `Double.toString(number)`.
pub(super) fn double(number: f64) -> String {
    in_java(&format!("{number:e}"))
}

/// `Float.toString(number)`.
pub(super) fn float(number: f32) -> String {
    in_java(&format!("{number:e}"))
}

/// From Rust's shortest scientific notation: `-1.5e-5`, `1e7`, `inf`.
fn in_java(scientific: &str) -> String {
    let (sign, unsigned) = match scientific.strip_prefix('-') {
        Some(unsigned) => ("-", unsigned),
        None => ("", scientific),
    };
    let parts = unsigned.split_once('e');
    let Some((mantissa, exponent)) = parts.and_then(|(m, e)| Some((m, e.parse::<i32>().ok()?)))
    else {
        let name = if unsigned == "inf" { "Infinity" } else { "NaN" };
        return format!("{sign}{name}");
    };
    let digits = mantissa.replace('.', "");
    // Plain from 1e-3 up to below 1e7, with at least one digit behind the point.
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
