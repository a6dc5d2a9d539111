//! Where a database is, as Sqoop's users, JDBC's users and everyone else write it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use url::Url;

/// A database without its credentials. `Display` gives a URL that can be shown anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// One protocol for `MySQL` and `MariaDB`: the server says which it is.
    MySql {
        host: String,
        port: u16,
        database: String,
        /// What followed the `?`; not shown, since some JDBC properties are secrets.
        properties: Properties,
    },
    Sqlite {
        path: PathBuf,
    },
}

/// The `name=value` pairs of a URL.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Properties(BTreeMap<String, String>);

impl Properties {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl fmt::Debug for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Why a text is no database URL. Never holds the text, which may have a password in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseUrlError {
    #[error(
        "the scheme `{0}` is not supported\nhint: use mysql://HOST:PORT/DATABASE, mariadb://…, jdbc:mysql://… or sqlite:PATH"
    )]
    Scheme(String),
    #[error("this is not a URL: {0}\nhint: use mysql://HOST:PORT/DATABASE or sqlite:PATH")]
    Syntax(String),
    #[error(
        "a password does not belong into a URL, where every user of the machine and every log can see it\nhint: write it into a file (chmod 600) and give that with --password-file, or as password_file beside the url: erp.password_file, warehouse.password_file"
    )]
    Password,
    #[error(
        "a user name does not belong into the URL\nhint: give it with --username, or as username beside the url: erp.username, warehouse.username"
    )]
    Username,
    #[error("the URL names no {0}\nhint: use mysql://HOST:PORT/DATABASE")]
    Missing(&'static str),
    #[error("the URL names no file\nhint: use sqlite:PATH or sqlite:///ABSOLUTE/PATH")]
    NoFile,
    #[error(
        "an in-memory database ends with its connection, and others can't see it\nhint: use sqlite:PATH"
    )]
    InMemory,
}

const MYSQL_PORT: u16 = 3306;

impl DatabaseUrl {
    /// Resolves a relative `SQLite` path against `base`.
    #[must_use]
    pub fn relative_to(self, base: &Path) -> Self {
        match self {
            Self::Sqlite { path } => Self::Sqlite {
                path: base.join(path),
            },
            mysql @ Self::MySql { .. } => mysql,
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlError;

    fn from_str(text: &str) -> Result<Self, DatabaseUrlError> {
        let text = text.strip_prefix("jdbc:").unwrap_or(text);
        let Some((scheme, rest)) = text.split_once(':') else {
            return Err(DatabaseUrlError::Syntax("it has no scheme".to_owned()));
        };
        match scheme {
            "sqlite" => sqlite(rest),
            "mysql" | "mariadb" => mysql(text),
            // What stands before the first colon may be a user name or worse.
            other if other.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                Err(DatabaseUrlError::Scheme(other.to_owned()))
            }
            _ => Err(DatabaseUrlError::Syntax("it has no scheme".to_owned())),
        }
    }
}

fn sqlite(rest: &str) -> Result<DatabaseUrl, DatabaseUrlError> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    match path {
        "" => Err(DatabaseUrlError::NoFile),
        ":memory:" => Err(DatabaseUrlError::InMemory),
        path => Ok(DatabaseUrl::Sqlite { path: path.into() }),
    }
}

fn mysql(text: &str) -> Result<DatabaseUrl, DatabaseUrlError> {
    let url = Url::parse(text).map_err(|error| {
        // A password with a `/`, `?` or `#` in it breaks the syntax: say what is wrong first.
        if text.contains('@') {
            DatabaseUrlError::Password
        } else {
            DatabaseUrlError::Syntax(error.to_string())
        }
    })?;
    let properties: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    if url.password().is_some() || properties.contains_key("password") {
        return Err(DatabaseUrlError::Password);
    }
    if !url.username().is_empty() || properties.contains_key("user") {
        return Err(DatabaseUrlError::Username);
    }
    let host = url.host_str().filter(|host| !host.is_empty());
    let database = url.path().trim_start_matches('/');
    if database.is_empty() {
        return Err(DatabaseUrlError::Missing("database"));
    }
    Ok(DatabaseUrl::MySql {
        host: host.ok_or(DatabaseUrlError::Missing("host"))?.to_owned(),
        port: url.port().unwrap_or(MYSQL_PORT),
        database: database.to_owned(),
        properties: Properties(properties),
    })
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MySql {
                host,
                port,
                database,
                ..
            } => write!(f, "mysql://{host}:{port}/{database}"),
            Self::Sqlite { path } if path.is_absolute() => {
                write!(f, "sqlite://{}", path.display())
            }
            Self::Sqlite { path } => write!(f, "sqlite:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<DatabaseUrl, DatabaseUrlError> {
        text.parse()
    }

    #[test]
    fn reads_the_usual_spellings_of_mysql() {
        for text in [
            "mysql://db.shop:3307/erp",
            "mariadb://db.shop:3307/erp",
            "jdbc:mysql://db.shop:3307/erp?useSSL=false",
        ] {
            assert_eq!(parse(text).unwrap().to_string(), "mysql://db.shop:3307/erp");
        }
        assert_eq!(
            parse("mysql://h/erp").unwrap().to_string(),
            "mysql://h:3306/erp"
        );
        assert_eq!(
            parse("mysql://[::1]/erp").unwrap().to_string(),
            "mysql://[::1]:3306/erp"
        );
    }

    #[test]
    fn reads_files_relative_and_absolute() {
        let path = |text| match parse(text).unwrap().relative_to(Path::new("/base")) {
            DatabaseUrl::Sqlite { path } => path.display().to_string(),
            DatabaseUrl::MySql { .. } => panic!("{text}"),
        };
        assert_eq!(path("sqlite:erp.db"), "/base/erp.db");
        assert_eq!(path("sqlite:///var/erp.db"), "/var/erp.db");
        assert_eq!(path("jdbc:sqlite:/var/erp.db"), "/var/erp.db");
    }

    #[test]
    fn refuses_a_password_and_never_repeats_it() {
        for text in [
            "mysql://shop:hunter2@h/erp",
            "mysql://shop:hunter2/x@h/erp",
            "jdbc:mysql://h/erp?user=shop&password=hunter2",
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error, DatabaseUrlError::Password, "{text}");
            assert!(!error.to_string().contains("hunter2"));
        }
        assert_eq!(parse("mysql://shop@h/erp"), Err(DatabaseUrlError::Username));
    }

    #[test]
    fn says_what_is_missing() {
        for (text, part) in [
            ("mysql://h", "database"),
            ("mysql:///erp", "host"),
            ("oracle://h/erp", "oracle"),
            ("erp.db", "scheme"),
            ("sqlite:", "file"),
            ("sqlite::memory:", "in-memory"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn properties_are_not_shown() {
        let url = parse("mysql://h/erp?trustCertificateKeyStorePassword=hunter2").unwrap();
        assert!(!format!("{url} {url:?}").contains("hunter2"));
    }
}
