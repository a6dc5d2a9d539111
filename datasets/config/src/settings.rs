//! Stage two: from what was written to settings that are known to be right. Pure.

use crate::address::{Address, Addresses};
use crate::check::{
    Reader, address, between, count, database, lake_path, level, listen, milliseconds, parse, path,
    seconds, text, time_zone, topic, transport, unless, web_root,
};
use crate::database_url::DatabaseUrl;
use crate::error::ConfigError;
use crate::key::Key;
use crate::lake_url::LakeUrl;
use crate::raw::RawSettings;
use crate::transport_url::TransportUrl;
use comptoir_model::money::Currency;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Every setting, checked. Paths are absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What embedded parts write goes here. Default `.comptoir` in the working directory.
    pub data_dir: PathBuf,
    pub shop: Shop,
    pub erp: ErpSettings,
    pub lake: LakeSettings,
    pub import: ImportSettings,
    pub jobs: JobsSettings,
    pub views: ViewsSettings,
    pub warehouse: WarehouseSettings,
    pub transport: TransportSettings,
    pub speed: SpeedSettings,
    pub archive: ArchiveSettings,
    pub reconcile: ReconcileSettings,
    pub logship: LogshipSettings,
    pub web: WebSettings,
    pub health: HealthSettings,
    pub log: LogSettings,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shop {
    /// The currency of the ERP's amounts. Default EUR.
    pub currency: Currency,
    /// Where the shop's days begin and end. Default Europe/Paris.
    pub time_zone: TimeZone,
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
pub struct JobsSettings {
    /// The batch jobs. Default `jobs.toml` in the working directory; what `comptoir-batch job`
    /// saves lies beside it, in `jobs.d`.
    pub file: PathBuf,
}

/// The batch views.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewsSettings {
    /// Views of the operator's own, a `.sql` file each; `None` without any. A file there takes the
    /// place of the shipped view of its name.
    pub dir: Option<PathBuf>,
    /// The directory in the lake under which each view's result lies. Default `/gold`.
    pub target_dir: String,
    /// The same of results that are rows of the archive, cleaned. Default `/silver`.
    pub silver_dir: String,
    /// The directory in the lake under which references lie, such as `products`. Default
    /// `/reference`.
    pub reference_dir: String,
    /// Rules for live events, `[[event]]` of a `quality.toml`; `None` without any.
    pub quality_file: Option<PathBuf>,
    /// What sorts, groups and joins may hold in memory, in MiB, 1 to 65,536; what is more goes to
    /// `<data_dir>/views`. Default 256.
    pub memory_mb: u32,
    /// How long the live run waits for the archive to come as far as the views sink. Default 60 s.
    pub wait: Duration,
    /// From one start of all views to the next, in a process that keeps running; `None`: never.
    /// Default 300 s.
    pub every: Option<Duration>,
}

/// The database that serves the dashboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WarehouseSettings {
    /// Default `sqlite:<data_dir>/warehouse.db`.
    pub url: DatabaseUrl,
    pub username: Option<String>,
    pub password_file: Option<PathBuf>,
}

/// Where live events come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransportSettings {
    /// Default `jsonl:<data_dir>/live`.
    pub url: TransportUrl,
    /// Default `transactions`.
    pub topic: String,
    /// Of a topic that we create, 1 to 1024. Default 3.
    pub partitions: u32,
    /// How many brokers keep each record of a topic that we create. Default 1.
    pub replication: u32,
    /// A file of librdkafka's properties, `name=value` a line, for TLS and SASL.
    pub kafka_properties: Option<PathBuf>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpeedSettings {
    /// Of the views sink's `/metrics`. Default `127.0.0.1:8081`; others than this machine are let
    /// in by `speed.allow_remote`.
    pub listen: SocketAddr,
    /// The processes of a group share the topic's partitions. Default `comptoir-views`.
    pub group: String,
    /// How long dead letters stay in the warehouse once the archive counts them, 1 to 36,500 days;
    /// `None`, the default: for ever.
    pub dead_letters_keep: Option<Duration>,
}

