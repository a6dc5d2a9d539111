//! Incremental imports: only what is new since the last run, and nothing missed.
//!
//! Which rows a run reads is decided purely ([`window`]) from what the last run left in the
//! target's manifest and from what the database says inside the snapshot ([`ask`]). Rows of
//! transactions that were open then come late, with values below what was read already. Of integer
//! keys the next runs read the gaps again ([`gaps`]); of times they begin where the oldest of those
//! transactions began, and leave out the rows that were published before ([`overlap`]).

mod ask;
mod check_column;
mod gaps;
mod overlap;
mod window;

pub(super) use ask::begin;
pub(super) use overlap::Overlap;
pub(super) use window::Window;

use super::error::ImportError;
use super::request::{ImportReport, ImportRequest};
use comptoir_lake::publish::Base;
use comptoir_lake::{Lake, LakeError, published};
use comptoir_model::ids::RunId;
use comptoir_model::incremental::{IncrementalMode, IncrementalState, Start};
use jiff::Timestamp;
use std::fmt;

/// `--incremental` and the flags that belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncrementalRequest {
    pub mode: IncrementalMode,
    /// As the user wrote it; in a query it may name its table.
    pub column: String,
    /// Where to begin; `None`: where the last run into this target ended.
    pub last_value: Option<String>,
}

/// What an incremental import came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncrementalReport {
    pub mode: IncrementalMode,
    pub column: String,
    /// What Sqoop would want as `--last-value` next time; `None` of a table without values.
    pub last_value: Option<String>,
    pub outcome: IncrementalOutcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncrementalOutcome {
    Published,
    /// There was nothing new, and nothing was changed.
    NothingNew,
}

/// What the last run into the target left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Before {
    /// Whether there are rows.
    pub(super) holds_rows: bool,
    pub(super) state: Option<IncrementalState>,
}

impl Before {
    pub(super) async fn of(lake: &Lake, request: &ImportRequest) -> Result<Self, ImportError> {
        match published::describe(lake, &request.target).await {
            Ok(Some(manifest)) => Ok(Self {
                holds_rows: true,
                state: manifest.incremental,
            }),
            Ok(None) => Ok(Self::default()),
            Err(LakeError::Unpublished { .. }) => Ok(Self {
                holds_rows: true,
                state: None,
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Of a run that changes nothing.
    pub(super) fn nothing_new(
        &self,
        lake: &Lake,
        request: &ImportRequest,
        run: RunId,
        imported_at: Timestamp,
    ) -> ImportReport {
        let report = request.incremental.as_ref().map(|wanted| {
            let known = self.state.as_ref().map(|state| state.ceiling.clone());
            let last_value = wanted.last_value.clone().or(known);
            wanted.report(last_value, IncrementalOutcome::NothingNew)
        });
        ImportReport {
            run,
            imported_at,
            rows: 0,
            bytes: 0,
            parts: 0,
            ambiguous_rows: 0,
            quarantined_rows: 0,
            broken_rules: Vec::new(),
            location: lake.url_of(&request.target),
            incremental: report,
        }
    }

    /// What a run that goes on from here may be added to.
    pub(super) fn base(&self) -> Base {
        Base::State(self.state.as_ref().map(|state| state.run.clone()))
    }
}

impl Window {
    /// What the next run goes on from, once the rows of this one are published.
    pub(super) fn state(&self, request: &IncrementalRequest, run: RunId) -> IncrementalState {
        IncrementalState {
            run,
            mode: request.mode,
            column: request.column.clone(),
            ceiling: self.ceiling.clone(),
            start: self.next.clone(),
            gaps: self.gaps.clone(),
            overlap: self
                .overlap
                .as_deref()
                .map(Overlap::met)
                .unwrap_or_default(),
        }
    }
}

impl ImportRequest {
    /// Only the rows of a window, whose condition it is.
    pub(super) fn narrowed(&self, condition: &str) -> Self {
        Self {
            selection: self.selection.narrowed(condition),
            ..self.clone()
        }
    }
}

impl IncrementalRequest {
    pub(super) fn report(
        &self,
        last_value: Option<String>,
        outcome: IncrementalOutcome,
    ) -> IncrementalReport {
        IncrementalReport {
            mode: self.mode,
            column: self.column.clone(),
            last_value,
            outcome,
        }
    }
}

impl fmt::Display for IncrementalReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mode, column) = (self.mode.name(), &self.column);
        match &self.last_value {
            None => write!(f, "--incremental {mode} --check-column {column}"),
            Some(value) if value.contains(' ') => write!(
                f,
                "--incremental {mode} --check-column {column} --last-value '{value}'"
            ),
            Some(value) => write!(
                f,
                "--incremental {mode} --check-column {column} --last-value {value}"
            ),
        }
    }
}

/// The value of a start.
pub(super) fn value_of(start: &Start) -> &str {
    match start {
        Start::After(value) | Start::From(value) => value,
    }
}
