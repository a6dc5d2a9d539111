//! Rows as delimited text, with their checksum: the hot loop of an import.

use super::columns::{HiveDelimiters, ReadColumn};
use super::encoding::{Finished, Layout, sql_type};
use super::error::ImportError;
use super::values::{self, Printer};
use crate::database::{Raw, Row};
use crate::encode::{self, Compressor, RowHasher, SqlType, number_as_sent, source_bytes};
use comptoir_model::file_format::TextCompression;
use comptoir_model::row_checksum::CanonicalForm;
use comptoir_model::text_format::{ColumnKind, Encoded};

/// The text of one part.
pub(super) struct TextRows {
    compressor: Compressor,
    /// What is not compressed yet.
    plain: Vec<u8>,
    scratch: Vec<u8>,
    number: String,
    cleaned: Vec<u8>,
    columns: Vec<TextColumn>,
    hasher: RowHasher,
    ambiguous_rows: u64,
}

/// What is compressed at a time.
const PLAIN: usize = 64 * 1024;

#[derive(Clone, Copy)]
struct TextColumn {
    passage: Passage,
    kind: ColumnKind,
    form: CanonicalForm,
}

/// Whether the bytes that the server sends are what is printed and what the checksum takes.
#[derive(Clone, Copy)]
enum Passage {
    AsIs,
    /// But for zeros in front; with this many digits behind the point.
    Number {
        scale: usize,
    },
    /// They are not, or not always.
    Converted,
}

impl TextRows {
    pub(super) fn new(layout: &Layout, compression: TextCompression) -> Result<Self, ImportError> {
        let forms = layout.canonical_forms();
        let types = layout.columns.iter().map(sql_type);
        let columns = layout.columns.iter().zip(&forms);
        Ok(Self {
            compressor: Compressor::new(compression).map_err(encode::EncodeError::from)?,
            plain: Vec::with_capacity(PLAIN),
            scratch: Vec::new(),
            number: String::new(),
            cleaned: Vec::new(),
            columns: columns
                .map(|(column, form)| TextColumn {
                    passage: Passage::through(column, *form, &layout.hive),
                    kind: column.kind,
                    form: *form,
                })
                .collect(),
            hasher: RowHasher::new(types.zip(forms.iter().copied())),
            ambiguous_rows: 0,
        })
    }

    /// Takes a row, whose values start at `first`; now and then appends bytes to `out`.
    pub(super) fn append(
        &mut self,
        layout: &Layout,
        row: &Row,
        first: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), ImportError> {
        let format = &layout.format;
        let is_bare = format.is_bare();
        let is_plain = self.compressor.is_none();
        let lines = if is_plain { &mut *out } else { &mut self.plain };
        let start = lines.len();
        let mut ambiguous = false;
        for (index, column) in self.columns.iter().enumerate() {
            let raw = layout.get(row, first + index, &layout.columns[index])?;
            let text = if let Some(bytes) = column.passage.of(raw) {
                self.hasher.same(bytes);
                Some(bytes)
            } else {
                let source = &layout.columns[index];
                let text = values::text(raw, source.printer, &mut self.scratch)
                    .map_err(|error| layout.failed(source, &error.to_string()))?;
                let text = match (&layout.hive, column.kind) {
                    (HiveDelimiters::Keep, _) | (_, ColumnKind::Other) => text,
                    (hive, ColumnKind::Text) => {
                        text.map(|text| hive.clean(text, &mut self.cleaned))
                    }
                };
                self.hasher.value(match column.form {
                    CanonicalForm::AsWritten | CanonicalForm::Text => text,
                    _ => text.and(source_bytes(raw, &mut self.number)),
                });
                text
            };
            let encoded = if is_bare {
                format.encode_bare(lines, text, column.kind)
            } else {
                let encoded = format.encode(lines, text, column.kind);
                lines.push(format.field);
                encoded
            };
            ambiguous |= encoded == Encoded::Ambiguous;
        }
        if let Some(last) = lines.last_mut() {
            *last = format.record;
        }
        if is_bare {
            ambiguous |= format.delimiters_in(&lines[start..]) > self.columns.len();
        }
        self.hasher.end_row();
        self.ambiguous_rows += u64::from(ambiguous);
        if self.plain.len() >= PLAIN {
            self.compress(out)?;
        }
        Ok(())
    }

    fn compress(&mut self, out: &mut Vec<u8>) -> Result<(), ImportError> {
        (self.compressor.append(&self.plain, out)).map_err(encode::EncodeError::from)?;
        self.plain.clear();
        Ok(())
    }

    /// Appends what is left of the file.
    pub(super) fn finish(mut self, out: &mut Vec<u8>) -> Result<Finished, ImportError> {
        self.compress(out)?;
        (self.compressor.finish(out)).map_err(encode::EncodeError::from)?;
        Ok(Finished {
            total: self.hasher.total(),
            ambiguous_rows: self.ambiguous_rows,
            lossy_nulls: 0,
        })
    }
}

impl Passage {
    fn through(column: &ReadColumn, form: CanonicalForm, hive: &HiveDelimiters) -> Self {
        let is_cleaned = *hive != HiveDelimiters::Keep && column.kind == ColumnKind::Text;
        match (column.printer, form) {
            _ if is_cleaned => Self::Converted,
            (Printer::AsIs, CanonicalForm::Text | CanonicalForm::AsWritten) => Self::AsIs,
            (Printer::Number | Printer::Decimal { .. }, CanonicalForm::Number) => Self::Number {
                scale: match sql_type(column) {
                    SqlType::Decimal { scale, .. } => scale,
                    _ => 0,
                },
            },
            _ => Self::Converted,
        }
    }

    /// The bytes, where they are; `None` of NULL and of what has to be converted.
    #[inline]
    fn of(self, raw: Raw<'_>) -> Option<&[u8]> {
        let Raw::Text(bytes) = raw else {
            return None;
        };
        match self {
            Self::AsIs => Some(bytes),
            Self::Number { scale } => number_as_sent(bytes, scale),
            Self::Converted => None,
        }
    }
}
