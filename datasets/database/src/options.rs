//! From a URL to what the drivers want to know.

use crate::connect::{Access, Login};
use crate::error::DatabaseError;
use comptoir_config::DatabaseUrl;
use sqlx::ConnectOptions;
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};
use sqlx::sqlite::SqliteConnectOptions;
use std::path::Path;
use std::time::Duration;

pub(crate) fn mysql(
    url: &DatabaseUrl,
    login: &Login,
) -> Result<MySqlConnectOptions, DatabaseError> {
    let mut options = MySqlConnectOptions::new()
        // As every other client sees the data: the server's own SQL mode and time zone.
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .timezone(None)
        .statement_cache_capacity(160)
        // The driver's default is root.
        .username(login.username.as_deref().unwrap_or_default())
        .disable_statement_logging();
    if let DatabaseUrl::MySql {
        host,
        port,
        database,
        properties,
    } = url
    {
        // A literal IPv6 address stands in brackets in a URL only.
        let host = host.trim_start_matches('[').trim_end_matches(']');
        options = options
            .host(host)
            .port(*port)
            .database(database)
            .ssl_mode(ssl_mode(
                properties.get("sslMode"),
                properties.get("useSSL"),
            )?);
    }
    if let Some(password) = &login.password {
        options = options.password(password.expose());
    }
    Ok(options)
}

/// JDBC's two ways to ask for TLS. By default it is used where the server offers it. A word that
/// is not known is refused: it may have been meant to be strict.
fn ssl_mode(ssl_mode: Option<&str>, use_ssl: Option<&str>) -> Result<MySqlSslMode, DatabaseError> {
    let Some(mode) = ssl_mode else {
        let never = use_ssl.is_some_and(|use_ssl| use_ssl.eq_ignore_ascii_case("false"));
        return Ok(if never {
            MySqlSslMode::Disabled
        } else {
            MySqlSslMode::Preferred
        });
    };
    match mode.to_ascii_uppercase().as_str() {
        "DISABLED" => Ok(MySqlSslMode::Disabled),
        "PREFERRED" => Ok(MySqlSslMode::Preferred),
        "REQUIRED" => Ok(MySqlSslMode::Required),
        "VERIFY_CA" => Ok(MySqlSslMode::VerifyCa),
        "VERIFY_IDENTITY" => Ok(MySqlSslMode::VerifyIdentity),
        _ => Err(DatabaseError::SslMode {
            mode: mode.to_owned(),
        }),
    }
}

pub(crate) fn sqlite(path: &Path, access: Access) -> Result<SqliteConnectOptions, DatabaseError> {
    let no_file = || DatabaseError::NoFile {
        path: path.to_owned(),
    };
    match access {
        Access::Read if !path.is_file() => return Err(no_file()),
        Access::Read => {}
        Access::Write => {
            let directory = path
                .parent()
                .filter(|parent| !parent.as_os_str().is_empty());
            directory
                .map_or(Ok(()), std::fs::create_dir_all)
                .map_err(|_| no_file())?;
        }
    }
    Ok(SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(access == Access::Write)
        .read_only(access == Access::Read)
        .busy_timeout(Duration::from_secs(10))
        .disable_statement_logging())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_tls_words_of_jdbc() {
        assert!(matches!(
            ssl_mode(None, Some("false")),
            Ok(MySqlSslMode::Disabled)
        ));
        assert!(matches!(ssl_mode(None, None), Ok(MySqlSslMode::Preferred)));
        let verify = ssl_mode(Some("verify_identity"), Some("false"));
        assert!(matches!(verify, Ok(MySqlSslMode::VerifyIdentity)));
        let unknown = ssl_mode(Some("VERIFY"), None).unwrap_err();
        assert!(unknown.to_string().contains("VERIFY_CA"), "{unknown}");
    }
}
