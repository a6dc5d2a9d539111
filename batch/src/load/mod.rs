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
mod infer;
mod number;
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

use crate::database::{Database, DatabaseError};
use check::{Checked, Computed, Rules, check};
use column::Dialect;
use comptoir_config::DatabaseUrl;
use erp::ErpTables;
use indicatif::ProgressBar;
use jiff::civil::Date;
use records::Records;
use shift::Calendar;
use std::path::{Path, PathBuf};
use survey::{Survey, survey};
use table::TableShape;
use tokio::sync::mpsc;
use write::Batch;

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

/// The column that numbers the lines where the file has no key.
const ID: &str = "id";

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

/// Everything that was decided before the database is written to.
#[derive(Clone, Debug)]
struct Plan {
    file: PathBuf,
    survey: Survey,
    /// The file's columns with the types of the table.
    columns: Vec<Column>,
    calendar: Calendar,
    dialect: Dialect,
    flat: TableShape,
    erp: Option<ErpTables>,
    keying: Keying,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keying {
    /// By `id`: the table is replaced.
    Numbered,
    /// By columns of the file: rows are merged.
    Columns,
}

impl Plan {
    async fn of(
        database: &mut Database,
        request: &LoadRequest,
        survey: Survey,
    ) -> Result<Self, LoadError> {
        let dialect = match database.url() {
            DatabaseUrl::MySql { .. } => Dialect::MySql,
            DatabaseUrl::Sqlite { .. } => Dialect::Sqlite,
        };
        let (mut flat, keying) = flat_shape(request, &survey)?;
        fit(database, &request.file, &mut flat).await?;
        let own = match keying {
            Keying::Numbered => &flat.columns[1..],
            Keying::Columns => &flat.columns[..],
        };
        let columns = own.to_vec();
        let erp = if request.erp_tables {
            Some(erp_tables(database, request, &columns).await?)
        } else {
            None
        };
        Ok(Self {
            file: request.file.clone(),
            calendar: Calendar::of(&columns),
            columns,
            survey,
            dialect,
            flat,
            erp,
            keying,
        })
    }

    fn rules(&self) -> Rules<'_> {
        Rules {
            columns: &self.columns,
            calendar: &self.calendar,
            computed: match self.erp {
                Some(_) => Computed::MustAgree,
                None => Computed::Kept,
            },
        }
    }

    fn check(&self, bad_rows: Option<&Path>, bar: &ProgressBar) -> Result<Checked, LoadError> {
        let encoding = self.survey.encoding.encoding();
        check(&self.file, encoding, &self.rules(), bad_rows, bar)
    }

    async fn write(
        self,
        database: &mut Database,
        checked: Checked,
        shift_to: Option<Date>,
        bar: &ProgressBar,
    ) -> Result<LoadReport, LoadError> {
        let days = self.days_to(shift_to, checked)?;
        let begin = self.prepare(database).await?;
        let (changed, erp) = write::in_transaction(database, begin, async |database| {
            self.fill(database, checked, days, bar).await
        })
        .await?;
        Ok(LoadReport {
            file: self.file,
            table: self.flat.name,
            database: database.url().to_string(),
            encoding: self.survey.encoding,
            columns: self.flat.columns,
            primary_key: self.flat.primary_key,
            rows: checked.good,
            bad_rows: checked.bad,
            changed,
            erp,
            shifted_days: shift_to.map(|_| days),
            notes: self.survey.notes,
        })
    }

    fn days_to(&self, shift_to: Option<Date>, checked: Checked) -> Result<i64, LoadError> {
        let Some(target) = shift_to else { return Ok(0) };
        let latest = checked.latest.ok_or_else(|| LoadError::Shift {
            path: self.file.clone(),
            problem: "the file has none",
        })?;
        Ok(i64::from((target - latest).get_days()))
    }

