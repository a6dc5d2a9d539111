//! Statements that write, with bound values.

use crate::connect::{Database, Link};
use crate::error::{self, DatabaseError};
use sqlx::AssertSqlSafe;

impl Database {
    /// Runs one statement with a text or NULL for each `?`, and says how many rows it changed.
    /// The server converts texts to the types of the columns, exactly. `what` names it in errors.
    pub async fn execute_with(
        &mut self,
        what: &str,
        sql: &str,
        values: &[Option<String>],
    ) -> Result<u64, DatabaseError> {
        let limit = self.limits.statement;
        let sql = AssertSqlSafe(sql.to_owned());
        let done = async {
            match &mut self.connection {
                Link::MySql(connection) => {
                    let query = sqlx::query(sql);
                    let query = values
                        .iter()
                        .fold(query, |query, value| query.bind(value.as_deref()));
                    query
                        .execute(connection)
                        .await
                        .map(|done| done.rows_affected())
                }
                Link::Sqlite(connection) => {
                    let query = sqlx::query(sql);
                    let query = values
                        .iter()
                        .fold(query, |query, value| query.bind(value.as_deref()));
                    query
                        .execute(connection)
                        .await
                        .map(|done| done.rows_affected())
                }
            }
        };
        match tokio::time::timeout(limit, done).await {
            Ok(done) => done.map_err(|error| error::on_statement(&self.url, what, error)),
            Err(_) => Err(self.timed_out(what, limit)),
        }
    }
}
