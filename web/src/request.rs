//! Everything that the server needs, in one place.

use crate::logs::LogArchivePlace;
use comptoir_config::{
    DatabaseUrl, HealthSettings, SecretError, Settings, TransportSettings, clock, read_secret_file,
};
use comptoir_database::{Limits, Login};
use comptoir_lake::{Lake, LakeError, LakeOptions, LakePath};
use comptoir_logship::seal::anchor::Anchor;
use comptoir_logship::seal::keys::KeyFiles;
use comptoir_logship::ship::{ShipError, target_dir};
use comptoir_model::money::Currency;
use comptoir_warehouse::Warehouse;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// For each call of the live reader and of requests: a page does not wait for longer.
const WAREHOUSE_LIMITS: Limits = Limits {
    connect: Duration::from_secs(3),
    statement: Duration::from_secs(20),
    row: Duration::from_secs(20),
};

/// What is served, from where, and what is watched.
#[derive(Clone, Debug)]
pub struct ServeRequest {
    pub lake: Lake,
    /// The directory of the lake that sales are imported to.
    pub sales: LakePath,
    /// Of the sales.
    pub currency: Currency,
    /// Where the live page's days begin and end.
    pub zone: TimeZone,
    pub warehouse: Warehouse,
    pub erp_url: DatabaseUrl,
    pub erp_login: Login,
    pub transport: TransportSettings,
    /// The root of the log shipper's HTTP server.
    pub logs_url: String,
    pub log_archive: LogArchivePlace,
    pub health: HealthSettings,
    /// How often the archive sinks look at the log and the archive.
    pub reconcile_every: Option<Duration>,
    /// The time of day; tests have their own.
    pub now: fn() -> Timestamp,
}

/// Settings that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Lake(#[from] LakeError),
    #[error(transparent)]
    Logs(#[from] ShipError),
}

impl ServeRequest {
    /// What the settings say. Reads the password files.
    pub fn of(settings: &Settings, lake: Lake) -> Result<Self, RequestError> {
        let warehouse = &settings.warehouse;
        let login = login(
            warehouse.username.as_ref(),
            warehouse.password_file.as_ref(),
        )?;
        let erp = &settings.erp;
        Ok(Self {
            lake,
            sales: LakePath::parse(&settings.import.target_dir)?,
            currency: settings.shop.currency,
            zone: settings.shop.time_zone.clone(),
            warehouse: Warehouse::new(warehouse.url.clone(), login, WAREHOUSE_LIMITS),
            erp_url: erp.url.clone(),
            erp_login: self::login(erp.username.as_ref(), erp.password_file.as_ref())?,
            transport: settings.transport.clone(),
            logs_url: settings.web.logs_url.clone(),
            log_archive: log_archive(settings)?,
            health: settings.health.clone(),
            reconcile_every: settings.reconcile.every,
            now: clock::now,
        })
    }
}

fn log_archive(settings: &Settings) -> Result<LogArchivePlace, RequestError> {
    let options = LakeOptions {
        timeout: settings.lake.timeout,
        hadoop_conf_dir: settings.lake.hadoop_conf_dir.clone(),
    };
    let (directory, _) = target_dir(settings)?;
    let anchor = settings.logship.anchor_dir.as_ref();
    Ok(LogArchivePlace {
        directory,
        public_key: KeyFiles::new(settings.logship.signing_key_file.clone()).public(),
        anchor: anchor
            .map(|place| Anchor::open(place, options))
            .transpose()?,
    })
}

fn login(username: Option<&String>, password_file: Option<&PathBuf>) -> Result<Login, SecretError> {
    let password = password_file.map(|path: &PathBuf| read_secret_file(Path::new(path)));
    Ok(Login {
        username: username.cloned(),
        password: password.transpose()?,
    })
}
