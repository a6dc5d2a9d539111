//! The one place that reads files and the environment for the settings.

use crate::error::ConfigError;
use crate::key::Key;
use crate::raw::RawSettings;
use crate::settings::Settings;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The settings file that is read from the working directory if it is there.
pub const FILE_NAME: &str = "comptoir.toml";
const DOT_ENV: &str = ".env";

/// Where settings come from besides the working directory and the environment.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// A file that must be there, instead of `comptoir.toml` in the working directory.
    file: Option<PathBuf>,
    flags: Vec<Flag>,
    /// What relative paths in the next flags are relative to, instead of the working directory.
    base: Option<PathBuf>,
}

#[derive(Clone, Debug)]
struct Flag {
    key: Key,
    name: &'static str,
    value: String,
    base: Option<PathBuf>,
}

impl Sources {
    #[must_use]
    pub fn file(mut self, file: Option<PathBuf>) -> Self {
        self.file = file;
        self
    }

    /// From here on flags come from a file: a relative path in them is relative to `directory`.
    #[must_use]
    pub fn relative_to(mut self, directory: &Path) -> Self {
        self.base = Some(directory.to_owned());
        self
    }

    /// What a flag of the command line sets; `None` sets nothing. `name` as in `--connect`.
    #[must_use]
    pub fn flag(mut self, key: Key, name: &'static str, value: Option<impl ToString>) -> Self {
        self.flags.extend(value.map(|value| Flag {
            key,
            name,
            value: value.to_string(),
            base: self.base.clone(),
        }));
        self
    }
}

impl Settings {
    /// Defaults, then `comptoir.toml`, `.env`, the environment and flags: later beats earlier.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        let working_dir = std::env::current_dir().map_err(|source| ConfigError::Unreadable {
            path: PathBuf::from("."),
            source,
        })?;
        let mut raw = RawSettings::default();
        if let Some(file) = &sources.file {
            let file = working_dir.join(file);
            raw.add_toml(&file, &read(&file)?)?;
        } else {
            let file = working_dir.join(FILE_NAME);
            if let Some(contents) = read_if_there(&file)? {
                raw.add_toml(&file, &contents)?;
            }
        }
        let dot_env = working_dir.join(DOT_ENV);
        if let Some(contents) = read_if_there(&dot_env)? {
            raw.add_dot_env(&dot_env, &variables_of(&dot_env, &contents)?);
        }
        // Names and values that are no text can't be settings.
        let environment: Vec<_> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        raw.add_environment(&environment, &working_dir);
        for flag in &sources.flags {
            let base = working_dir.join(flag.base.as_deref().unwrap_or(Path::new("")));
            raw.add_flag(flag.key, flag.name, &flag.value, &base);
        }
        Self::resolve(raw, &working_dir)
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
        path: path.to_owned(),
        source,
    })
}

fn read_if_there(path: &Path) -> Result<Option<String>, ConfigError> {
    match read(path) {
        Err(ConfigError::Unreadable { source, .. }) if source.kind() == ErrorKind::NotFound => {
            Ok(None)
        }
        other => other.map(Some),
    }
}

fn variables_of(path: &Path, contents: &str) -> Result<Vec<(String, String)>, ConfigError> {
    let mut variables = Vec::new();
    for variable in dotenvy::Iter::new(contents.as_bytes()) {
        variables.push(variable.map_err(|error| dot_env_error(path, contents, &error))?);
    }
    Ok(variables)
}

/// The parser repeats the line it stumbled over, which may hold anything: only its place is said.
fn dot_env_error(path: &Path, contents: &str, error: &dotenvy::Error) -> ConfigError {
    let line = match error {
        dotenvy::Error::LineParse(text, _) => contents
            .lines()
            .position(|line| line.trim() == text.trim())
            .map_or(1, |at| at + 1),
        _ => 1,
    };
    ConfigError::Syntax {
        path: path.to_owned(),
        line,
        message: "this is not NAME=VALUE; quote a value that has spaces in it".to_owned(),
    }
}
