//! The checksum of a set of rows, whatever their order, their part or their file format.
//!
//! Each row is written as its canonical bytes, those are hashed, and the hashes are added modulo
//! 2^128. So parts add up to the import, rows may stand in any order, and a row that is there twice
//! counts twice. It finds what was lost, doubled, altered or put into the wrong column; that
//! nobody altered the files on purpose is said by their SHA-256.
//!
//! A row's canonical bytes are those of its columns in order. NULL is the byte 0. Any other value
//! is the byte 1, the length of its canonical form as 4 bytes (little-endian), and that form
//! ([`CanonicalForm`]). The hash is XXH3 with 128 bits and the seed 0.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The sum of the hashes of some rows; that of no rows is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RowChecksum(u128);

/// A text that can't be a [`RowChecksum`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a row checksum: 32 hexadecimal digits")]
pub struct InvalidRowChecksum(pub String);

/// What is hashed of a value, the same from the server's bytes and from each file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CanonicalForm {
    /// The text as it is, in UTF-8.
    Text,
    /// The bytes as they are.
    Binary,
    /// An integer or decimal in plain digits with its whole scale, without superfluous zeros in
    /// front: `7`, `-0.50`.
    Number,
    /// A date, time of day or both as the server prints it, without zeros at the end of the
    /// fraction and without a point where nothing follows: `2003-02-24 12:34:56.78901`.
    Moment,
    /// The 4 bytes of the IEEE 754 number, big-endian.
    Float32,
    /// The 8 bytes of the IEEE 754 number, big-endian.
    Float64,
    /// BIT(n) as an unsigned integer in decimal digits.
    Bits,
    /// `true` or `false`, as the driver for Java reads a TINYINT(1) or a BIT.
    Boolean,
    /// Milliseconds since 1970 in decimal digits, as Java counts them in UTC.
    JavaMilliseconds,
    /// What the file holds after a mapping that can't be undone. Says nothing about the source's
    /// own value.
    AsWritten,
}

impl RowChecksum {
    /// The checksum of one row with this hash.
    pub const fn of_hash(hash: u128) -> Self {
        Self(hash)
    }
}

impl std::ops::AddAssign for RowChecksum {
    fn add_assign(&mut self, other: Self) {
        self.0 = self.0.wrapping_add(other.0);
    }
}

impl std::iter::Sum for RowChecksum {
    fn sum<I: Iterator<Item = Self>>(sums: I) -> Self {
        sums.fold(Self::default(), |mut total, sum| {
            total += sum;
            total
        })
    }
}

impl fmt::Display for RowChecksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl From<RowChecksum> for String {
    fn from(checksum: RowChecksum) -> Self {
        checksum.to_string()
    }
}

impl TryFrom<String> for RowChecksum {
    type Error = InvalidRowChecksum;

    fn try_from(text: String) -> Result<Self, InvalidRowChecksum> {
        let digits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match u128::from_str_radix(&text, 16) {
            Ok(sum) if digits => Ok(Self(sum)),
            _ => Err(InvalidRowChecksum(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_kept_as_32_digits() {
        let sum = RowChecksum::of_hash(0xab);
        let json = serde_json::to_string(&sum).unwrap();
        assert_eq!(json, "\"000000000000000000000000000000ab\"");
        assert_eq!(serde_json::from_str::<RowChecksum>(&json).unwrap(), sum);
        for wrong in ["", "ab", "+00000000000000000000000000000ab"] {
            assert!(RowChecksum::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn adds_up_in_any_order_and_wraps() {
        let sums = [RowChecksum::of_hash(u128::MAX), RowChecksum::of_hash(7)];
        assert_eq!(sums.iter().copied().sum::<RowChecksum>(), RowChecksum(6));
        assert_eq!(
            sums.iter().rev().copied().sum::<RowChecksum>(),
            RowChecksum(6)
        );
    }
}
