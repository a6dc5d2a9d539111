//! Amounts of money as records write them.

use super::rejection::{Flaw, excerpt};
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// Digits before the decimal point of an amount.
pub const AMOUNT_DIGITS_MAX: usize = 9;
/// Digits behind the decimal point of an amount.
pub const AMOUNT_DECIMALS_MAX: usize = 2;

/// A price or an amount of money, not negative, at most 999999999.99, exact. The currency stands
/// beside it in the event.
///
/// It prints the decimals that it was written with; `1.5` and `1.50` are equal all the same.
#[derive(Clone, Copy, Debug)]
pub struct Amount {
    hundredths: i64,
    decimals: u8,
}

impl Amount {
    /// Reads `1234.5`: digits without leading zeros, and a point before one or two decimals.
    pub fn parse(text: &str) -> Result<Self, Flaw> {
        read_plain(text.as_bytes()).ok_or_else(|| flaw_of(text))
    }

    /// In hundredths of the currency's unit: never negative, below 10^11.
    pub fn hundredths(self) -> i64 {
        self.hundredths
    }

    pub fn decimal(self) -> Decimal {
        let mut amount = Decimal::new(self.hundredths, 2);
        amount.rescale(self.decimals.into());
        amount
    }
}

/// An amount that is written right.
fn read_plain(text: &[u8]) -> Option<Amount> {
    let point = text.iter().position(|byte| *byte == b'.');
    let (whole, decimals) = match point {
        None => (text, &[][..]),
        Some(point) => (&text[..point], &text[point + 1..]),
    };
    let fits = (1..=AMOUNT_DIGITS_MAX).contains(&whole.len())
        && decimals.len() <= AMOUNT_DECIMALS_MAX
        && decimals.is_empty() == point.is_none()
        && (whole[0] != b'0' || whole.len() == 1);
    if !fits {
        return None;
    }
    let mut hundredths = 0;
    for byte in whole.iter().chain(decimals) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        hundredths = hundredths * 10 + i64::from(digit);
    }
    for _ in decimals.len()..AMOUNT_DECIMALS_MAX {
        hundredths *= 10;
    }
    let decimals = u8::try_from(decimals.len()).ok()?;
    Some(Amount {
        hundredths,
        decimals,
    })
}

/// What is wrong with an amount that is not.
fn flaw_of(text: &str) -> Flaw {
    let value = excerpt(text);
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_plain =
        are_digits(whole) && are_digits(decimals) && (whole == "0" || !whole.starts_with('0'));
    if !is_plain {
        return Flaw::Number {
            value,
            allowed: "digits and at most one point, like 1234.50: no exponent, sign or leading zeros",
        };
    }
    if digits.len() < text.len() || whole.len() > AMOUNT_DIGITS_MAX {
        return Flaw::Range {
            value,
            allowed: "0 to 999999999.99, positive for REFUNDED too".to_owned(),
        };
    }
    Flaw::Decimals { value }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.decimal().fmt(f)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl PartialEq for Amount {
    fn eq(&self, other: &Self) -> bool {
        self.hundredths == other.hundredths
    }
}

impl Eq for Amount {}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Amount {
    fn cmp(&self, other: &Self) -> Ordering {
        self.hundredths.cmp(&other.hundredths)
    }
}

impl Hash for Amount {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hundredths.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn zeros_behind_the_point_are_printed_and_do_not_count() {
        let read = |text| Amount::parse(text).unwrap();
        assert_eq!(read("1.5"), read("1.50"));
        assert!(read("1.49") < read("1.5"));
        assert_eq!(read("0.05").hundredths(), 5);
        assert_eq!(
            ["0", "7", "0.0", "1.50"].map(|text| read(text).to_string()),
            ["0", "7", "0.0", "1.50"]
        );
    }

    proptest! {
        #[test]
        fn what_is_read_is_the_decimal_that_was_written(
            text in "(0|[1-9][0-9]{0,8})(\\.[0-9]{1,2})?"
        ) {
            let amount = Amount::parse(&text).unwrap();
            prop_assert_eq!(amount.to_string(), &*text);
            prop_assert_eq!(amount.decimal(), Decimal::from_str_exact(&text).unwrap());
            prop_assert_eq!(Decimal::new(amount.hundredths(), 2), amount.decimal());
        }

        #[test]
        fn what_is_not_read_has_its_flaw(text in "-?[0-9]{0,12}[.,e]?[0-9]{0,4}") {
            let pattern = |text: &str| {
                let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
                let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
                (1..=9).contains(&whole.len())
                    && (1..=2).contains(&decimals.len())
                    && digits(whole)
                    && digits(decimals)
                    && (whole == "0" || !whole.starts_with('0'))
            };
            prop_assert_eq!(Amount::parse(&text).is_ok(), pattern(&text));
        }
    }
}
