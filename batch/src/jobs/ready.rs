//! From a job as it is written to one that can run: its settings and its request, checked before
//! anything is touched.

use super::error::{Fault, JobsError};
use super::file::{ImportJob, Job, Work};
use crate::cli::Exit;
use crate::import::{self, Composed, ImportArgs, ImportError};
use crate::report::TellError;
#[cfg(feature = "views")]
use crate::{jobs::ViewsJob, views};
use comptoir_config::{ConfigError, DatabaseUrl, SecretError, Settings, Sources, read_secret_file};
use comptoir_model::ids::JobName;
use comptoir_warehouse::{Limits, Login, Warehouse, WarehouseError};

/// Why a command about jobs ended before, or beside, the jobs themselves.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Jobs(#[from] JobsError),
    #[error("the job `{job}`: {source}")]
    Settings { job: JobName, source: ConfigError },
    #[error("the job `{job}`: {source}")]
    Usage {
        job: JobName,
        source: Box<import::CommandError>,
    },
    #[error("the warehouse: {0}")]
    Password(#[from] SecretError),
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    #[error(transparent)]
    Access(#[from] import::CommandError),
    #[error(transparent)]
    Import(#[from] ImportError),
    #[cfg(feature = "views")]
    #[error(transparent)]
    Views(#[from] Box<views::CommandError>),
    #[error(transparent)]
    Tell(#[from] TellError),
    #[error(
        "`{tool}` can't be saved as a job\nhint: comptoir-batch job --create {name} -- import --table …"
    )]
    NotAnImport { name: String, tool: String },
    #[error(
        "{flag} takes nothing behind `--`\nhint: leave that out, or give it to --create or --exec"
    )]
    NothingBehind { flag: &'static str },
    #[error(
        "--quiet, --json and --metrics-file are of --exec, which runs a job\nhint: leave them out"
    )]
    OfExec,
}

impl CommandError {
    pub fn exit(&self) -> Exit {
        match self {
            Self::Jobs(_)
            | Self::Settings { .. }
            | Self::Usage { .. }
            | Self::Password(_)
            | Self::NotAnImport { .. }
            | Self::NothingBehind { .. }
            | Self::OfExec => Exit::Usage,
            Self::Warehouse(_) | Self::Tell(_) => Exit::Failed,
            Self::Access(error) => error.exit(),
            Self::Import(error) => error.exit(),
            #[cfg(feature = "views")]
            Self::Views(error) => error.exit(),
        }
    }
}

impl From<std::io::Error> for CommandError {
    fn from(error: std::io::Error) -> Self {
        Self::Tell(TellError::Output(error))
    }
}

/// A job whose flags and settings mean something together.
pub(super) struct Ready<'a> {
    pub(super) job: &'a Job,
    pub(super) settings: Settings,
    pub(super) work: ReadyWork<'a>,
}

pub(super) enum ReadyWork<'a> {
    Import {
        args: &'a ImportArgs,
        composed: Box<Composed>,
    },
    #[cfg(feature = "views")]
    Views(&'a ViewsJob),
}

impl<'a> Ready<'a> {
    /// `sources` are those of the command that runs it; the job's own flags beat them.
    pub(super) fn of(job: &'a Job, sources: &Sources) -> Result<Self, CommandError> {
        match &job.work {
            Work::Import(import) => Self::of_import(job, import, sources),
            #[cfg(feature = "views")]
            Work::Views(views) => Self::of_views(job, views, sources),
            #[cfg(not(feature = "views"))]
            Work::Views(_) => {
                let name = job.name.clone();
                Err(Fault::WithoutViews { job: name }
                    .at(job.origin.clone())
                    .into())
            }
        }
    }

    #[cfg(feature = "views")]
    fn of_views(
        job: &'a Job,
        views: &'a ViewsJob,
        sources: &Sources,
    ) -> Result<Self, CommandError> {
        let settings = load(job, sources)?;
        views::check(views, &settings).map_err(|error| {
            let (job_name, message) = (job.name.clone(), error.to_string());
            Fault::Flags {
                job: job_name,
                message,
            }
            .at(job.origin.clone())
        })?;
        Ok(Self {
            job,
            settings,
            work: ReadyWork::Views(views),
        })
    }

    fn of_import(
        job: &'a Job,
        import: &'a ImportJob,
        sources: &Sources,
    ) -> Result<Self, CommandError> {
        let ImportJob { line, args } = import;
        let sources = sources.clone().relative_to(&job.directory);
        let settings = load(job, &args.add_to(sources))?;
        if has_password(&settings.erp.url) {
            let name = job.name.clone();
            return Err(Fault::Password { job: name }.at(job.origin.clone()).into());
        }
        let line = std::iter::once("import".to_owned()).chain(line.iter().cloned());
        let composed = import::check(args, &settings, &job.directory, line).map_err(|source| {
            let job = job.name.clone();
            CommandError::Usage {
                job,
                source: Box::new(source),
            }
        })?;
        Ok(Self {
            job,
            settings,
            work: ReadyWork::Import {
                args,
                composed: Box::new(composed),
            },
        })
    }
}

fn load(job: &Job, sources: &Sources) -> Result<Settings, CommandError> {
    Settings::load(sources).map_err(|source| {
        let job = job.name.clone();
        CommandError::Settings { job, source }
    })
}

/// Of a key store, say: the URL is kept as it was written.
fn has_password(url: &DatabaseUrl) -> bool {
    match url {
        DatabaseUrl::Sqlite { .. } => false,
        DatabaseUrl::MySql { properties, .. } => {
            (properties.names()).any(|name| name.to_lowercase().contains("password"))
        }
    }
}

/// Where the runs are recorded; nothing is connected yet.
pub(crate) fn warehouse(settings: &Settings) -> Result<Warehouse, SecretError> {
    let settings = &settings.warehouse;
    let password = settings.password_file.as_deref().map(read_secret_file);
    let login = Login {
        username: settings.username.clone(),
        password: password.transpose()?,
    };
    Ok(Warehouse::new(
        settings.url.clone(),
        login,
        Limits::default(),
    ))
}

/// A warehouse that nobody has made yet knows of nothing.
pub(crate) fn none_before_the_first<T: Default>(
    found: Result<T, WarehouseError>,
) -> Result<T, WarehouseError> {
    match found {
        Err(WarehouseError::NotMigrated { .. }) => Ok(T::default()),
        found => found,
    }
}

#[cfg(all(test, not(feature = "views")))]
mod tests {
    use super::super::file;
    use super::*;
    use std::path::Path;

    #[test]
    fn a_program_without_views_refuses_a_job_of_views() {
        let path = Path::new("/etc/jobs.toml");
        let jobs = file::parse(path, "\n[jobs.figures]\nviews = \"all\"").unwrap();
        let Err(error) = Ready::of(&jobs[0], &Sources::default()) else {
            panic!("nobody could run it")
        };
        let expected = "/etc/jobs.toml:2: the job `figures` runs views, and this program was built \
                        without them\nhint: build it with the cargo feature `views`";
        assert!(error.to_string().starts_with(expected), "{error}");
        assert_eq!(error.exit(), Exit::Usage);
    }
}
