//! What a view reads, as its header says it. Pure.

use super::columns::{self, DeclaredColumn};
use crate::views::error::HeaderFault;
use comptoir_lake::LakePath;
use comptoir_model::view_result::{ViewName, is_identifier};

/// A table that the view's SQL reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::views) struct Source {
    /// As the SQL calls it.
    pub(in crate::views) name: String,
    pub(in crate::views) kind: SourceKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::views) enum SourceKind {
    /// The published import of a table of the ERP.
    Table(String),
    /// What is published in this directory of the lake.
    Directory(LakePath),
    /// The published result of another view.
    View(ViewName),
    /// The archive of live events, as far as the live run covers it.
    Archive(ArchiveRows),
    /// Files of the lake that nobody published.
    Files(Files),
    /// What is known of products, customers or stores, if anything is given.
    Reference(Reference),
}

/// Which rows of the archive a view sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::views) enum ArchiveRows {
    /// The accepted events.
    Events,
    /// All records, whatever was judged of them, and what is missing.
    Records,
    /// The accepted events that no rule sets aside.
    Passed,
    /// The others, with the rule.
    Quarantined,
    /// Of each day and rule, how many events break it.
    Checks,
    /// What rules say of all events together.
    Alarms,
}

impl ArchiveRows {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "events" => Self::Events,
            "records" => Self::Records,
            "passed" => Self::Passed,
            "quarantined" => Self::Quarantined,
            "checks" => Self::Checks,
            "alarms" => Self::Alarms,
            _ => return None,
        })
    }

    /// Whether the rows of a day are made of that day's events.
    pub(super) fn come_by_day(self) -> bool {
        !matches!(self, Self::Records | Self::Alarms)
    }
}

/// Files whose paths match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::views) struct Files {
    pub(in crate::views) pattern: String,
    pub(in crate::views) kind: FileKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::views) enum FileKind {
    /// With these columns, or with those that the files themselves have where there are none.
    Csv(Vec<DeclaredColumn>),
    Parquet,
}

/// A table of which each key has one row at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::views) struct Reference {
    /// Of its directory, below the setting `views.reference_dir`.
    pub(in crate::views) name: String,
    /// The first one is the key.
    pub(in crate::views) columns: Vec<DeclaredColumn>,
}

impl Source {
    pub(super) fn parse(name: &str, value: &str) -> Result<Self, HeaderFault> {
        if !is_identifier(name) {
            return Err(HeaderFault::SourceName(name.to_owned()));
        }
        let bad = || HeaderFault::Source(value.to_owned());
        let (kind, what) = value.split_once(' ').unwrap_or((value, ""));
        let what = what.trim();
        let (plain, declared) = match what.split_once('(') {
            None => (what, None),
            Some((plain, columns)) => (plain.trim_end(), Some(columns::parse(columns)?)),
        };
        let kind = match (kind, declared) {
            ("import", None) if what.starts_with('/') => {
                SourceKind::Directory(LakePath::parse(what).map_err(|_| bad())?)
            }
            ("import", None) if !what.is_empty() && !what.contains('/') => {
                SourceKind::Table(what.to_owned())
            }
            ("archive", None) => SourceKind::Archive(ArchiveRows::parse(what).ok_or_else(bad)?),
            ("view", None) => SourceKind::View(ViewName::parse(what).map_err(|_| bad())?),
            ("csv", declared) if is_pattern(plain) => SourceKind::Files(Files {
                pattern: plain.to_owned(),
                kind: FileKind::Csv(declared.unwrap_or_default()),
            }),
            ("parquet", None) if is_pattern(plain) => SourceKind::Files(Files {
                pattern: plain.to_owned(),
                kind: FileKind::Parquet,
            }),
            ("reference", Some(columns)) if is_identifier(plain) => {
                SourceKind::Reference(Reference {
                    name: plain.to_owned(),
                    columns,
                })
            }
            _ => return Err(bad()),
        };
        Ok(Self {
            name: name.to_owned(),
            kind,
        })
    }
}

/// An absolute path whose parts may have `*`, `?` and `[…]` in them.
fn is_pattern(text: &str) -> bool {
    let parts = text.strip_prefix('/').map(|text| text.split('/'));
    parts.is_some_and(|mut parts| {
        parts.all(|part| !part.is_empty() && part != "**" && glob::Pattern::new(part).is_ok())
    })
}
