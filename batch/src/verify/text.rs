//! Delimited text back into canonical rows, as its bytes come. Memory holds one record and what
//! came with it.

use super::part::Content;
use crate::encode::canonical::{self, CanonicalRow};
use crate::encode::{Decompressor, Total};
use comptoir_model::file_format::TextCompression;
use comptoir_model::row_checksum::CanonicalForm;
use comptoir_model::text_format::{Enclose, TextFormat};
use std::sync::Arc;

/// Compressed bytes that are taken at a time: what comes out of them is in memory as a whole.
const PIECE: usize = 16 * 1024;

pub(crate) struct TextRows {
    content: Arc<Content>,
    records: WholeRecords,
    row: CanonicalRow,
    total: Total,
}

impl TextRows {
    pub(crate) fn new(content: Arc<Content>, compression: TextCompression) -> Result<Self, String> {
        Ok(Self {
            content,
            records: WholeRecords::new(compression)?,
            row: CanonicalRow::default(),
            total: Total::default(),
        })
    }

    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), String> {
        let (row, total, content) = (&mut self.row, &mut self.total, &self.content);
        (self.records).append(bytes, &content.format, |whole| {
            add(whole, content, row, total)
        })
    }

    pub(crate) fn finish(mut self) -> Result<Total, String> {
        let (row, total, content) = (&mut self.row, &mut self.total, &self.content);
        let rest =
            (self.records).finish(&content.format, |whole| add(whole, content, row, total))?;
        match rest {
            Rest::Nothing => Ok(self.total),
            Rest::HalfARecord => Err(format!(
                "the file ends inside its record {}",
                self.total.rows + 1
            )),
        }
    }
}

fn add(
    whole: &[u8],
    content: &Content,
    row: &mut CanonicalRow,
    total: &mut Total,
) -> Result<(), String> {
    for values in content.format.decode(whole, &content.kinds) {
        let values = values.map_err(|error| format!("record {}: {error}", total.rows + 1))?;
        for (value, form) in values.iter().zip(&content.forms) {
            match value {
                None => row.null(),
                Some(text) => row.value(|out| append(text, *form, out)),
            }
        }
        *total += row.take();
    }
    Ok(())
}

/// Cuts the bytes of a text file into whole records, as they come.
pub(crate) struct WholeRecords {
    decompressor: Decompressor,
    /// From the start of a record.
    pending: Vec<u8>,
    /// How much of it was scanned without finding the end of a record.
    scan: Scan,
}

/// What was left at the end of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    Nothing,
    HalfARecord,
}

impl WholeRecords {
    pub(crate) fn new(compression: TextCompression) -> Result<Self, String> {
        Ok(Self {
            decompressor: Decompressor::new(compression).map_err(|error| error.to_string())?,
            pending: Vec::new(),
            scan: Scan::default(),
        })
    }

    /// Hands out the records that are whole with these bytes, several at a time.
    pub(crate) fn append(
        &mut self,
        bytes: &[u8],
        format: &TextFormat,
        mut take: impl FnMut(&[u8]) -> Result<(), String>,
    ) -> Result<(), String> {
        for piece in bytes.chunks(PIECE) {
            (self.decompressor)
                .append(piece, &mut self.pending)
                .map_err(|error| error.to_string())?;
            self.cut(format, &mut take)?;
        }
        Ok(())
    }

    /// Hands out the records that came with the end of the file.
    pub(crate) fn finish(
        &mut self,
        format: &TextFormat,
        mut take: impl FnMut(&[u8]) -> Result<(), String>,
    ) -> Result<Rest, String> {
        let none = Decompressor::new(TextCompression::None).map_err(|error| error.to_string())?;
        let decompressor = std::mem::replace(&mut self.decompressor, none);
        (decompressor.finish(&mut self.pending)).map_err(|error| error.to_string())?;
        self.cut(format, &mut take)?;
        Ok(if self.pending.is_empty() {
            Rest::Nothing
        } else {
            Rest::HalfARecord
        })
    }

    fn cut(
        &mut self,
        format: &TextFormat,
        take: &mut impl FnMut(&[u8]) -> Result<(), String>,
    ) -> Result<(), String> {
        let end = self.scan.last_end(format, &self.pending);
        take(&self.pending[..end])?;
        self.pending.drain(..end);
        self.scan.restart(end);
        Ok(())
    }
}

/// The canonical form of a printed value.
fn append(text: &[u8], form: CanonicalForm, out: &mut Vec<u8>) {
    match form {
        CanonicalForm::Moment => out.extend_from_slice(canonical::without_trailing_zeros(text)),
        CanonicalForm::Float32 => canonical::float32(text, out),
        CanonicalForm::Float64 => canonical::float64(text, out),
        CanonicalForm::Binary => hexadecimal(text, out),
        CanonicalForm::Text
        | CanonicalForm::Number
        | CanonicalForm::Bits
        | CanonicalForm::Boolean
        | CanonicalForm::JavaMilliseconds
        | CanonicalForm::AsWritten => out.extend_from_slice(text),
    }
}

