//! What a load did, for people and for tests.

use super::column::Column;
use super::erp::ErpCounts;
use super::survey::EncodingUsed;
use std::fmt;
use std::path::PathBuf;

/// A load that is committed.
#[derive(Clone, Debug)]
pub struct LoadReport {
    pub file: PathBuf,
    pub table: String,
    /// Its URL, without credentials.
    pub database: String,
    pub encoding: EncodingUsed,
    /// The table's columns, with their types.
    pub columns: Vec<Column>,
    pub primary_key: Vec<String>,
    /// Lines that were loaded.
    pub rows: u64,
    /// Lines that were set aside.
    pub bad_rows: u64,
    pub changed: Changed,
    /// `None` where the four tables were not asked for.
    pub erp: Option<ErpCounts>,
    /// `None` where the dates were not to be moved.
    pub shifted_days: Option<i64>,
    /// Doubts about dates and types.
    pub notes: Vec<String>,
}

/// What happened to the rows that the table had before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// All of them went.
    Replaced { removed: u64 },
    /// Those of the same key were replaced.
    Merged { added: u64, replaced: u64 },
}

impl fmt::Display for EncodingUsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(encoding) => write!(f, "{encoding}, as given"),
            Self::Detected(detected) => {
                write!(f, "{}, detected", detected.encoding)?;
                match detected.same_as {
                    Some(other) => write!(f, "; {other} reads the same"),
                    None => Ok(()),
                }
            }
        }
    }
}

impl fmt::Display for LoadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} ({})", self.file.display(), self.encoding)?;
        let width = self
            .columns
            .iter()
            .map(|column| column.name.chars().count())
            .max();
        for column in &self.columns {
            let key = self.primary_key.contains(&column.name);
            let constraint = match (key, column.nullable) {
                (true, _) => "PRIMARY KEY",
                (false, true) => "NULL",
                (false, false) => "NOT NULL",
            };
            let column_type = column.column_type.to_string();
            let width = width.unwrap_or(0);
            writeln!(
                f,
                "  {:<width$}  {column_type:<14}  {constraint}",
                column.name
            )?;
        }
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        if let Some(days) = self.shifted_days {
            writeln!(f, "all dates moved by {days} days")?;
        }
        write!(
            f,
            "{} rows loaded into `{}` of {}",
            self.rows, self.table, self.database
        )?;
        match self.changed {
            Changed::Replaced { removed: 0 } => {}
            Changed::Replaced { removed } => write!(f, ", in place of {removed}")?,
            Changed::Merged { added, replaced } => {
                write!(f, ": {added} added, {replaced} replaced")?;
            }
        }
        if let Some(erp) = self.erp {
            write!(
                f,
                "\n{} customers, {} products, {} orders, {} order lines in the tables of those names",
                erp.customers, erp.products, erp.orders, erp.order_lines
            )?;
        }
        match self.bad_rows {
            0 => Ok(()),
            1 => f.write_str("\n1 bad line set aside"),
            bad => write!(f, "\n{bad} bad lines set aside"),
        }
    }
}
