//! `jobs.toml`: what is written in it. Pure; files come in as their contents.
//!
//! A job is an import, or a run of views. The keys of an import are the long flags of `import`, so
//! that a flag that comes into being there is a key here without a word about it; `args` are flags as
//! they stand on a command line.

use super::error::{Fault, JobsError};
use super::flags;
use crate::cli::Cli;
use crate::import::{ImportArgs, RetryArgs};
use clap::{ArgAction, CommandFactory};
use comptoir_config::{Origin, nearest};
use comptoir_model::ids::JobName;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A job as it was written, each flag checked by itself.
#[derive(Clone, Debug)]
pub struct Job {
    pub name: JobName,
    pub origin: Origin,
    /// What relative paths in it are relative to.
    pub directory: PathBuf,
    /// The jobs that have to be done before.
    pub after: Vec<JobName>,
    pub work: Work,
}

/// What a job does.
#[derive(Clone, Debug)]
pub enum Work {
    Import(ImportJob),
    Views(ViewsJob),
}

#[derive(Clone, Debug)]
pub struct ImportJob {
    /// The flags, as on a command line.
    pub line: Vec<String>,
    pub args: Box<ImportArgs>,
}

/// A run of views. Whether there are such views is not known here.
#[derive(Clone, Debug)]
pub struct ViewsJob {
    /// None: all, and the live run.
    pub views: Vec<String>,
    /// Without those of which neither the query nor what they read has changed.
    pub if_changed: bool,
    pub retries: RetryArgs,
}

const SECTION: &str = "jobs";
const AFTER: &str = "after";
const ARGS: &str = "args";
const VIEWS: &str = "views";
const IF_CHANGED: &str = "if-changed";
/// As an import has them.
const RETRIES: [&str; 2] = ["retries", "retry-pause"];

/// The value of `views` that stands for all of them.
const ALL: &str = "all";

/// What a job says of its cuts, if anything.
const CUTS: [&str; 4] = ["splits", "split-limit", "boundary-query", "sqoop-compat"];

/// The jobs of a file that lies at `path`, in the order in which they stand in it.
pub fn parse(path: &Path, contents: &str) -> Result<Vec<Job>, JobsError> {
    let origin = |at: usize| Origin::File {
        path: path.to_owned(),
        line: contents[..at.min(contents.len())].matches('\n').count() + 1,
    };
    let table = DeTable::parse(contents).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        Fault::Syntax(error.message().to_owned()).at(origin(at))
    })?;
    let mut jobs = Vec::new();
    for (section, value) in table.get_ref() {
        let unknown = |name: &str, at: usize| Fault::UnknownSection(name.to_owned()).at(origin(at));
        let at = section.span().start;
        let DeValue::Table(found) = value.get_ref() else {
            return Err(unknown(section.get_ref(), at));
        };
        if section.get_ref() != SECTION {
            return Err(unknown(section.get_ref(), at));
        }
        for (name, value) in found {
            let at = name.span().start;
            let DeValue::Table(keys) = value.get_ref() else {
                return Err(unknown(&format!("{SECTION}.{}", name.get_ref()), at));
            };
            jobs.push((at, job(path, name.get_ref(), at, keys, &origin)?));
        }
    }
    jobs.sort_by_key(|(at, _)| *at);
    Ok(jobs.into_iter().map(|(_, job)| job).collect())
}

fn job(
    path: &Path,
    name: &str,
    at: usize,
    keys: &DeTable<'_>,
    origin: &impl Fn(usize) -> Origin,
) -> Result<Job, JobsError> {
    let named =
        |name: &str, origin| JobName::parse(name).map_err(|error| Fault::from(error).at(origin));
    let name = named(name, origin(at))?;
    let mut keys: Vec<_> = keys.iter().collect();
    keys.sort_by_key(|(key, _)| key.span().start);
    let mut after = Vec::new();
    let mut others = Vec::new();
    for (key, value) in keys {
        let place = Place {
            origin: origin(key.span().start),
            job: &name,
            key: key.get_ref(),
        };
        if place.key == AFTER {
            for needed in place.texts(value.get_ref())? {
                after.push(named(&needed, place.origin.clone())?);
            }
        } else {
            others.push((place, value.get_ref()));
        }
    }
    let work = if others.iter().any(|(place, _)| place.key == VIEWS) {
        Work::Views(views_job(&name, &origin(at), &others)?)
    } else {
        Work::Import(import_job(&name, &origin(at), &others)?)
    };
    Ok(Job {
        origin: origin(at),
        directory: path.parent().unwrap_or(Path::new("")).to_owned(),
        after,
        work,
        name,
    })
}

/// The keys besides `after`.
type Keys<'a> = [(Place<'a>, &'a DeValue<'a>)];

