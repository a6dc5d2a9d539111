//! Plain decimal numbers as text, never as floating point.

/// A checked text: `-`, digits, and maybe a point with digits behind it. No `+`, no exponent, no
/// grouping: whoever writes those may mean something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number<'a> {
    text: &'a str,
    integer: &'a str,
    fraction: &'a str,
}

impl<'a> Number<'a> {
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (integer, fraction) = match unsigned.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (unsigned, ""),
        };
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        (!integer.is_empty() && digits(integer) && digits(fraction)).then_some(Self {
            text,
            integer,
            fraction,
        })
    }

    pub(crate) fn text(self) -> &'a str {
        self.text
    }

    pub(crate) fn has_leading_zero(self) -> bool {
        self.integer.len() > 1 && self.integer.starts_with('0')
    }

    pub(crate) fn integer_digits(self) -> u32 {
        u32::try_from(self.integer.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn scale(self) -> u32 {
        u32::try_from(self.fraction.len()).unwrap_or(u32::MAX)
    }

    /// With exactly `scale` digits behind the point, as databases give decimals back. `None` where
    /// a digit would be lost.
    pub(crate) fn with_scale(self, scale: u32) -> Option<String> {
        let missing = scale.checked_sub(self.scale())?;
        let mut text = self.text.to_owned();
        if self.fraction.is_empty() && scale > 0 {
            text.push('.');
        }
        text.extend((0..missing).map(|_| '0'));
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_plain_numbers_only() {
        for text in ["0", "-1", "12.50", "007"] {
            assert!(Number::read(text).is_some(), "{text}");
        }
        for text in [
            "", "-", "+1", ".5", "5.", "1e3", "1,000", "1.2.3", "--1", "٣", "NaN",
        ] {
            assert_eq!(Number::read(text), None, "{text}");
        }
    }

    #[test]
    fn pads_to_the_scale_and_never_rounds() {
        let scaled = |text, scale| Number::read(text).unwrap().with_scale(scale);
        assert_eq!(scaled("95.7", 2).as_deref(), Some("95.70"));
        assert_eq!(scaled("2871", 2).as_deref(), Some("2871.00"));
        assert_eq!(scaled("5", 0).as_deref(), Some("5"));
        assert_eq!(scaled("0.125", 2), None);
    }
}
