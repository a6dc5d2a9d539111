//! What is shipped, and where to.

use super::error::ShipError;
use super::plan::Limits;
use super::rotation::Rotation;
use comptoir_config::{Settings, read_secret_file};
use comptoir_lake::{LakeError, LakePath};
use comptoir_warehouse::{self as warehouse, Login, Warehouse};
use std::path::PathBuf;
use std::time::Duration;

/// A heartbeat that takes longer is dropped for the next one.
const WAREHOUSE_LIMITS: warehouse::Limits = warehouse::Limits {
    connect: Duration::from_secs(3),
    statement: Duration::from_secs(5),
    row: Duration::from_secs(5),
};

#[derive(Clone, Debug)]
pub struct ShipRequest {
    /// The log; rotated siblings beside it are shipped too.
    pub source: PathBuf,
    /// The directory of all logs; the source's own lies in it and has the log's file name.
    pub target_dir: LakePath,
    /// Where the local cache lies.
    pub state_dir: PathBuf,
    pub limits: Limits,
    /// `None` leaves rotation to others.
    pub rotation: Option<Rotation>,
    /// Where the shipper shows that it lives; `None` shows it nowhere.
    pub warehouse: Option<Warehouse>,
}

impl ShipRequest {
    /// The platform's own log is rotated, others are left to who writes them.
    pub fn of(settings: &Settings) -> Result<Self, ShipError> {
        let source = settings.logship.source.clone().ok_or(ShipError::NoSource)?;
        let is_ours = settings.log.file.as_ref() == Some(&source);
        let password = (settings.warehouse.password_file.as_deref())
            .map(read_secret_file)
            .transpose()?;
        let login = Login {
            username: settings.warehouse.username.clone(),
            password,
        };
        let warehouse = Warehouse::new(settings.warehouse.url.clone(), login, WAREHOUSE_LIMITS);
        Ok(Self {
            source,
            target_dir: LakePath::parse(&settings.logship.target_dir)?,
            state_dir: settings.logship.state_dir.clone(),
            limits: Limits::default(),
            rotation: is_ours.then(Rotation::default),
            warehouse: Some(warehouse),
        })
    }

    /// The source's own directory in the lake.
    pub fn directory(&self) -> Result<LakePath, ShipError> {
        Ok(self.target_dir.join(self.name()?)?)
    }

    pub(super) fn name(&self) -> Result<&str, ShipError> {
        let name = self.source.file_name().and_then(|name| name.to_str());
        name.ok_or_else(|| ShipError::NoFile {
            path: self.source.display().to_string(),
        })
    }
}

impl From<LakeError> for ShipError {
    fn from(error: LakeError) -> Self {
        Self::Archive(error.into())
    }
}
