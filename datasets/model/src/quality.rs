//! What came of the quality rules of an import; kept in its manifest, shown on the dashboard.

use serde::{Deserialize, Serialize};

/// What a broken rule leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleAction {
    /// It is told.
    Warn,
    /// The rows that break it are set aside and counted; the others are published.
    Quarantine,
    /// Nothing is published.
    Fail,
}

/// One rule and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleOutcome {
    /// As `quality.toml` names it, else what it asks for: `SALES between 0 and 100000`.
    pub rule: String,
    pub action: RuleAction,
    pub result: RuleResult,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RuleResult {
    Kept,
    /// Rows that break it, with some of their values as examples.
    BrokenRows {
        rows: u64,
        examples: Vec<String>,
    },
    /// A rule over the whole import that does not hold: `1,200 rows, 2,823 in the run before`.
    Broken {
        found: String,
    },
    /// It could not be checked to the end, and why.
    Undecided {
        reason: String,
    },
}

impl RuleOutcome {
    pub fn is_kept(&self) -> bool {
        self.result == RuleResult::Kept
    }

    /// Whether the import may not be published. A rule that nobody could check is not kept.
    pub fn forbids_publication(&self) -> bool {
        self.action == RuleAction::Fail && !self.is_kept()
    }
}
