//! The values of an event's fields, each valid by construction.

use super::rejection::{Flaw, excerpt};
use serde::Serialize;
use std::borrow::Cow;
use std::fmt;

/// Characters of an id.
pub const ID_CHARS_MAX: usize = 64;
/// Characters of a name, a category or a place.
pub const TEXT_CHARS_MAX: usize = 100;
/// Units on one order line; the least is 1.
pub const QUANTITY_MAX: u32 = 1_000_000;
/// The highest number of a line in its order; the lowest is 1.
pub const ORDER_LINE_MAX: u32 = 9_999;

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

            /// A text that was checked already.
            pub(super) fn checked(text: &'a str) -> Self {
                Self(Cow::Borrowed(text))
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
    if all_bytes(text, u8::is_ascii_graphic) {
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
    let plain = all_bytes(text, |byte| matches!(byte, b' '..=b'~'));
    if !framed && (plain || !text.chars().any(char::is_control)) {
        return Ok(());
    }
    Err(Flaw::Characters {
        value: excerpt(text),
        allowed: "text without control characters and without a space first or last",
    })
}

/// Looks at every byte, whatever the first ones are: so the compiler takes many at a time.
fn all_bytes(text: &str, allowed: impl Fn(&u8) -> bool) -> bool {
    text.as_bytes()
        .iter()
        .fold(true, |all, byte| all & allowed(byte))
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

/// How many units: 1 to 1,000,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Quantity(u32);

impl Quantity {
    /// `None` outside of the range.
    pub(super) fn new(number: u32) -> Option<Self> {
        (1..=QUANTITY_MAX).contains(&number).then_some(Self(number))
    }

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
    /// `None` outside of the range.
    pub(super) fn new(number: u32) -> Option<Self> {
        (1..=ORDER_LINE_MAX)
            .contains(&number)
            .then_some(Self(number))
    }

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
