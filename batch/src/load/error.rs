//! Why a load was refused or failed.

use super::decode::Undecodable;
use crate::database::{DatabaseError, Retry};
use comptoir_config::SecretError;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Names the file and the line, or the table, and the cure. Whatever it is, no data was changed.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("can't read {path}: {source}")]
    Read { path: PathBuf, source: io::Error },
    #[error("can't write {path}: {source}")]
    Write { path: PathBuf, source: io::Error },
    #[error("{path} is empty\nhint: its first line must name the columns")]
    Empty { path: PathBuf },
    #[error(
        "the encoding of {path} is not known: it resembles {resembles}\nhint: name it with --encoding (UTF-8, UTF-16LE, UTF-16BE, CP437, CP850, windows-1252 or ISO-8859-1), or convert the file to UTF-8"
    )]
    UnknownEncoding {
        path: PathBuf,
        resembles: &'static str,
    },
    #[error("{path}, line {}: {undecodable}\nhint: name the file's encoding with --encoding", undecodable.line)]
    Undecodable {
        path: PathBuf,
        undecodable: Undecodable,
    },
    #[error("{path}, line 1: {fault}\nhint: correct the first line")]
    Header { path: PathBuf, fault: HeaderFault },
    #[error("{path} has no column `{column}`\nhint: its columns are {}", columns.join(", "))]
    UnknownColumn {
        path: PathBuf,
        column: String,
        columns: Vec<String>,
    },
    #[error(
        "{path} names columns, but has no lines\nhint: if the table is to be emptied, delete its rows in the database"
    )]
    NoLines { path: PathBuf },
    #[error("{path}, {first}{}\nhint: {}", and_more(*.others), first.fault.hint())]
    BadLine {
        path: PathBuf,
        first: Box<BadLine>,
        /// How many more lines are bad.
        others: u64,
    },
    #[error(
        "none of the {lines} lines of {path} can be used; the first: {first}\nhint: check the file's separator and encoding"
    )]
    AllBad {
        path: PathBuf,
        lines: u64,
        first: Box<BadLine>,
    },
    #[error("{path} has a column `id` of its own\nhint: make it the primary key with --key id")]
    OwnId { path: PathBuf },
    #[error(
        "{path}: the key column {column} has {problem}\nhint: choose other columns with --key, or leave --key out: lines are then numbered"
    )]
    Key {
        path: PathBuf,
        column: String,
        problem: String,
    },
    #[error(
        "{path}, line {line}: the key {key} stands in line {first_line} already\nhint: correct the file, or choose more columns with --key"
    )]
    DuplicateKey {
        path: PathBuf,
        line: String,
        first_line: String,
        key: String,
    },
    #[error(
        "{path}: --shift-dates-to can't move the dates: {problem}\nhint: leave it out, or give another date"
    )]
    Shift {
        path: PathBuf,
        problem: &'static str,
    },
    #[error(
        "the table `{table}` in {database} has other columns than {path}: {}\nhint: drop the table, or load into another one with --table",
        differences.join("; ")
    )]
    OtherTable {
        table: String,
        database: String,
        path: PathBuf,
        differences: Vec<String>,
    },
    #[error(
        "{path} can't be split into customers, products, orders and order_lines: {problem}\nhint: leave --erp-tables out, or correct the file"
    )]
    NotSales { path: PathBuf, problem: String },
    #[error(transparent)]
    Inconsistent(Box<Contradiction>),
    #[error("{path} was changed while it was read\nhint: load it again when it is complete")]
    FileChanged { path: PathBuf },
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error("the reader of {path} stopped: {reason}")]
    Interrupted { path: PathBuf, reason: String },
}

/// What is wrong with the line that names the columns.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderFault {
    #[error("column {0} has no name")]
    NoName(usize),
    #[error(
        "columns {first} and {second} are both called `{name}` (case does not tell them apart)"
    )]
    Duplicate {
        first: usize,
        second: usize,
        name: String,
    },
    #[error("the name of column {0} has more than 64 characters")]
    TooLong(usize),
    #[error("the name of column {0} has a control character in it")]
    Control(usize),
}

/// Two lines that tell something else about the same customer, product or order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{path}, line {line}: {of} has {column} {value} here, but {first_value} in line {first_line}\nhint: correct the file, or leave --erp-tables out"
)]
pub struct Contradiction {
    pub path: PathBuf,
    pub line: u64,
    /// "order `10107`"
    pub of: String,
    pub column: String,
    pub value: String,
    pub first_line: u64,
    pub first_value: String,
}

/// A line of the file that can't be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Where the record begins; from 1, the header included.
    pub line: u64,
    pub fault: LineFault,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineFault {
    ColumnCount {
        found: usize,
        expected: usize,
    },
    Value {
        column: String,
        value: String,
        /// "a date of the calendar"
        expected: String,
    },
}

const VALUE_SHOWN_MAX: usize = 60;

impl BadLine {
    /// All but the line: `column SALES: …`.
    pub(crate) fn reason(&self) -> String {
        match &self.fault {
            LineFault::Value { column, .. } => format!("column {column}: {}", self.fault),
            LineFault::ColumnCount { .. } => self.fault.to_string(),
        }
    }
}

impl LineFault {
    fn hint(&self) -> &'static str {
        match self {
            Self::ColumnCount { .. } => {
                "correct the line (a value with a comma needs quotes), or set bad lines aside with --bad-rows FILE"
            }
            Self::Value { .. } => {
                "correct the value, set bad lines aside with --bad-rows FILE, or name the column's type with --types COLUMN=TYPE"
            }
        }
    }
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fault {
            LineFault::Value { .. } => write!(f, "line {}, {}", self.line, self.reason()),
            LineFault::ColumnCount { .. } => write!(f, "line {}: {}", self.line, self.fault),
        }
    }
}

impl fmt::Display for LineFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ColumnCount { found, expected } => {
                write!(f, "{found} values, but the header names {expected} columns")
            }
            Self::Value {
                value, expected, ..
            } => write!(f, "`{}` is not {expected}", shortened(value)),
        }
    }
}

fn shortened(value: &str) -> String {
    if value.chars().count() <= VALUE_SHOWN_MAX {
        return value.to_owned();
    }
    value
        .chars()
        .take(VALUE_SHOWN_MAX)
        .chain("…".chars())
        .collect()
}

fn and_more(others: u64) -> String {
    match others {
        0 => String::new(),
        1 => " (and 1 more bad line)".to_owned(),
        others => format!(" (and {others} more bad lines)"),
    }
}

impl LoadError {
    /// Whether loading again, unchanged, may succeed.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Database(error) => error.retry(),
            Self::FileChanged { .. } | Self::Interrupted { .. } => Retry::CanHelp,
            _ => Retry::CanNot,
        }
    }

    /// Reading errors carry what could not be decoded inside.
    pub(crate) fn reading(path: &Path, error: io::Error) -> Self {
        let path = path.to_owned();
        match error.downcast::<Undecodable>() {
            Ok(undecodable) => Self::Undecodable { path, undecodable },
            Err(source) => Self::Read { path, source },
        }
    }

    pub(crate) fn undetected(path: &Path, resembles: &'static str) -> Self {
        Self::UnknownEncoding {
            path: path.to_owned(),
            resembles,
        }
    }
}
