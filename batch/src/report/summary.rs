//! One run, after its end. Pure.

use crate::cli::Exit;
use crate::import::ImportReport;
use jiff::Timestamp;
use serde_json::{Value, json};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunSummary {
    /// The job, or the directory of an import that is none.
    pub job: String,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    /// How often it was tried; 0 where it was not.
    pub attempts: u32,
    pub outcome: Outcome,
}

/// Messages are in words, with a hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done(ImportReport),
    /// A job of views ended, well or not.
    Views(ViewsReport),
    /// Published, but no rows came, and somebody wants to hear of that.
    Empty(ImportReport),
    Failed {
        message: String,
        exit: Exit,
    },
    /// Another process runs it.
    Locked {
        message: String,
    },
    /// What it needs was not done.
    Skipped {
        message: String,
    },
}

/// What came of a job of views. Each view has a record of its own, with its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewsReport {
    /// That of the first view that was not done.
    pub exit: Exit,
    /// What was done, or what was not, in words.
    pub said: String,
    /// What became of each view, as `views run --json` says it.
    pub views: Vec<Value>,
}

impl RunSummary {
    pub fn exit(&self) -> Exit {
        match &self.outcome {
            Outcome::Done(_) => Exit::Done,
            Outcome::Views(report) => report.exit,
            Outcome::Empty(_) => Exit::Empty,
            Outcome::Failed { exit, .. } => *exit,
            Outcome::Locked { .. } => Exit::Locked,
            Outcome::Skipped { .. } => Exit::Failed,
        }
    }

    /// What an import published.
    pub fn report(&self) -> Option<&ImportReport> {
        match &self.outcome {
            Outcome::Done(report) | Outcome::Empty(report) => Some(report),
            Outcome::Views(_)
            | Outcome::Failed { .. }
            | Outcome::Locked { .. }
            | Outcome::Skipped { .. } => None,
        }
    }

    /// What it did, in words; `None` where it is not all well.
    pub fn said(&self) -> Option<String> {
        match &self.outcome {
            Outcome::Done(report) => Some(report.to_string()),
            Outcome::Views(report) => (report.exit == Exit::Done).then(|| report.said.clone()),
            _ => None,
        }
    }

    /// Why it is not all well.
    pub fn complaint(&self) -> Option<String> {
        match &self.outcome {
            Outcome::Done(_) => None,
            Outcome::Views(report) => (report.exit != Exit::Done).then(|| report.said.clone()),
            Outcome::Empty(report) => Some(format!(
                "no rows came: {report}\nhint: look at the source; without --fail-if-empty this is no failure"
            )),
            Outcome::Failed { message, .. }
            | Outcome::Locked { message }
            | Outcome::Skipped { message } => Some(message.clone()),
        }
    }

    pub fn seconds(&self) -> f64 {
        self.ended_at.duration_since(self.started_at).as_secs_f64()
    }

    pub fn to_json(&self) -> Value {
        let report = self.report();
        let views = match &self.outcome {
            Outcome::Views(report) => Some(&report.views),
            _ => None,
        };
        json!({
            "job": self.job,
            "outcome": match &self.outcome {
                Outcome::Done(_) => "done",
                Outcome::Views(report) if report.exit == Exit::Done => "done",
                Outcome::Views(_) | Outcome::Failed { .. } => "failed",
                Outcome::Empty(_) => "empty",
                Outcome::Locked { .. } => "locked",
                Outcome::Skipped { .. } => "skipped",
            },
            "exit": self.exit().code(),
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "duration_s": self.seconds(),
            "attempts": self.attempts,
            "rows": report.map(|report| report.rows),
            "bytes": report.map(|report| report.bytes),
            "parts": report.map(|report| report.parts),
            "location": report.map(|report| &report.location),
            "run": report.map(|report| &report.run),
            "views": views,
            "error": self.complaint(),
        })
    }
}
