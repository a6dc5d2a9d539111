//! What can be wrong with the settings.

use crate::key::Key;
use std::fmt;
use std::path::PathBuf;

/// Why there are no settings. Trying again does not help.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("can't read {path}: {source}")]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{path}:{line}: {message}")]
    Syntax {
        path: PathBuf,
        line: usize,
        message: String,
    },
    #[error("{0}")]
    Settings(Faults),
}

/// Everything that is wrong with the settings, at once.
#[derive(Debug, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{fault}")?;
        }
        Ok(())
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("{origin}: there is no setting `{name}`\nhint: {}", meant(.nearest.as_ref()))]
    UnknownKey {
        origin: Origin,
        name: String,
        nearest: Option<String>,
    },
    #[error("{origin}: `{name}` is of type {found}; text or a number is expected")]
    WrongType {
        origin: Origin,
        name: String,
        found: &'static str,
    },
    /// `reason` says what is wrong and what cures it; `value` never has a password in it.
    #[error("{origin}: {key} = `{value}`: {reason}")]
    Value {
        origin: Origin,
        key: Key,
        value: String,
        reason: String,
    },
}

fn meant(nearest: Option<&String>) -> String {
    match nearest {
        Some(name) => format!("did you mean `{name}`?"),
        None => "compose/comptoir.toml.example lists all settings".to_owned(),
    }
}

/// Where a value was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    File { path: PathBuf, line: usize },
    DotEnv { path: PathBuf, variable: String },
    Environment { variable: String },
    Flag { name: &'static str },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::DotEnv { path, variable } => write!(f, "{variable} in {}", path.display()),
            Self::Environment { variable } => write!(f, "{variable} in the environment"),
            Self::Flag { name } => f.write_str(name),
        }
    }
}
