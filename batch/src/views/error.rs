//! What can be wrong with a view, and with its run.

use crate::cli::Exit;
use comptoir_config::SecretError;
use comptoir_lake::{LakeError, Retry};
use comptoir_model::view_result::{InvalidViewName, ViewName};
use comptoir_warehouse::WarehouseError;
use datafusion::error::DataFusionError;
use std::path::PathBuf;

/// Why a command about views ended before the views themselves.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Views(#[from] ViewsError),
    #[error("the lake: {0}")]
    LakeSettings(LakeError),
    #[error("the warehouse: {0}")]
    Password(#[from] SecretError),
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    #[error("{directory} can't hold what does not fit in memory: {source}\nhint: make it writable, or name another with --data-dir", directory = .directory.display())]
    Room {
        directory: PathBuf,
        source: std::io::Error,
    },
    #[error("the query engine: {0}")]
    Engine(DataFusionError),
    #[error(transparent)]
    View(#[from] ViewError),
    #[error("the output: {0}")]
    Output(#[from] std::io::Error),
}

impl CommandError {
    pub fn exit(&self) -> Exit {
        match self {
            Self::Views(_) | Self::LakeSettings(_) | Self::Password(_) => Exit::Usage,
            Self::View(error) => error.exit(),
            Self::Warehouse(_) | Self::Room { .. } | Self::Engine(_) | Self::Output(_) => {
                Exit::Failed
            }
        }
    }
}

/// What is wrong with the views as they are written. Nothing was touched.
#[derive(Debug, thiserror::Error)]
pub enum ViewsError {
    #[error("can't read {path}: {source}\nhint: --views, or the setting views.dir, names a directory of .sql files", path = .path.display())]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{file}: {fault}")]
    Name {
        file: String,
        fault: InvalidViewName,
    },
    #[error("{file}:{line}: {fault}")]
    Header {
        file: String,
        line: usize,
        fault: HeaderFault,
    },
    #[error("there is no view `{name}`{}", did_you_mean(.nearest.as_ref()))]
    Unknown {
        name: String,
        nearest: Option<String>,
    },
    #[error("{file}: it reads the view `{needed}`, which is not there\nhint: {known}")]
    UnknownDependency {
        file: String,
        needed: ViewName,
        known: String,
    },
    #[error(
        "{file}: it reads the view `{needed}`, whose output is the warehouse alone\nhint: give that one `-- output: parquet`"
    )]
    NotInTheLake { file: String, needed: ViewName },
    #[error("these views read each other: {}\nhint: take one of the sources out", .0.join(" reads "))]
    Cycle(Vec<String>),
}

/// What is wrong with a line of a header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderFault {
    #[error(
        "the header has lines like `-- key: value`\nhint: a comment for people comes after an empty line"
    )]
    NoKey,
    #[error("there is no `{key}` in a header{}", did_you_mean(.nearest.as_ref()))]
    UnknownKey {
        key: String,
        nearest: Option<String>,
    },
    #[error("`{0}` is empty")]
    Empty(String),
    #[error("`{0}` stands there twice")]
    Twice(String),
    #[error("an indented line goes on with a description, and there is none before it")]
    NothingToContinue,
    #[error(
        "a source needs a name: the SQL reads it as a table\nhint: -- source sales: import sales"
    )]
    NamelessSource,
    #[error("`{0}` can't be the name of a source\nhint: lower-case letters, digits and `_`")]
    SourceName(String),
    #[error("`{0}` is no source\nhint: `import TABLE`, `import /DIRECTORY` or `view NAME`")]
    Source(String),
    #[error(
        "`{0}` is no output\nhint: `parquet` (in the lake, and served) or `warehouse` (served only)"
    )]
    Output(String),
    #[error("the view has no description\nhint: -- description: what it shows")]
    NoDescription,
    #[error("the view has no source\nhint: -- source sales: import sales")]
    NoSource,
}

/// Why a view was not computed. The last good result stays.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    #[error("{url} holds nothing that is published\nhint: {cure}")]
    NothingThere { url: String, cure: String },
    #[error(transparent)]
    Lake(#[from] LakeError),
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    #[error(
        "{url}: the columns `{first}` and `{second}` have one name in SQL\nhint: import it with --columns or --query, which can rename one"
    )]
    SameColumns {
        url: String,
        first: String,
        second: String,
    },
    #[error("{file}: {reason}")]
    Sql { file: String, reason: String },
    #[error("{file}: it does not fit into {memory_mb} MiB: {reason}\nhint: raise views.memory_mb")]
    Memory {
        file: String,
        memory_mb: u32,
        reason: String,
    },
    #[error("{file}: the column {name} of the result can't be served: {reason}")]
    Column {
        file: String,
        name: String,
        reason: &'static str,
    },
    #[error(
        "{file}: the result has more than {max} {what}, which is too much to be served\nhint: group or LIMIT it"
    )]
    TooLarge {
        file: String,
        max: u64,
        what: &'static str,
    },
    #[error("the result can't be written: {0}")]
    Write(String),
}

impl ViewError {
    pub fn exit(&self) -> Exit {
        match self {
            Self::Lake(error) if error.retry() != Retry::CanNot => Exit::LakeUnreachable,
            _ => Exit::Failed,
        }
    }

    /// What the engine says, in the words of who has to cure it.
    pub(super) fn of_engine(file: &str, memory_mb: u32, error: DataFusionError) -> Self {
        let file = file.to_owned();
        match lake_error(error) {
            Ok(error) => Self::Lake(error),
            Err(error) => {
                let root = error.find_root();
                let is_memory = matches!(root, DataFusionError::ResourcesExhausted(_));
                if is_memory {
                    Self::Memory {
                        file,
                        memory_mb,
                        reason: root.strip_backtrace(),
                    }
                } else {
                    Self::Sql {
                        file,
                        reason: error.strip_backtrace(),
                    }
                }
            }
        }
    }
}

/// The lake's own error, where it was the lake that failed.
fn lake_error(error: DataFusionError) -> Result<LakeError, DataFusionError> {
    match error {
        DataFusionError::External(inner) => match inner.downcast::<LakeError>() {
            Ok(error) => Ok(*error),
            Err(inner) => match inner.downcast::<DataFusionError>() {
                Ok(inner) => lake_error(*inner),
                Err(inner) => Err(DataFusionError::External(inner)),
            },
        },
        DataFusionError::Context(context, inner) => {
            lake_error(*inner).map_err(|inner| DataFusionError::Context(context, Box::new(inner)))
        }
        other => Err(other),
    }
}

fn did_you_mean(nearest: Option<&String>) -> String {
    nearest.map_or(String::new(), |name| {
        format!("\nhint: did you mean `{name}`?")
    })
}
