//! The one transaction that changes data.

use super::check::Checked;
use super::column::Dialect;
use super::erp::ErpCounts;
use super::error::LoadError;
use super::plan::{Keying, Plan, names};
use super::records::Records;
use super::report::{Changed, LoadReport};
use super::write::{self, Batch};
use super::{interrupted, upsert};
use crate::database::{Database, DatabaseError, quoted};
use indicatif::ProgressBar;
use jiff::civil::Date;
use tokio::sync::mpsc;

impl Plan {
    pub(crate) async fn write(
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
                let delete = format!("DELETE FROM {}", quoted(&self.flat.name));
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
        if !batch.is_empty() {
            batches.blocking_send(batch).ok();
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
