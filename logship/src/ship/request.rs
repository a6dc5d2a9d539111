//! What is shipped, and where to.

use super::error::ShipError;
use super::plan::Limits;
use super::rotation::Rotation;
use crate::seal::{SealSettings, Times};
use crate::sources::{Files, OPEN_PIECES_MAX, Source, SourcesFile, Template};
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
    pub sources: Vec<Source>,
    /// Where the local cache lies.
    pub state_dir: PathBuf,
    pub limits: Limits,
    /// Pieces that are written at the same time, of all logs. Default 64.
    pub open_pieces_max: usize,
    pub runs: Runs,
    pub seal: SealSettings,
    /// Where the shipper shows that it lives; `None` shows it nowhere.
    pub warehouse: Option<Warehouse>,
}

/// For how long a shipper runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    UntilStopped,
    /// Until what is there is archived.
    Once,
}

impl ShipRequest {
    /// Of the one log that the settings name. The platform's own is rotated, others are left to who
    /// writes them.
    pub fn of(settings: &Settings) -> Result<Self, ShipError> {
        let path = settings.logship.source.clone().ok_or(ShipError::NoSource)?;
        let is_ours = settings.log.file.as_ref() == Some(&path);
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| ShipError::NoFile {
            path: path.display().to_string(),
        })?;
        let (above, times) = target_dir(settings)?;
        let source = Source {
            name: name.to_owned(),
            directory: above.join(name)?,
            times,
            rotation: is_ours.then(Rotation::default),
            poll: None,
            files: Files::one(path),
        };
        Self::with(settings, vec![source], Limits::default())
    }

    /// Of the sources that a file lists.
    pub fn of_file(settings: &Settings, file: SourcesFile) -> Result<Self, ShipError> {
        let request = Self::with(settings, file.sources, Limits::of_many())?;
        Ok(Self {
            open_pieces_max: file.open_pieces_max,
            ..request
        })
    }

    fn with(settings: &Settings, sources: Vec<Source>, limits: Limits) -> Result<Self, ShipError> {
        let password = (settings.warehouse.password_file.as_deref())
            .map(read_secret_file)
            .transpose()?;
        let login = Login {
            username: settings.warehouse.username.clone(),
            password,
        };
        let warehouse = Warehouse::new(settings.warehouse.url.clone(), login, WAREHOUSE_LIMITS);
        Ok(Self {
            sources,
            state_dir: settings.logship.state_dir.clone(),
            limits: Limits {
                sync_every: settings.logship.hsync_every,
                ..limits
            },
            open_pieces_max: OPEN_PIECES_MAX,
            runs: Runs::UntilStopped,
            seal: SealSettings::of(settings)?,
            warehouse: Some(warehouse),
        })
    }

    /// The archive of the only log, or the directory of those of a pattern.
    pub fn directory(&self) -> Result<LakePath, ShipError> {
        let source = self.sources.first().ok_or(ShipError::NoSource)?;
        Ok(source.directory.clone())
    }
}

/// The directory of all logs, by the settings, and those of times below each log's.
pub fn target_dir(settings: &Settings) -> Result<(LakePath, Times), ShipError> {
    Template::of_settings(&settings.logship.target_dir).map_err(|fault| ShipError::TargetDir {
        fault: Box::new(fault),
    })
}

impl From<LakeError> for ShipError {
    fn from(error: LakeError) -> Self {
        Self::Archive(error.into())
    }
}
