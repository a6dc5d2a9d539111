//! Delimited text as Apache Sqoop 1.4.7 writes it, and reading it back.
//!
//! Sqoop's rules (`org.apache.sqoop.lib.FieldFormatter`, and observed from the real program):
//! the escape character and, if set, the enclosing character are escaped wherever they occur;
//! the field and record delimiters are escaped only when there is no enclosing character;
//! optional enclosing wraps only values that hold one of those delimiters; the null token is
//! treated like any other value.
//!
//! So some formats can't be read back: Sqoop's default (`,`, newline, nothing else) for a text
//! with a comma in it, or a text that reads like the null token. [`TextFormat::encode`] says so
//! for each value; the importer counts those rows in the manifest, and readers refuse them.

use crate::short_bytes;
use serde::{Deserialize, Serialize};

/// The delimiters of a text file. Each is one byte, as in Sqoop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextFormat {
    pub field: u8,
    pub record: u8,
    pub enclose: Enclose,
    pub escape: Option<u8>,
    /// NULL of a text column (CHAR, TEXT, ENUM, SET, JSON).
    pub null_string: String,
    /// NULL of any other column.
    pub null_non_string: String,
}

/// Which values stand between enclosing characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Enclose {
    Never,
    WhereNeeded(u8),
    Always(u8),
}

impl Enclose {
    fn byte(self) -> Option<u8> {
        match self {
            Self::Never => None,
            Self::WhereNeeded(byte) | Self::Always(byte) => Some(byte),
        }
    }
}

/// Which of the two null tokens a column uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    Text,
    Other,
}

/// Whether a written value can be told apart from every other one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Encoded {
    Exact,
    /// A reader would split it elsewhere, or take it for NULL.
    Ambiguous,
}

/// Bytes that are not records of this format. The caller adds the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    #[error("byte {offset}: the file ends inside a record")]
    Unfinished { offset: u64 },
    #[error("byte {offset}: the record has {found} fields, {expected} are expected")]
    FieldCount {
        offset: u64,
        found: usize,
        expected: usize,
    },
    #[error("byte {offset}: text follows the closing `{}`", char::from(*.enclose))]
    AfterEnclosed { offset: u64, enclose: u8 },
}

/// A decoded value: `None` is SQL's NULL.
pub type Value = Option<Vec<u8>>;

impl TextFormat {
    /// What Sqoop writes without any option: `,`, newline, `null`, no quoting.
    pub fn sqoop_default() -> Self {
        Self {
            field: b',',
            record: b'\n',
            enclose: Enclose::Never,
            escape: None,
            null_string: "null".to_owned(),
            null_non_string: "null".to_owned(),
        }
    }

    /// What our own jobs write: every text can be read back exactly, unless it is `\N` itself.
    pub fn lossless() -> Self {
        Self {
            escape: Some(b'\\'),
            null_string: "\\N".to_owned(),
            null_non_string: "\\N".to_owned(),
            ..Self::sqoop_default()
        }
    }

    fn null_token(&self, kind: ColumnKind) -> &str {
        match kind {
            ColumnKind::Text => &self.null_string,
            ColumnKind::Other => &self.null_non_string,
        }
    }

    /// Whether nothing stands round a value and nothing inside it is escaped: it is written as it
    /// is, and only delimiters inside it, or the null token, make it ambiguous.
    pub fn is_bare(&self) -> bool {
        self.escape.is_none() && self.enclose == Enclose::Never
    }

    /// Appends one value of a bare format and the delimiter of fields, without looking for
    /// delimiters in it: once for a whole record [`TextFormat::delimiters_in`] does that faster.
    #[inline]
    pub fn encode_bare(
        &self,
        out: &mut Vec<u8>,
        value: Option<&[u8]>,
        kind: ColumnKind,
    ) -> Encoded {
        let null = self.null_token(kind).as_bytes();
        let Some(value) = value else {
            short_bytes::append(out, [], null, [self.field]);
            return Encoded::Exact;
        };
        short_bytes::append(out, [], value, [self.field]);
        // Few values begin like it: mostly the first byte tells.
        if value.first() == null.first() && value == null {
            Encoded::Ambiguous
        } else {
            Encoded::Exact
        }
    }

    /// How many delimiters of fields and records there are.
    pub fn delimiters_in(&self, bytes: &[u8]) -> usize {
        // A byte can count the 255 of a chunk, and many bytes are added at a time.
        let count = |chunk: &[u8]| -> u8 {
            (chunk.iter())
                .map(|byte| u8::from(self.delimits(*byte)))
                .sum()
        };
        bytes
            .chunks(255)
            .map(|chunk| usize::from(count(chunk)))
            .sum()
    }

    /// Appends one value; the caller writes the delimiters between values.
    pub fn encode(&self, out: &mut Vec<u8>, value: Option<&[u8]>, kind: ColumnKind) -> Encoded {
        let null = self.null_token(kind).as_bytes();
        let Some(value) = value else {
            self.write(out, null);
            return Encoded::Exact;
        };
        self.write(out, value);
        let exact = value != null && self.can_be_split(value);
        if exact {
            Encoded::Exact
        } else {
            Encoded::Ambiguous
        }
    }

