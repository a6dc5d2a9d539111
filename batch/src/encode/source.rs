//! Values of a database as the encoders take them.

use crate::database::Raw;
use std::fmt::{Display, Write};

/// The text of a value, or its bytes; `None` of NULL. What a server sends is not copied, a number
/// of `SQLite` is printed into `scratch`.
#[inline]
pub fn source_bytes<'a>(raw: Raw<'a>, scratch: &'a mut String) -> Option<&'a [u8]> {
    match raw {
        Raw::Null => None,
        Raw::Text(bytes) | Raw::Blob(bytes) => Some(bytes),
        Raw::Integer(number) => print(number, scratch),
        Raw::Real(number) => print(number, scratch),
    }
}

fn print(number: impl Display, scratch: &mut String) -> Option<&[u8]> {
    scratch.clear();
    // Printing into a string succeeds.
    write!(scratch, "{number}")
        .is_ok()
        .then_some(scratch.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_printed_and_bytes_go_through() {
        let mut scratch = String::new();
        for (raw, expected) in [
            (Raw::Null, None),
            (Raw::Text(b"a"), Some(&b"a"[..])),
            (Raw::Blob(&[0, 255]), Some(&[0, 255])),
            (Raw::Integer(-7), Some(b"-7")),
            (Raw::Real(10.1), Some(b"10.1")),
        ] {
            assert_eq!(source_bytes(raw, &mut scratch), expected, "{raw:?}");
        }
    }
}
