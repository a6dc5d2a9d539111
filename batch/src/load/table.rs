//! The tables that are loaded: how they are made, and whether one that exists already fits.

use super::column::{Column, ColumnType, Dialect};
use crate::database::{TableColumn, TableInfo, quoted};

/// A table as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TableShape {
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) primary_key: Vec<String>,
    pub(crate) unique: Vec<String>,
    pub(crate) foreign_keys: Vec<ForeignKey>,
}

/// A column whose values are those of the column of the same name in another table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ForeignKey {
    pub(crate) column: String,
    pub(crate) table: String,
}

impl TableShape {
    /// Texts are compared byte by byte (`utf8mb4_bin`): `Muller` and `Müller` are two customers.
    pub(crate) fn create_sql(&self, dialect: Dialect) -> String {
        let mut lines: Vec<_> = (self.columns.iter())
            .map(|column| {
                let null = if column.nullable { "NULL" } else { "NOT NULL" };
                format!(
                    "{} {} {null}",
                    quoted(&column.name),
                    column.column_type.sql(dialect)
                )
            })
            .collect();
        lines.push(format!("PRIMARY KEY ({})", list(&self.primary_key)));
        lines.extend(
            self.unique
                .iter()
                .map(|column| format!("UNIQUE ({})", quoted(column))),
        );
        lines.extend(self.foreign_keys.iter().map(|key| {
            let (column, table) = (quoted(&key.column), quoted(&key.table));
            format!("FOREIGN KEY ({column}) REFERENCES {table} ({column})")
        }));
        let options = match dialect {
            Dialect::MySql => " ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
            Dialect::Sqlite => "",
        };
        format!(
            "CREATE TABLE IF NOT EXISTS {} (\n  {}\n){options}",
            quoted(&self.name),
            lines.join(",\n  ")
        )
    }

    /// The columns of an existing table, which may be wider than needed; or all differences that
    /// matter.
    pub(crate) fn fit_into(&self, existing: &TableInfo) -> Result<Vec<Column>, Vec<String>> {
        let mut differences = Vec::new();
        let mut columns = Vec::new();
        for column in &self.columns {
            match existing.column(&column.name) {
                None => differences.push(format!("the table has no column {}", column.name)),
                Some(there) => match fit(column, there) {
                    Ok(column_type) => columns.push(Column {
                        column_type,
                        ..column.clone()
                    }),
                    Err(difference) => differences.push(difference),
                },
            }
        }
        for there in &existing.columns {
            let known = |column: &Column| column.name.eq_ignore_ascii_case(&there.name);
            if !self.columns.iter().any(known) {
                differences.push(format!("only the table has a column {}", there.name));
            }
        }
        if !same_names(&self.primary_key, &existing.primary_key) {
            let key = match existing.primary_key.as_slice() {
                [] => "none".to_owned(),
                key => key.join(", "),
            };
            let wanted = self.primary_key.join(", ");
            differences.push(format!("its primary key is {key} instead of {wanted}"));
        }
        if let Some(engine) = existing
            .engine
            .as_ref()
            .filter(|engine| *engine != "InnoDB")
        {
            differences.push(format!("its engine {engine} has no transactions"));
        }
        if differences.is_empty() {
            Ok(columns)
        } else {
            Err(differences)
        }
    }
}

/// The type to load a column with, so that the existing one takes every value unchanged.
fn fit(column: &Column, there: &TableColumn) -> Result<ColumnType, String> {
    let name = &column.name;
    if column.nullable && !there.nullable {
        return Err(format!(
            "{name} is NOT NULL in the table, and the file has empty values"
        ));
    }
    let wanted = column.column_type;
    let other = || format!("{name} is {} instead of {wanted}", there.sql_type);
    let existing: ColumnType = there.sql_type.parse().map_err(|_| other())?;
    // A text column takes numbers and dates as the file writes them.
    let fits = match existing {
        ColumnType::Varchar(width) => column.chars_max <= width,
        ColumnType::Text => wanted != ColumnType::LongText,
        ColumnType::LongText => true,
        // A column without any value takes any type.
        _ => existing.holds(wanted) || column.chars_max == 0,
    };
    if fits { Ok(existing) } else { Err(other()) }
}

fn same_names(a: &[String], b: &[String]) -> bool {
    let lower = |names: &[String]| {
        let mut names: Vec<_> = names.iter().map(|name| name.to_lowercase()).collect();
        names.sort();
        names
    };
    lower(a) == lower(b)
}

/// Quoted names with commas between them.
pub(crate) fn list<S: AsRef<str>>(names: &[S]) -> String {
    let names: Vec<_> = names.iter().map(|name| quoted(name.as_ref())).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::Storage;
    use crate::load::dates::DateOrder;

    fn column(name: &str, column_type: &str, nullable: bool) -> Column {
        Column {
            name: name.to_owned(),
            column_type: column_type.parse().unwrap(),
            nullable,
            dates: DateOrder::MonthFirst,
            chars_max: 10,
        }
    }

    fn shape() -> TableShape {
        TableShape {
            name: "a `b`".to_owned(),
            columns: vec![
                column("id", "INT", false),
                column("price", "DECIMAL(10,2)", true),
            ],
            primary_key: vec!["id".to_owned()],
            unique: Vec::new(),
            foreign_keys: Vec::new(),
        }
    }

    fn existing(columns: &[(&str, &str, bool)], key: &[&str]) -> TableInfo {
        TableInfo {
            name: "a `b`".to_owned(),
            columns: (columns.iter())
                .map(|(name, sql_type, nullable)| TableColumn {
                    name: (*name).to_owned(),
                    sql_type: (*sql_type).to_owned(),
                    storage: Storage::Text,
                    nullable: *nullable,
                })
                .collect(),
            primary_key: key.iter().map(|name| (*name).to_owned()).collect(),
            engine: None,
        }
    }

    #[test]
    fn makes_tables_of_any_name_in_both_dialects() {
        assert_eq!(
            shape().create_sql(Dialect::Sqlite),
            "CREATE TABLE IF NOT EXISTS `a ``b``` (\n  `id` INTEGER NOT NULL,\n  \
             `price` DECIMAL_TEXT(10,2) NULL,\n  PRIMARY KEY (`id`)\n)"
        );
        assert!(
            shape()
                .create_sql(Dialect::MySql)
                .ends_with("COLLATE utf8mb4_bin")
        );
    }

    #[test]
    fn fits_into_a_wider_table_of_the_same_columns() {
        let wider = existing(
            &[("ID", "bigint", false), ("PRICE", "varchar(12)", true)],
            &["ID"],
        );
        let types: Vec<_> = shape().fit_into(&wider).unwrap();
        assert_eq!(types[0].column_type, ColumnType::BigInt);
        assert_eq!(types[1].column_type, ColumnType::Varchar(12));
    }

    #[test]
    fn names_every_difference() {
        let other = existing(
            &[("id", "float", false), ("cost", "decimal(10,2)", true)],
            &["id", "cost"],
        );
        assert_eq!(
            shape().fit_into(&other).unwrap_err(),
            [
                "id is float instead of INT",
                "the table has no column price",
                "only the table has a column cost",
                "its primary key is id, cost instead of id",
            ]
        );
        let strict = existing(
            &[("id", "int(11)", false), ("price", "decimal(10,2)", false)],
            &["id"],
        );
        let differences = shape().fit_into(&strict).unwrap_err();
        assert!(differences[0].contains("NOT NULL"), "{differences:?}");
    }
}
