//! A CSV file into a table of `MySQL`, `MariaDB` or `SQLite`.
//!
//! The file is read several times and never held: for its encoding, for the types of its columns,
//! to check every line, and to load. Only the last reading touches data, in one transaction, so a
//! refused file changes nothing. (What `MySQL` can't undo is the making of an empty table.)
//!
//! Without a key, lines are numbered in the column `id`, and the table holds exactly the file
//! afterwards; with one, lines replace the rows of the same key. Either way, loading twice does
//! not double.

mod args;
mod bad_rows;
mod check;
mod column;
mod command;
mod convert;
mod dates;
mod decode;
mod detect;
mod encoding;
mod erp;
mod error;
mod execute;
mod infer;
mod number;
mod plan;
mod records;
mod report;
mod row;
mod shift;
mod survey;
mod table;
mod upsert;
mod write;

pub use args::{LoadArgs, ShiftTo};
pub use column::{Column, ColumnType, UnknownType};
pub use command::run;
pub use dates::DateOrder;
pub use decode::Undecodable;
pub use detect::Detected;
pub use encoding::{Encoding, UnknownEncoding};
pub use erp::ErpCounts;
pub use error::{BadLine, Contradiction, HeaderFault, LineFault, LoadError};
pub use report::{Changed, LoadReport};
pub use survey::EncodingUsed;

use crate::database::Database;
use indicatif::ProgressBar;
use jiff::civil::Date;
use plan::Plan;
use std::path::{Path, PathBuf};
use survey::survey;

/// What is to be loaded, and how.
#[derive(Clone, Debug, Default)]
pub struct LoadRequest {
    pub file: PathBuf,
    pub table: String,
    /// `None`: detected.
    pub encoding: Option<Encoding>,
    /// The columns of the primary key; empty: lines are numbered.
    pub key: Vec<String>,
    /// Overrides of the inferred types, by column.
    pub types: Vec<(String, ColumnType)>,
    /// Where bad lines are set aside; without it the first one is an error.
    pub bad_rows: Option<PathBuf>,
    pub erp_tables: bool,
    /// All dates move by the same number of days, so that the last one is this.
    pub shift_dates_to: Option<Date>,
}

/// Loads the file, or changes no data. `bar` shows the bytes read, and is hidden where there is no
/// terminal.
pub async fn load(
    database: &mut Database,
    request: &LoadRequest,
    bar: &ProgressBar,
) -> Result<LoadReport, LoadError> {
    let file = request.file.clone();
    let passes = if request.encoding.is_some() { 3 } else { 4 };
    let bytes = std::fs::metadata(&file)
        .map_err(|error| LoadError::reading(&file, error))?
        .len();
    bar.set_length(bytes * passes);

    let (encoding, types) = (request.encoding, request.types.clone());
    let surveyed = {
        let (file, bar) = (file.clone(), bar.clone());
        blocking(&request.file, move || survey(&file, encoding, &types, &bar)).await?
    };
    let plan = Plan::of(database, request, surveyed).await?;
    let checked = {
        let (plan, bar, bad_rows) = (plan.clone(), bar.clone(), request.bad_rows.clone());
        blocking(&request.file, move || plan.check(bad_rows.as_deref(), &bar)).await?
    };
    plan.write(database, checked, request.shift_dates_to, bar)
        .await
}

/// Runs what reads files away from the threads that serve connections.
async fn blocking<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce() -> Result<T, LoadError> + Send + 'static,
) -> Result<T, LoadError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(interrupted(path, &error)),
    }
}

fn interrupted(path: &Path, error: &tokio::task::JoinError) -> LoadError {
    LoadError::Interrupted {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}
