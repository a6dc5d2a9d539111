//! What the answer of a query looks like, asked before it runs.

use crate::connect::{Database, Link, Product};
use crate::error::{self, DatabaseError};
use crate::table::{Storage, TableColumn, mysql_storage, sqlite_storage};
use sqlx::mysql::{MySql, MySqlColumn};
use sqlx::sqlite::SqliteColumn;
use sqlx::{AssertSqlSafe, Column, ColumnOrigin, Executor, SqlSafeStr, Statement, Type, TypeInfo};

impl Database {
    /// The columns of a SELECT. One that comes from a table as it is has the type declared there;
    /// of others the server tells the kind of type but not its width.
    pub async fn describe_query(
        &mut self,
        what: &str,
        sql: &str,
    ) -> Result<Vec<TableColumn>, DatabaseError> {
        let limit = self.limits.statement;
        let sql = AssertSqlSafe(sql.to_owned()).into_sql_str();
        let prepared = async {
            Ok(match &mut self.connection {
                Link::MySql(link) => {
                    let statement = link.prepare(sql).await?;
                    statement.columns().iter().map(of_mysql).collect()
                }
                Link::Sqlite(link) => {
                    let statement = link.prepare(sql).await?;
                    statement.columns().iter().map(of_sqlite).collect()
                }
            })
        };
        let described: Vec<(TableColumn, Option<(String, String)>)> =
            match tokio::time::timeout(limit, prepared).await {
                Ok(described) => {
                    described.map_err(|error| error::on_statement(&self.url, what, error))?
                }
                Err(_) => return Err(self.timed_out(what, limit)),
            };
        let mut columns = Vec::with_capacity(described.len());
        for (mut column, origin) in described {
            if self.product() != Product::Sqlite
                && let Some((table, name)) = origin
                && let Ok(table) = self.describe(&table).await
                && let Some(declared) = table.column(&name)
            {
                column.sql_type.clone_from(&declared.sql_type);
                column.storage = declared.storage;
            }
            columns.push(column);
        }
        Ok(columns)
    }
}

fn of_mysql(column: &MySqlColumn) -> (TableColumn, Option<(String, String)>) {
    let type_info = column.type_info();
    let declared = type_info.name().to_lowercase();
    let storage = match mysql_storage(&declared) {
        // A collation that compares bytes makes no text binary.
        Storage::Binary if <str as Type<MySql>>::compatible(type_info) => Storage::Text,
        _ if declared == "boolean" => Storage::Boolean,
        storage => storage,
    };
    let origin = match column.origin() {
        ColumnOrigin::Table(origin) => {
            let table = origin
                .table
                .rsplit('.')
                .next()
                .unwrap_or_default()
                .to_owned();
            Some((table, origin.name.to_string()))
        }
        _ => None,
    };
    let column = TableColumn {
        name: column.name().to_owned(),
        sql_type: declared,
        storage,
        nullable: true,
    };
    (column, origin)
}

fn of_sqlite(column: &SqliteColumn) -> (TableColumn, Option<(String, String)>) {
    let declared = column.type_info().name().to_owned();
    let column = TableColumn {
        name: column.name().to_owned(),
        storage: sqlite_storage(&declared),
        sql_type: declared,
        nullable: true,
    };
    (column, None)
}
