//! What can go wrong with a database, mapped once from the drivers.

use comptoir_config::DatabaseUrl;
use comptoir_model::retry::Retry;
use std::path::PathBuf;
use std::time::Duration;

/// Never holds a password: drivers do not repeat it, and we do not add it.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    #[error(
        "can't reach the database server at {server}: {source}\nhint: check that it runs, that host and port are right, and that no firewall is between"
    )]
    Unreachable {
        server: String,
        source: std::io::Error,
    },
    #[error(
        "the database server at {server} is not taking connections: {reason}\nhint: try again later, or raise its limits"
    )]
    Busy { server: String, reason: String },
    #[error("{server} does not speak MySQL's protocol: {reason}\nhint: check the port")]
    Protocol { server: String, reason: String },
    #[error("the database server at {server} refuses {user}\nhint: {hint}")]
    Refused {
        server: String,
        user: String,
        hint: &'static str,
    },
    #[error(
        "there is no database `{database}` at {server}, or this user may not see it\nhint: check the name behind the last `/` of the URL"
    )]
    UnknownDatabase { server: String, database: String },
    #[error(
        "there is no database file {path}\nhint: check the path, or load data first: comptoir-batch load"
    )]
    NoFile { path: PathBuf },
    #[error("{url} has no table `{table}`{}", nearest_hint(.nearest))]
    UnknownTable {
        url: String,
        table: String,
        nearest: Vec<String>,
    },
    #[error("{url}: {what} took longer than {}\nhint: look for locks and load on the database", seconds(*.limit))]
    TimedOut {
        url: String,
        what: String,
        limit: Duration,
    },
    #[error(
        "{url}: the connection was lost during {what}: {reason}\nhint: did the server restart, or end the session? its error log tells"
    )]
    Lost {
        url: String,
        what: String,
        reason: String,
    },
    #[error("{url}: {what} failed: {reason}{}", statement_hint(*.number))]
    Statement {
        url: String,
        what: String,
        reason: String,
        /// `MySQL`'s number of the error; `None` of `SQLite`.
        number: Option<u16>,
        retry: Retry,
    },
    #[error(
        "sslMode={mode} is not known\nhint: use DISABLED, PREFERRED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY"
    )]
    SslMode { mode: String },
    #[error(
        "{url} stores its text as {encoding}\nhint: only UTF-8 is supported; `VACUUM INTO` a database whose `PRAGMA encoding` is UTF-8"
    )]
    Encoding { url: String, encoding: String },
}

impl DatabaseError {
    pub fn retry(&self) -> Retry {
        match self {
            Self::Unreachable { .. }
            | Self::Busy { .. }
            | Self::TimedOut { .. }
            | Self::Lost { .. } => Retry::CanHelp,
            Self::Statement { retry, .. } => *retry,
            Self::Protocol { .. }
            | Self::Refused { .. }
            | Self::UnknownDatabase { .. }
            | Self::NoFile { .. }
            | Self::UnknownTable { .. }
            | Self::SslMode { .. }
            | Self::Encoding { .. } => Retry::CanNot,
        }
    }

    /// A value of `table` that came in a form the driver can't read.
    pub fn value(url: &DatabaseUrl, table: &str, error: sqlx::Error) -> Self {
        on_statement(url, &format!("reading a row of `{table}`"), error)
    }

    /// Whether the server understood, and this user may not do it.
    pub fn is_denied(&self) -> bool {
        // No access to the database, to the table, without the privilege, to the routine.
        matches!(
            self,
            Self::Statement {
                number: Some(1044 | 1142 | 1227 | 1370),
                ..
            }
        )
    }

    /// Whether somebody else's lock was waited for in vain.
    pub fn is_locked_out(&self) -> bool {
        matches!(
            self,
            Self::Statement {
                number: Some(1205),
                ..
            }
        )
    }

    /// Whether the server could not be talked to at all, or no longer.
    pub fn is_unreachable(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::Busy { .. }
                | Self::Protocol { .. }
                | Self::TimedOut { .. }
                | Self::Lost { .. }
                | Self::NoFile { .. }
        )
    }
}

fn nearest_hint(nearest: &[String]) -> String {
    match nearest {
        [] => "\nhint: it has no tables that this user may see".to_owned(),
        names => {
            let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
            format!("\nhint: did you mean {}?", names.join(" or "))
        }
    }
}

