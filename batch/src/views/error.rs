//! What can be wrong with a view, and with its run.

use crate::cli::Exit;
use crate::quality::RulesError;
use comptoir_bronze::BronzeError;
use comptoir_config::SecretError;
use comptoir_lake::{LakeError, Retry};
use comptoir_model::ids::Offset;
use comptoir_model::live::{ControlTotals, Overflow};
use comptoir_model::merge::{PartitionKey, Refusal, Stop};
use comptoir_model::view_result::{InvalidViewName, ViewName};
use comptoir_warehouse::{ViewRunId, WarehouseError};
use datafusion::error::DataFusionError;
use jiff::civil::Date;
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
    Rules(#[from] RulesError),
    #[error(transparent)]
    View(#[from] ViewError),
    #[error("the output: {0}")]
    Output(#[from] std::io::Error),
}

impl CommandError {
    /// Whether trying again can help.
    pub(super) fn can_help_itself(&self) -> bool {
        match self {
            Self::Warehouse(error) => error.retry() != Retry::CanNot,
            Self::View(error) => error.can_help_itself(),
            _ => false,
        }
    }

    pub fn exit(&self) -> Exit {
        match self {
            Self::Warehouse(WarehouseError::JobTakenOver { .. }) => Exit::Locked,
            Self::Views(_) | Self::LakeSettings(_) | Self::Password(_) | Self::Rules(_) => {
                Exit::Usage
            }
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
        "{file}: it reads the view `{needed}`, whose output is the warehouse alone, or CSV\nhint: give that one `-- output: parquet`"
    )]
    NotInTheLake { file: String, needed: ViewName },
    #[error(
        "{file}: its result would lie where that of {other} lies\nhint: give one of them `-- output: FORMAT gold/ANOTHER_NAME`"
    )]
    OnePlace { file: String, other: String },
    #[error(
        "{file}: `{name}` is the run that the live figures are made of\nhint: give the file another name"
    )]
    Reserved { file: String, name: String },
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
    #[error(
        "`{0}` is no source\nhint: `import TABLE`, `import /DIRECTORY`, `view NAME`, `archive events` (`records`, `passed`, `quarantined`, `checks`, `alarms`), `csv /PATH/*.csv`, `parquet /PATH/*.parquet` or `reference NAME (KEY, COLUMN…)`"
    )]
    Source(String),
    #[error(
        "`{0}` is no output\nhint: `parquet`, `csv` or `delta` (in the lake, and served), each with `silver/NAME` or `gold/NAME` behind it if you like, or `warehouse` (served only)"
    )]
    Output(String),
    #[error("`{0}` does not say whether the result is served\nhint: `yes` or `no`")]
    Served(String),
    #[error(
        "the result would go nowhere: neither to the lake nor to the API\nhint: -- output: parquet"
    )]
    Nowhere,
    #[error("`{0}` can't be the column that files lie by\nhint: -- partition by: day")]
    PartitionColumn(String),
    #[error("files lie by day only of `delta`\nhint: -- output: delta")]
    DaysOfFiles,
    #[error("an incremental view says which column is the day\nhint: -- partition by: day")]
    IncrementalWithoutDays,
    #[error(
        "`{0}` is no source of events that come day by day\nhint: -- incremental: NAME, of a line `-- source NAME: archive events`"
    )]
    IncrementalSource(String),
    #[error("an incremental view has more rows than are served\nhint: -- served: no")]
    IncrementalServed,
    #[error(
        "`{0}` does not say how late events join the rows of their day\nhint: -- late: rows, where a row is made of one event, or -- late: sum COLUMN, COLUMN"
    )]
    Late(String),
    #[error(
        "`-- late` is for incremental views: others count all events anew\nhint: -- incremental: NAME, or take the line out"
    )]
    LateOfEverything,
    #[error(
        "`{0}` does not say which keys are unknown\nhint: -- unknown products: product_id unless product_known"
    )]
    Unknown(String),
    #[error(
        "`{0}` does not say what counts rows that break rules\nhint: -- broken: failed by rule"
    )]
    Broken(String),
    #[error("`{0}` is no source of this view, so that nobody knows its keys")]
    UnknownSource(String),
    #[error(
        "`{0}` can't be columns\nhint: (key, name STRING, price DECIMAL(18, 2), since DATE), of STRING, BIGINT, DECIMAL, DOUBLE, DATE, TIMESTAMP, BOOLEAN"
    )]
    Columns(String),
    #[error("the view has no description\nhint: -- description: what it shows")]
    NoDescription,
    #[error("the view has no source\nhint: -- source sales: import sales")]
    NoSource,
}

/// A result that has more than the live run covers now, as after the warehouse came back from a copy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("events of {key} up to offset {}, the live run covers them up to {}", .taken.0, .covered.0)]
pub struct Back {
    pub key: PartitionKey,
    pub taken: Offset,
    pub covered: Offset,
}

/// A line of a file in the lake that can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {reason}")]
pub struct FileFault {
    pub file: String,
    /// Counted from 1.
    pub line: u64,
    pub reason: String,
}