/// The sink that keeps every live event in the lake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveSettings {
    /// The table's directory, an absolute path inside the lake. Default `/bronze/transactions`.
    pub dir: String,
    /// Of the sink's `/metrics`. Default `127.0.0.1:8083`; others than this machine are let in by
    /// `archive.allow_remote`.
    pub listen: SocketAddr,
    /// The processes of a group share the topic's partitions. Default `comptoir-archive`.
    pub group: String,
    /// How long records wait for others before they are committed together. Default 10 s.
    pub every: Duration,
    /// So many records of one partition are committed at once, however short they waited, 1 to
    /// 1,000,000. Default 400,000.
    pub records: u32,
    /// How often one of the sinks joins the table's small files and deletes those that no version
    /// names any more; `None`: never. Default 1 h.
    pub upkeep_every: Option<Duration>,
    /// For how many days an event's row stays once the live run and the incremental views have it,
    /// 9 to 36,500; `None`, the default: for ever.
    pub keep_days: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReconcileSettings {
    /// How often one of the archive sinks holds the log, the archive and the warehouse against each
    /// other; what is older than two turns is told. `None`: never. Default 300 s.
    pub every: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogshipSettings {
    /// Of the newest lines and `/metrics`. Default `127.0.0.1:8082`; others than this machine are
    /// let in by `logship.allow_remote`.
    pub listen: SocketAddr,
    /// The log that is shipped. Default `log.file`; `None` if that is `none`.
    pub source: Option<PathBuf>,
    /// An absolute path inside the lake, which may end in times, as `/%Y/%m/%d/%H`. Default
    /// `/user/flume/logs`.
    pub target_dir: String,
    /// A cache: the archive itself is the checkpoint. Default `<data_dir>/logship`.
    pub state_dir: PathBuf,
    /// The private key that signs sealed segments, made at the first start. Default
    /// `<state_dir>/signing-key.pem`.
    pub signing_key_file: PathBuf,
    /// A directory, local or `hdfs://…`, that keeps the head of each chain of segments, and that
    /// the archive's user can't change. Default none.
    pub anchor_dir: Option<String>,
    /// Pieces of that age are sealed, if they were not before. Default a day.
    pub seal_after: Duration,
    /// Shipped bytes are made durable that often, at most a minute. Default 0: at once.
    pub hsync_every: Duration,
}

/// What is watched besides the parts that have settings of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthSettings {
    /// `ZooKeeper`'s servers, empty where there is none.
    pub zookeeper: Vec<Address>,
    /// The root of its `AdminServer`, as `http://127.0.0.1:2182`.
    pub zookeeper_admin_url: Option<String>,
    /// The root of the `NameNode`'s web server, as `http://127.0.0.1:9870`.
    pub namenode_url: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSettings {
    /// Default `127.0.0.1:8080`. Where other machines reach it, users are needed, or
    /// `allow_remote_without_login`.
    pub listen: SocketAddr,
    /// Others than this machine may read everything, and nobody is asked who they are. Default
    /// false.
    pub allow_remote_without_login: bool,
    /// Users, tokens and sessions. Default `<data_dir>/access`.
    pub access_dir: PathBuf,
    /// PEM files: a chain of certificates, and the private key of its first one. Both or none.
    pub tls_certificate: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    /// Where the log shipper serves the newest lines. Default `http://<logship.listen>`.
    pub logs_url: String,
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
const ARCHIVE_RECORDS_MAX: u32 = 1_000_000;
/// A hundred years.
const KEEP_DAYS_MAX: u32 = 36_500;
/// The archive is asked for figures by the minute of 8 days.
pub const ARCHIVE_KEEP_DAYS_MIN: u32 = 9;
const VIEWS_MEMORY_MB_MAX: u32 = 65_536;
const PARTITIONS_MAX: u32 = 1024;
const REPLICATION_MAX: u32 = 16;

impl Settings {
    /// Checks everything and names everything that is wrong. `working_dir` is absolute.
    pub fn resolve(raw: RawSettings, working_dir: &Path) -> Result<Self, ConfigError> {
        let mut reader = Reader::of(raw);
        let data_dir = reader
            .read(Key::DataDir, path)
            .unwrap_or(working_dir.join(".comptoir"));
        let log = LogSettings {
            level: reader
                .read(Key::LogLevel, level)
                .unwrap_or("info".to_owned()),
            file: reader
                .read(Key::LogFile, unless("none", path))
                .unwrap_or(Some(data_dir.join("log/app.log"))),
        };
        let state_dir = reader
            .read(Key::LogshipStateDir, path)
            .unwrap_or(data_dir.join("logship"));
        let logship = LogshipSettings {
            listen: listener(
                &mut reader,
                Key::LogshipListen,
                Key::LogshipAllowRemote,
                8082,
            ),
            source: reader
                .read(Key::LogshipSource, path)
                .or_else(|| log.file.clone()),
            target_dir: reader
                .read(Key::LogshipTargetDir, lake_path)
                .unwrap_or("/user/flume/logs".to_owned()),
            signing_key_file: reader
                .read(Key::LogshipSigningKeyFile, path)
                .unwrap_or(state_dir.join("signing-key.pem")),
            anchor_dir: reader.read(Key::LogshipAnchorDir, text),
            seal_after: reader
                .read(Key::LogshipSealAfterS, seconds)
                .unwrap_or(Duration::from_hours(24)),
            hsync_every: reader
                .read(Key::LogshipHsyncEveryMs, milliseconds(60_000))
                .unwrap_or(Duration::ZERO),
            state_dir,
        };
        let settings = Self {
            shop: Shop {
                currency: reader
                    .read(Key::ShopCurrency, parse)
                    .unwrap_or(Currency::EUR),
                time_zone: reader
                    .read(Key::ShopTimeZone, time_zone)
                    .or_else(|| TimeZoneDatabase::bundled().get("Europe/Paris").ok())
                    .unwrap_or(TimeZone::UTC),
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
                mappers: reader
                    .read(Key::ImportMappers, count(MAPPERS_MAX))
                    .unwrap_or(4),
                every: reader
                    .read(Key::ImportEveryS, unless("never", seconds))
                    .unwrap_or(Some(Duration::from_hours(1))),
            },
            jobs: JobsSettings {
                file: reader
                    .read(Key::JobsFile, path)
                    .unwrap_or(working_dir.join("jobs.toml")),
            },
            views: ViewsSettings {
                dir: reader.read(Key::ViewsDir, path),
                target_dir: reader
                    .read(Key::ViewsTargetDir, lake_path)
                    .unwrap_or("/gold".to_owned()),
                silver_dir: reader
                    .read(Key::ViewsSilverDir, lake_path)
                    .unwrap_or("/silver".to_owned()),
                reference_dir: reader
                    .read(Key::ViewsReferenceDir, lake_path)
                    .unwrap_or("/reference".to_owned()),
                quality_file: reader.read(Key::ViewsQualityFile, path),
                memory_mb: reader
                    .read(Key::ViewsMemoryMb, count(VIEWS_MEMORY_MB_MAX))
                    .unwrap_or(256),
                wait: reader
                    .read(Key::ViewsWaitS, seconds)
                    .unwrap_or(Duration::from_mins(1)),
                every: reader
                    .read(Key::ViewsEveryS, unless("never", seconds))
                    .unwrap_or(Some(Duration::from_mins(5))),
            },
            warehouse: WarehouseSettings {
                url: reader
                    .read(Key::WarehouseUrl, database)
                    .unwrap_or(DatabaseUrl::Sqlite {
                        path: data_dir.join("warehouse.db"),
                    }),
                username: reader.read(Key::WarehouseUsername, text),
                password_file: reader.read(Key::WarehousePasswordFile, path),
            },
            transport: TransportSettings {
                url: reader
                    .read(Key::TransportUrl, transport)
                    .unwrap_or(TransportUrl::Jsonl(data_dir.join("live"))),
                topic: reader
                    .read(Key::TransportTopic, topic)
                    .unwrap_or("transactions".to_owned()),
                partitions: reader
                    .read(Key::TransportPartitions, count(PARTITIONS_MAX))
                    .unwrap_or(3),
                replication: reader
                    .read(Key::TransportReplication, count(REPLICATION_MAX))
                    .unwrap_or(1),
                kafka_properties: reader.read(Key::TransportKafkaProperties, path),
            },
            speed: SpeedSettings {
                listen: listener(&mut reader, Key::SpeedListen, Key::SpeedAllowRemote, 8081),
                group: reader
                    .read(Key::SpeedGroup, text)
                    .unwrap_or("comptoir-views".to_owned()),
                dead_letters_keep: reader
                    .read(
                        Key::SpeedDeadLettersKeepDays,
                        unless("for ever", count(KEEP_DAYS_MAX)),
                    )
                    .flatten()
                    .map(|days| Duration::from_hours(24 * u64::from(days))),
            },
            archive: ArchiveSettings {
                dir: reader
                    .read(Key::ArchiveDir, lake_path)
                    .unwrap_or("/bronze/transactions".to_owned()),
                listen: listener(
                    &mut reader,
                    Key::ArchiveListen,
                    Key::ArchiveAllowRemote,
                    8083,
                ),
                group: reader
                    .read(Key::ArchiveGroup, text)
                    .unwrap_or("comptoir-archive".to_owned()),
                every: reader
                    .read(Key::ArchiveEveryS, seconds)
                    .unwrap_or(Duration::from_secs(10)),
                records: reader
                    .read(Key::ArchiveRecords, count(ARCHIVE_RECORDS_MAX))
                    .unwrap_or(400_000),
                upkeep_every: reader
                    .read(Key::ArchiveUpkeepEveryS, unless("never", seconds))
                    .unwrap_or(Some(Duration::from_hours(1))),
                keep_days: reader
                    .read(
                        Key::ArchiveKeepDays,
                        unless("for ever", between(ARCHIVE_KEEP_DAYS_MIN, KEEP_DAYS_MAX)),
                    )
                    .flatten(),
            },
            reconcile: ReconcileSettings {
                every: reader
                    .read(Key::ReconcileEveryS, unless("never", seconds))
                    .unwrap_or(Some(Duration::from_mins(5))),
            },
            web: WebSettings {
                // Whether there are users is not known before their file is read.
                listen: (reader.read(Key::WebListen, address))
                    .unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))),
                allow_remote_without_login: reader
                    .read(Key::WebAllowRemoteWithoutLogin, parse)
                    .unwrap_or(false),
                access_dir: reader
                    .read(Key::WebAccessDir, path)
                    .unwrap_or(data_dir.join("access")),
                tls_certificate: reader.read(Key::WebTlsCertificate, path),
                tls_key: reader.read(Key::WebTlsKey, path),
                logs_url: reader
                    .read(Key::WebLogsUrl, web_root)
                    .unwrap_or_else(|| format!("http://{}", logship.listen)),
            },
            health: HealthSettings {
                zookeeper: reader
                    .read(Key::HealthZookeeper, parse::<Addresses>)
                    .map(Addresses::into_vec)
                    .unwrap_or_default(),
                zookeeper_admin_url: reader.read(Key::HealthZookeeperAdminUrl, web_root),
                namenode_url: reader.read(Key::HealthNamenodeUrl, web_root),
            },
            logship,
            log,
            data_dir,
        };
        reader.finish(settings)
    }
}