fn import_job(name: &JobName, origin: &Origin, keys: &Keys<'_>) -> Result<ImportJob, JobsError> {
    let (mut args, mut flags) = (Vec::new(), Vec::new());
    let has_one_of = |names: &[&str]| keys.iter().any(|(place, _)| names.contains(&place.key));
    // Only a line that was taken over is bound to Sqoop's cuts.
    if has_one_of(&["table", "query"]) && !has_one_of(&[ARGS]) && !has_one_of(&CUTS) {
        flags.push("--splits=balanced".to_owned());
    }
    for (place, value) in keys {
        match place.key {
            ARGS => args = place.texts(value)?,
            _ => flags.extend(place.flags(value)?),
        }
    }
    // A key beats the same flag among the arguments.
    args.extend(flags);
    let (line, args) = flags::parse(name, origin, args)?;
    let args = Box::new(args);
    Ok(ImportJob { line, args })
}

fn views_job(name: &JobName, origin: &Origin, keys: &Keys<'_>) -> Result<ViewsJob, JobsError> {
    let (mut views, mut if_changed, mut flags) = (Vec::new(), false, Vec::new());
    for (place, value) in keys {
        match place.key {
            VIEWS => views = place.views(value)?,
            IF_CHANGED => {
                let wrong = || place.wrong(value, "true or false");
                if_changed = value.as_bool().ok_or_else(wrong)?;
            }
            key if RETRIES.contains(&key) => flags.extend(place.flags(value)?),
            _ => return Err(place.of_an_import()),
        }
    }
    let (_, args) = flags::parse(name, origin, flags)?;
    Ok(ViewsJob {
        views,
        if_changed,
        retries: args.retries,
    })
}

/// Where a value stands, for what is wrong with it.
struct Place<'a> {
    origin: Origin,
    job: &'a JobName,
    key: &'a str,
}

impl Place<'_> {
    fn wrong(&self, found: &DeValue<'_>, expected: &'static str) -> JobsError {
        let fault = Fault::WrongType {
            job: self.job.clone(),
            key: self.key.to_owned(),
            found: found.type_str(),
            expected,
        };
        fault.at(self.origin.clone())
    }

    fn texts(&self, value: &DeValue<'_>) -> Result<Vec<String>, JobsError> {
        let wrong = |found: &DeValue<'_>| self.wrong(found, "a list of texts");
        let DeValue::Array(items) = value else {
            return Err(wrong(value));
        };
        let text = |item: &Spanned<DeValue<'_>>| match item.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            other => Err(wrong(other)),
        };
        items.iter().map(text).collect()
    }

    /// None for all.
    fn views(&self, value: &DeValue<'_>) -> Result<Vec<String>, JobsError> {
        let expected = "\"all\" or a list of names";
        match value {
            DeValue::String(text) if text == ALL => Ok(Vec::new()),
            DeValue::Array(names) if !names.is_empty() => self.texts(value),
            other => Err(self.wrong(other, expected)),
        }
    }

    fn of_an_import(&self) -> JobsError {
        let ours = [AFTER, VIEWS, IF_CHANGED].into_iter().chain(RETRIES);
        let fault = Fault::NotOfViews {
            job: self.job.clone(),
            key: self.key.to_owned(),
            nearest: nearest(&self.key.replace('_', "-"), ours.map(str::to_owned)),
        };
        fault.at(self.origin.clone())
    }

    /// The flag `--key` of an import as the command line has it.
    fn flags(&self, value: &DeValue<'_>) -> Result<Vec<String>, JobsError> {
        let key = self.key;
        let command = Cli::command();
        let import = command.find_subcommand("import");
        let known = || import.iter().flat_map(|import| import.get_arguments());
        let is_named = |arg: &&clap::Arg| {
            arg.get_long() == Some(key)
                || arg.get_all_aliases().is_some_and(|all| all.contains(&key))
        };
        let Some(arg) = known().find(is_named) else {
            let shown = known().filter(|arg| !arg.is_hide_set());
            let names = shown.filter_map(|arg| arg.get_long().map(str::to_owned));
            let ours = [AFTER, ARGS, VIEWS].map(str::to_owned);
            let fault = Fault::UnknownKey {
                job: self.job.clone(),
                key: key.to_owned(),
                nearest: nearest(&key.replace('_', "-"), names.chain(ours)),
            };
            return Err(fault.at(self.origin.clone()));
        };
        if matches!(arg.get_action(), ArgAction::SetTrue) {
            return match value {
                DeValue::Boolean(true) => Ok(vec![format!("--{key}")]),
                DeValue::Boolean(false) => Ok(Vec::new()),
                other => Err(self.wrong(other, "true or false")),
            };
        }
        let text = match value {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().to_owned(),
            DeValue::Float(number) => number.as_str().to_owned(),
            other => return Err(self.wrong(other, "a text or a number")),
        };
        Ok(vec![format!("--{key}={text}")])
    }
}

#[cfg(test)]
mod tests;
