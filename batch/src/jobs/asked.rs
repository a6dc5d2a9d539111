//! One job that somebody asked for on the page: run as the schedule would, and told in a few words.

use super::book::Wanted;
use super::ready::CommandError;
use super::run::each;
use super::store::JobStore;
use crate::cli::Exit;
use crate::report::{Outcome, RunSummary};
#[cfg(feature = "views")]
use crate::{report::ViewsReport, views};
use comptoir_config::{Settings, Sources};
use comptoir_model::ids::JobName;
#[cfg(feature = "views")]
use comptoir_model::view_result::ViewName;
use comptoir_warehouse::CommandOutcome;
use indicatif::ProgressBar;

/// What came of it, for whoever asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) outcome: CommandOutcome,
    pub(super) said: String,
}

/// The jobs that can be asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) jobs: Vec<JobName>,
    /// Why there are not more.
    pub(super) trouble: Option<String>,
}

impl Offer {
    /// The jobs of the files, and `view.<name>` for each view. What can't be read takes nothing
    /// else away.
    pub(super) fn of(settings: &Settings) -> Self {
        let mut offer = Self::default();
        match JobStore::at(&settings.jobs.file).load_if_any() {
            Ok(book) => (offer.jobs).extend(book.jobs().iter().map(|job| job.name.clone())),
            Err(error) => offer.trouble = Some(error.to_string()),
        }
        #[cfg(feature = "views")]
        match views::names(settings) {
            Ok(views) => offer.jobs.extend(views.iter().map(ViewName::job)),
            Err(error) => offer.trouble = Some(error.to_string()),
        }
        offer.jobs.sort_unstable();
        offer.jobs.dedup();
        offer
    }
}

/// Runs it, after the jobs that it needs.
pub(super) async fn run(job: &JobName, settings: &Settings, sources: &Sources) -> Answer {
    match run_job(job, settings, sources).await {
        Ok(answer) => answer,
        Err(error) => Answer {
            outcome: if error.exit() == Exit::Usage {
                CommandOutcome::Refused
            } else {
                CommandOutcome::Failed
            },
            said: error.to_string(),
        },
    }
}

async fn run_job(
    job: &JobName,
    settings: &Settings,
    sources: &Sources,
) -> Result<Answer, CommandError> {
    let book = JobStore::at(&settings.jobs.file).load_if_any()?;
    let found = book.in_order(&Wanted::These(vec![job.to_string()]));
    #[cfg(feature = "views")]
    if found.is_err() {
        let known = views::names(settings);
        let known = known.map_err(|error| Box::new(views::CommandError::from(error)))?;
        if let Some(view) = known.iter().find(|view| view.job() == *job) {
            return Ok(of_views(views::run_one(view, settings).await));
        }
    }
    // The job itself comes last.
    let mut answer = Answer {
        outcome: CommandOutcome::Refused,
        said: String::new(),
    };
    let hear = |summary: &RunSummary| answer = of_summary(summary);
    let (jobs, progress) = (found?, ProgressBar::hidden());
    // Boxed: it is large.
    Box::pin(each(&jobs, settings, sources, &progress, hear)).await?;
    Ok(answer)
}

fn of_summary(summary: &RunSummary) -> Answer {
    let complaint = summary.complaint();
    let outcome = match (&summary.outcome, &complaint) {
        (Outcome::Locked { .. }, _) => CommandOutcome::Refused,
        (_, Some(_)) => CommandOutcome::Failed,
        (_, None) => CommandOutcome::Done,
    };
    Answer {
        outcome,
        said: complaint.or(summary.said()).unwrap_or_default(),
    }
}

#[cfg(feature = "views")]
fn of_views(report: ViewsReport) -> Answer {
    Answer {
        outcome: match report.exit {
            Exit::Done => CommandOutcome::Done,
            Exit::Locked => CommandOutcome::Refused,
            _ => CommandOutcome::Failed,
        },
        said: report.said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptoir_config::RawSettings;

    #[tokio::test]
    async fn a_job_that_is_not_there_is_refused_in_words() {
        let directory = tempfile::tempdir().unwrap();
        let jobs = "[jobs.sales]\n[jobs.customers]\n";
        std::fs::write(directory.path().join("jobs.toml"), jobs).unwrap();
        let settings = Settings::resolve(RawSettings::default(), directory.path()).unwrap();
        let offer = Offer::of(&settings);
        assert_eq!(offer.trouble, None);
        for name in ["customers", "sales"] {
            assert!(
                offer.jobs.contains(&JobName::parse(name).unwrap()),
                "{offer:?}"
            );
        }
        #[cfg(feature = "views")]
        assert!(offer.jobs.contains(&ViewName::live().job()), "{offer:?}");
        let job = JobName::parse("slaes").unwrap();
        let answer = run(&job, &settings, &Sources::default()).await;
        assert_eq!(answer.outcome, CommandOutcome::Refused);
        assert!(
            answer.said.starts_with("there is no job `slaes`"),
            "{answer:?}"
        );
        assert!(answer.said.ends_with("did you mean `sales`?"), "{answer:?}");

        std::fs::write(directory.path().join("jobs.toml"), "[job.sales]").unwrap();
        let trouble = Offer::of(&settings).trouble.unwrap();
        assert!(trouble.contains("jobs.toml:1"), "{trouble}");
    }
}