    /// Makes what is missing. `MySQL` commits with every change of tables, so it comes before the
    /// transaction, whose first statement is returned; `SQLite` takes it inside.
    async fn prepare(&self, database: &mut Database) -> Result<&'static str, DatabaseError> {
        let begin = match self.dialect {
            Dialect::MySql => {
                // A value that does not fit is an error, whatever the server's own mode.
                let strict = "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'";
                database.execute("setting the SQL mode", strict).await?;
                self.create_tables(database).await?;
                "START TRANSACTION"
            }
            Dialect::Sqlite => "BEGIN IMMEDIATE",
        };
        Ok(begin)
    }

    async fn create_tables(&self, database: &mut Database) -> Result<(), DatabaseError> {
        let erp = self.erp.iter().flat_map(|erp| &erp.shapes);
        for shape in [&self.flat].into_iter().chain(erp) {
            let what = format!("making the table `{}`", shape.name);
            database
                .execute(&what, &shape.create_sql(self.dialect))
                .await?;
        }
        Ok(())
    }

    /// Inside the transaction.
    async fn fill(
        &self,
        database: &mut Database,
        checked: Checked,
        days: i64,
        bar: &ProgressBar,
    ) -> Result<(Changed, Option<ErpCounts>), LoadError> {
        if self.dialect == Dialect::Sqlite {
            self.create_tables(database).await?;
        }
        let changed = match self.keying {
            Keying::Numbered => {
                let what = format!("emptying `{}`", self.flat.name);
                let delete = format!("DELETE FROM {}", crate::database::quoted(&self.flat.name));
                let removed = database.execute_with(&what, &delete, &[]).await?;
                let names = names(&self.flat.columns);
                self.insert(database, &self.flat.name, names, checked, days, bar)
                    .await?;
                Changed::Replaced { removed }
            }
            Keying::Columns => {
                let staging = upsert::stage(database, self.dialect, &self.flat).await?;
                let names = upsert::staging_columns(&self.flat);
                self.insert(database, staging, names, checked, days, bar)
                    .await?;
                let lines = checked.good;
                let done =
                    upsert::merge(database, self.dialect, &self.flat, &self.file, lines).await?;
                Changed::Merged {
                    added: done.added,
                    replaced: done.replaced,
                }
            }
        };
        let Some(erp) = &self.erp else {
            return Ok((changed, None));
        };
        erp.clear(database).await?;
        let line_of = |number| self.line_of(number);
        let counts = erp
            .fill(database, self.dialect, &self.file, line_of)
            .await?;
        Ok((changed, Some(counts)))
    }

    /// Reads the file on a thread of its own, at most two batches ahead of the database.
    async fn insert(
        &self,
        database: &mut Database,
        table: &str,
        columns: Vec<String>,
        checked: Checked,
        days: i64,
        bar: &ProgressBar,
    ) -> Result<(), LoadError> {
        let (sender, mut batches) = mpsc::channel(2);
        let (plan, bar) = (self.clone(), bar.clone());
        let reading = tokio::task::spawn_blocking(move || plan.read(days, &sender, &bar));
        let inserted = write::insert(database, table, &columns, &mut batches).await;
        drop(batches);
        let read = reading
            .await
            .map_err(|error| interrupted(&self.file, &error))?;
        let inserted = inserted?;
        // A failed reading ends the batches early: its error comes before their number.
        read?;
        if inserted != checked.good {
            return Err(LoadError::FileChanged {
                path: self.file.clone(),
            });
        }
        Ok(())
    }

    /// Sends all good lines; a receiver that went away has its own error.
    fn read(
        &self,
        days: i64,
        batches: &mpsc::Sender<Batch>,
        bar: &ProgressBar,
    ) -> Result<(), LoadError> {
        let mut records = Records::open(&self.file, self.survey.encoding.encoding(), bar)?;
        let rules = self.rules();
        let mut batch = Batch::default();
        while let Some(record) = records.next()? {
            // The check has counted and reported the bad ones.
            let Ok(mut row) = rules.read(record) else {
                continue;
            };
            self.calendar
                .shift(&mut row, days)
                .map_err(|_| LoadError::Shift {
                    path: self.file.clone(),
                    problem: "one of them would leave the years 1000 to 9999",
                })?;
            let place = match self.keying {
                Keying::Numbered => record.number,
                Keying::Columns => record.line,
            };
            row.insert(0, Some(place.to_string()));
            batch.push(row);
            if batch.is_full(self.columns.len() + 1)
                && batches.blocking_send(std::mem::take(&mut batch)).is_err()
            {
                return Ok(());
            }
        }
        if !batch.is_empty() && batches.blocking_send(batch).is_err() {
            return Ok(());
        }
        Ok(())
    }

    /// Where the record of that number begins, found by reading the file up to it.
    fn line_of(&self, number: u64) -> Result<u64, LoadError> {
        let encoding = self.survey.encoding.encoding();
        let mut records = Records::open(&self.file, encoding, &ProgressBar::hidden())?;
        while let Some(record) = records.next()? {
            if record.number == number {
                return Ok(record.line);
            }
        }
        Err(LoadError::FileChanged {
            path: self.file.clone(),
        })
    }
}

