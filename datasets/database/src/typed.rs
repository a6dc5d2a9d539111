//! Statements with bound values of their own types, and typed reading of what they answer.

use crate::connect::{Database, Link, each_in_time};
use crate::error::{self, DatabaseError};
use crate::rows::Row;
use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use sqlx::{AssertSqlSafe, Either, Row as _};

/// What stands in the place of a `?`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    Null,
    Integer(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

impl<'a> Value<'a> {
    pub fn text_or_null(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }

    pub fn integer_or_null(number: Option<i64>) -> Self {
        number.map_or(Self::Null, Self::Integer)
    }
}

/// Binds each value in turn; the two drivers have no type in common.
macro_rules! bound {
    ($sql:expr, $values:expr) => {{
        let mut query = sqlx::query(AssertSqlSafe($sql.to_owned()));
        for value in $values {
            query = match *value {
                Value::Null => query.bind(None::<&str>),
                Value::Integer(number) => query.bind(number),
                Value::Text(text) => query.bind(text),
                Value::Bytes(bytes) => query.bind(bytes),
            };
        }
        query
    }};
}

impl Database {
    /// Runs one prepared statement, and says how many rows it changed. `what` names it in errors.
    pub async fn run(
        &mut self,
        what: &str,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<u64, DatabaseError> {
        let limit = self.limits.statement;
        let done = async {
            match &mut self.connection {
                Link::MySql(link) => {
                    let done = bound!(sql, values).execute(link).await;
                    done.map(|done| done.rows_affected())
                }
                Link::Sqlite(link) => {
                    let done = bound!(sql, values).execute(link).await;
                    done.map(|done| done.rows_affected())
                }
            }
        };
        match tokio::time::timeout(limit, done).await {
            Ok(done) => done.map_err(|error| error::on_statement(&self.url, what, error)),
            Err(_) => Err(self.timed_out(what, limit)),
        }
    }

    /// The whole answer of one prepared statement.
    pub async fn select(
        &mut self,
        what: &str,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, DatabaseError> {
        let limit = self.limits.statement;
        let answer = async {
            match &mut self.connection {
                Link::MySql(link) => {
                    let rows = bound!(sql, values).fetch_all(link).await;
                    rows.map(|rows| rows.into_iter().map(Row::MySql).collect())
                }
                Link::Sqlite(link) => {
                    let rows = bound!(sql, values).fetch_all(link).await;
                    rows.map(|rows| rows.into_iter().map(Row::Sqlite).collect())
                }
            }
        };
        match tokio::time::timeout(limit, answer).await {
            Ok(answer) => answer.map_err(|error| error::on_statement(&self.url, what, error)),
            Err(_) => Err(self.timed_out(what, limit)),
        }
    }

    /// A long answer of one prepared statement, row by row, with a limit on the wait for each.
    pub fn select_rows<'a>(
        &'a mut self,
        what: &'a str,
        sql: &'a str,
        values: &'a [Value<'a>],
    ) -> BoxStream<'a, Result<Row, DatabaseError>> {
        let (url, limit) = (&self.url, self.limits.row);
        match &mut self.connection {
            Link::MySql(link) => {
                let rows = bound!(sql, values)
                    .fetch(link)
                    .map_ok(Either::<(), _>::Right);
                each_in_time(rows.boxed(), Row::MySql, url, what, limit)
            }
            Link::Sqlite(link) => {
                let rows = bound!(sql, values)
                    .fetch(link)
                    .map_ok(Either::<(), _>::Right);
                each_in_time(rows.boxed(), Row::Sqlite, url, what, limit)
            }
        }
    }

    /// The driver's own connection, for what is not here. Its calls have no time limit.
    pub fn link(&mut self) -> &mut Link {
        &mut self.connection
    }
}

/// Reading by type. `MySQL`'s sums are decimals: they need a `CAST(… AS SIGNED)`.
impl Row {
    pub fn integer(&self, index: usize) -> Result<i64, sqlx::Error> {
        match self {
            Self::MySql(row) => row.try_get_unchecked(index),
            Self::Sqlite(row) => row.try_get_unchecked(index),
        }
    }

    pub fn optional_integer(&self, index: usize) -> Result<Option<i64>, sqlx::Error> {
        match self {
            Self::MySql(row) => row.try_get_unchecked(index),
            Self::Sqlite(row) => row.try_get_unchecked(index),
        }
    }

    pub fn string(&self, index: usize) -> Result<&str, sqlx::Error> {
        match self {
            Self::MySql(row) => row.try_get_unchecked(index),
            Self::Sqlite(row) => row.try_get_unchecked(index),
        }
    }

    pub fn optional_string(&self, index: usize) -> Result<Option<&str>, sqlx::Error> {
        match self {
            Self::MySql(row) => row.try_get_unchecked(index),
            Self::Sqlite(row) => row.try_get_unchecked(index),
        }
    }

    pub fn bytes(&self, index: usize) -> Result<&[u8], sqlx::Error> {
        match self {
            Self::MySql(row) => row.try_get_unchecked(index),
            Self::Sqlite(row) => row.try_get_unchecked(index),
        }
    }

    pub fn optional_bytes(&self, index: usize) -> Result<Option<&[u8]>, sqlx::Error> {
        match self {
            Self::MySql(row) => row.try_get_unchecked(index),
            Self::Sqlite(row) => row.try_get_unchecked(index),
        }
    }
}
