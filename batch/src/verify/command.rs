//! `comptoir-batch verify`: the shell around [`super::verify`].

use super::args::VerifyArgs;
use super::part::ReadError;
use super::report::Report;
use super::source::{SourceError, check_source};
use super::verify;
use crate::cli::Exit;
use crate::database::{Access, Database, Limits};
use crate::import::{Source, open_lake};
use comptoir_config::{SecretError, Settings};
use comptoir_lake::{LakeError, LakePath, Retry, published};

/// Why nothing could be said.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error("the directory: {0}")]
    Directory(LakeError),
    #[error("{url} holds no import\nhint: check the path, or import with `comptoir-batch import`")]
    NothingThere { url: String },
    /// A part is missing or has another length.
    #[error(transparent)]
    Damaged(LakeError),
    #[error(transparent)]
    Password(#[from] SecretError),
    #[error(transparent)]
    Lake(#[from] LakeError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Source(#[from] SourceError),
}

impl CommandError {
    pub fn exit(&self) -> Exit {
        match self {
            Self::Directory(_) | Self::Password(_) => Exit::Usage,
            Self::Damaged(_) => Exit::Invalid,
            Self::Lake(error) | Self::Read(ReadError::Lake(error))
                if error.retry() != Retry::CanNot =>
            {
                Exit::LakeUnreachable
            }
            Self::Source(SourceError::Database(error)) if error.is_unreachable() => {
                Exit::SourceUnreachable
            }
            Self::Lake(_) | Self::Read(_) | Self::Source(_) | Self::NothingThere { .. } => {
                Exit::Failed
            }
        }
    }
}

/// Verifies what the command line says.
pub async fn run(args: &VerifyArgs, settings: &Settings) -> Result<Report, CommandError> {
    let directory = LakePath::parse(&args.directory).map_err(CommandError::Directory)?;
    let lake = open_lake(settings).map_err(CommandError::Directory)?;
    let location = lake.url_of(&directory);
    let run = match published::open(&lake, &directory).await {
        Ok(Some(run)) => run,
        Ok(None) => return Err(CommandError::NothingThere { url: location }),
        Err(error @ LakeError::Corrupt { .. }) => return Err(CommandError::Damaged(error)),
        Err(error) => return Err(error.into()),
    };
    let mut report = verify(&run, location).await?;
    if args.against_source {
        let source = Source::of(&settings.erp)?;
        let limits = Limits::default();
        let connected = Database::connect(&source.url, &source.login, Access::Read, limits).await;
        let mut database = connected.map_err(SourceError::from)?;
        check_source(&mut database, run.manifest(), &mut report).await?;
        database.close().await;
    }
    Ok(report)
}
