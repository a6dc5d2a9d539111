//! Rules of `quality.toml` for live events, held against what the archive has of them. Pure.
//!
//! They come after the verdict, which all sinks share: no live figure depends on them.

mod alarms;
mod sql;

pub(super) use alarms::{Alarm, Lately, alarms, days_needed};
pub(super) use sql::{Joined, checks, passed, quarantined};

use crate::quality::{Check, EventCheck, EventRule};
use comptoir_model::ids::RunId;
use comptoir_model::quality::RuleAction;
use sha2::{Digest, Sha256};

/// Which rules are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Of each event: those that set it aside.
    Quarantine,
    /// Of each event: all.
    Each,
    /// Of all events together.
    Whole,
}

impl Asked {
    pub(super) fn of(self, rules: &[EventRule]) -> Vec<EventRule> {
        let is_asked = |rule: &&EventRule| {
            let is_each = matches!(rule.check, EventCheck::Each(_));
            match self {
                Self::Quarantine => is_each && rule.action == RuleAction::Quarantine,
                Self::Each => is_each,
                Self::Whole => !is_each,
            }
        };
        rules.iter().filter(is_asked).cloned().collect()
    }
}

/// What these rules ask for, as a run of theirs: other rules are another run.
pub(super) fn run_of(rules: &[EventRule]) -> RunId {
    let texts = (rules.iter()).map(|rule| format!("{:?}", (&rule.name, &rule.check, rule.action)));
    digest("rules", &texts.collect::<Vec<_>>())
}

/// The run of whatever these texts say.
pub(super) fn digest(kind: &str, texts: &[String]) -> RunId {
    let digest = Sha256::digest(texts.join("\n"));
    let short = hex::encode(&digest[..8]);
    RunId::parse(&format!("{kind}-{short}")).expect("letters, digits and a dash")
}

/// As results say it, and `quality.toml`.
pub(super) fn word(action: RuleAction) -> &'static str {
    match action {
        RuleAction::Warn => "warn",
        RuleAction::Quarantine => "quarantine",
        RuleAction::Fail => "fail",
    }
}

/// What a rule of each event asks.
fn of_each(rule: &EventRule) -> Option<&Check> {
    match &rule.check {
        EventCheck::Each(check) => Some(check),
        _ => None,
    }
}
