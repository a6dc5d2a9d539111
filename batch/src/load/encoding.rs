//! The character encodings that a CSV file may have.

use oem_cp::code_table::{DECODING_TABLE_CP437, DECODING_TABLE_CP850};
use std::fmt;
use std::str::FromStr;

/// How a file's bytes stand for characters. A byte order mark is no part of it: it is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
    /// The code page of the first PCs, still written by old tills.
    Cp437,
    /// Its successor in Western Europe.
    Cp850,
    Windows1252,
    Iso8859_1,
}

/// A name that stands for no encoding that is read here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not an encoding that can be read\nhint: use UTF-8, UTF-16LE, UTF-16BE, CP437, CP850, windows-1252 or ISO-8859-1"
)]
pub struct UnknownEncoding(pub String);

impl Encoding {
    pub const ALL: [Self; 7] = [
        Self::Utf8,
        Self::Utf16Le,
        Self::Utf16Be,
        Self::Cp437,
        Self::Cp850,
        Self::Windows1252,
        Self::Iso8859_1,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
            Self::Cp437 => "CP437",
            Self::Cp850 => "CP850",
            Self::Windows1252 => "windows-1252",
            Self::Iso8859_1 => "ISO-8859-1",
        }
    }

    /// The byte order mark that a file of this encoding may begin with.
    pub(crate) fn mark(self) -> &'static [u8] {
        match self {
            Self::Utf8 => b"\xEF\xBB\xBF",
            Self::Utf16Le => b"\xFF\xFE",
            Self::Utf16Be => b"\xFE\xFF",
            _ => b"",
        }
    }

    /// The character of a byte; `None` where the encoding leaves it undefined, or where one byte
    /// does not decide.
    pub(crate) fn char_of(self, byte: u8) -> Option<char> {
        if byte.is_ascii() {
            return Some(char::from(byte));
        }
        let high = usize::from(byte - 0x80);
        match self {
            Self::Cp437 => Some(DECODING_TABLE_CP437[high]),
            Self::Cp850 => Some(DECODING_TABLE_CP850[high]),
            Self::Iso8859_1 => Some(char::from(byte)),
            Self::Windows1252 => match WINDOWS_1252_FROM_80.get(high) {
                Some('\u{FFFD}') => None,
                Some(&char) => Some(char),
                None => Some(char::from(byte)),
            },
            Self::Utf8 | Self::Utf16Le | Self::Utf16Be => None,
        }
    }
}

/// 0x80 to 0x9F. The WHATWG's table, which browsers use, fills the five undefined places with
/// control characters; no one has typed those.
const WINDOWS_1252_FROM_80: [char; 32] = [
    '€', '\u{FFFD}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{FFFD}', 'Ž',
    '\u{FFFD}', '\u{FFFD}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{FFFD}',
    'ž', 'Ÿ',
];

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Encoding {
    type Err = UnknownEncoding;

    fn from_str(text: &str) -> Result<Self, UnknownEncoding> {
        let plain: String = text
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|char| char.to_ascii_lowercase())
            .collect();
        match plain.as_str() {
            "utf8" => Ok(Self::Utf8),
            "utf16" | "utf16le" => Ok(Self::Utf16Le),
            "utf16be" => Ok(Self::Utf16Be),
            "cp437" | "ibm437" | "437" => Ok(Self::Cp437),
            "cp850" | "ibm850" | "850" => Ok(Self::Cp850),
            "windows1252" | "cp1252" | "1252" | "ansi" => Ok(Self::Windows1252),
            "iso88591" | "latin1" => Ok(Self::Iso8859_1),
            _ => Err(UnknownEncoding(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back() {
        for encoding in Encoding::ALL {
            assert_eq!(encoding.name().parse(), Ok(encoding));
            assert_eq!(encoding.name().to_lowercase().parse(), Ok(encoding));
        }
        assert!("EBCDIC".parse::<Encoding>().is_err());
    }

    #[test]
    fn the_windows_table_is_that_of_the_standard_but_for_undefined_bytes() {
        for byte in 0..=255 {
            let bytes = [byte];
            let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&bytes);
            match Encoding::Windows1252.char_of(byte) {
                Some(char) => assert_eq!(text, char.to_string(), "{byte:#x}"),
                None => assert!([0x81, 0x8D, 0x8F, 0x90, 0x9D].contains(&byte), "{byte:#x}"),
            }
        }
    }
}
