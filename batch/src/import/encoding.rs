//! Rows to the bytes of a part, in any format, with the checksum of the rows.

use super::columns::{HiveDelimiters, ReadColumn};
use super::error::ImportError;
use super::java_type::JavaType;
use super::text_rows::TextRows;
use super::values::{BitsAs, Printer};
use crate::database::{Raw, Row, Storage};
use crate::encode::{
    self, BinaryFormat, Conversion, Encoder, IntegerWidth, Sign, SqlType, Total, source_bytes,
};
use comptoir_model::file_format::FileFormat;
use comptoir_model::row_checksum::CanonicalForm;
use comptoir_model::text_format::{ColumnKind, TextFormat};

/// How rows become bytes; the same for all parts.
pub(super) struct Layout {
    /// For errors, and as the name of Avro's records.
    pub(super) table: String,
    pub(super) columns: Vec<ReadColumn>,
    pub(super) format: TextFormat,
    pub(super) hive: HiveDelimiters,
    pub(super) files: FileFormat,
    pub(super) conversion: Conversion,
}

/// The encoder of one part.
pub(super) enum Body {
    Text(Box<TextRows>),
    Binary(Encoder, String),
}

/// Of a part whose rows are all encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Finished {
    pub(super) total: Total,
    pub(super) ambiguous_rows: u64,
    pub(super) lossy_nulls: u64,
}

impl Layout {
    /// What the row checksum takes of each column.
    pub(super) fn canonical_forms(&self) -> Vec<CanonicalForm> {
        (self.columns.iter())
            .map(|column| match self.files {
                FileFormat::Text { .. } => self.form_of_text(column),
                FileFormat::Avro { .. } | FileFormat::Parquet { .. } | FileFormat::Csv => {
                    self.conversion.canonical(sql_type(column))
                }
            })
            .collect()
    }

    /// The columns as encoders and quality rules know them.
    pub(super) fn encoded_columns(&self) -> Vec<encode::Column> {
        (self.columns.iter())
            .map(|column| encode::Column {
                name: column.source.name.clone(),
                declared: column.source.sql_type.clone(),
                sql_type: sql_type(column),
            })
            .collect()
    }

    /// `file` differs from part to part.
    pub(super) fn body(&self, file: &str) -> Result<Body, ImportError> {
        let format = match self.files {
            FileFormat::Text { compression } => {
                let rows = TextRows::new(self, compression)?;
                return Ok(Body::Text(Box::new(rows)));
            }
            FileFormat::Avro { codec } => BinaryFormat::Avro(codec),
            FileFormat::Parquet { codec } => BinaryFormat::Parquet(codec),
            FileFormat::Csv => return Err(ImportError::NoImportAsCsv),
        };
        let columns = self.encoded_columns();
        let encoder = Encoder::new(format, &self.table, &columns, self.conversion, file)?;
        Ok(Body::Binary(encoder, String::new()))
    }

    /// Only what a reader can take back from the printed text proves the source's own value.
    fn form_of_text(&self, column: &ReadColumn) -> CanonicalForm {
        let storage = column.source.storage;
        if self.hive != HiveDelimiters::Keep && column.kind == ColumnKind::Text {
            return CanonicalForm::AsWritten;
        }
        match column.printer {
            Printer::AsIs if storage == Storage::DateOrTime => CanonicalForm::Moment,
            Printer::AsIs | Printer::BytesAsText => CanonicalForm::Text,
            Printer::Number | Printer::Long | Printer::Decimal { .. } => CanonicalForm::Number,
            Printer::Bits(BitsAs::Number) => CanonicalForm::Bits,
            Printer::Boolean | Printer::Bits(BitsAs::JavaBoolean) => CanonicalForm::Boolean,
            Printer::Bits(BitsAs::Boolean) if storage == (Storage::Bits { width: 1 }) => {
                CanonicalForm::Boolean
            }
            Printer::Float(_) if storage == Storage::Float => CanonicalForm::Float32,
            Printer::Double(_) if storage == Storage::Double => CanonicalForm::Float64,
            Printer::DateTime(dates) if dates.are_as_stored() => CanonicalForm::Moment,
            Printer::Hex => CanonicalForm::Binary,
            Printer::ScientificDecimal
            | Printer::Bits(_)
            | Printer::Float(_)
            | Printer::Double(_)
            | Printer::DateTime(_)
            | Printer::Date(_)
            | Printer::TimeOfDay
            | Printer::FirstOfJanuary => CanonicalForm::AsWritten,
        }
    }

    #[cold]
    pub(super) fn failed(&self, column: &ReadColumn, reason: &str) -> ImportError {
        ImportError::Value {
            table: self.table.clone(),
            column: column.source.name.clone(),
            reason: reason.to_owned(),
            hint: "leave the column out with --columns, or the rows with --where; without --sqoop-compat every number, time and date is kept",
        }
    }

    #[inline]
    pub(super) fn get<'a>(
        &self,
        row: &'a Row,
        index: usize,
        column: &ReadColumn,
    ) -> Result<Raw<'a>, ImportError> {
        row.get(index)
            .map_err(|error| self.failed(column, &error.to_string()))
    }
}

/// `--map-column-java … = String` makes a text of everything that is printed as one;
/// `tinyInt1isBit=false` a number of a TINYINT(1).
pub(super) fn sql_type(column: &ReadColumn) -> SqlType {
    let own = SqlType::of(&column.source);
    match (column.java, own) {
        (None, SqlType::TinyBoolean) if column.printer == Printer::Number => SqlType::Integer {
            width: IntegerWidth::Bits8,
            sign: Sign::Signed,
        },
        (Some(JavaType::String), SqlType::Binary | SqlType::Bits { .. }) | (None, _) => own,
        (Some(JavaType::String), _) => SqlType::Text,
        (Some(_), own) => own,
    }
}

impl Body {
    /// Takes a row, whose values start at `first`; now and then appends bytes to `out`.
    pub(super) fn append(
        &mut self,
        layout: &Layout,
        row: &Row,
        first: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), ImportError> {
        match self {
            Self::Text(rows) => rows.append(layout, row, first, out),
            Self::Binary(encoder, scratch) => {
                for (index, column) in layout.columns.iter().enumerate() {
                    let raw = layout.get(row, first + index, column)?;
                    encoder.value(source_bytes(raw, scratch))?;
                }
                Ok(encoder.end_row(out)?)
            }
        }
    }

    /// Appends what is left of the file.
    pub(super) fn finish(self, out: &mut Vec<u8>) -> Result<Finished, ImportError> {
        match self {
            Self::Text(rows) => rows.finish(out),
            Self::Binary(encoder, _) => {
                let encoded = encoder.finish(out)?;
                Ok(Finished {
                    total: encoded.total,
                    ambiguous_rows: 0,
                    lossy_nulls: encoded.lossy_nulls,
                })
            }
        }
    }
}
