//! `comptoir-batch job`: Sqoop's tool for saved jobs.

use super::args::{JobAction, JobArgs};
use super::error::{Fault, JobsError};
use super::file::{ImportJob, Job, Work};
use super::flags;
use super::ready::{CommandError, Ready, ReadyWork};
use super::run::run_jobs;
use super::store::JobStore;
use crate::cli::Exit;
use crate::report::OutputArgs;
use comptoir_config::{Origin, Settings, Sources};
use comptoir_model::ids::JobName;
use indicatif::ProgressBar;
use std::io::Write;

/// Does what the command line asks for; `sources` are those of the command's own settings.
pub async fn job(
    args: &JobArgs,
    settings: &Settings,
    sources: &Sources,
    progress: &ProgressBar,
    out: &mut impl Write,
) -> Result<Exit, CommandError> {
    let store = JobStore::at(&settings.jobs.file);
    let JobAction {
        create,
        exec,
        list,
        show,
        delete,
    } = &args.action;
    let only = [
        (*list, "--list"),
        (show.is_some(), "--show"),
        (delete.is_some(), "--delete"),
    ];
    if let Some((_, flag)) = only
        .into_iter()
        .find(|(given, _)| *given && !args.line.is_empty())
    {
        return Err(CommandError::NothingBehind { flag });
    }
    if exec.is_none() && args.output != OutputArgs::default() {
        return Err(CommandError::OfExec);
    }
    if let Some(name) = create {
        create_job(&store, name, &args.line, sources)?;
    } else if let Some(name) = exec {
        let book = store.load()?;
        let job = with_more(book.get(name)?, &args.line)?;
        return run_jobs(&[&job], settings, sources, &args.output, progress, out).await;
    } else if let Some(name) = show {
        let book = store.load()?;
        for argument in arguments(&Ready::of(book.get(name)?, sources)?) {
            writeln!(out, "{argument}")?;
        }
    } else if let Some(name) = delete {
        store.delete(name)?;
    } else {
        writeln!(out, "Available jobs:")?;
        for job in store.load_if_any()?.jobs() {
            writeln!(out, "  {}", job.name)?;
        }
    }
    Ok(Exit::Done)
}

/// Whether it means anything is found out before it is saved.
fn create_job(
    store: &JobStore,
    name: &str,
    line: &[String],
    sources: &Sources,
) -> Result<(), CommandError> {
    let origin = Origin::Flag { name: "--create" };
    let parsed = JobName::parse(name).map_err(|error| Fault::from(error).at(origin))?;
    let flags = match line.split_first() {
        Some((tool, flags)) if tool == "import" => flags,
        tool => {
            return Err(CommandError::NotAnImport {
                name: name.to_owned(),
                tool: tool.map_or("nothing", |(tool, _)| tool).to_owned(),
            });
        }
    };
    let (job, line) = store.draft(&parsed, flags.to_vec())?;
    Ready::of(&job, sources)?;
    Ok(store.save(&parsed, &line)?)
}

/// What to give to the program instead of the job's name.
fn arguments(ready: &Ready<'_>) -> Vec<String> {
    match &ready.work {
        ReadyWork::Import { composed, .. } => composed.request.arguments.clone(),
        #[cfg(feature = "views")]
        ReadyWork::Views(job) => {
            let line = ["views", "run"].map(str::to_owned).into_iter();
            let if_changed = job.if_changed.then(|| "--if-changed".to_owned());
            line.chain(job.views.iter().cloned())
                .chain(if_changed)
                .collect()
        }
    }
}

/// The job with more flags, which beat its own.
fn with_more(job: &Job, more: &[String]) -> Result<Job, JobsError> {
    let work = match &job.work {
        Work::Import(import) => {
            let flags = import.line.iter().chain(more).cloned().collect();
            let (line, args) = flags::parse(&job.name, &job.origin, flags)?;
            let args = Box::new(args);
            Work::Import(ImportJob { line, args })
        }
        Work::Views(_) if !more.is_empty() => {
            let name = job.name.clone();
            return Err(Fault::FlagsForViews { job: name }.at(job.origin.clone()));
        }
        Work::Views(views) => Work::Views(views.clone()),
    };
    Ok(Job {
        after: Vec::new(),
        work,
        ..job.clone()
    })
}