    /// Whether a reader finds the end of this value. Where nothing escapes the escape or the
    /// enclosing character, only values free of them are safe.
    fn can_be_split(&self, value: &[u8]) -> bool {
        if self.escape.is_some() {
            return true;
        }
        match self.enclose.byte() {
            None => !value.iter().any(|byte| self.delimits(*byte)),
            Some(enclose) => !value.contains(&enclose),
        }
    }

    fn delimits(&self, byte: u8) -> bool {
        byte == self.field || byte == self.record
    }

    fn write(&self, out: &mut Vec<u8>, value: &[u8]) {
        let enclose = match self.enclose {
            Enclose::Never => None,
            Enclose::Always(byte) => Some(byte),
            Enclose::WhereNeeded(byte) => value.iter().any(|b| self.delimits(*b)).then_some(byte),
        };
        let quote = self.enclose.byte();
        out.extend(enclose);
        match self.escape {
            None => out.extend_from_slice(value),
            Some(escape) => {
                for &byte in value {
                    let special = byte == escape
                        || Some(byte) == quote
                        || (quote.is_none() && self.delimits(byte));
                    if special {
                        out.push(escape);
                    }
                    out.push(byte);
                }
            }
        }
        out.extend(enclose);
    }

    /// Splits a whole file into records of `kinds.len()` values each.
    ///
    /// Exact for every value that [`TextFormat::encode`] called exact. An empty file has no
    /// records; the last record must end with the record delimiter.
    pub fn decode<'a>(
        &'a self,
        bytes: &'a [u8],
        kinds: &'a [ColumnKind],
    ) -> impl Iterator<Item = Result<Vec<Value>, TextError>> + 'a {
        let nulls = [ColumnKind::Text, ColumnKind::Other].map(|kind| {
            let mut written = Vec::new();
            self.write(&mut written, self.null_token(kind).as_bytes());
            written
        });
        let mut at = 0;
        std::iter::from_fn(move || {
            if at >= bytes.len() {
                return None;
            }
            let start = at;
            let record = self.record_at(bytes, &mut at, kinds, &nulls);
            if record.is_err() {
                at = bytes.len();
            }
            Some(record.and_then(|values| {
                if values.len() == kinds.len() {
                    Ok(values)
                } else {
                    at = bytes.len();
                    Err(TextError::FieldCount {
                        offset: start as u64,
                        found: values.len(),
                        expected: kinds.len(),
                    })
                }
            }))
        })
    }

    fn record_at(
        &self,
        bytes: &[u8],
        at: &mut usize,
        kinds: &[ColumnKind],
        nulls: &[Vec<u8>; 2],
    ) -> Result<Vec<Value>, TextError> {
        let mut values = Vec::with_capacity(kinds.len());
        loop {
            let start = *at;
            let text = self.field_at(bytes, at)?;
            let null = match kinds.get(values.len()) {
                Some(ColumnKind::Other) => &nulls[1],
                _ => &nulls[0],
            };
            values.push((&bytes[start..*at] != null.as_slice()).then_some(text));
            let delimiter = bytes[*at];
            *at += 1;
            if delimiter == self.record {
                return Ok(values);
            }
        }
    }

    /// Reads one value and leaves `at` on the delimiter behind it.
    fn field_at(&self, bytes: &[u8], at: &mut usize) -> Result<Vec<u8>, TextError> {
        let unfinished = || TextError::Unfinished {
            offset: bytes.len() as u64,
        };
        let enclose = self
            .enclose
            .byte()
            .filter(|byte| bytes.get(*at) == Some(byte));
        if enclose.is_some() {
            *at += 1;
        }
        let mut text = Vec::new();
        loop {
            let byte = *bytes.get(*at).ok_or_else(unfinished)?;
            if Some(byte) == self.escape {
                text.push(*bytes.get(*at + 1).ok_or_else(unfinished)?);
                *at += 2;
                continue;
            }
            match enclose {
                None if self.delimits(byte) => return Ok(text),
                Some(quote) if byte == quote => {
                    *at += 1;
                    let next = *bytes.get(*at).ok_or_else(unfinished)?;
                    if self.delimits(next) {
                        return Ok(text);
                    }
                    return Err(TextError::AfterEnclosed {
                        offset: *at as u64,
                        enclose: quote,
                    });
                }
                _ => {
                    text.push(byte);
                    *at += 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encode(format: &TextFormat, row: &[Option<&str>]) -> (String, bool) {
        let mut out = Vec::new();
        let mut exact = true;
        for (index, value) in row.iter().enumerate() {
            if index > 0 {
                out.push(format.field);
            }
            let encoded = format.encode(&mut out, value.map(str::as_bytes), ColumnKind::Text);
            exact &= encoded == Encoded::Exact;
        }
        out.push(format.record);
        (String::from_utf8(out).unwrap(), exact)
    }

    #[test]
    fn writes_what_sqoop_writes_by_default_and_says_what_it_breaks() {
        let format = TextFormat::sqoop_default();
        assert_eq!(
            encode(&format, &[Some("a"), None]),
            ("a,null\n".to_owned(), true)
        );
        assert_eq!(encode(&format, &[Some("a,b")]), ("a,b\n".to_owned(), false));
        assert_eq!(
            encode(&format, &[Some("null")]),
            ("null\n".to_owned(), false)
        );
    }

    #[test]
    fn escapes_delimiters_only_without_an_enclosing_character() {
        let escaped = TextFormat {
            escape: Some(b'\\'),
            ..TextFormat::sqoop_default()
        };
        assert_eq!(encode(&escaped, &[Some("a,b\\\n")]).0, "a\\,b\\\\\\\n\n");
        let enclosed = TextFormat {
            enclose: Enclose::WhereNeeded(b'"'),
            ..escaped
        };
        assert_eq!(encode(&enclosed, &[Some("a,\"b")]).0, "\"a,\\\"b\"\n");
        assert_eq!(encode(&enclosed, &[Some("a\"b")]).0, "a\\\"b\n");
    }

    #[test]
    fn escapes_the_null_token_like_sqoop() {
        let format = TextFormat::lossless();
        assert_eq!(encode(&format, &[None]).0, "\\\\N\n");
        let always = TextFormat {
            enclose: Enclose::Always(b'"'),
            ..TextFormat::sqoop_default()
        };
        assert_eq!(encode(&always, &[None, Some("x")]).0, "\"null\",\"x\"\n");
    }

    #[test]
    fn names_the_byte_of_a_broken_record() {
        let format = TextFormat::lossless();
        let kinds = [ColumnKind::Text; 2];
        let errors = |bytes: &[u8]| {
            (format.decode(bytes, &kinds).collect::<Result<Vec<_>, _>>()).unwrap_err()
        };
        assert_eq!(errors(b"a,b\nc"), TextError::Unfinished { offset: 5 });
        assert_eq!(
            errors(b"a,b\nc\n"),
            TextError::FieldCount {
                offset: 4,
                found: 1,
                expected: 2
            }
        );
    }

    fn any_format() -> impl Strategy<Value = TextFormat> {
        let enclose = prop_oneof![
            Just(Enclose::Never),
            Just(Enclose::WhereNeeded(b'"')),
            Just(Enclose::Always(b'"'))
        ];
        let escape = prop_oneof![Just(None), Just(Some(b'\\'))];
        let null = prop_oneof![Just("null"), Just("\\N"), Just("")];
        (enclose, escape, null).prop_map(|(enclose, escape, null)| TextFormat {
            enclose,
            escape,
            null_string: null.to_owned(),
            null_non_string: null.to_owned(),
            ..TextFormat::sqoop_default()
        })
    }

    #[test]
    fn counts_delimiters_in_long_records_too() {
        let format = TextFormat::sqoop_default();
        for length in [0, 1, 254, 255, 256, 1_000] {
            assert_eq!(format.delimiters_in(&vec![b','; length]), length);
            assert_eq!(format.delimiters_in(&vec![b'a'; length]), 0);
        }
    }

    proptest! {
        #[test]
        fn what_is_called_exact_is_read_back(
            format in any_format(),
            rows in prop::collection::vec(
                prop::collection::vec(prop::option::of("[a\\\\\",\nN]{0,5}|null"), 3), 0..8),
        ) {
            let kinds = [ColumnKind::Text; 3];
            let mut bytes = Vec::new();
            let mut kept = Vec::new();
            for row in rows {
                let values: Vec<_> = row.iter().map(Option::as_deref).collect();
                let (text, exact) = encode(&format, &values);
                if exact {
                    bytes.extend_from_slice(text.as_bytes());
                    kept.push(row.into_iter().map(|v| v.map(String::into_bytes)).collect());
                }
            }
            let read: Result<Vec<Vec<_>>, _> = format.decode(&bytes, &kinds).collect();
            prop_assert_eq!(read, Ok(kept));
        }

        #[test]
        fn a_bare_record_is_written_and_judged_as_value_by_value(
            values in prop::collection::vec(prop::option::of("[a,
    ]{0,5}|null"), 3),
        ) {
            let format = TextFormat::sqoop_default();
            prop_assert!(format.is_bare() && !TextFormat::lossless().is_bare());
            let values: Vec<_> = values.iter().map(Option::as_deref).collect();
            let (text, exact) = encode(&format, &values);
            let mut bare = Vec::new();
            let mut is_exact = true;
            for value in &values {
                let value = value.map(str::as_bytes);
                is_exact &= format.encode_bare(&mut bare, value, ColumnKind::Text) == Encoded::Exact;
            }
            *bare.last_mut().unwrap() = format.record;
            is_exact &= format.delimiters_in(&bare) == values.len();
            prop_assert_eq!((bare, is_exact), (text.into_bytes(), exact));
        }
    }
}
