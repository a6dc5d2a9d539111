//! How many of the records are not what one would wish.

use comptoir_sample::Draw;
use std::str::FromStr;

/// A share of the records, in millionths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share(u32);

const WHOLE: u32 = 1_000_000;

/// A text that is no share.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a share: percents from 0 to 100 with up to four decimals, like 0.5")]
pub struct InvalidShare(String);

impl Share {
    pub const NONE: Self = Self(0);

    pub const fn millionths(millionths: u32) -> Self {
        Self(if millionths > WHOLE {
            WHOLE
        } else {
            millionths
        })
    }

    pub(super) fn falls(self, draw: &mut Draw) -> bool {
        self.0 > 0 && draw.below(WHOLE) < self.0
    }
}

impl FromStr for Share {
    type Err = InvalidShare;

    /// Percents: `0.5` or `0.5%`.
    fn from_str(text: &str) -> Result<Self, InvalidShare> {
        let invalid = || InvalidShare(text.to_owned());
        let number = text.strip_suffix('%').unwrap_or(text);
        let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(decimals) || decimals.len() > 4 || whole.len() > 3 {
            return Err(invalid());
        }
        let millionths: u32 = format!("{whole}{decimals:0<4}")
            .parse()
            .map_err(|_| invalid())?;
        if millionths > WHOLE {
            Err(invalid())
        } else {
            Ok(Self(millionths))
        }
    }
}

/// The shares of the records that test whoever reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// Sent long after they happened, as by a till that was cut off: two minutes to thirty hours.
    pub late: Share,
    /// A recent record again, byte for byte.
    pub duplicates: Share,
    /// Damaged, so that they become dead letters.
    pub malformed: Share,
}

impl Shares {
    pub const NONE: Self = Self {
        late: Share::NONE,
        duplicates: Share::NONE,
        malformed: Share::NONE,
    };
}

impl Default for Shares {
    /// As in a shop with fair tills: 1 % late, 0.5 % twice, 0.02 % damaged.
    fn default() -> Self {
        Self {
            late: Share(10_000),
            duplicates: Share(5_000),
            malformed: Share(200),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_written_in_percents() {
        let read = |text: &str| text.parse::<Share>();
        assert_eq!(read("0"), Ok(Share::NONE));
        assert_eq!(read("0.5%"), Ok(Share(5_000)));
        assert_eq!(read("12.3456"), Ok(Share(123_456)));
        assert_eq!(read("100"), Ok(Share(WHOLE)));
        for text in ["", "%", "101", "-1", "1e1", "0.12345", "a half"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