/// What cures the errors that somebody else causes.
fn statement_hint(number: Option<u16>) -> &'static str {
    match number {
        // Table definition changed.
        Some(1412) => "\nhint: the table was altered after the snapshot was opened; try again",
        // Query interrupted, connection killed.
        Some(1317 | 1927) => "\nhint: somebody ended the statement or its session; try again",
        // Lock wait timeout, deadlock.
        Some(1205 | 1213) => "\nhint: somebody else holds a lock; try again",
        // Unknown table, unknown column.
        Some(1146 | 1054) => "\nhint: check its spelling, and that this user may see it",
        _ => "",
    }
}

fn seconds(limit: Duration) -> String {
    format!("{} s", limit.as_secs_f64())
}

/// The errors of connecting to `url` as `username`.
pub(crate) fn on_connect(
    url: &DatabaseUrl,
    username: Option<&str>,
    has_password: bool,
    error: sqlx::Error,
) -> DatabaseError {
    let (server, database) = match url {
        DatabaseUrl::Sqlite { .. } => return on_statement(url, "opening the database", error),
        DatabaseUrl::MySql {
            host,
            port,
            database,
            ..
        } => (format!("{host}:{port}"), database.clone()),
    };
    let user = username.map_or("a user without a name".to_owned(), |name| {
        format!("user `{name}`")
    });
    match error {
        sqlx::Error::Io(source) => DatabaseError::Unreachable { server, source },
        sqlx::Error::Database(error) => match mysql_number(error.as_ref()) {
            // Access denied: by password, by plugin; the user may not use this database.
            Some(1045 | 1698) => DatabaseError::Refused {
                server,
                user,
                hint: if has_password {
                    "check the user name and what the password file holds"
                } else {
                    "it may need a password: write it into a file (chmod 600) and give that with --password-file"
                },
            },
            Some(1044) => DatabaseError::Refused {
                server,
                user,
                hint: "the user may not use this database: `GRANT SELECT ON database.* TO user`",
            },
            Some(1130) => DatabaseError::Refused {
                server,
                user,
                hint: "the server does not allow connections from this host",
            },
            Some(1049) => DatabaseError::UnknownDatabase { server, database },
            Some(1040 | 1129 | 1203 | 1226 | 1053) => DatabaseError::Busy {
                server,
                reason: error.message().to_owned(),
            },
            _ => DatabaseError::Protocol {
                server,
                reason: error.message().to_owned(),
            },
        },
        error => DatabaseError::Protocol {
            server,
            reason: error.to_string(),
        },
    }
}

/// The errors of `what`, on an open connection.
pub(crate) fn on_statement(url: &DatabaseUrl, what: &str, error: sqlx::Error) -> DatabaseError {
    let (url, what) = (url.to_string(), what.to_owned());
    let (reason, number, retry) = match error {
        sqlx::Error::Database(error) => {
            let number = mysql_number(error.as_ref());
            let retry = match number {
                // Lock wait timeout, deadlock, table definition changed, query interrupted,
                // server shutting down.
                Some(1205 | 1213 | 1412 | 1317 | 1053 | 1927) => Retry::CanHelp,
                Some(_) => Retry::CanNot,
                // SQLite: busy and locked, in the low byte of the extended code.
                None => match error.code().and_then(|code| code.parse::<u32>().ok()) {
                    Some(code) if matches!(code & 0xff, 5 | 6) => Retry::CanHelp,
                    _ => Retry::CanNot,
                },
            };
            (error.message().to_owned(), number, retry)
        }
        sqlx::Error::Io(error) => {
            let reason = error.to_string();
            return DatabaseError::Lost { url, what, reason };
        }
        sqlx::Error::WorkerCrashed => ("the SQLite thread ended".to_owned(), None, Retry::CanHelp),
        error => (error.to_string(), None, Retry::CanNot),
    };
    DatabaseError::Statement {
        url,
        what,
        reason,
        number,
        retry,
    }
}

fn mysql_number(error: &dyn sqlx::error::DatabaseError) -> Option<u16> {
    error
        .try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>()
        .map(sqlx::mysql::MySqlDatabaseError::number)
}
