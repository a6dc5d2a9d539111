//! What the text of a setting has to be, and the reader that notes every text that is not.

use crate::database_url::DatabaseUrl;
use crate::error::{ConfigError, Fault, Faults};
use crate::key::Key;
use crate::raw::{RawSettings, RawValue};
use crate::transport_url::TransportUrl;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use tracing_subscriber::EnvFilter;
use url::Url;

/// Gives the values one by one, and keeps what is wrong with them.
pub(crate) struct Reader {
    values: BTreeMap<Key, RawValue>,
    faults: Vec<Fault>,
}

impl Reader {
    pub(crate) fn of(raw: RawSettings) -> Self {
        let (values, faults) = raw.into_parts();
        Self { values, faults }
    }

    /// `None` where nothing was given, and where what was given is wrong, which is then noted.
    pub(crate) fn read<T>(
        &mut self,
        key: Key,
        check: impl Fn(&RawValue) -> Result<T, String>,
    ) -> Option<T> {
        let raw = self.values.remove(&key)?;
        match check(&raw) {
            Ok(value) => Some(value),
            Err(reason) => {
                self.faults.push(Fault::Value {
                    origin: raw.origin,
                    key,
                    value: without_credentials(&raw.text),
                    reason,
                });
                None
            }
        }
    }

    /// The settings, if nothing was wrong.
    pub(crate) fn finish<T>(self, settings: T) -> Result<T, ConfigError> {
        if self.faults.is_empty() {
            Ok(settings)
        } else {
            Err(ConfigError::Settings(Faults(self.faults)))
        }
    }
}

/// What can be shown of a text that may be a URL: nothing between `//` and `@`, nothing from `?`.
fn without_credentials(text: &str) -> String {
    let shown = text.split_inclusive('?').next().unwrap_or_default();
    let user = shown.find("//").map(|at| at + 2).zip(shown.rfind('@'));
    match user {
        Some((start, end)) if start < end => format!("{}***{}", &shown[..start], &shown[end..]),
        _ => shown.to_owned(),
    }
}

pub(crate) fn text(raw: &RawValue) -> Result<String, String> {
    let text = raw.text.trim();
    if text.is_empty() {
        return Err("it is empty\nhint: leave the setting out to have its default".to_owned());
    }
    Ok(text.to_owned())
}

pub(crate) fn parse<T: FromStr<Err: Display>>(raw: &RawValue) -> Result<T, String> {
    text(raw)?
        .parse()
        .map_err(|error: T::Err| error.to_string())
}

pub(crate) fn path(raw: &RawValue) -> Result<PathBuf, String> {
    Ok(raw.base.join(text(raw)?))
}

pub(crate) fn database(raw: &RawValue) -> Result<DatabaseUrl, String> {
    Ok(parse::<DatabaseUrl>(raw)?.relative_to(&raw.base))
}

/// `None` for the one word, else the value.
pub(crate) fn unless<T>(
    word: &'static str,
    check: impl Fn(&RawValue) -> Result<T, String>,
) -> impl Fn(&RawValue) -> Result<Option<T>, String> {
    move |raw| {
        if raw.text.trim() == word {
            return Ok(None);
        }
        check(raw).map(Some)
    }
}

pub(crate) fn seconds(raw: &RawValue) -> Result<Duration, String> {
    let expected = "a number of seconds is expected, from 0.1 to 31536000 (a year)";
    let seconds: f64 = text(raw)?.parse().map_err(|_| expected.to_owned())?;
    if (0.1..=31_536_000.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(expected.to_owned())
    }
}

/// From 0 to `max`.
pub(crate) fn milliseconds(max: u32) -> impl Fn(&RawValue) -> Result<Duration, String> {
    move |raw| {
        (text(raw)?.parse().ok())
            .filter(|milliseconds: &u32| *milliseconds <= max)
            .map(|milliseconds| Duration::from_millis(milliseconds.into()))
            .ok_or_else(|| format!("a number of milliseconds is expected, from 0 to {max}"))
    }
}

/// From 1 to `max`.
pub(crate) fn count(max: u32) -> impl Fn(&RawValue) -> Result<u32, String> {
    between(1, max)
}

/// From `min` to `max`.
pub(crate) fn between(min: u32, max: u32) -> impl Fn(&RawValue) -> Result<u32, String> {
    move |raw| {
        (text(raw)?.parse().ok())
            .filter(|number| (min..=max).contains(number))
            .ok_or_else(|| format!("a number from {min} to {max} is expected"))
    }
}

/// As a topic of Kafka may be called, which is also fit for a file.
pub(crate) fn topic(raw: &RawValue) -> Result<String, String> {
    let name = text(raw)?;
    let known = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if name.len() <= 249 && name.chars().all(known) && name != "." && name != ".." {
        Ok(name)
    } else {
        Err("letters, digits, `.`, `_` and `-` are expected, at most 249".to_owned())
    }
}

/// One of the IANA's names. They are part of this program: machines without them, as small
/// containers are, count the same days.
pub(crate) fn time_zone(raw: &RawValue) -> Result<TimeZone, String> {
    TimeZoneDatabase::bundled()
        .get(&text(raw)?)
        .map_err(|_| "a time zone is expected, like Europe/Paris or UTC".to_owned())
}

pub(crate) fn transport(raw: &RawValue) -> Result<TransportUrl, String> {
    Ok(parse::<TransportUrl>(raw)?.relative_to(&raw.base))
}

/// The root of a web server, without a `/` at its end.
pub(crate) fn web_root(raw: &RawValue) -> Result<String, String> {
    let expected = "a web address is expected, like http://127.0.0.1:8082";
    let url = Url::parse(&text(raw)?).map_err(|_| expected.to_owned())?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "nobody asks for a password there\nhint: leave out everything from `//` to `@`"
                .to_owned(),
        );
    }
    if !["http", "https"].contains(&url.scheme()) || url.query().is_some() {
        return Err(expected.to_owned());
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

pub(crate) fn lake_path(raw: &RawValue) -> Result<String, String> {
    let path = text(raw)?;
    if path.starts_with('/') && path.len() > 1 {
        Ok(path)
    } else {
        Err("an absolute path inside the lake is expected, like /user/sqoop/sales".to_owned())
    }
}

/// An address and a port, whoever reaches it.
pub(crate) fn address(raw: &RawValue) -> Result<SocketAddr, String> {
    let expected = "an address and a port are expected, like 127.0.0.1:8080";
    text(raw)?.parse().map_err(|_| expected.to_owned())
}

/// `allow_remote` is the setting that lets other machines in, and what it says.
pub(crate) fn listen(
    allow_remote: (Key, bool),
) -> impl Fn(&RawValue) -> Result<SocketAddr, String> {
    move |raw| {
        let address = address(raw)?;
        let (key, allowed) = allow_remote;
        if address.ip().is_loopback() || allowed {
            return Ok(address);
        }
        Err(format!(
            "other machines could read the figures there without a password\nhint: listen on 127.0.0.1 behind a proxy that asks for one, or set {key} = true"
        ))
    }
}

pub(crate) fn level(raw: &RawValue) -> Result<String, String> {
    let level = text(raw)?;
    match EnvFilter::try_new(&level) {
        Ok(_) => Ok(level),
        Err(error) => Err(format!(
            "{error}\nhint: use error, warn, info, debug or trace, or a filter like info,comptoir_lake=debug"
        )),
    }
}