/// `00 01 fe ff`; anything else is taken as it is, and will differ.
pub(crate) fn hexadecimal(text: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    for digits in text
        .split(|byte| *byte == b' ')
        .filter(|word| !word.is_empty())
    {
        let mut byte = [0];
        if hex::decode_to_slice(digits, &mut byte).is_err() {
            out.truncate(start);
            out.extend_from_slice(text);
            return;
        }
        out.push(byte[0]);
    }
}

/// Looks for the ends of records; goes on where it stopped when more bytes have come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scan {
    at: usize,
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    FieldStart,
    Plain,
    Enclosed,
}

impl Scan {
    /// The end of the last whole record in `bytes`; 0 if there is none.
    fn last_end(&mut self, format: &TextFormat, bytes: &[u8]) -> usize {
        let mut last = 0;
        while let Some(end) = self.next_end(format, bytes) {
            last = end;
        }
        last
    }

    /// The end of the next whole record in `bytes`.
    pub(crate) fn next_end(&mut self, format: &TextFormat, bytes: &[u8]) -> Option<usize> {
        let quote = match format.enclose {
            Enclose::Never => None,
            Enclose::WhereNeeded(byte) | Enclose::Always(byte) => Some(byte),
        };
        while let Some(&byte) = bytes.get(self.at) {
            if self.state == State::FieldStart && Some(byte) == quote {
                self.state = State::Enclosed;
                self.at += 1;
                continue;
            }
            if Some(byte) == format.escape {
                if self.at + 1 >= bytes.len() {
                    break;
                }
                self.at += 2;
                self.state = self.state.inside();
                continue;
            }
            self.at += 1;
            self.state = match self.state {
                State::Enclosed if Some(byte) == quote => State::Plain,
                State::Enclosed => State::Enclosed,
                _ if byte == format.record => {
                    self.state = State::FieldStart;
                    return Some(self.at);
                }
                _ if byte == format.field => State::FieldStart,
                _ => State::Plain,
            };
        }
        None
    }

    /// After the first `gone` bytes were taken away.
    pub(crate) fn restart(&mut self, gone: usize) {
        self.at -= gone;
    }
}

impl State {
    fn inside(self) -> Self {
        match self {
            Self::FieldStart => Self::Plain,
            state => state,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptoir_model::file_format::FileFormat;
    use comptoir_model::text_format::{ColumnKind, Encoded};
    use proptest::prelude::*;

    fn content(format: TextFormat) -> Arc<Content> {
        Arc::new(Content {
            files: FileFormat::default(),
            format,
            kinds: vec![ColumnKind::Text; 2],
            forms: vec![CanonicalForm::Text; 2],
        })
    }

    fn total(format: &TextFormat, bytes: &[u8], cut: usize) -> Result<Total, String> {
        let mut rows = TextRows::new(content(format.clone()), TextCompression::None)?;
        for piece in bytes.chunks(cut) {
            rows.append(piece)?;
        }
        rows.finish()
    }

    fn formats() -> impl Strategy<Value = TextFormat> {
        let enclose = prop_oneof![
            Just(Enclose::Never),
            Just(Enclose::WhereNeeded(b'"')),
            Just(Enclose::Always(b'"'))
        ];
        enclose.prop_map(|enclose| TextFormat {
            enclose,
            ..TextFormat::lossless()
        })
    }

    #[test]
    fn says_which_record_is_broken() {
        let format = TextFormat::lossless();
        let broken = total(&format, b"a,b\nc\n", 100).unwrap_err();
        assert!(broken.starts_with("record 2: "), "{broken}");
        let unfinished = total(&format, b"a,b\nc,d", 100).unwrap_err();
        assert_eq!(unfinished, "the file ends inside its record 2");
    }

    #[test]
    fn bytes_stand_in_text_as_hexadecimal() {
        for (text, expected) in [
            (&b"00 01 fe ff"[..], &[0, 1, 254, 255][..]),
            (b"", b""),
            (b"no hex", b"no hex"),
        ] {
            let mut out = Vec::new();
            append(text, CanonicalForm::Binary, &mut out);
            assert_eq!(out, expected);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_total_does_not_depend_on_how_the_bytes_come(
            format in formats(),
            rows in proptest::collection::vec(
                proptest::collection::vec(proptest::option::of("[a,\n\"\\\\]{0,6}"), 2), 0..20),
            cut in 1_usize..20,
        ) {
            let mut bytes = Vec::new();
            let mut expected = crate::encode::RowHasher::new(
                vec![(crate::encode::SqlType::Text, CanonicalForm::Text); 2]);
            for row in &rows {
                for (index, value) in row.iter().enumerate() {
                    if index > 0 {
                        bytes.push(format.field);
                    }
                    let value = value.as_ref().map(String::as_bytes);
                    prop_assert_eq!(
                        format.encode(&mut bytes, value, ColumnKind::Text),
                        Encoded::Exact
                    );
                    expected.value(value);
                }
                bytes.push(format.record);
                expected.end_row();
            }
            prop_assert_eq!(total(&format, &bytes, cut), Ok(expected.total()));
        }
    }
}
