//! One connection to a database.

use crate::error::{self, DatabaseError};
use crate::options;
use crate::rows::Row;
use comptoir_config::{DatabaseUrl, Secret};
use futures::ready;
use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use sqlx::mysql::MySqlConnection;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection, Either};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;
use tokio::time::Sleep;

/// An open connection. Dropping it ends the session, and with it an open transaction.
#[derive(Debug)]
pub struct Database {
    pub(crate) connection: Link,
    pub(crate) url: DatabaseUrl,
    pub(crate) limits: Limits,
    /// The server's product and version: `MariaDB 10.11.19`, `SQLite 3.50.2`.
    pub server: String,
}

/// The driver's connection.
#[derive(Debug)]
pub enum Link {
    /// `MySQL` or `MariaDB`.
    MySql(MySqlConnection),
    Sqlite(SqliteConnection),
}

/// Whose server it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    MySql,
    MariaDb,
    Sqlite,
}

/// Who connects.
#[derive(Clone, Debug, Default)]
pub struct Login {
    pub username: Option<String>,
    pub password: Option<Secret>,
}

/// What the connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing is written and no file is made.
    Read,
    /// A missing `SQLite` file is made, with the directories above it.
    Write,
}

/// How long a call may take before it is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// To connect and log in.
    pub connect: Duration,
    /// For each small statement: descriptions, bounds, the start and end of a transaction.
    pub statement: Duration,
    /// Between two rows of a long answer. The first one of a big table can take a while.
    pub row: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            statement: Duration::from_mins(2),
            row: Duration::from_mins(10),
        }
    }
}

impl Database {
    pub async fn connect(
        url: &DatabaseUrl,
        login: &Login,
        access: Access,
        limits: Limits,
    ) -> Result<Self, DatabaseError> {
        let opened = tokio::time::timeout(limits.connect, open(url, login, access)).await;
        let connection = match opened {
            Ok(opened) => opened?,
            Err(_) => {
                return Err(match url {
                    DatabaseUrl::MySql { host, port, .. } => DatabaseError::Unreachable {
                        server: format!("{host}:{port}"),
                        source: std::io::Error::new(
                            std::io::ErrorKind::TimedOut,
                            format!("no answer within {} s", limits.connect.as_secs_f64()),
                        ),
                    },
                    DatabaseUrl::Sqlite { .. } => DatabaseError::TimedOut {
                        url: url.to_string(),
                        what: "opening the database".to_owned(),
                        limit: limits.connect,
                    },
                });
            }
        };
        let mut database = Self {
            connection,
            url: url.clone(),
            limits,
            server: String::new(),
        };
        database.server = database.ask_version().await?;
        database.check_encoding().await?;
        Ok(database)
    }

    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    pub fn product(&self) -> Product {
        match self.connection {
            Link::Sqlite(_) => Product::Sqlite,
            Link::MySql(_) if self.server.starts_with("MariaDB") => Product::MariaDb,
            Link::MySql(_) => Product::MySql,
        }
    }

    /// Runs statements that answer nothing. `what` names them in errors: "opening the snapshot".
    pub async fn execute(&mut self, what: &str, sql: &str) -> Result<(), DatabaseError> {
        let limit = self.limits.statement;
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        let done = async {
            match &mut self.connection {
                Link::MySql(connection) => sql.execute(connection).await.map(drop),
                Link::Sqlite(connection) => sql.execute(connection).await.map(drop),
            }
        };
        match tokio::time::timeout(limit, done).await {
            Ok(done) => done.map_err(|error| error::on_statement(&self.url, what, error)),
            Err(_) => Err(self.timed_out(what, limit)),
        }
    }

    /// A small answer as a whole.
    pub async fn fetch_all(&mut self, what: &str, sql: &str) -> Result<Vec<Row>, DatabaseError> {
        let (url, limit) = (self.url.clone(), self.limits.statement);
        match tokio::time::timeout(limit, stream(&mut self.connection, sql).try_collect()).await {
            Ok(rows) => rows.map_err(|error| error::on_statement(&url, what, error)),
            Err(_) => Err(self.timed_out(what, limit)),
        }
    }

