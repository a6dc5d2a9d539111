//! How each column is printed. Pure.

use super::dates::{Calendar, Dates, ZeroDates};
use super::error::ImportError;
use super::java::Version;
use super::java_type::{JavaType, Mapping};
use super::values::{BitsAs, Printer};
use crate::database::{Storage, TableColumn, TableInfo};
use comptoir_model::text_format::ColumnKind;

/// Whether the data is kept where Sqoop loses it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fidelity {
    #[default]
    Lossless,
    /// `--sqoop-compat`
    AsSqoop,
}

/// What TINYINT(1) is: JDBC's `tinyInt1isBit`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TinyInt1 {
    #[default]
    Boolean,
    Number,
}

/// What a YEAR is when it is read as text: JDBC's `yearIsDateType`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum YearAs {
    /// The first of January.
    #[default]
    Date,
    Number,
}

/// How decimals are written: `sqoop.bigdecimal.format.string`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DecimalNotation {
    #[default]
    Plain,
    /// `1E-30`
    Scientific,
}

/// What becomes of `\n`, `\r` and `\001` in text columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum HiveDelimiters {
    #[default]
    Keep,
    /// `--hive-drop-import-delims`
    Drop,
    /// `--hive-delims-replacement`, for each of them.
    Replace(String),
}

/// How values become text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendering {
    pub fidelity: Fidelity,
    pub mappings: Vec<Mapping>,
    /// `None`: as the fidelity says.
    pub zero_dates: Option<ZeroDates>,
    pub tiny_int_1: TinyInt1,
    pub year: YearAs,
    pub decimals: DecimalNotation,
    pub hive: HiveDelimiters,
}

/// A column that is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReadColumn {
    pub(super) source: TableColumn,
    pub(super) printer: Printer,
    pub(super) kind: ColumnKind,
    /// What `--map-column-java` reads it as.
    pub(super) java: Option<JavaType>,
}

impl Rendering {
    /// The columns that are read, in their order; `None` reads all.
    pub(super) fn columns(
        &self,
        table: &TableInfo,
        wanted: Option<&[String]>,
    ) -> Result<Vec<ReadColumn>, ImportError> {
        let unknown = |name: &str| ImportError::UnknownColumn {
            table: table.name.clone(),
            column: name.to_owned(),
            nearest: table.nearest_columns(name),
        };
        let sources: Vec<&TableColumn> = match wanted {
            None => table.columns.iter().collect(),
            Some(names) => names
                .iter()
                .map(|name| table.column(name).ok_or_else(|| unknown(name)))
                .collect::<Result<_, _>>()?,
        };
        for mapping in &self.mappings {
            let known = |column: &&TableColumn| column.name.eq_ignore_ascii_case(&mapping.column);
            if !sources.iter().any(known) {
                return Err(unknown(&mapping.column));
            }
        }
        sources
            .into_iter()
            .map(|source| self.column(source))
            .collect()
    }

    fn column(&self, source: &TableColumn) -> Result<ReadColumn, ImportError> {
        let mapping = self
            .mappings
            .iter()
            .find(|mapping| mapping.column.eq_ignore_ascii_case(&source.name));
        let (printer, kind) = match mapping {
            None => (self.printer(source), source.storage.kind()),
            Some(mapping) => {
                let printer = self.mapped(source, mapping.java);
                let printer = printer.ok_or_else(|| ImportError::Mapping {
                    column: source.name.clone(),
                    sql_type: source.sql_type.clone(),
                    java: mapping.java.name(),
                })?;
                let kind = match mapping.java {
                    JavaType::String => ColumnKind::Text,
                    _ => ColumnKind::Other,
                };
                (printer, kind)
            }
        };
        Ok(ReadColumn {
            source: source.clone(),
            printer,
            kind,
            java: mapping.map(|mapping| mapping.java),
        })
    }

