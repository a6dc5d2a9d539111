//! Which columns can tell what is new, and how their values stand in SQL. Pure.

use super::super::error::ImportError;
use super::IncrementalRequest;
use crate::database::{Product, Storage, TableInfo, quoted};
use comptoir_model::incremental::IncrementalMode;

/// A column that tells which rows are new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct CheckColumn {
    /// As the database spells it.
    pub(in super::super) name: String,
    /// In the WHERE of a statement.
    pub(in super::super) sql: String,
    pub(in super::super) kind: CheckKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum CheckKind {
    Integer,
    Decimal,
    /// DATETIME, TIMESTAMP.
    Moment,
    /// DATE.
    Day,
}

impl CheckKind {
    pub(in super::super) fn is_time(self) -> bool {
        matches!(self, Self::Moment | Self::Day)
    }

    /// A value as it stands in SQL; `None` where it is no value of this kind.
    pub(in super::super) fn literal(self, value: &str) -> Option<String> {
        let value = value.trim();
        match self {
            Self::Integer => value.parse::<i128>().ok().map(|number| number.to_string()),
            Self::Decimal => {
                let digits = value.strip_prefix('-').unwrap_or(value);
                let is_number = digits.starts_with(|char: char| char.is_ascii_digit())
                    && digits
                        .bytes()
                        .all(|byte| byte.is_ascii_digit() || byte == b'.')
                    && digits.matches('.').count() <= 1;
                is_number.then(|| value.to_owned())
            }
            Self::Moment | Self::Day => {
                let is_time = value.starts_with(|char: char| char.is_ascii_digit())
                    && value
                        .bytes()
                        .all(|byte| byte.is_ascii_digit() || b"-: .T".contains(&byte));
                is_time.then(|| format!("'{value}'"))
            }
        }
    }

    /// A moment of the server's clock as a value of the column.
    pub(in super::super) fn of_clock(self, moment: &str) -> &str {
        match self {
            Self::Day => moment.split(' ').next().unwrap_or(moment),
            Self::Integer | Self::Decimal | Self::Moment => moment,
        }
    }
}

impl CheckColumn {
    /// `is_query`: the column stands in a query, as the user wrote it.
    pub(in super::super) fn of(
        request: &IncrementalRequest,
        table: &TableInfo,
        product: Product,
        is_query: bool,
    ) -> Result<Self, ImportError> {
        let written = &request.column;
        let bare = written
            .rsplit('.')
            .next()
            .unwrap_or(written)
            .trim_matches('`');
        let column = (table.column(written).or_else(|| table.column(bare))).ok_or_else(|| {
            ImportError::UnknownColumn {
                table: table.name.clone(),
                column: written.clone(),
                nearest: table.nearest_columns(bare),
            }
        })?;
        let refused = |reason: &'static str, hint: &'static str| ImportError::CheckColumn {
            table: table.name.clone(),
            column: column.name.clone(),
            sql_type: column.sql_type.clone(),
            mode: request.mode.name(),
            reason,
            hint,
        };
        let kind = match column.storage {
            Storage::Integer => CheckKind::Integer,
            Storage::Decimal { .. } => CheckKind::Decimal,
            Storage::DateTime => CheckKind::Moment,
            Storage::DateOrTime if column.sql_type.eq_ignore_ascii_case("date") => CheckKind::Day,
            Storage::Text => {
                return Err(refused(
                    "texts do not grow with each new row",
                    "name a number, or the time of the last change with --incremental lastmodified",
                ));
            }
            _ => {
                return Err(refused(
                    "its values have no order that can be relied on",
                    "name an integer, a decimal, a date or a time stamp",
                ));
            }
        };
        if request.mode == IncrementalMode::LastModified && !kind.is_time() {
            return Err(refused(
                "it is no date and no time stamp",
                "name the column with the time of the last change, or use --incremental append",
            ));
        }
        if kind.is_time() && product == Product::Sqlite {
            return Err(refused(
                "SQLite has no times of its own, and does not tell which transactions are open",
                "use --incremental append with an integer key",
            ));
        }
        Ok(Self {
            name: column.name.clone(),
            sql: if is_query {
                written.clone()
            } else {
                quoted(&column.name)
            },
            kind,
        })
    }

    pub(in super::super) fn literal(&self, value: &str) -> Result<String, ImportError> {
        self.kind
            .literal(value)
            .ok_or_else(|| ImportError::LastValue {
                column: self.name.clone(),
                found: value.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_none_of_the_column_is_refused() {
        for (kind, value, literal) in [
            (CheckKind::Integer, "10", Some("10")),
            (
                CheckKind::Integer,
                "18446744073709551615",
                Some("18446744073709551615"),
            ),
            (CheckKind::Integer, "1 OR 1=1", None),
            (CheckKind::Decimal, "-1.50", Some("-1.50")),
            (CheckKind::Decimal, "1.5.0", None),
            (
                CheckKind::Moment,
                "2024-01-10 10:00:00.0",
                Some("'2024-01-10 10:00:00.0'"),
            ),
            (CheckKind::Moment, "' OR ''='", None),
            (CheckKind::Day, "", None),
        ] {
            assert_eq!(kind.literal(value).as_deref(), literal, "{value}");
        }
    }
}
