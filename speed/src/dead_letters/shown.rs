//! Dead letters as people and programs see them.

use crate::transport::ReplayOf;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use comptoir_warehouse::{DeadLetterKey, StoredLetter};
use jiff::Timestamp;
use serde::Serialize;
use std::fmt::{self, Write};
use std::str::FromStr;

/// Names a dead letter: `STREAM/PARTITION/OFFSET`, as the header of its correction spells it too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(ReplayOf);

/// A text that names no place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no place of a dead letter\nhint: give STREAM/PARTITION/OFFSET, as `comptoir-speed dead-letters ls` prints it"
)]
pub struct PlaceError(String);

impl Place {
    pub fn of(key: &DeadLetterKey) -> Self {
        Self(ReplayOf {
            key: key.partition.clone(),
            offset: key.offset,
        })
    }

    pub fn key(&self) -> DeadLetterKey {
        DeadLetterKey {
            partition: self.0.key.clone(),
            offset: self.0.offset,
        }
    }

    pub fn replay_of(&self) -> &ReplayOf {
        &self.0
    }
}

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        ReplayOf::parse(text)
            .map(Self)
            .ok_or_else(|| PlaceError(text.to_owned()))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One dead letter as a line of JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exported {
    pub place: String,
    pub stream: String,
    pub partition: u32,
    pub offset: u64,
    pub record_timestamp: Timestamp,
    pub found_at: Timestamp,
    pub reason: String,
    pub detail: String,
    pub cure: String,
    /// Bytes of the record.
    pub size: u64,
    /// The record, where it is text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The record, where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_base64: Option<String>,
}

impl From<StoredLetter> for Exported {
    fn from(letter: StoredLetter) -> Self {
        let place = Place::of(&letter.key).to_string();
        let (value, value_base64) = match letter.bytes.map(String::from_utf8) {
            None => (None, None),
            Some(Ok(text)) => (Some(text), None),
            Some(Err(other)) => (None, Some(STANDARD.encode(other.as_bytes()))),
        };
        Self {
            place,
            stream: letter.key.partition.stream.0,
            partition: letter.key.partition.partition.0,
            offset: letter.key.offset.0,
            record_timestamp: letter.record_timestamp,
            found_at: letter.found_at,
            reason: letter.reason,
            detail: letter.detail,
            cure: letter.cure,
            size: letter.size,
            value,
            value_base64,
        }
    }
}

/// The beginning of a record, fit for a terminal whatever it holds: text with its control
/// characters escaped, else bytes in hex with the text beside them.
#[derive(Clone, Copy, Debug)]
pub struct Excerpt<'a> {
    pub bytes: &'a [u8],
    pub bytes_max: usize,
    /// In hex even if it is text.
    pub hex: bool,
}

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.bytes[..self.bytes.len().min(self.bytes_max)];
        match text_of(shown, shown.len() < self.bytes.len()) {
            Some(text) if !self.hex => {
                for char in text.chars() {
                    match char {
                        '\n' => f.write_char(char)?,
                        char if char.is_control() => write!(f, "{}", char.escape_default())?,
                        char => f.write_char(char)?,
                    }
                }
                writeln!(f)?;
            }
            _ => {
                for (line, bytes) in shown.chunks(16).enumerate() {
                    write!(f, "{:08x} ", line * 16)?;
                    for byte in bytes {
                        write!(f, " {byte:02x}")?;
                    }
                    let visible = |byte: &u8| if byte.is_ascii_graphic() { *byte } else { b'.' };
                    let text: String = bytes.iter().map(|byte| visible(byte) as char).collect();
                    writeln!(f, "{:1$}  {text}", "", (16 - bytes.len()) * 3)?;
                }
            }
        }
        match self.bytes.len() - shown.len() {
            0 => Ok(()),
            more => writeln!(f, "… and {more} bytes more"),
        }
    }
}

/// The bytes as text; where they were cut, the last character may be half.
fn text_of(bytes: &[u8], is_cut: bool) -> Option<&str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if is_cut && error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()
        }
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt(bytes: &[u8], bytes_max: usize) -> String {
        let hex = false;
        Excerpt {
            bytes,
            bytes_max,
            hex,
        }
        .to_string()
    }

    #[test]
    fn a_place_is_what_the_list_prints() {
        let place: Place = "0b5c/2/17".parse().unwrap();
        assert_eq!(place.to_string(), "0b5c/2/17");
        assert_eq!(place.key().offset.0, 17);
        let error = "17".parse::<Place>().unwrap_err().to_string();
        assert!(error.contains("STREAM/PARTITION/OFFSET"), "{error}");
    }

    #[test]
    fn a_record_can_not_write_to_the_terminal() {
        assert_eq!(excerpt(b"a\x1b[2Jb", 100), "a\\u{1b}[2Jb\n");
        assert_eq!(
            excerpt("é".repeat(3).as_bytes(), 3),
            "é\n… and 3 bytes more\n"
        );
        assert_eq!(
            excerpt(b"a\xff", 100),
            format!("00000000  61 ff{}  a.\n", " ".repeat(42))
        );
    }
}
