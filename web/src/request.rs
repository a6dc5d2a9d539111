//! Everything that the server needs, in one place.

use crate::access::AccessRequest;
use crate::lake::{Root, named_roots};
use crate::logs::LogArchivePlace;
use crate::tls::{TlsError, TlsFiles};
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
    /// The directories of the lake that are shown.
    pub lake_roots: Vec<Root>,
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
    /// Who may see what.
    pub access: AccessRequest,
    /// Nothing is encrypted without.
    pub tls: Option<TlsFiles>,
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
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl ServeRequest {
    /// What the settings say. Reads the password files.
    pub fn of(settings: &Settings, lake: Lake) -> Result<Self, RequestError> {
        let erp = &settings.erp;
        let (certificate, key) = (&settings.web.tls_certificate, &settings.web.tls_key);
        Ok(Self {
            lake,
            sales: LakePath::parse(&settings.import.target_dir)?,
            lake_roots: named_roots(settings)?,
            currency: settings.shop.currency,
            zone: settings.shop.time_zone.clone(),
            warehouse: Self::warehouse_of(settings)?,
            erp_url: erp.url.clone(),
            erp_login: login(erp.username.as_ref(), erp.password_file.as_ref())?,
            transport: settings.transport.clone(),
            logs_url: settings.web.logs_url.clone(),
            log_archive: log_archive(settings)?,
            health: settings.health.clone(),
            reconcile_every: settings.reconcile.every,
            access: AccessRequest::of(settings),
            tls: TlsFiles::of(certificate.clone(), key.clone())?,
            now: clock::now,
        })
    }

    /// The warehouse that the settings name. Reads its password file.
    pub fn warehouse_of(settings: &Settings) -> Result<Warehouse, SecretError> {
        let (name, file) = (
            &settings.warehouse.username,
            &settings.warehouse.password_file,
        );
        let login = login(name.as_ref(), file.as_ref())?;
        let url = settings.warehouse.url.clone();
        Ok(Warehouse::new(url, login, WAREHOUSE_LIMITS))
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
