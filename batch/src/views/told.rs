//! What became of a view, and how it is said. Pure.

use super::broken;
use super::compute::Done;
use super::error::ViewError;
use super::live::{self, LiveDone};
use super::unknown;
use crate::cli::Exit;
use comptoir_model::ids::RunId;
use comptoir_model::view_result::ViewName;
use comptoir_warehouse::JobOutput;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::io::Write;

pub(super) enum Told {
    Done(Box<Done>),
    Live {
        done: LiveDone,
        took: SignedDuration,
    },
    /// There was nothing to do.
    Nothing,
    Failed {
        message: String,
        exit: Exit,
        can_help_itself: bool,
    },
    Locked(String),
    Skipped(String),
}

impl Told {
    pub(super) fn failed(error: &ViewError) -> Self {
        Self::Failed {
            message: error.to_string(),
            exit: error.exit(),
            can_help_itself: error.can_help_itself(),
        }
    }

    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Done(_) | Self::Live { .. } | Self::Nothing => Exit::Done,
            Self::Failed { exit, .. } => *exit,
            Self::Locked(_) => Exit::Locked,
            Self::Skipped(_) => Exit::Failed,
        }
    }

    /// Whether trying again can help: whoever computes it now will have done so.
    pub(super) fn can_help_itself(&self) -> bool {
        match self {
            Self::Failed {
                can_help_itself, ..
            } => *can_help_itself,
            Self::Locked(_) => true,
            _ => false,
        }
    }

    pub(super) fn complaint(&self) -> Option<&str> {
        match self {
            Self::Done(_) | Self::Live { .. } | Self::Nothing => None,
            Self::Failed { message, .. } | Self::Locked(message) | Self::Skipped(message) => {
                Some(message)
            }
        }
    }

    /// What was published, for the record.
    pub(super) fn output(&self) -> Option<JobOutput> {
        match self {
            Self::Done(done) => Some(JobOutput {
                run: done.run.clone(),
                rows: done.written.rows,
                bytes: done.written.bytes,
            }),
            Self::Live { done, .. } => Some(JobOutput {
                run: live_run(done)?,
                rows: done.events,
                bytes: 0,
            }),
            _ => None,
        }
    }

    /// Results go to `out`, complaints into the log, which people see on stderr.
    pub(super) fn tell(
        &self,
        name: &ViewName,
        as_json: bool,
        out: &mut impl Write,
    ) -> std::io::Result<()> {
        if let Some(complaint) = self.complaint() {
            tracing::error!("{name}: {complaint}");
        }
        let line = match self {
            Self::Nothing => return Ok(()),
            told if as_json => told.json(name).to_string(),
            Self::Done(done) => of_view(name, done),
            Self::Live { done, took } => of_live(done, *took),
            Self::Failed { .. } | Self::Locked(_) | Self::Skipped(_) => return Ok(()),
        };
        writeln!(out, "{line}")
    }

    fn outcome(&self) -> &'static str {
        match self {
            Self::Done(_) | Self::Live { .. } | Self::Nothing => "done",
            Self::Failed { .. } => "failed",
            Self::Locked(_) => "locked",
            Self::Skipped(_) => "skipped",
        }
    }

    pub(super) fn json(&self, name: &ViewName) -> Value {
        if let Self::Live { done, took } = self {
            let behind: Vec<_> = done.behind.iter().map(ToString::to_string).collect();
            return json!({
                "view": name,
                "outcome": self.outcome(),
                "run": live_run(done),
                "events": done.events,
                "quarters": done.quarters,
                "behind": behind,
                "duration_s": took.as_secs_f64(),
                "spilled_bytes": done.spilled_bytes,
            });
        }
        let done = match self {
            Self::Done(done) => Some(done),
            _ => None,
        };
        json!({
            "view": name,
            "outcome": self.outcome(),
            "run": done.map(|done| &done.run),
            "rows": done.map(|done| done.written.rows),
            "bytes": done.map(|done| done.written.bytes),
            "duration_s": done.map(|done| done.took.as_secs_f64()),
            "spilled_bytes": done.map(|done| done.spilled_bytes),
            "days": done.and_then(|done| done.days),
            "sources": done.map(|done| &done.about.sources),
            "unknown": done.map(|done| &done.about.unknown),
            "broken": done.map(|done| &done.about.broken),
            "error": self.complaint(),
        })
    }
}

fn live_run(done: &LiveDone) -> Option<RunId> {
    done.run.map(|run| RunId::numbered(live::NAME, run.0))
}

fn of_view(name: &ViewName, done: &Done) -> String {
    let sources: Vec<_> = (done.about.sources.iter())
        .map(|source| format!("{} (run {})", source.location, source.run))
        .collect();
    let unknown: Vec<_> = (done.about.unknown.iter())
        .filter_map(unknown::told)
        .chain(broken::told(&done.about.broken))
        .map(|told| format!("; {told}"))
        .collect();
    format!(
        "{name}: {} rows{} from {} in {:.1} s{}{} (run {})",
        done.written.rows,
        days(done.days),
        sources.join(", "),
        done.took.as_secs_f64(),
        spilled(done.spilled_bytes),
        unknown.concat(),
        done.run
    )
}

fn of_live(done: &LiveDone, took: SignedDuration) -> String {
    let run = match live_run(done) {
        Some(run) => format!("run {run}"),
        None => "no run yet".to_owned(),
    };
    let behind = match done.behind.len() {
        0 => String::new(),
        count => format!(", {count} partitions wait for the archive"),
    };
    format!(
        "{}: {} events more, {} quarters of an hour computed in {:.1} s{}{behind} ({run})",
        live::NAME,
        done.events,
        done.quarters,
        took.as_secs_f64(),
        spilled(done.spilled_bytes),
    )
}

fn days(days: Option<usize>) -> String {
    match days {
        None => String::new(),
        Some(1) => ", of 1 day anew,".to_owned(),
        Some(days) => format!(", of {days} days anew,"),
    }
}

fn spilled(bytes: usize) -> String {
    match bytes {
        0 => String::new(),
        bytes => format!(", {bytes} bytes spilled"),
    }
}
