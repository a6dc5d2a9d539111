//! Views as a job of `jobs.toml`: checked before any job begins, tried again, told in one line.

use super::catalog::Catalog;
use super::compute::Extent;
use super::error::{CommandError, ViewsError};
use super::live;
use super::plan;
use super::run::{Wanted, Which, each};
use super::told::Told;
use crate::cli::Exit;
use crate::jobs::ViewsJob;
use crate::report::{Outcome, RunSummary, ViewsReport};
use comptoir_config::{Settings, clock};
use comptoir_model::view_result::ViewName;
use comptoir_warehouse::JobLock;
use std::collections::BTreeSet;
use std::io::Write;

/// Whether its views are there, and fit together. Asks nobody.
pub(crate) fn check(job: &ViewsJob, settings: &Settings) -> Result<(), ViewsError> {
    let catalog = Catalog::load(settings.views.dir.as_deref())?;
    let (live, names) = Wanted::of(&job.views);
    live.others(&catalog, &names).map(drop)
}

/// All views by name, the live run among them. Asks nobody.
pub(crate) fn names(settings: &Settings) -> Result<Vec<ViewName>, ViewsError> {
    let catalog = Catalog::load(settings.views.dir.as_deref())?;
    let others = catalog.in_order(&[])?.into_iter();
    let names = std::iter::once(ViewName::live()).chain(others.map(|view| view.name.clone()));
    Ok(names.collect())
}

/// Runs one view, as `views run NAME` does: under its lock and on its record.
pub(crate) async fn run_one(name: &ViewName, settings: &Settings) -> ViewsReport {
    let (started, mut results) = (clock::instant(), Results::default());
    let which = Which {
        names: &[name.to_string()],
        only_changed: false,
        extent: Extent::News,
        done: &BTreeSet::new(),
    };
    let mut hear = |view, told| {
        results.note(view, told);
        Ok(())
    };
    // Boxed: it is large.
    let ended = Box::pin(each(&which, settings, None, &mut hear)).await;
    results.report(&ended, started.elapsed().as_secs_f64())
}

/// Says of each view what it reads and answers. Nothing is changed.
pub(crate) async fn plan_job(
    job: &ViewsJob,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<(), CommandError> {
    if job.views.is_empty() {
        plan::plan(&[live::NAME.to_owned()], false, settings, out).await?;
    }
    plan::plan(&job.views, false, settings, out).await
}

/// Runs its views under the job's lock, each under its own and on its own record. What was not done
/// is tried again where that can help.
pub(crate) async fn run_job(
    name: String,
    job: &ViewsJob,
    settings: &Settings,
    lock: &JobLock,
) -> RunSummary {
    let started_at = clock::now();
    let mut pauses = job.retries.retries();
    let mut attempts = 1;
    let mut results = Results::default();
    let ended = loop {
        let done = results.done();
        let which = Which {
            names: &job.views,
            only_changed: job.if_changed,
            extent: Extent::News,
            done: &done,
        };
        let mut hear = |view, told| {
            results.note(view, told);
            Ok(())
        };
        // Boxed: it is large.
        let ended = Box::pin(each(&which, settings, Some(lock), &mut hear)).await;
        let can_help = match &ended {
            Err(error) => error.can_help_itself(),
            Ok(()) => results.can_help_themselves(),
        };
        match pauses.next().filter(|_| can_help) {
            None => break ended,
            Some(pause) => {
                tracing::warn!(
                    "{name}: {}; trying again in {} s",
                    results.complaint(&ended),
                    pause.as_secs()
                );
                attempts += 1;
                tokio::time::sleep(pause).await;
            }
        }
    };
    let ended_at = clock::now();
    let seconds = ended_at.duration_since(started_at).as_secs_f64();
    RunSummary {
        job: name,
        started_at,
        ended_at,
        attempts,
        outcome: Outcome::Views(results.report(&ended, seconds)),
    }
}

/// What became of each view, at its last try.
#[derive(Default)]
struct Results(Vec<(ViewName, Told)>);

impl Results {
    fn note(&mut self, view: ViewName, told: Told) {
        match self.0.iter_mut().find(|(known, _)| *known == view) {
            Some((_, known)) => *known = told,
            None => self.0.push((view, told)),
        }
    }

    fn done(&self) -> BTreeSet<ViewName> {
        let done = self.0.iter().filter(|(_, told)| told.exit() == Exit::Done);
        done.map(|(view, _)| view.clone()).collect()
    }

    fn can_help_themselves(&self) -> bool {
        self.0.iter().any(|(_, told)| told.can_help_itself())
    }

    fn report(&self, ended: &Result<(), CommandError>, seconds: f64) -> ViewsReport {
        let exit = if let Err(error) = ended {
            error.exit()
        } else {
            let mut exits = self.0.iter().map(|(_, told)| told.exit());
            exits.find(|exit| *exit != Exit::Done).unwrap_or(Exit::Done)
        };
        ViewsReport {
            exit,
            said: if exit == Exit::Done {
                format!("{} in {seconds:.1} s", self.done_in_words())
            } else {
                self.complaint(ended)
            },
            views: self
                .published()
                .map(|(view, told)| told.json(view))
                .collect(),
        }
    }

    /// Without those that there was nothing to do for.
    fn published(&self) -> impl Iterator<Item = &(ViewName, Told)> {
        let told = self.0.iter();
        told.filter(|(_, told)| !matches!(told, Told::Nothing))
    }

    fn done_in_words(&self) -> String {
        let views = self.published().map(|(view, told)| match told {
            Told::Done(done) => format!("{view} ({} rows)", done.written.rows),
            Told::Live { done, .. } => format!("{view} ({} events more)", done.events),
            _ => view.to_string(),
        });
        let views: Vec<_> = views.collect();
        match views.len() {
            0 => "views: nothing is new".to_owned(),
            _ => format!("views computed: {}", views.join(", ")),
        }
    }

    /// What ended the run, or of each view that failed why, and which were skipped therefore.
    fn complaint(&self, ended: &Result<(), CommandError>) -> String {
        if let Err(error) = ended {
            return error.to_string();
        }
        let (mut lines, mut skipped) = (Vec::new(), Vec::new());
        for (view, told) in &self.0 {
            match told {
                Told::Skipped(_) => skipped.push(view.as_str()),
                told => lines.extend(
                    (told.complaint()).map(|complaint| format!("the view `{view}`: {complaint}")),
                ),
            }
        }
        if !skipped.is_empty() {
            lines.push(format!("skipped therefore: {}", skipped.join(", ")));
        }
        lines.join("\n")
    }
}
