//! Keys as bytes that sort as their values do. Pure.

use comptoir_model::manifest::Column;
use comptoir_model::row_checksum::CanonicalForm;

/// By what rows are merged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    /// Counted from 0.
    pub(super) column: usize,
    pub(super) order: KeyOrder,
}

/// How keys are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyOrder {
    /// 2 before 10.
    Number,
    /// By their bytes: texts, dates and times as they are printed.
    Bytes,
}

impl KeyOrder {
    /// By the column's type.
    pub(crate) fn of(column: &Column) -> Self {
        match column.canonical {
            Some(CanonicalForm::Number | CanonicalForm::Bits | CanonicalForm::JavaMilliseconds) => {
                Self::Number
            }
            _ => Self::Bytes,
        }
    }

    /// Two printed values give the same bytes only if they are the same key.
    pub(super) fn sortable(self, printed: &[u8]) -> Vec<u8> {
        match self {
            Self::Bytes => printed.to_vec(),
            Self::Number => number(printed).unwrap_or_else(|| {
                // SQLite keeps texts in columns of numbers too: behind them.
                let mut key = vec![3];
                key.extend_from_slice(printed);
                key
            }),
        }
    }
}

/// The sign, how many digits are before the point, and the digits; of a negative number everything
/// upside down.
fn number(printed: &[u8]) -> Option<Vec<u8>> {
    let (negative, digits) = match printed.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, printed),
    };
    let point = digits.iter().position(|byte| *byte == b'.');
    let (whole, fraction) = match point {
        Some(point) => (&digits[..point], &digits[point + 1..]),
        None => (digits, &[][..]),
    };
    let are_digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    if whole.is_empty() || !are_digits(whole) || !are_digits(fraction) {
        return None;
    }
    let zeros = whole.iter().take_while(|byte| **byte == b'0').count();
    let whole = &whole[zeros..];
    let kept = fraction
        .iter()
        .rposition(|byte| *byte != b'0')
        .map_or(0, |at| at + 1);
    let fraction = &fraction[..kept];
    if whole.is_empty() && fraction.is_empty() {
        return Some(vec![2, 0, 0, 0, 0]);
    }
    let mut magnitude = u32::try_from(whole.len()).ok()?.to_be_bytes().to_vec();
    magnitude.extend_from_slice(whole);
    magnitude.extend_from_slice(fraction);
    let mut key = vec![if negative { 1 } else { 2 }];
    if negative {
        key.extend(magnitude.iter().map(|byte| !byte));
        // A longer fraction is further from zero.
        key.push(u8::MAX);
    } else {
        key.extend(magnitude);
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_same_number_is_the_same_key() {
        let key = |text: &str| KeyOrder::Number.sortable(text.as_bytes());
        assert_eq!(key("007"), key("7"));
        assert_eq!(key("1.50"), key("1.5"));
        assert_eq!(key("-0"), key("0.00"));
        assert!(key("9999999999999999999999") < key("not a number"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn numbers_sort_as_numbers(one in -100_000_i64..100_000, other in -100_000_i64..100_000) {
            let print = |number: i64| format!("{}{}.{:03}", if number < 0 { "-" } else { "" }, number.abs() / 1000, number.abs() % 1000);
            let key = |number| KeyOrder::Number.sortable(print(number).as_bytes());
            prop_assert_eq!(key(one).cmp(&key(other)), one.cmp(&other), "{} {}", print(one), print(other));
        }

        #[test]
        fn integers_of_any_length_sort_as_integers(one: i128, other: i128) {
            let key = |number: i128| KeyOrder::Number.sortable(number.to_string().as_bytes());
            prop_assert_eq!(key(one).cmp(&key(other)), one.cmp(&other));
        }
    }
}
