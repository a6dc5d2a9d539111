//! What can be wrong with the jobs as they are written.

use comptoir_config::Origin;
use comptoir_model::ids::{InvalidJobName, JobName};
use std::path::PathBuf;

/// Nothing was touched. Trying again does not help.
#[derive(Debug, thiserror::Error)]
pub enum JobsError {
    #[error("can't read {path}: {source}")]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("can't write {path}: {source}")]
    Unwritable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{origin}: {fault}")]
    Written { origin: Origin, fault: Box<Fault> },
    #[error("there is no job `{name}` in {file}{}", did_you_mean(.nearest.as_ref()))]
    UnknownJob {
        name: String,
        file: PathBuf,
        nearest: Option<String>,
    },
    #[error(
        "there are no jobs: {file} does not exist, and nothing was saved beside it\nhint: write it as batch/JOBS.md says, name another with --jobs, or save a job with comptoir-batch job --create"
    )]
    NoJobs { file: PathBuf },
    #[error(
        "the job `{job}` stands in {origin}, and what people have written is not changed by a program\nhint: delete it there"
    )]
    NotSaved { job: JobName, origin: Origin },
}

/// What is wrong with one place of a file.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("{0}")]
    Syntax(String),
    #[error("there is no `{0}`\nhint: each job is a section like [jobs.sales]")]
    UnknownSection(String),
    #[error(transparent)]
    Name(#[from] InvalidJobName),
    #[error(
        "the job `{job}` has no key `{key}`: a key is a long flag of import, `after`, `args` or `views`\nhint: {}", meant(.nearest.as_ref(), "comptoir-batch import --help lists the flags")
    )]
    UnknownKey {
        job: JobName,
        key: String,
        nearest: Option<String>,
    },
    #[error(
        "the job `{job}` runs views, and `{key}` is none of its keys: these are `views`, `after`, `if-changed`, `retries` and `retry-pause`\nhint: {}", meant(.nearest.as_ref(), "write an import as a job of its own, and name that in `after`")
    )]
    NotOfViews {
        job: JobName,
        key: String,
        nearest: Option<String>,
    },
    #[cfg(not(feature = "views"))]
    #[error(
        "the job `{job}` runs views, and this program was built without them\nhint: build it with the cargo feature `views`, or let a program that has it run this job"
    )]
    WithoutViews { job: JobName },
    #[error(
        "the job `{job}` runs views, and takes no more flags\nhint: comptoir-batch views run --help"
    )]
    FlagsForViews { job: JobName },
    #[error("the job `{job}`: `{key}` is of type {found}, and {expected} is expected")]
    WrongType {
        job: JobName,
        key: String,
        found: &'static str,
        expected: &'static str,
    },
    /// In the words of the command line's parser, or of those who know the views.
    #[error("the job `{job}`: {message}")]
    Flags { job: JobName, message: String },
    #[error(
        "the job `{job}` holds a password or asks for one: nobody sits at a job's terminal, and many can read its file\nhint: write the password into a file (chmod 600) and give that with password-file"
    )]
    Password { job: JobName },
    #[error(
        "the job `{job}`: {flag} is of the command that runs it\nhint: comptoir-batch run {job} {flag}"
    )]
    OfTheRun { job: JobName, flag: &'static str },
    #[error("there is a job `{job}` already, at {other}\nhint: give one of them another name")]
    Twice { job: JobName, other: Origin },
    #[error(
        "the job `{job}` comes after `{needed}`, which is no job{}", did_you_mean(.nearest.as_ref())
    )]
    UnknownDependency {
        job: JobName,
        needed: JobName,
        nearest: Option<String>,
    },
    #[error(
        "these jobs wait for each other: {}\nhint: take one of the names out of its `after`", .0.join(" after ")
    )]
    Cycle(Vec<String>),
}

impl Fault {
    pub(super) fn at(self, origin: Origin) -> JobsError {
        JobsError::Written {
            origin,
            fault: Box::new(self),
        }
    }
}

fn meant(nearest: Option<&String>, otherwise: &str) -> String {
    match nearest {
        Some(name) => format!("did you mean `{name}`?"),
        None => otherwise.to_owned(),
    }
}

fn did_you_mean(nearest: Option<&String>) -> String {
    nearest.map_or(String::new(), |name| {
        format!("\nhint: did you mean `{name}`?")
    })
}
