//! What is decided before the database is written to.

use super::LoadRequest;
use super::check::{Checked, Computed, Rules, check};
use super::column::{Column, ColumnType, Dialect};
use super::dates::DateOrder;
use super::erp::ErpTables;
use super::error::LoadError;
use super::shift::Calendar;
use super::survey::{Survey, position};
use super::table::TableShape;
use crate::database::{Database, DatabaseError};
use comptoir_config::DatabaseUrl;
use indicatif::ProgressBar;
use std::path::{Path, PathBuf};

/// The column that numbers the lines where the file has no key.
const ID: &str = "id";

/// Everything that was decided before the database is written to.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) file: PathBuf,
    pub(crate) survey: Survey,
    /// The file's columns with the types of the table.
    pub(crate) columns: Vec<Column>,
    pub(crate) calendar: Calendar,
    pub(crate) dialect: Dialect,
    pub(crate) flat: TableShape,
    pub(crate) erp: Option<ErpTables>,
    pub(crate) keying: Keying,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keying {
    /// By `id`: the table is replaced.
    Numbered,
    /// By columns of the file: rows are merged.
    Columns,
}

impl Plan {
    pub(crate) async fn of(
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

    pub(crate) fn rules(&self) -> Rules<'_> {
        Rules {
            columns: &self.columns,
            calendar: &self.calendar,
            computed: match self.erp {
                Some(_) => Computed::MustAgree,
                None => Computed::Kept,
            },
        }
    }

    pub(crate) fn check(
        &self,
        bad_rows: Option<&Path>,
        bar: &ProgressBar,
    ) -> Result<Checked, LoadError> {
        let encoding = self.survey.encoding.encoding();
        check(&self.file, encoding, &self.rules(), bad_rows, bar)
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
        let column = &survey.columns[position(&request.file, &header, name)?];
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

pub(crate) fn names(columns: &[Column]) -> Vec<String> {
    columns.iter().map(|column| column.name.clone()).collect()
}