    fn printer(&self, source: &TableColumn) -> Printer {
        let compat = self.fidelity == Fidelity::AsSqoop;
        match source.storage {
            Storage::Text => Printer::AsIs,
            Storage::Integer if compat && !is(source, "year") => Printer::Long,
            Storage::Integer => Printer::Number,
            Storage::Decimal { scale } => match self.decimals {
                DecimalNotation::Plain => Printer::Decimal { scale },
                DecimalNotation::Scientific => Printer::ScientificDecimal,
            },
            Storage::Float => Printer::Float(self.java()),
            Storage::Double => Printer::Double(self.java()),
            Storage::Boolean if self.tiny_int_1 == TinyInt1::Number && is(source, "tinyint") => {
                Printer::Number
            }
            Storage::Boolean => Printer::Boolean,
            Storage::Bits { .. } if compat => Printer::Bits(BitsAs::JavaBoolean),
            Storage::Bits { width: 1 } => Printer::Bits(BitsAs::Boolean),
            Storage::Bits { .. } => Printer::Bits(BitsAs::Number),
            Storage::DateTime => Printer::DateTime(self.dates()),
            Storage::DateOrTime if is(source, "time") && compat => Printer::TimeOfDay,
            Storage::DateOrTime if is(source, "time") || self.dates().are_as_stored() => {
                Printer::AsIs
            }
            Storage::DateOrTime => Printer::Date(self.dates()),
            Storage::Binary => Printer::Hex,
        }
    }

    /// `None`: such a column can't be read so.
    fn mapped(&self, source: &TableColumn, java: JavaType) -> Option<Printer> {
        let own = self.printer(source);
        let is_time = is(source, "time");
        match (java, source.storage) {
            (JavaType::String, Storage::DateOrTime)
            | (JavaType::Integer | JavaType::Long | JavaType::BigDecimal, Storage::Integer)
            | (JavaType::BigDecimal, Storage::Decimal { .. })
            | (JavaType::Float, Storage::Float)
            | (JavaType::Timestamp, Storage::DateTime) => return Some(own),
            (JavaType::Date, Storage::DateOrTime) if !is_time => return Some(own),
            (JavaType::Time, Storage::DateOrTime) if is_time => return Some(own),
            _ => {}
        }
        Some(match (java, source.storage) {
            (JavaType::String, Storage::DateTime) => Printer::DateTime(self.dates_of_text(source)),
            (JavaType::String, Storage::Binary) => Printer::BytesAsText,
            (JavaType::String, Storage::Bits { .. }) => Printer::Bits(BitsAs::Number),
            (JavaType::String, Storage::Integer)
                if is(source, "year") && self.year == YearAs::Date =>
            {
                Printer::FirstOfJanuary
            }
            (JavaType::Integer | JavaType::Long, Storage::Bits { .. })
                if self.fidelity == Fidelity::AsSqoop =>
            {
                Printer::Bits(BitsAs::SignedByte)
            }
            (JavaType::Integer | JavaType::Long, Storage::Bits { .. }) => {
                Printer::Bits(BitsAs::Number)
            }
            (
                JavaType::Integer | JavaType::Long,
                Storage::Boolean | Storage::Decimal { scale: 0 },
            ) => Printer::Number,
            (JavaType::Float, Storage::Integer | Storage::Decimal { .. } | Storage::Double) => {
                Printer::Float(self.java())
            }
            (
                JavaType::Double,
                Storage::Integer | Storage::Decimal { .. } | Storage::Float | Storage::Double,
            ) => Printer::Double(self.java()),
            (JavaType::Boolean, Storage::Boolean | Storage::Integer) => Printer::Boolean,
            (JavaType::Boolean, Storage::Bits { .. }) => match own {
                Printer::Bits(BitsAs::Number) => Printer::Bits(BitsAs::Boolean),
                own => own,
            },
            (JavaType::String, _) => Printer::AsIs,
            _ => return None,
        })
    }

    fn java(&self) -> Version {
        match self.fidelity {
            Fidelity::Lossless => Version::From19,
            Fidelity::AsSqoop => Version::Before19,
        }
    }

