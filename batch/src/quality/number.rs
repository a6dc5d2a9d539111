//! Numbers of any length compared by their digits. Pure.

use std::cmp::Ordering;

/// A plain decimal number taken apart; zeros that say nothing are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number<'a> {
    negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
}

impl<'a> Number<'a> {
    /// `None` of anything else than digits with a sign and a point, and of an exponent.
    pub(super) fn parse(text: &'a [u8]) -> Option<Self> {
        let (negative, digits) = match text {
            [b'-', digits @ ..] => (true, digits),
            [b'+', digits @ ..] | digits => (false, digits),
        };
        let point = digits.iter().position(|byte| *byte == b'.');
        let (whole, fraction) = match point {
            Some(point) => (&digits[..point], &digits[point + 1..]),
            None => (digits, &b""[..]),
        };
        let plain = [whole, fraction].concat();
        if plain.is_empty() || !plain.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let zeros = whole.iter().take_while(|byte| **byte == b'0').count();
        let tail = fraction.iter().rev().take_while(|byte| **byte == b'0');
        let number = Self {
            negative,
            whole: &whole[zeros..],
            fraction: &fraction[..fraction.len() - tail.count()],
        };
        // There is one zero.
        let is_zero = number.whole.is_empty() && number.fraction.is_empty();
        Some(Self {
            negative: negative && !is_zero,
            ..number
        })
    }

    fn size(&self, other: &Self) -> Ordering {
        (self.whole.len().cmp(&other.whole.len()))
            .then_with(|| self.whole.cmp(other.whole))
            .then_with(|| self.fraction.cmp(other.fraction))
    }
}

impl Ord for Number<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.size(other),
            (true, true) => other.size(self),
        }
    }
}

impl PartialOrd for Number<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    fn compare(one: &str, other: &str) -> Ordering {
        let parse = |text: &str| Number::parse(text.as_bytes()).map(|number| format!("{number:?}"));
        assert!(parse(one).is_some() && parse(other).is_some());
        Number::parse(one.as_bytes()).cmp(&Number::parse(other.as_bytes()))
    }

    #[test]
    fn zeros_that_say_nothing_do_not_count() {
        for (one, other) in [
            ("007.50", "7.5"),
            ("-0", "0.00"),
            ("+1", "1."),
            (".5", "0.5"),
        ] {
            assert_eq!(compare(one, other), Ordering::Equal, "{one} {other}");
        }
    }

    #[test]
    fn what_is_no_plain_number_is_none() {
        for text in ["", "-", ".", "1e5", "1,5", "x", "--1"] {
            assert_eq!(Number::parse(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn numbers_compare_as_decimals_do(
            one in -10_000_i64..10_000, one_scale in 0_u32..5,
            other in -10_000_i64..10_000, other_scale in 0_u32..5,
        ) {
            let (one, other) = (Decimal::new(one, one_scale), Decimal::new(other, other_scale));
            prop_assert_eq!(compare(&one.to_string(), &other.to_string()), one.cmp(&other));
        }
    }
}
