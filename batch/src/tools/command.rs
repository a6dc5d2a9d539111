//! Asking the database.

use super::args::{EvalArgs, ListArgs};
use super::table;
use crate::cli::{Exit, PasswordArgs};
use crate::database::{Access, Database, DatabaseError, Limits, Product};
use crate::import::{CredentialError, open_lake, source};
use comptoir_config::Settings;
use comptoir_lake::LakeError;
use futures::TryStreamExt;
use std::io::Write;

/// Why a tool ended.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Credentials(#[from] CredentialError),
    #[error(transparent)]
    Lake(#[from] LakeError),
    #[error("the output: {0}")]
    Output(#[from] std::io::Error),
    #[error("a SQLite file is one database\nhint: list its tables with list-tables")]
    OneDatabase,
}

impl ToolError {
    pub fn exit(&self) -> Exit {
        match self {
            Self::Database(error) if error.is_unreachable() => Exit::SourceUnreachable,
            Self::Database(_) | Self::Output(_) => Exit::Failed,
            Self::Credentials(_) | Self::Lake(_) | Self::OneDatabase => Exit::Usage,
        }
    }
}

/// Runs one statement: prints its rows, or how many it changed.
pub async fn eval(
    args: &EvalArgs,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<(), ToolError> {
    let what = "running the statement";
    let mut database = connect(&args.password, settings, Access::Write).await?;
    let columns = database.describe_query(what, &args.query).await?;
    if columns.is_empty() {
        let changed = database.run(what, &args.query, &[]).await?;
        writeln!(out, "{changed} row(s) updated")?;
    } else {
        let widths: Vec<_> = columns
            .iter()
            .map(|column| table::width(&column.name))
            .collect();
        writeln!(out, "{}", table::rule(&widths))?;
        let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
        writeln!(out, "{}", table::line(&names, &widths))?;
        writeln!(out, "{}", table::rule(&widths))?;
        let url = database.url().clone();
        let mut rows = database.rows(what, &args.query);
        while let Some(row) = rows.try_next().await? {
            let values = (0..columns.len()).map(|index| {
                Ok(row
                    .get(index)?
                    .to_text()
                    .unwrap_or_else(|| "(null)".to_owned()))
            });
            let values: Result<Vec<_>, sqlx::Error> = values.collect();
            let values =
                values.map_err(|error| DatabaseError::value(&url, "the statement", error))?;
            let values: Vec<_> = values.iter().map(String::as_str).collect();
            writeln!(out, "{}", table::line(&values, &widths))?;
        }
        writeln!(out, "{}", table::rule(&widths))?;
    }
    database.close().await;
    Ok(())
}

/// Prints the names of the databases that the user may see.
pub async fn list_databases(
    args: &ListArgs,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<(), ToolError> {
    let mut database = connect(&args.password, settings, Access::Read).await?;
    if database.product() == Product::Sqlite {
        return Err(ToolError::OneDatabase);
    }
    for name in names(&mut database, "listing the databases", "SHOW DATABASES").await? {
        writeln!(out, "{name}")?;
    }
    database.close().await;
    Ok(())
}

/// Prints the names of the tables; views are left out, as in Sqoop.
pub async fn list_tables(
    args: &ListArgs,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<(), ToolError> {
    let mut database = connect(&args.password, settings, Access::Read).await?;
    for name in tables(&mut database).await? {
        writeln!(out, "{name}")?;
    }
    database.close().await;
    Ok(())
}

/// The names of the tables, sorted.
pub(crate) async fn tables(database: &mut Database) -> Result<Vec<String>, DatabaseError> {
    let sql = match database.product() {
        Product::Sqlite => {
            "SELECT name FROM sqlite_schema WHERE type = 'table' \
             AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
        }
        Product::MySql | Product::MariaDb => {
            "SELECT table_name FROM information_schema.tables \
             WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY table_name"
        }
    };
    names(database, "listing the tables", sql).await
}

async fn names(
    database: &mut Database,
    what: &str,
    sql: &str,
) -> Result<Vec<String>, DatabaseError> {
    let rows = database.fetch_all(what, sql).await?;
    let names = rows.iter().map(|row| database.text(what, Some(row), 0));
    let names: Result<Vec<_>, _> = names.collect();
    Ok(names?.into_iter().flatten().collect())
}

async fn connect(
    password: &PasswordArgs,
    settings: &Settings,
    access: Access,
) -> Result<Database, ToolError> {
    let lake = open_lake(settings)?;
    let source = source(password, &settings.erp, &lake).await?;
    Ok(Database::connect(&source.url, &source.login, access, Limits::default()).await?)
}
