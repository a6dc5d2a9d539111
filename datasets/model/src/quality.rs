//! What came of the quality rules of an import; kept in its manifest, shown on the dashboard.

use serde::{Deserialize, Serialize};
use std::fmt;

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
    /// The column that it looks at; `None` of a rule over the rows as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    pub action: RuleAction,
    pub result: RuleResult,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RuleResult {
    Kept,
    BrokenRows {
        rows: u64,
        /// Some of their values, with the key of the row where the table has one: `-5.00 (id=17)`.
        examples: Vec<String>,
        /// Values besides that could not be checked: there may be more such rows.
        unchecked: u64,
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

/// For people: the rule, and what was found.
impl fmt::Display for RuleOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, column, .. } = self;
        write!(f, "`{rule}`")?;
        if let Some(column) = column {
            write!(f, " (column `{column}`)")?;
        }
        write!(f, ": {}", self.result)
    }
}

impl fmt::Display for RuleResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kept => f.write_str("kept"),
            Self::BrokenRows {
                rows,
                examples,
                unchecked,
            } => {
                let (plural, verb) = if *rows == 1 { ("", "s") } else { ("s", "") };
                write!(
                    f,
                    "{rows} row{plural} break{verb} it: {}",
                    examples.join(", ")
                )?;
                if *rows > examples.len() as u64 {
                    f.write_str(" and others")?;
                }
                match unchecked {
                    0 => Ok(()),
                    values => write!(f, "; {values} values could not be checked"),
                }
            }
            Self::Broken { found } => f.write_str(found),
            Self::Undecided { reason } => write!(f, "could not be checked to the end: {reason}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_which_rule_which_column_and_which_rows() {
        let outcome = |rows, examples: &[&str], unchecked| RuleOutcome {
            rule: "prices are sane".to_owned(),
            column: Some("PRICEEACH".to_owned()),
            action: RuleAction::Fail,
            result: RuleResult::BrokenRows {
                rows,
                examples: examples.iter().map(|text| (*text).to_owned()).collect(),
                unchecked,
            },
        };
        assert_eq!(
            outcome(1, &["-5.00 (id=17)"], 0).to_string(),
            "`prices are sane` (column `PRICEEACH`): 1 row breaks it: -5.00 (id=17)"
        );
        assert_eq!(
            outcome(7, &["-5.00 (id=17)", "NULL (id=18)"], 2).to_string(),
            "`prices are sane` (column `PRICEEACH`): 7 rows break it: -5.00 (id=17), NULL (id=18) \
             and others; 2 values could not be checked"
        );
    }
}