/// The flat table: the file's columns, behind `id` where they have no key.
fn flat_shape(request: &LoadRequest, survey: &Survey) -> Result<(TableShape, Keying), LoadError> {
    let header = names(&survey.columns);
    let mut shape = TableShape {
        name: request.table.clone(),
        columns: survey.columns.clone(),
        primary_key: Vec::new(),
        unique: Vec::new(),
        foreign_keys: Vec::new(),
    };
    if request.key.is_empty() {
        if header.iter().any(|name| name.eq_ignore_ascii_case(ID)) {
            return Err(LoadError::OwnId {
                path: request.file.clone(),
            });
        }
        let fits = i32::try_from(survey.records).is_ok();
        shape.columns.insert(
            0,
            Column {
                name: ID.to_owned(),
                column_type: if fits {
                    ColumnType::Int
                } else {
                    ColumnType::BigInt
                },
                nullable: false,
                dates: DateOrder::MonthFirst,
                chars_max: survey.records.to_string().len(),
            },
        );
        shape.primary_key.push(ID.to_owned());
        return Ok((shape, Keying::Numbered));
    }
    for name in &request.key {
        let column = &survey.columns[survey::position(&request.file, &header, name)?];
        let problem = match column.column_type {
            _ if column.nullable => "empty values".to_owned(),
            ColumnType::Text | ColumnType::LongText => {
                format!(
                    "values of up to {} characters, too long for a key",
                    column.chars_max
                )
            }
            _ => {
                shape.primary_key.push(column.name.clone());
                continue;
            }
        };
        return Err(LoadError::Key {
            path: request.file.clone(),
            column: column.name.clone(),
            problem,
        });
    }
    Ok((shape, Keying::Columns))
}

async fn erp_tables(
    database: &mut Database,
    request: &LoadRequest,
    columns: &[Column],
) -> Result<ErpTables, LoadError> {
    let not_sales = |problem| LoadError::NotSales {
        path: request.file.clone(),
        problem,
    };
    if !request.key.is_empty() {
        let problem = "they are made of the whole file, so it can't be merged by --key";
        return Err(not_sales(problem.to_owned()));
    }
    let mut erp = ErpTables::of(&request.table, columns).map_err(not_sales)?;
    for shape in &mut erp.shapes {
        fit(database, &request.file, shape).await?;
    }
    Ok(erp)
}

/// Takes the types of the table where there is one already, or says why it can't be used.
async fn fit(
    database: &mut Database,
    path: &Path,
    shape: &mut TableShape,
) -> Result<(), LoadError> {
    let existing = match database.describe(&shape.name).await {
        Ok(existing) => existing,
        Err(DatabaseError::UnknownTable { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    match shape.fit_into(&existing) {
        Ok(columns) => {
            shape.columns = columns;
            // As the database spells it.
            shape.name = existing.name;
            Ok(())
        }
        Err(differences) => Err(LoadError::OtherTable {
            table: existing.name,
            database: database.url().to_string(),
            path: path.to_owned(),
            differences,
        }),
    }
}

fn names(columns: &[Column]) -> Vec<String> {
    columns.iter().map(|column| column.name.clone()).collect()
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
