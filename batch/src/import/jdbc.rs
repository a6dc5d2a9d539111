//! The properties behind the `?` of a JDBC URL. Pure.
//!
//! Those of TLS are read where the connection is made.

use super::columns::{TinyInt1, YearAs};
use super::dates::ZeroDates;
use comptoir_config::DatabaseUrl;

/// What they say about values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct JdbcProperties {
    pub(super) zero_dates: Option<ZeroDates>,
    pub(super) tiny_int_1: TinyInt1,
    pub(super) year: YearAs,
    /// A line for each property that nobody knows here.
    pub(super) notices: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the property {name} of the URL is `{value}`, which is not known\nhint: use {known}")]
pub struct JdbcError {
    pub name: &'static str,
    pub value: String,
    pub known: &'static str,
}

/// How a Java driver talks, which no value depends on; and what the connection reads itself.
const WITHOUT_EFFECT: &[&str] = &[
    "allowLoadLocalInfile",
    "allowMultiQueries",
    "allowPublicKeyRetrieval",
    "autoReconnect",
    "autoReconnectForPools",
    "cacheServerConfiguration",
    "characterEncoding",
    "characterSetResults",
    "connectTimeout",
    "connectionCollation",
    "defaultFetchSize",
    "dontTrackOpenResources",
    "failOverReadOnly",
    "maxReconnects",
    "netTimeoutForStreamingResults",
    "requireSSL",
    "rewriteBatchedStatements",
    "socketTimeout",
    "sslMode",
    "tcpKeepAlive",
    "useCompression",
    "useCursorFetch",
    "useSSL",
    "useServerPrepStmts",
    "useUnicode",
    "verifyServerCertificate",
];

pub(super) fn parse(url: &DatabaseUrl) -> Result<JdbcProperties, JdbcError> {
    let mut parsed = JdbcProperties::default();
    let DatabaseUrl::MySql { properties, .. } = url else {
        return Ok(parsed);
    };
    for name in properties.names() {
        let value = properties.get(name).unwrap_or_default();
        match name {
            "zeroDateTimeBehavior" => parsed.zero_dates = Some(zero_dates(value)?),
            "tinyInt1isBit" => {
                let is_bit = boolean("tinyInt1isBit", value)?;
                parsed.tiny_int_1 = if is_bit {
                    TinyInt1::Boolean
                } else {
                    TinyInt1::Number
                };
            }
            "yearIsDateType" => {
                let is_date = boolean("yearIsDateType", value)?;
                parsed.year = if is_date {
                    YearAs::Date
                } else {
                    YearAs::Number
                };
            }
            name if WITHOUT_EFFECT.contains(&name) => {}
            name => {
                let notice =
                    format!("the property {name} of the URL is not known and has no effect");
                parsed.notices.push(notice);
            }
        }
    }
    Ok(parsed)
}

fn zero_dates(value: &str) -> Result<ZeroDates, JdbcError> {
    match value.to_ascii_lowercase().replace('_', "").as_str() {
        "converttonull" => Ok(ZeroDates::Null),
        "round" => Ok(ZeroDates::Round),
        "exception" => Ok(ZeroDates::Refuse),
        _ => Err(JdbcError {
            name: "zeroDateTimeBehavior",
            value: value.to_owned(),
            known: "convertToNull, round or exception",
        }),
    }
}

fn boolean(name: &'static str, value: &str) -> Result<bool, JdbcError> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "yes" => Ok(true),
        "false" | "no" => Ok(false),
        _ => Err(JdbcError {
            name,
            value: value.to_owned(),
            known: "true or false",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(query: &str) -> Result<JdbcProperties, JdbcError> {
        parse(&format!("jdbc:mysql://h/erp?{query}").parse().unwrap())
    }

    #[test]
    fn reads_what_changes_values() {
        let read = parsed("zeroDateTimeBehavior=round&tinyInt1isBit=false&characterEncoding=UTF-8");
        let read = read.unwrap();
        assert_eq!(read.zero_dates, Some(ZeroDates::Round));
        assert_eq!(read.tiny_int_1, TinyInt1::Number);
        assert!(read.notices.is_empty(), "{:?}", read.notices);
    }

    #[test]
    fn names_what_it_does_not_know() {
        assert_eq!(parsed("frobnicate=1").unwrap().notices.len(), 1);
        let error = parsed("tinyInt1isBit=perhaps").unwrap_err().to_string();
        assert!(
            error.contains("tinyInt1isBit of the URL is `perhaps`"),
            "{error}"
        );
    }
}
