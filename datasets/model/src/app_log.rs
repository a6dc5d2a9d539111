//! The platform's own log: one line of `app.log`, written by every process, read by the shipper.
//!
//! A line is one JSON object with its first keys in a fixed order, so that `grep`, `cut -c1-27`
//! and a JSON reader all find their way:
//!
//! ```text
//! {"time":"2026-11-21T13:00:00.000123Z","level":"INFO","component":"batch","message":"imported","fields":{"table":"sales","rows":2823}}
//! ```
//!
//! Whatever a message holds, it can't end its line, hide or reorder what a terminal shows, or grow
//! a line beyond [`LINE_BYTES_MAX`]: such characters are escaped, and what is cut says so.

mod fields;

pub use fields::FieldValue;

use fields::Fields;
use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::io;
use std::str::FromStr;

/// No line that we write is longer, without its newline.
pub const LINE_BYTES_MAX: usize = 512 * 1024;
/// A longer message is cut there.
pub const MESSAGE_BYTES_MAX: usize = 8 * 1024;
/// A longer text of a field is cut there.
pub const FIELD_BYTES_MAX: usize = 2 * 1024;
/// A longer name of a field is cut there.
pub const FIELD_NAME_BYTES_MAX: usize = 64;
/// Further fields are counted in [`MORE_FIELDS`].
pub const FIELDS_MAX: usize = 32;
/// The field that says how many fields did not fit.
pub const MORE_FIELDS: &str = "more_fields";

/// One line. [`fmt::Display`] writes it without the newline: the writer appends that and hands
/// both to the file in one call, so that lines of several processes do not mix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AppLogLine {
    #[serde(serialize_with = "write_time")]
    time: Timestamp,
    level: Level,
    component: Component,
    message: String,
    #[serde(skip_serializing_if = "Fields::is_empty")]
    fields: Fields,
}

impl AppLogLine {
    /// `time` is kept to the microsecond.
    pub fn new(time: Timestamp, level: Level, component: Component, message: &str) -> Self {
        Self {
            time: to_the_microsecond(time),
            level,
            component,
            message: cut(message, MESSAGE_BYTES_MAX),
            fields: Fields::default(),
        }
    }

    /// Adds a field; a later value of the same name replaces the earlier one.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<FieldValue>) -> Self {
        self.fields
            .set(cut(name, FIELD_NAME_BYTES_MAX), value.into());
        self
    }

    pub fn time(&self) -> Timestamp {
        self.time
    }

    pub fn level(&self) -> Level {
        self.level
    }

    pub fn component(&self) -> &Component {
        &self.component
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    /// In the order in which they were written.
    pub fn fields(&self) -> &[(String, FieldValue)] {
        self.fields.as_slice()
    }

    /// Reads a line, given without its newline.
    pub fn parse(line: &[u8]) -> Result<Self, AppLogError> {
        if line.len() > LINE_BYTES_MAX {
            return Err(AppLogError::TooLong(line.len() as u64));
        }
        let text = std::str::from_utf8(line).map_err(|error| AppLogError::NotUtf8 {
            at: error.valid_up_to(),
        })?;
        let written: Written =
            serde_json::from_str(text).map_err(|error| AppLogError::NotALine(error.to_string()))?;
        Ok(Self {
            time: read_time(&written.time)?,
            level: written.level,
            component: written.component.parse()?,
            message: written.message,
            fields: written.fields,
        })
    }
}

impl fmt::Display for AppLogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut json = Vec::with_capacity(256);
        let mut serializer = serde_json::Serializer::with_formatter(&mut json, OneLine);
        self.serialize(&mut serializer).map_err(|_| fmt::Error)?;
        f.write_str(std::str::from_utf8(&json).map_err(|_| fmt::Error)?)
    }
}

/// Bytes that are no line of an `app.log`. The caller adds the file, the line and the offset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppLogError {
    #[error("{0} bytes are too long: a line has at most {LINE_BYTES_MAX}")]
    TooLong(u64),
    #[error("byte {at} of the line is not UTF-8")]
    NotUtf8 { at: usize },
    #[error("not a line of an app.log: {0}")]
    NotALine(String),
    #[error("`{0}` is not a time in UTC with microseconds, like 2026-11-21T13:00:00.000123Z")]
    Time(String),
    #[error("`{0}` is not a component: 1 to 32 lower-case letters, digits and hyphens")]
    Component(String),
}

/// How much a line matters, most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl Level {
    pub const ALL: [Self; 5] = [
        Self::Error,
        Self::Warn,
        Self::Info,
        Self::Debug,
        Self::Trace,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "ERROR",
            Self::Warn => "WARN",
            Self::Info => "INFO",
            Self::Debug => "DEBUG",
            Self::Trace => "TRACE",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The part of the platform that wrote a line: `batch`, `web`, `logship`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Component(String);

impl Component {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Component {
    type Err = AppLogError;

    fn from_str(text: &str) -> Result<Self, AppLogError> {
        let fits = (1..=32).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(AppLogError::Component(cut(text, 32)))
        }
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A line as it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    time: String,
    level: Level,
    component: String,
    message: String,
    #[serde(default)]
    fields: Fields,
}

/// JSON that stays one honest line: also escapes what a terminal or an editor would act upon.
struct OneLine;

impl serde_json::ser::Formatter for OneLine {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut start = 0;
        for (at, character) in fragment.char_indices().filter(|(_, c)| misleads(*c)) {
            writer.write_all(&fragment.as_bytes()[start..at])?;
            write!(writer, "\\u{:04x}", u32::from(character))?;
            start = at + character.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[start..])
    }
}

/// Control characters, line separators, byte order marks and what changes the writing direction;
/// all of them fit one `\uXXXX`.
fn misleads(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The text itself, or its beginning and how much is gone; at most `bytes_max` bytes of it.
fn cut(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let kept = text.floor_char_boundary(bytes_max);
    format!("{}… ({} bytes cut)", &text[..kept], text.len() - kept)
}

fn to_the_microsecond(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}

fn write_time<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{time:.6}"))
}

/// Only the form that we write: a file's lines sort by time as text.
fn read_time(text: &str) -> Result<Timestamp, AppLogError> {
    text.parse::<Timestamp>()
        .ok()
        .filter(|time| format!("{time:.6}") == text)
        .ok_or_else(|| AppLogError::Time(cut(text, 40)))
}

#[cfg(test)]
mod tests;
