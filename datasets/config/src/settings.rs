//! Stage two: from what was written to settings that are known to be right. Pure.

use crate::database_url::DatabaseUrl;
use crate::error::{ConfigError, Fault, Faults};
use crate::key::Key;
use crate::lake_url::LakeUrl;
use crate::raw::{RawSettings, RawValue};
use comptoir_model::money::Currency;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;
use tracing_subscriber::EnvFilter;

/// Every setting, checked. Paths are absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What embedded parts write goes here. Default `.comptoir` in the working directory.
    pub data_dir: PathBuf,
    pub shop: Shop,
    pub erp: ErpSettings,
    pub lake: LakeSettings,
    pub import: ImportSettings,
    pub web: WebSettings,
    pub log: LogSettings,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shop {
    /// The currency of the ERP's amounts. Default EUR.
    pub currency: Currency,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErpSettings {
    /// Default `sqlite:<data_dir>/erp.db`.
    pub url: DatabaseUrl,
    pub username: Option<String>,
    pub password_file: Option<PathBuf>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LakeSettings {
    /// Default `file://<data_dir>/lake`.
    pub url: LakeUrl,
    /// Where `core-site.xml` and `hdfs-site.xml` lie; needed for nameservices and Kerberos.
    pub hadoop_conf_dir: Option<PathBuf>,
    /// For each call to the lake. Default 10 s.
    pub timeout: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportSettings {
    /// The ERP's table. Default `sales`.
    pub table: String,
    /// An absolute path inside the lake. Default `/user/sqoop/sales`.
    pub target_dir: String,
    /// How many parts an import makes at most, 1 to 64. Default 4.
    pub mappers: u32,
    /// From one start to the next, in a process that keeps running; `None` imports once, at the
    /// start. Default 3600 s.
    pub every: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSettings {
    /// Default `127.0.0.1:8080`. Others than this machine are reached only with
    /// `web.allow_remote = true`, because nobody is asked for a password.
    pub listen: SocketAddr,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// `error`, `warn`, `info`, `debug` or `trace`, or a filter as in `info,comptoir_lake=debug`.
    /// Default `info`.
    pub level: String,
    /// Where lines are appended as JSON as well. Default `<data_dir>/log/app.log`; `None` if the
    /// setting is `none`.
    pub file: Option<PathBuf>,
}

const MAPPERS_MAX: u32 = 64;

impl Settings {
    /// Checks everything and names everything that is wrong. `working_dir` is absolute.
    pub fn resolve(raw: RawSettings, working_dir: &Path) -> Result<Self, ConfigError> {
        let (values, faults) = raw.into_parts();
        let mut reader = Reader { values, faults };
        let data_dir = reader
            .read(Key::DataDir, path)
            .unwrap_or(working_dir.join(".comptoir"));
        let allow_remote = reader.read(Key::WebAllowRemote, parse).unwrap_or(false);
        let settings = Self {
            shop: Shop {
                currency: reader
                    .read(Key::ShopCurrency, parse)
                    .unwrap_or(Currency::EUR),
            },
            erp: ErpSettings {
                url: reader
                    .read(Key::ErpUrl, database)
                    .unwrap_or(DatabaseUrl::Sqlite {
                        path: data_dir.join("erp.db"),
                    }),
                username: reader.read(Key::ErpUsername, text),
                password_file: reader.read(Key::ErpPasswordFile, path),
            },
            lake: LakeSettings {
                url: reader
                    .read(Key::LakeUrl, parse)
                    .unwrap_or(LakeUrl::Local(data_dir.join("lake"))),
                hadoop_conf_dir: reader.read(Key::LakeHadoopConfDir, path),
                timeout: reader
                    .read(Key::LakeTimeoutS, seconds)
                    .unwrap_or(Duration::from_secs(10)),
            },
            import: ImportSettings {
                table: reader
                    .read(Key::ImportTable, text)
                    .unwrap_or("sales".to_owned()),
                target_dir: reader
                    .read(Key::ImportTargetDir, lake_path)
                    .unwrap_or("/user/sqoop/sales".to_owned()),
                mappers: reader.read(Key::ImportMappers, mappers).unwrap_or(4),
                every: reader
                    .read(Key::ImportEveryS, unless("never", seconds))
                    .unwrap_or(Some(Duration::from_hours(1))),
            },
            web: WebSettings {
                listen: reader
                    .read(Key::WebListen, |raw| listen(raw, allow_remote))
                    .unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))),
            },
            log: LogSettings {
                level: reader
                    .read(Key::LogLevel, level)
                    .unwrap_or("info".to_owned()),
                file: reader
                    .read(Key::LogFile, unless("none", path))
                    .unwrap_or(Some(data_dir.join("log/app.log"))),
            },
            data_dir,
        };
        if reader.faults.is_empty() {
            Ok(settings)
        } else {
            Err(ConfigError::Settings(Faults(reader.faults)))
        }
    }
}

struct Reader {
    values: BTreeMap<Key, RawValue>,
    faults: Vec<Fault>,
}

impl Reader {
    /// `None` where nothing was given, and where what was given is wrong, which is then noted.
    fn read<T>(&mut self, key: Key, check: impl Fn(&RawValue) -> Result<T, String>) -> Option<T> {
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

fn text(raw: &RawValue) -> Result<String, String> {
    let text = raw.text.trim();
    if text.is_empty() {
        return Err("it is empty\nhint: leave the setting out to have its default".to_owned());
    }
    Ok(text.to_owned())
}

fn parse<T: FromStr<Err: Display>>(raw: &RawValue) -> Result<T, String> {
    text(raw)?
        .parse()
        .map_err(|error: T::Err| error.to_string())
}

fn path(raw: &RawValue) -> Result<PathBuf, String> {
    Ok(raw.base.join(text(raw)?))
}

fn database(raw: &RawValue) -> Result<DatabaseUrl, String> {
    Ok(parse::<DatabaseUrl>(raw)?.relative_to(&raw.base))
}

/// `None` for the one word, else the value.
fn unless<T>(
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

fn seconds(raw: &RawValue) -> Result<Duration, String> {
    let expected = "a number of seconds is expected, from 0.1 to 31536000 (a year)";
    let seconds: f64 = text(raw)?.parse().map_err(|_| expected.to_owned())?;
    if (0.1..=31_536_000.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(expected.to_owned())
    }
}

fn mappers(raw: &RawValue) -> Result<u32, String> {
    (text(raw)?.parse().ok())
        .filter(|count| (1..=MAPPERS_MAX).contains(count))
        .ok_or_else(|| format!("a number from 1 to {MAPPERS_MAX} is expected"))
}

fn lake_path(raw: &RawValue) -> Result<String, String> {
    let path = text(raw)?;
    if path.starts_with('/') && path.len() > 1 {
        Ok(path)
    } else {
        Err("an absolute path inside the lake is expected, like /user/sqoop/sales".to_owned())
    }
}

fn listen(raw: &RawValue, allow_remote: bool) -> Result<SocketAddr, String> {
    let address: SocketAddr = (text(raw)?.parse())
        .map_err(|_| "an address and a port are expected, like 127.0.0.1:8080".to_owned())?;
    if address.ip().is_loopback() || allow_remote {
        return Ok(address);
    }
    Err(
        "other machines could read the figures there without a password\nhint: listen on 127.0.0.1 behind a proxy that asks for one, or set web.allow_remote = true"
            .to_owned(),
    )
}

fn level(raw: &RawValue) -> Result<String, String> {
    let level = text(raw)?;
    match EnvFilter::try_new(&level) {
        Ok(_) => Ok(level),
        Err(error) => Err(format!(
            "{error}\nhint: use error, warn, info, debug or trace, or a filter like info,comptoir_lake=debug"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(contents: &str) -> Result<Settings, ConfigError> {
        let mut raw = RawSettings::default();
        raw.add_toml(Path::new("/etc/comptoir/comptoir.toml"), contents)
            .unwrap();
        Settings::resolve(raw, Path::new("/home/shop"))
    }

    fn message(contents: &str) -> String {
        resolve(contents).unwrap_err().to_string()
    }

    #[test]
    fn everything_has_a_default_below_the_data_directory() {
        let settings = resolve("").unwrap();
        assert_eq!(settings.data_dir, Path::new("/home/shop/.comptoir"));
        assert_eq!(
            settings.erp.url.to_string(),
            "sqlite:///home/shop/.comptoir/erp.db"
        );
        assert_eq!(
            settings.lake.url.to_string(),
            "file:///home/shop/.comptoir/lake"
        );
        assert_eq!(settings.web.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(settings.import.every, Some(Duration::from_hours(1)));
    }

    #[test]
    fn a_relative_path_is_relative_to_the_file_it_stands_in() {
        let settings = resolve("data_dir = \"data\"\n[erp]\nurl = \"sqlite:erp.db\"").unwrap();
        assert_eq!(settings.data_dir, Path::new("/etc/comptoir/data"));
        assert_eq!(
            settings.erp.url.to_string(),
            "sqlite:///etc/comptoir/erp.db"
        );
        assert_eq!(
            settings.lake.url.to_string(),
            "file:///etc/comptoir/data/lake"
        );
    }

    #[test]
    fn names_origin_key_value_and_cure() {
        assert_eq!(
            message("[import]\nmappers = 0"),
            "/etc/comptoir/comptoir.toml:2: import.mappers = `0`: a number from 1 to 64 is expected"
        );
        for (contents, part) in [
            ("[lake]\ntimeout_s = 0", "0.1"),
            ("[lake]\ntimeout_s = \"NaN\"", "seconds"),
            ("[lake]\nurl = \"hdfs://h/user\"", "import.target_dir"),
            ("[web]\nlisten = \"8080\"", "127.0.0.1:8080"),
            ("[shop]\ncurrency = \"euro\"", "EUR"),
            ("[import]\ntarget_dir = \"sales\"", "/user/sqoop/sales"),
            ("[log]\nlevel = \"a=b=c\"", "debug"),
            ("[erp]\nusername = \"\"", "empty"),
        ] {
            let message = message(contents);
            assert!(message.contains(part), "{contents}: {message}");
        }
    }

    #[test]
    fn other_machines_are_let_in_only_on_purpose() {
        let listen = "[web]\nlisten = \"0.0.0.0:8080\"\n";
        let refused = message(listen);
        assert!(refused.contains("allow_remote = true"), "{refused}");
        let settings = resolve(&format!("{listen}allow_remote = true")).unwrap();
        assert_eq!(settings.web.listen.to_string(), "0.0.0.0:8080");
        assert!(message("[web]\nallow_remote = \"yes\"").contains("`yes`"));
    }

    #[test]
    fn names_all_faults_at_once() {
        let message = message("[import]\nmappers = 0\n[web]\nlisten = \"x\"\nport = 1");
        assert_eq!(
            message.matches("/etc/comptoir/comptoir.toml:").count(),
            3,
            "{message}"
        );
    }

    #[test]
    fn a_password_in_a_url_is_refused_and_not_repeated() {
        for url in [
            "mysql://shop:hunter2@h/erp",
            "mysql://h/erp?user=u&password=hunter2",
        ] {
            let message = message(&format!("[erp]\nurl = \"{url}\""));
            assert!(message.contains("password_file"), "{message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn words_switch_parts_off() {
        let settings = resolve("[import]\nevery_s = \"never\"\n[log]\nfile = \"none\"").unwrap();
        assert_eq!((settings.import.every, settings.log.file), (None, None));
    }
}
