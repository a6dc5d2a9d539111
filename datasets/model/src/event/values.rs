//! The values of an event's fields, each valid by construction.

use super::rejection::{Flaw, excerpt};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// Characters of an id.
pub const ID_CHARS_MAX: usize = 64;
/// Characters of a name, a category or a place.
pub const TEXT_CHARS_MAX: usize = 100;
/// Digits before the decimal point of an amount.
pub const AMOUNT_DIGITS_MAX: usize = 9;
/// Digits behind the decimal point of an amount.
pub const AMOUNT_DECIMALS_MAX: usize = 2;
/// Units on one order line; the least is 1.
pub const QUANTITY_MAX: u32 = 1_000_000;
/// The highest number of a line in its order; the lowest is 1.
pub const ORDER_LINE_MAX: u32 = 9_999;
/// The year of an event, as it is written.
pub const YEAR_FIRST: u16 = 2000;
pub const YEAR_LAST: u16 = 2099;

/// A text type with a rule, borrowed where the record allows it.
macro_rules! text {
    ($(#[$meta:meta])* $name:ident, $rule:ident) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name<'a>(Cow<'a, str>);

        impl<'a> $name<'a> {
            pub fn parse(text: impl Into<Cow<'a, str>>) -> Result<Self, Flaw> {
                let text = text.into();
                $rule(&text)?;
                Ok(Self(text))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The same text, borrowed from here, without a copy.
            pub fn as_borrowed(&self) -> $name<'_> {
                $name(Cow::Borrowed(&self.0))
            }

            /// The same text, no longer bound to the record.
            pub fn into_owned(self) -> $name<'static> {
                $name(Cow::Owned(self.0.into_owned()))
            }
        }

        impl fmt::Display for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

text!(
    /// Names one event: 1 to 64 visible ASCII characters.
    EventId, check_id
);
text!(
    /// Names an order: 1 to 64 visible ASCII characters.
    OrderId, check_id
);
text!(
    /// Names a customer: 1 to 64 visible ASCII characters.
    CustomerId, check_id
);
text!(
    /// Names a product: 1 to 64 visible ASCII characters.
    ProductId, check_id
);
text!(
    /// A name, a category or a place: 1 to 100 characters without control characters, and no
    /// space at either end, so that two that look the same are the same.
    Label, check_label
);

fn check_id(text: &str) -> Result<(), Flaw> {
    check_length(text, ID_CHARS_MAX)?;
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    Err(Flaw::Characters {
        value: excerpt(text),
        allowed: "visible ASCII characters only, without spaces",
    })
}

fn check_label(text: &str) -> Result<(), Flaw> {
    check_length(text, TEXT_CHARS_MAX)?;
    let framed = text.starts_with(' ') || text.ends_with(' ');
    if !framed && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Flaw::Characters {
        value: excerpt(text),
        allowed: "text without control characters and without a space first or last",
    })
}

fn check_length(text: &str, max: usize) -> Result<(), Flaw> {
    let short = !text.is_empty() && text.len() <= max;
    if short {
        return Ok(());
    }
    let chars = text.chars().count();
    if (1..=max).contains(&chars) {
        Ok(())
    } else {
        Err(Flaw::Length { chars, max })
    }
}

/// A price or an amount of money, not negative, at most 999999999.99, exact. The currency stands
/// beside it in the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Amount(Decimal);

impl Amount {
    /// Reads `1234.5`: digits without leading zeros, and a point before one or two decimals.
    pub fn parse(text: &str) -> Result<Self, Flaw> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
        let is_plain =
            are_digits(whole) && are_digits(decimals) && (whole == "0" || !whole.starts_with('0'));
        let value = || excerpt(text);
        let bad_number = || Flaw::Number {
            value: value(),
            allowed: "digits and at most one point, like 1234.50: no exponent, sign or leading zeros",
        };
        if !is_plain {
            return Err(bad_number());
        }
        if digits.len() < text.len() || whole.len() > AMOUNT_DIGITS_MAX {
            return Err(Flaw::Range {
                value: value(),
                allowed: "0 to 999999999.99, positive for REFUNDED too".to_owned(),
            });
        }
        if decimals.len() > AMOUNT_DECIMALS_MAX {
            return Err(Flaw::Decimals { value: value() });
        }
        let amount = Decimal::from_str_exact(text).map_err(|_| bad_number())?;
        Ok(Self(amount))
    }

    pub fn decimal(self) -> Decimal {
        self.0
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How many units: 1 to 1,000,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Quantity(u32);

impl Quantity {
    pub fn parse(text: &str) -> Result<Self, Flaw> {
        counted(text, QUANTITY_MAX).map(Self)
    }

    pub fn get(self) -> u32 {
        self.0
    }
}

/// A line's number within its order: 1 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct OrderLine(u32);

impl OrderLine {
    pub fn parse(text: &str) -> Result<Self, Flaw> {
        counted(text, ORDER_LINE_MAX).map(Self)
    }

    pub fn get(self) -> u32 {
        self.0
    }
}

/// A whole number from 1 to `max`, in the digits of its JSON number.
fn counted(text: &str, max: u32) -> Result<u32, Flaw> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !are_digits(digits) {
        return Err(Flaw::Number {
            value: excerpt(text),
            allowed: "a whole number in digits, without point or exponent",
        });
    }
    let number = text
        .parse()
        .ok()
        .filter(|number| (1..=max).contains(number));
    number.ok_or_else(|| Flaw::Range {
        value: excerpt(text),
        allowed: format!("1 to {max}"),
    })
}

fn are_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// When an event happened; the offset it was written with is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventTime(Timestamp);

impl EventTime {
    /// Reads `2026-11-21T14:00:00.5+01:00`: RFC 3339 with capital `T` and `Z`, up to nine decimals
    /// of a second, no leap second, in the years 2000 to 2099 as written.
    pub fn parse(text: &str) -> Result<Self, Flaw> {
        let bad_time = || Flaw::Time {
            value: excerpt(text),
        };
        if !has_time_shape(text.as_bytes()) {
            return Err(bad_time());
        }
        let year: u16 = text[..4].parse().map_err(|_| bad_time())?;
        if !(YEAR_FIRST..=YEAR_LAST).contains(&year) {
            return Err(Flaw::Range {
                value: excerpt(text),
                allowed: format!("a year from {YEAR_FIRST} to {YEAR_LAST}"),
            });
        }
        text.parse().map(Self).map_err(|_| bad_time())
    }

    pub fn timestamp(self) -> Timestamp {
        self.0
    }
}

impl Serialize for EventTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// `0` stands for any digit; what the digits say is left to the calendar. Narrower than what jiff
/// reads, so that every other reader of the schema agrees.
fn has_time_shape(text: &[u8]) -> bool {
    let matches = |text: &[u8], shape: &[u8]| {
        text.len() == shape.len()
            && (text.iter().zip(shape)).all(|(byte, kind)| match kind {
                b'0' => byte.is_ascii_digit(),
                b'+' => matches!(byte, b'+' | b'-'),
                _ => byte == kind,
            })
    };
    let Some((second, rest)) = text.split_at_checked(19) else {
        return false;
    };
    let decimals = match rest.strip_prefix(b".") {
        None => 0,
        Some(decimals) => match decimals.iter().take_while(|b| b.is_ascii_digit()).count() {
            count @ 1..=9 => count + 1,
            _ => return false,
        },
    };
    let offset = &rest[decimals..];
    matches(second, b"0000-00-00T00:00:00")
        && &second[17..] < b"60".as_slice()
        && (offset == b"Z" || (matches(offset, b"+00:00") && &offset[1..3] < b"24".as_slice()))
}