    /// A long answer, row by row, with a limit on the wait for each. Memory stays bounded: the
    /// server is read only as fast as rows are taken.
    pub fn rows<'a>(
        &'a mut self,
        what: &'a str,
        sql: &str,
    ) -> BoxStream<'a, Result<Row, DatabaseError>> {
        let Self {
            connection,
            url,
            limits,
            ..
        } = self;
        let (url, limit) = (&*url, limits.row);
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        // Not by way of `stream`: of millions of rows each layer between shows.
        match connection {
            Link::MySql(link) => each_in_time(sql.fetch_many(link), Row::MySql, url, what, limit),
            Link::Sqlite(link) => each_in_time(sql.fetch_many(link), Row::Sqlite, url, what, limit),
        }
    }

    /// Ends the session in order. An error here can't undo anything, so there is none.
    pub async fn close(self) {
        let closing = async {
            match self.connection {
                Link::MySql(connection) => connection.close().await,
                Link::Sqlite(connection) => connection.close().await,
            }
        };
        match tokio::time::timeout(self.limits.connect, closing).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "closing the database"),
            Err(_) => tracing::debug!("closing the database took too long"),
        }
    }

    async fn ask_version(&mut self) -> Result<String, DatabaseError> {
        let sql = match self.connection {
            Link::MySql(_) => "SELECT VERSION()",
            Link::Sqlite(_) => "SELECT sqlite_version()",
        };
        let what = "asking for the server's version";
        let rows = self.fetch_all(what, sql).await?;
        let version = self.text(what, rows.first(), 0)?.unwrap_or_default();
        Ok(match self.connection {
            Link::MySql(_) => product(&version),
            Link::Sqlite(_) => format!("SQLite {version}"),
        })
    }

    /// `SQLite` gives text in the encoding of its file; everything here takes UTF-8.
    async fn check_encoding(&mut self) -> Result<(), DatabaseError> {
        if let Link::MySql(_) = self.connection {
            return Ok(());
        }
        let what = "asking for the encoding";
        let rows = self.fetch_all(what, "PRAGMA encoding").await?;
        match self.text(what, rows.first(), 0)? {
            Some(encoding) if encoding != "UTF-8" => Err(DatabaseError::Encoding {
                url: self.url.to_string(),
                encoding,
            }),
            _ => Ok(()),
        }
    }

    /// One value of a small answer as text; `None` is NULL, or no such row.
    pub fn text(
        &self,
        what: &str,
        row: Option<&Row>,
        index: usize,
    ) -> Result<Option<String>, DatabaseError> {
        let Some(row) = row else { return Ok(None) };
        let value = row.get(index);
        let value = value.map_err(|error| error::on_statement(&self.url, what, error))?;
        Ok(value.to_text())
    }

    pub(crate) fn timed_out(&self, what: &str, limit: Duration) -> DatabaseError {
        DatabaseError::TimedOut {
            url: self.url.to_string(),
            what: what.to_owned(),
            limit,
        }
    }
}

/// Text protocol: `MySQL`'s own bytes of each value, without a detour over Rust types.
fn stream<'a>(connection: &'a mut Link, sql: &str) -> BoxStream<'a, Result<Row, sqlx::Error>> {
    let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
    match connection {
        Link::MySql(connection) => sql.fetch(connection).map_ok(Row::MySql).boxed(),
        Link::Sqlite(connection) => sql.fetch(connection).map_ok(Row::Sqlite).boxed(),
    }
}

async fn open(url: &DatabaseUrl, login: &Login, access: Access) -> Result<Link, DatabaseError> {
    let map = |error| {
        error::on_connect(
            url,
            login.username.as_deref(),
            login.password.is_some(),
            error,
        )
    };
    match url {
        DatabaseUrl::MySql { .. } => {
            let options = options::mysql(url, login)?;
            Ok(Link::MySql(
                MySqlConnection::connect_with(&options).await.map_err(map)?,
            ))
        }
        DatabaseUrl::Sqlite { path } => {
            let options = options::sqlite(path, access)?;
            Ok(Link::Sqlite(
                SqliteConnection::connect_with(&options)
                    .await
                    .map_err(map)?,
            ))
        }
    }
}

/// `10.11.19-MariaDB-log` and `9.7.4` as people say them.
fn product(version: &str) -> String {
    match version.split_once("-MariaDB") {
        Some((number, _)) => format!("MariaDB {number}"),
        None => format!("MySQL {version}"),
    }
}

/// Rows with a limit on the wait for each. Nothing comes after an error.
pub(crate) fn each_in_time<'a, Done: 'a, Theirs: 'a>(
    rows: BoxStream<'a, Result<Either<Done, Theirs>, sqlx::Error>>,
    ours: fn(Theirs) -> Row,
    url: &'a DatabaseUrl,
    what: &'a str,
    limit: Duration,
) -> BoxStream<'a, Result<Row, DatabaseError>> {
    let mut rows = rows;
    // Runs only while a row is awaited: most are there already.
    let mut waiting: Option<Pin<Box<Sleep>>> = None;
    let mut has_failed = false;
    futures::stream::poll_fn(move |context| {
        if has_failed {
            return Poll::Ready(None);
        }
        let row = loop {
            match rows.as_mut().poll_next(context) {
                Poll::Ready(Some(Ok(Either::Right(row)))) => break Some(Ok(ours(row))),
                // A statement of several is done.
                Poll::Ready(Some(Ok(Either::Left(_)))) => {}
                Poll::Ready(Some(Err(error))) => {
                    break Some(Err(error::on_statement(url, what, error)));
                }
                Poll::Ready(None) => break None,
                Poll::Pending => {
                    let running =
                        waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
                    ready!(running.as_mut().poll(context));
                    break Some(Err(DatabaseError::TimedOut {
                        url: url.to_string(),
                        what: what.to_owned(),
                        limit,
                    }));
                }
            }
        };
        waiting = None;
        has_failed = matches!(row, Some(Err(_)));
        Poll::Ready(row)
    })
    .boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_product() {
        assert_eq!(product("10.11.19-MariaDB-log"), "MariaDB 10.11.19");
        assert_eq!(product("9.7.4"), "MySQL 9.7.4");
    }
}