    fn dates(&self) -> Dates {
        match self.fidelity {
            Fidelity::Lossless => Dates {
                zero: self.zero_dates.unwrap_or(ZeroDates::Keep),
                calendar: Calendar::Stored,
            },
            // Sqoop itself asks for NULL.
            Fidelity::AsSqoop => Dates {
                zero: self.zero_dates.unwrap_or(ZeroDates::Null),
                calendar: Calendar::Java,
            },
        }
    }

    /// As text, JDBC's driver does not know the zero date of a DATETIME(n) for one.
    fn dates_of_text(&self, source: &TableColumn) -> Dates {
        let mut dates = self.dates();
        if dates.calendar == Calendar::Java && source.sql_type.contains('(') {
            dates.zero = ZeroDates::Keep;
        }
        dates
    }
}

/// `timestamp` is no `time`.
fn is(column: &TableColumn, sql_type: &str) -> bool {
    let declared = column.sql_type.trim().to_ascii_lowercase();
    let word = declared
        .split(|char: char| !char.is_ascii_alphanumeric())
        .next();
    word == Some(sql_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> TableInfo {
        let column = |name: &str, sql_type: &str, storage| TableColumn {
            name: name.to_owned(),
            sql_type: sql_type.to_owned(),
            storage,
            nullable: true,
        };
        TableInfo {
            name: "t".to_owned(),
            columns: vec![
                column("id", "int(11)", Storage::Integer),
                column("flags", "bit(8)", Storage::Bits { width: 8 }),
                column("day", "date", Storage::DateOrTime),
                column("hour", "time(6)", Storage::DateOrTime),
                column("yes", "tinyint(1)", Storage::Boolean),
            ],
            primary_key: vec!["id".to_owned()],
            engine: None,
        }
    }

    fn printers(rendering: &Rendering) -> Vec<Printer> {
        let columns = rendering.columns(&table(), None).unwrap();
        columns.iter().map(|column| column.printer).collect()
    }

    #[test]
    fn keeps_data_unless_asked_to_lose_it_like_sqoop() {
        let number = Printer::Bits(BitsAs::Number);
        assert_eq!(
            printers(&Rendering::default()),
            [
                Printer::Number,
                number,
                Printer::AsIs,
                Printer::AsIs,
                Printer::Boolean
            ]
        );
        let compat = Rendering {
            fidelity: Fidelity::AsSqoop,
            ..Rendering::default()
        };
        let printers = printers(&compat);
        assert_eq!(printers[1], Printer::Bits(BitsAs::JavaBoolean));
        assert!(matches!(printers[2], Printer::Date(_)));
        assert_eq!(printers[3], Printer::TimeOfDay);
    }

    #[test]
    fn reads_columns_in_the_order_they_are_asked_for() {
        let wanted = ["DAY".to_owned(), "id".to_owned()];
        let columns = Rendering::default()
            .columns(&table(), Some(&wanted))
            .unwrap();
        let names: Vec<_> = columns
            .iter()
            .map(|column| column.source.name.as_str())
            .collect();
        assert_eq!(names, ["day", "id"]);
        let error = Rendering::default()
            .columns(&table(), Some(&["dya".to_owned()]))
            .unwrap_err();
        assert!(error.to_string().contains("did you mean `day`"), "{error}");
    }

    #[test]
    fn a_column_read_as_string_takes_the_null_token_of_text() {
        let mapped = |column: &str, java| Rendering {
            mappings: vec![Mapping {
                column: column.to_owned(),
                java,
            }],
            ..Rendering::default()
        };
        let columns = mapped("id", JavaType::String)
            .columns(&table(), None)
            .unwrap();
        assert_eq!(
            (columns[0].printer, columns[0].kind),
            (Printer::AsIs, ColumnKind::Text)
        );
        let error = mapped("day", JavaType::Integer)
            .columns(&table(), None)
            .unwrap_err();
        assert!(
            error
                .to_string()
                .contains("`day`, which is date, can't be read as Integer"),
            "{error}"
        );
        assert!(
            mapped("nope", JavaType::String)
                .columns(&table(), None)
                .is_err()
        );
    }
}