fn listener(reader: &mut Reader, key: Key, allow_remote: Key, port: u16) -> SocketAddr {
    let allowed = reader.read(allow_remote, parse).unwrap_or(false);
    reader
        .read(key, listen((allow_remote, allowed)))
        .unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
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
        assert_eq!(
            settings.warehouse.url.to_string(),
            "sqlite:///home/shop/.comptoir/warehouse.db"
        );
        assert_eq!(
            settings.transport.url.to_string(),
            "jsonl:/home/shop/.comptoir/live"
        );
        assert_eq!(settings.logship.source, settings.log.file);
        assert_eq!(settings.web.logs_url, "http://127.0.0.1:8082");
        assert_eq!(settings.shop.time_zone.iana_name(), Some("Europe/Paris"));
        assert_eq!(settings.health.zookeeper, []);
        assert_eq!(settings.jobs.file, Path::new("/home/shop/jobs.toml"));
        assert_eq!((settings.views.dir, settings.views.memory_mb), (None, 256));
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
            ("[shop]\ntime_zone = \"Paris\"", "Europe/Paris"),
            ("[transport]\nurl = \"kafka:host\"", "kafka:HOST:PORT"),
            ("[transport]\ntopic = \"a b\"", "letters"),
            ("[transport]\npartitions = 0", "1 to 1024"),
            ("[logship]\ntarget_dir = \"logs\"", "absolute path"),
            ("[web]\nlogs_url = \"127.0.0.1:8082\"", "http://"),
            ("[health]\nzookeeper = \"zk\"", "HOST:PORT"),
            (
                "[health]\nnamenode_url = \"http://u:p@nn:9870\"",
                "password",
            ),
        ] {
            let message = message(contents);
            assert!(message.contains(part), "{contents}: {message}");
        }
    }

    #[test]
    fn other_machines_read_without_a_login_only_on_purpose() {
        let settings = resolve("[web]\nlisten = \"0.0.0.0:8080\"").unwrap();
        assert_eq!(settings.web.listen.to_string(), "0.0.0.0:8080");
        assert!(!settings.web.allow_remote_without_login);
        let earlier = message("[web]\nallow_remote = true");
        assert!(
            earlier.contains("web.allow_remote_without_login"),
            "{earlier}"
        );
        let wrong = message("[web]\nallow_remote_without_login = \"yes\"");
        assert!(wrong.contains("`yes`"), "{wrong}");
    }

    #[test]
    fn each_listener_is_opened_to_others_by_itself() {
        for section in ["speed", "archive", "logship"] {
            let listen = format!("[{section}]\nlisten = \"0.0.0.0:1\"\n");
            let others = "[web]\nallow_remote_without_login = true";
            let refused = message(&format!("{listen}{others}"));
            let cure = format!("{section}.allow_remote = true");
            assert!(refused.contains(&cure), "{refused}");
            resolve(&format!("{listen}allow_remote = true")).unwrap();
        }
    }

    #[test]
    fn the_log_shipper_is_where_it_listens_and_ships_what_is_logged() {
        let settings = resolve("[logship]\nlisten = \"127.0.0.1:99\"\n[log]\nfile = \"x.log\"");
        let settings = settings.unwrap();
        assert_eq!(settings.web.logs_url, "http://127.0.0.1:99");
        assert_eq!(
            settings.logship.source.as_deref(),
            Some(Path::new("/etc/comptoir/x.log"))
        );
        let silent = resolve("[log]\nfile = \"none\"").unwrap();
        assert_eq!(silent.logship.source, None);
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
            for section in ["erp", "warehouse"] {
                let message = message(&format!("[{section}]\nurl = \"{url}\""));
                assert!(message.contains("password_file"), "{message}");
                assert!(!message.contains("hunter2"), "{message}");
            }
        }
    }

    #[test]
    fn words_switch_parts_off() {
        let settings = resolve("[import]\nevery_s = \"never\"\n[log]\nfile = \"none\"").unwrap();
        assert_eq!((settings.import.every, settings.log.file), (None, None));
    }
}
