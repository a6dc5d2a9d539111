//! Text, taken for a fraction in base 65,536, as Sqoop's `TextSplitter` takes it.

use super::decimal::{Decimal, points};
use num_bigint::BigInt;
use std::num::NonZeroU32;

/// Sqoop looks at no more characters.
const CHARS_MAX: usize = 8;

/// The digits in front of and behind the point of the last of them: 2^-128 has 128 decimals.
const BASE_BITS: u32 = 16;

pub(super) fn literals(min: &str, max: &str, ranges: NonZeroU32) -> Vec<String> {
    strings(min, max, ranges)
        .iter()
        .map(|text| literal(text))
        .collect()
}

fn strings(min: &str, max: &str, ranges: NonZeroU32) -> Vec<String> {
    let shared = min
        .chars()
        .zip(max.chars())
        .take_while(|(one, other)| one == other);
    let shared: String = shared.map(|(one, _)| one).collect();
    let (min_rest, max_rest) = (&min[shared.len()..], &max[shared.len()..]);
    let points = points(&fraction(min_rest), &fraction(max_rest), ranges);
    let mut strings: Vec<_> = points
        .iter()
        .map(|point| format!("{shared}{}", text_of(point)))
        .collect();
    if strings.first().is_none_or(|first| first != min) {
        strings.insert(0, min.to_owned());
    }
    if strings.len() == 1 || strings.last().is_some_and(|last| last != max) {
        strings.push(max.to_owned());
    }
    strings
}

/// Java's characters are UTF-16, but `codePointAt` gives both halves of a pair for its first one.
fn fraction(text: &str) -> Decimal {
    let units: Vec<u16> = text.encode_utf16().take(CHARS_MAX + 1).collect();
    let mut sum = BigInt::from(0);
    let used = units.len().min(CHARS_MAX);
    for (index, unit) in units.iter().take(used).enumerate() {
        let pair = units.get(index + 1).map(|next| [*unit, *next]);
        let point = pair.and_then(|pair| char::decode_utf16(pair).next()?.ok());
        let point = point.map_or(u32::from(*unit), u32::from);
        sum = (sum << BASE_BITS) + point;
    }
    // n / 2^k = n × 5^k / 10^k
    let bits = BASE_BITS * u32::try_from(used).unwrap_or(0);
    Decimal::new(sum * BigInt::from(5).pow(bits), bits)
}

fn text_of(point: &Decimal) -> String {
    let one = BigInt::from(10).pow(point.scale());
    let mut rest = point.units().clone();
    let mut text = Vec::new();
    for _ in 0..CHARS_MAX {
        rest <<= BASE_BITS;
        let digit = &rest / &one;
        rest %= &one;
        match u32::try_from(digit) {
            Ok(0) | Err(_) => break,
            // Half of a pair can't be sent; Java's driver sends this in its place.
            Ok(point) => text.push(char::from_u32(point).unwrap_or('?')),
        }
    }
    text.into_iter().collect()
}

/// Depends on no SQL mode, and leaves the column's collation in charge.
fn literal(text: &str) -> String {
    format!("_utf8mb4 x'{}'", hex::encode(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(min: &str, max: &str, ranges: u32) -> Vec<String> {
        strings(min, max, NonZeroU32::new(ranges).unwrap())
    }

    #[test]
    fn cuts_between_two_letters() {
        assert_eq!(cut("a", "c", 2), ["a", "b", "c"]);
        assert_eq!(
            cut("order-a", "order-c", 2),
            ["order-a", "order-b", "order-c"]
        );
    }

    #[test]
    fn cuts_like_sqoop_beyond_the_first_plane() {
        let points = cut("", "😀", 4);
        // From nothing to a half pair, and then to the whole one.
        assert_eq!(points.len(), 6);
        assert_eq!(
            (points[0].as_str(), points[4].as_str(), points[5].as_str()),
            ("", "😀?", "😀")
        );
    }

    #[test]
    fn one_text_makes_one_range() {
        assert_eq!(cut("a", "a", 4), ["a", "a"]);
    }

    #[test]
    fn a_literal_can_hold_anything() {
        assert_eq!(literal("it's"), "_utf8mb4 x'69742773'");
    }
}
