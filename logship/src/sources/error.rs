//! What can be wrong with the sources.

use comptoir_config::Origin;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum SourcesError {
    #[error("can't read {path}: {cause}\nhint: name the file that says what to ship")]
    Unreadable {
        path: PathBuf,
        cause: std::io::Error,
    },
    #[error("{origin}: {fault}")]
    At { origin: Origin, fault: Box<Fault> },
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("{0}")]
    Syntax(String),
    #[error("there is no key `{name}` {place}\nhint: {}", meant(.nearest.as_ref(), .known))]
    UnknownKey {
        name: String,
        place: &'static str,
        nearest: Option<String>,
        known: String,
    },
    #[error("`{key}` is of type {found}; {expected} is expected")]
    Type {
        key: String,
        found: &'static str,
        expected: &'static str,
    },
    #[error("{key} = {value}: {reason}")]
    Value {
        key: &'static str,
        value: String,
        reason: String,
    },
    #[error("the source lacks `{0}`\nhint: a source has a name and paths")]
    Missing(&'static str),
    #[error("there is no source\nhint: add [[source]] with a name and paths")]
    NoSource,
    #[error("source `{0}` is there twice\nhint: give each source a name of its own")]
    Twice(String),
    #[error(
        "sources `{one}` and `{other}` would be archived in one place, {directory}\nhint: have %{{source}} in target_dir"
    )]
    SamePlace {
        one: String,
        other: String,
        directory: String,
    },
    #[error("pattern `{pattern}`: {reason}")]
    Pattern { pattern: String, reason: String },
    #[error(
        "`{escape}` in `{template}` stands for nothing here\nhint: %{{host}}, %{{source}}, %% and, behind them, %Y, %m, %d, %H do"
    )]
    Escape { template: String, escape: String },
    #[error(
        "`{escape}` in `{template}` has to be a name\nhint: in the settings, only %Y, %m, %d, %H and %% stand for something; sources of their own are listed in a file, with `ship --sources`"
    )]
    EscapeOfSource { template: String, escape: String },
    #[error(
        "`{template}` has a time before what says whose log it is\nhint: times come last, in directories of their own: /user/flume/logs/%{{host}}/%{{source}}/%Y/%m/%d/%H"
    )]
    TimeAbove { template: String },
    #[error("{reason}")]
    Path { reason: String },
}

impl Fault {
    pub(super) fn at(self, origin: Origin) -> SourcesError {
        SourcesError::At {
            origin,
            fault: Box::new(self),
        }
    }
}

fn meant(nearest: Option<&String>, known: &str) -> String {
    match nearest {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("there are {known}"),
    }
}
