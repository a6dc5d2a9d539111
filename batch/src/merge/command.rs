//! `comptoir-batch merge`: two imports into a third.

use super::args::MergeArgs;
use super::{KeyOrder, Merge, MergeError, carry_set_aside};
use crate::cli::Exit;
use crate::import::{directory, open_lake, user};
use comptoir_config::{Settings, clock};
use comptoir_lake::publish::Publication;
use comptoir_lake::published::{self, PublishedRun};
use comptoir_lake::{Lake, LakeError, LakePath, Retry};
use comptoir_model::ids::RunId;
use comptoir_model::manifest::{Appended, Manifest};

/// Why nothing was merged.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error("the directory: {0}")]
    Directory(LakeError),
    #[error("{url} holds no import\nhint: check the path, or import with `comptoir-batch import`")]
    NothingThere { url: String },
    #[error("{url} exists already\nhint: choose another --target-dir")]
    TargetExists { url: String },
    #[error(transparent)]
    Merge(#[from] MergeError),
}

impl From<LakeError> for CommandError {
    fn from(error: LakeError) -> Self {
        Self::Merge(error.into())
    }
}

impl CommandError {
    pub fn exit(&self) -> Exit {
        match self {
            Self::Directory(_) => Exit::Usage,
            Self::Merge(MergeError::Lake(error)) if error.retry() != Retry::CanNot => {
                Exit::LakeUnreachable
            }
            Self::NothingThere { .. } | Self::TargetExists { .. } | Self::Merge(_) => Exit::Failed,
        }
    }
}

/// Merges what the command line says, which `line` is, for the manifest; a line for people.
pub async fn run(
    args: &MergeArgs,
    settings: &Settings,
    line: Vec<String>,
) -> Result<String, CommandError> {
    let user = user();
    let path = |text: &str| directory(text, &user).map_err(CommandError::Directory);
    let (newer, older) = (path(&args.new_data)?, path(&args.onto)?);
    let target = path(&args.target_dir)?;
    let lake = open_lake(settings).map_err(CommandError::Directory)?;
    if lake.stat(&target).await?.is_some() {
        return Err(CommandError::TargetExists {
            url: lake.url_of(&target),
        });
    }
    let newer = open(&lake, &newer).await?;
    let older = open(&lake, &older).await?;
    let run = RunId::new(clock::now(), clock::random_u32());
    let publication = Publication::begin(&lake, &target, run.clone()).await?;
    let order = args.sqoop_compat.then_some(KeyOrder::Bytes);
    let merged = async {
        let mut merge = Merge::new(newer.manifest(), &args.merge_key, order)?;
        merge.take_published(&older).await?;
        merge.take_published(&newer).await?;
        let part = merge.finish(&publication).await?;
        let mut quarantine = carry_set_aside(&newer, &publication).await?;
        quarantine.extend(carry_set_aside(&older, &publication).await?);
        Ok::<_, MergeError>((part, quarantine))
    };
    let (part, quarantine) = match merged.await {
        Ok(merged) => merged,
        Err(error) => {
            if let Err(error) = publication.abandon().await {
                tracing::debug!(%error, "could not delete the unfinished run");
            }
            return Err(error.into());
        }
    };
    let manifest = Manifest {
        run,
        parts: vec![part],
        quarantine,
        appended: Appended::default(),
        incremental: None,
        arguments: line,
        ..newer.manifest().clone()
    };
    publication.commit(&manifest, clock::now()).await?;
    Ok(format!(
        "merged {} and {} rows into {} in {}",
        older.manifest().rows(),
        newer.manifest().rows(),
        manifest.rows(),
        lake.url_of(&target)
    ))
}

async fn open(lake: &Lake, directory: &LakePath) -> Result<PublishedRun, CommandError> {
    let opened = published::open(lake, directory).await?;
    opened.ok_or_else(|| CommandError::NothingThere {
        url: lake.url_of(directory),
    })
}
