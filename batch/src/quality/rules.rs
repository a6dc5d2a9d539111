//! The rules as they are meant.

use super::events::EventRule;
use comptoir_model::quality::RuleAction;
use std::fmt;

/// How many values a rule remembers where the file does not say: about 150 MiB at most.
pub(super) const VALUES_MAX: usize = 4_000_000;

/// A whole `quality.toml`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    /// As it was named, for messages.
    pub file: String,
    /// How many values [`Check::Unique`] and [`Check::Reference`] remember, each.
    pub values_max: usize,
    pub rules: Vec<Rule>,
    /// For live events.
    pub events: Vec<EventRule>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Where it begins in the file, from 1.
    pub line: usize,
    /// `None`: what it asks for is its name.
    pub name: Option<String>,
    pub table: String,
    pub check: Check,
    pub action: RuleAction,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Check {
    NotNull {
        column: String,
    },
    /// Of numbers, dates and times; both ends belong to it. NULL is in every range.
    Range {
        column: String,
        min: Option<Bound>,
        max: Option<Bound>,
    },
    /// One of these texts. NULL is in every set.
    Set {
        column: String,
        values: Vec<String>,
    },
    /// No two rows alike, compared byte by byte. NULLs are never alike.
    Unique {
        column: String,
    },
    /// Each value stands in a column of another table. NULL refers to nothing.
    Reference {
        column: String,
        to: Reference,
    },
    /// Of the whole import.
    RowCount {
        min: Option<u64>,
        max: Option<u64>,
        /// Of the run before; kept where there was none.
        share: Option<Share>,
    },
    /// The newest date or time is at most so old. Times are taken for UTC.
    Freshness {
        column: String,
        age_max: jiff::SignedDuration,
    },
}

/// An end of a range, in digits or as a date: `0`, `99999.99`, `2003-01-06`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound(pub String);

/// A column whose values others refer to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    pub table: String,
    pub column: String,
}

/// How many rows, in percent of the run before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    pub percent_min: Option<u32>,
    pub percent_max: Option<u32>,
}

impl Rules {
    /// The rules for one table, whose name is compared without case; none for events.
    #[must_use]
    pub fn of_table(&self, table: &str) -> Self {
        let of_table = |rule: &&Rule| rule.table.eq_ignore_ascii_case(table);
        Self {
            file: self.file.clone(),
            values_max: self.values_max,
            rules: self.rules.iter().filter(of_table).cloned().collect(),
            events: Vec::new(),
        }
    }

    /// The columns whose values have to be loaded first.
    pub fn references(&self) -> Vec<Reference> {
        let to = |rule: &Rule| match &rule.check {
            Check::Reference { to, .. } => Some(to.clone()),
            _ => None,
        };
        let mut references: Vec<_> = self.rules.iter().filter_map(to).collect();
        references.sort();
        references.dedup();
        references
    }
}

impl Rule {
    pub fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.check.to_string())
    }
}

impl Check {
    /// The column that it looks at; `None` of a rule over the rows as a whole.
    pub fn column(&self) -> Option<&str> {
        match self {
            Self::NotNull { column }
            | Self::Range { column, .. }
            | Self::Set { column, .. }
            | Self::Unique { column }
            | Self::Reference { column, .. }
            | Self::Freshness { column, .. } => Some(column),
            Self::RowCount { .. } => None,
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let between =
            |f: &mut fmt::Formatter<'_>, min: Option<String>, max: Option<String>| match (min, max)
            {
                (Some(min), Some(max)) => write!(f, "from {min} to {max}"),
                (Some(min), None) => write!(f, "at least {min}"),
                (None, Some(max)) => write!(f, "at most {max}"),
                (None, None) => Ok(()),
            };
        match self {
            Self::NotNull { column } => write!(f, "{column} is not null"),
            Self::Range { column, min, max } => {
                write!(f, "{column} is ")?;
                let text = |bound: &Option<Bound>| bound.as_ref().map(|bound| bound.0.clone());
                between(f, text(min), text(max))
            }
            Self::Set { column, values } => {
                write!(f, "{column} is one of {}", values.join(", "))
            }
            Self::Unique { column } => write!(f, "{column} is unique"),
            Self::Reference { column, to } => write!(f, "{column} is in {to}"),
            Self::RowCount { min, max, share } => {
                f.write_str("rows: ")?;
                between(f, min.map(|n| n.to_string()), max.map(|n| n.to_string()))?;
                if let Some(share) = share {
                    if min.is_some() || max.is_some() {
                        f.write_str(", ")?;
                    }
                    let percent = |number: Option<u32>| number.map(|number| format!("{number} %"));
                    between(f, percent(share.percent_min), percent(share.percent_max))?;
                    f.write_str(" of the run before")?;
                }
                Ok(())
            }
            Self::Freshness { column, age_max } => {
                write!(f, "{column} is at most {age_max:#} old")
            }
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.table, self.column)
    }
}