/// Why a view was not computed. The last good result stays.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    #[error("{url} holds nothing that is published\nhint: {cure}")]
    NothingThere { url: String, cure: String },
    #[error(
        "there are no rules for events\nhint: the setting views.quality_file names a quality.toml; an empty one empties what came of earlier rules"
    )]
    NoRules,
    #[error(
        "{file}:{line}: `{rule}` asks a reference, and nothing is in {location}\nhint: put the reference there, or take the rule out"
    )]
    RuleWithoutReference {
        file: String,
        line: usize,
        rule: String,
        location: String,
    },
    #[error(transparent)]
    Lake(#[from] LakeError),
    #[error("the archive: {0}")]
    Bronze(#[from] BronzeError),
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    #[error(
        "{url} was never complete: the archive has not come as far as the views sink yet\nhint: comptoir-batch views run live"
    )]
    NeverComplete { url: String },
    #[error("what the archive holds of a generation: {0}")]
    Overflow(#[from] Overflow),
    #[error("{key}: {}{}", stopped(.stop), and_others(*.others))]
    Stopped {
        key: PartitionKey,
        stop: Box<Stop<ControlTotals>>,
        /// How many other partitions can't go on.
        others: usize,
    },
    #[error(transparent)]
    Refused(Refusal),
    #[error("run {0} was given up by another process\nhint: comptoir-batch views run live")]
    Closed(ViewRunId),
    #[error(
        "run {0} adds to figures of days that the archive has forgotten, and another run has changed them meanwhile; what it wrote stands\nhint: comptoir-batch views run live"
    )]
    Overtaken(ViewRunId),
    #[error(
        "{file}: its columns have changed, and the archive has forgotten the events of days before {first}, of which the rows in {location} can't be computed again\nhint: give the view an output of its own, or move the old result away: it begins with what is left then"
    )]
    OtherColumns {
        file: String,
        location: String,
        first: Date,
    },
    #[error(
        "{file}: its result in {location} has {back}, and the archive has forgotten the events of days before {first}, of which its rows can't be computed again\nhint: comptoir-batch views run live, once the views sink has come as far; or move the old result away: it begins with what is left then"
    )]
    WentBack {
        file: String,
        location: String,
        back: Box<Back>,
        first: Date,
    },
    #[error(
        "{url}: the columns `{first}` and `{second}` have one name in SQL\nhint: import it with --columns or --query, which can rename one"
    )]
    SameColumns {
        url: String,
        first: String,
        second: String,
    },
    #[error(transparent)]
    File(#[from] FileFault),
    #[error("no file of the lake matches {pattern}\nhint: comptoir lake ls lists what is there")]
    NoFile { pattern: String },
    #[error("{count} files match {pattern}, {max} at most are read\nhint: name fewer")]
    ManyFiles {
        pattern: String,
        count: usize,
        max: usize,
    },
    #[error(
        "the reference {url} has the key `{key}` more than once, which would count its rows twice\nhint: keep one row of each {column}"
    )]
    KeyTwice {
        url: String,
        column: String,
        key: String,
    },
    #[error(
        "{file}: a row of {found} came of the events of other days, so that it can't be computed day by day\nhint: take the line `-- incremental: …` out, or run it with --full"
    )]
    OtherDay { file: String, found: String },
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
            Self::Stopped { .. } => Exit::Invalid,
            error if error.is_of_a_lake_away() => Exit::LakeUnreachable,
            _ => Exit::Failed,
        }
    }

    /// Whether trying again can help. A run replaces its result as a whole: one whose end nobody
    /// knows may be made again.
    pub(super) fn can_help_itself(&self) -> bool {
        match self {
            Self::Warehouse(error) => error.retry() != Retry::CanNot,
            error => error.is_of_a_lake_away(),
        }
    }

    fn is_of_a_lake_away(&self) -> bool {
        match self {
            Self::Lake(error) => error.retry() != Retry::CanNot,
            Self::Bronze(BronzeError::TimedOut { .. }) => true,
            Self::Bronze(error) => {
                (error.lake()).is_some_and(|error| error.retry() != Retry::CanNot)
            }
            _ => false,
        }
    }

    /// What the engine says, in the words of who has to cure it.
    pub(super) fn of_engine(file: &str, memory_mb: u32, error: DataFusionError) -> Self {
        let file = file.to_owned();
        // Also where partitions of a join share what went wrong.
        if let DataFusionError::External(inner) = error.find_root()
            && let Some(fault) = inner.downcast_ref::<FileFault>()
        {
            return Self::File(fault.clone());
        }
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

fn stopped(stop: &Stop<ControlTotals>) -> String {
    match stop {
        Stop::Difference {
            generation,
            span,
            views,
            archive,
        } => format!(
            "generation {generation}, offsets {} to {}, differs: the views sink counted {}, the archive holds {}\n\
             hint: the buckets go on counting it; comptoir-speed reconcile says what else differs",
            span.start().0,
            span.end().0,
            totals(views),
            totals(archive)
        ),
        Stop::OutOfLine {
            generation,
            expected,
            found,
        } => format!(
            "generation {generation} begins at offset {}, not at {}: one is missing in the warehouse\n\
             hint: restore table `generations`, or rebuild the warehouse",
            found.0, expected.0
        ),
    }
}

fn totals(totals: &ControlTotals) -> String {
    let counted = totals.counted();
    let net: Vec<_> = (totals.net())
        .map(|(currency, net)| net.money(currency).to_string())
        .collect();
    format!(
        "{} accepted, {} rejected, {} duplicates, net {}",
        counted.accepted,
        counted.rejected,
        counted.duplicates,
        if net.is_empty() {
            "0".to_owned()
        } else {
            net.join(" and ")
        }
    )
}

fn and_others(others: usize) -> String {
    match others {
        0 => String::new(),
        count => format!("\n{count} other partitions can't go on either"),
    }
}

fn did_you_mean(nearest: Option<&String>) -> String {
    nearest.map_or(String::new(), |name| {
        format!("\nhint: did you mean `{name}`?")
    })
}
