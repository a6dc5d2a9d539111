//! What is known about the lake's newest import, and what may be served of it. Pure.

use super::not_looked_yet;
use super::view::HistoryView;
use comptoir_model::api::{Problem, ProblemKind, Stale};
use comptoir_model::ids::RunId;
use jiff::Timestamp;
use std::sync::Arc;

/// The state that requests see. A view, once there, stays until a newer one takes its place.
#[derive(Clone, Debug)]
pub(crate) enum Sight {
    /// Before the first look has ended.
    Unknown,
    /// Looked, and there is nothing to serve.
    Nothing(Problem),
    /// The lake's newest import, at the time of the look.
    Current {
        view: Arc<HistoryView>,
        checked_at: Timestamp,
    },
    /// The last import that could be read; `checked_at` is when it was still the newest.
    Stale {
        view: Arc<HistoryView>,
        checked_at: Timestamp,
        problem: Problem,
    },
}

/// What one look at the lake found.
#[derive(Clone, Debug)]
pub(crate) enum Look {
    /// The import that is served is still the newest.
    Same,
    Newer(Arc<HistoryView>),
    /// Nothing is published, the lake is away, or what is published can't be read.
    Failed(Problem),
}

/// What a request is answered from.
#[derive(Clone, Debug)]
pub(crate) struct Served {
    pub(crate) view: Arc<HistoryView>,
    pub(crate) stale: Option<Stale>,
}

impl Sight {
    /// The state after a look that ended at `now`.
    pub(crate) fn after(self, look: Look, now: Timestamp) -> Self {
        let checked_at = now;
        match (look, self) {
            (Look::Newer(view), _)
            | (Look::Same, Self::Current { view, .. } | Self::Stale { view, .. }) => {
                Self::Current { view, checked_at }
            }
            // There is nothing it could be the same as: this look tells nothing.
            (Look::Same, unchanged) => unchanged,
            (Look::Failed(problem), Self::Unknown | Self::Nothing(_)) => Self::Nothing(problem),
            (
                Look::Failed(problem),
                Self::Current { view, checked_at }
                | Self::Stale {
                    view, checked_at, ..
                },
            ) => Self::Stale {
                view,
                checked_at,
                problem,
            },
        }
    }

    /// The view, if there is one, and when it was last seen to be the newest.
    pub(crate) fn view(&self) -> Option<(&Arc<HistoryView>, Timestamp)> {
        match self {
            Self::Unknown | Self::Nothing(_) => None,
            Self::Current { view, checked_at }
            | Self::Stale {
                view, checked_at, ..
            } => Some((view, *checked_at)),
        }
    }

    pub(crate) fn run(&self) -> Option<&RunId> {
        self.view().map(|(view, _)| &view.import().run)
    }

    /// What is wrong, if anything is.
    pub(crate) fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Unknown | Self::Current { .. } => None,
            Self::Nothing(problem) | Self::Stale { problem, .. } => Some(problem),
        }
    }

    pub(crate) fn served(&self) -> Result<Served, Problem> {
        let (view, stale) = match self {
            Self::Unknown => return Err(not_looked_yet()),
            Self::Nothing(problem) => return Err(problem.clone()),
            Self::Current { view, .. } => (view, None),
            Self::Stale {
                view,
                checked_at,
                problem,
            } => {
                let problem = problem.clone();
                (
                    view,
                    Some(Stale {
                        since: *checked_at,
                        problem,
                    }),
                )
            }
        };
        let view = Arc::clone(view);
        Ok(Served { view, stale })
    }

    /// Whether requests for the history are answered. An empty lake is an answer.
    pub(crate) fn readiness(&self) -> Result<(), Problem> {
        match self {
            Self::Unknown => Err(not_looked_yet()),
            Self::Nothing(problem) if problem.kind != ProblemKind::NoImport => Err(problem.clone()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::view::tests::view;
    use crate::http::problem::problem;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn failed(kind: ProblemKind) -> Look {
        Look::Failed(problem(kind, "detail".to_owned(), None))
    }

    fn newer(run: &str) -> Look {
        Look::Newer(Arc::new(view(run)))
    }

    #[test]
    fn before_the_first_look_nothing_is_ready() {
        assert!(Sight::Unknown.readiness().is_err());
        assert!(Sight::Unknown.served().is_err());
    }

    #[test]
    fn an_empty_lake_is_ready_and_an_unreadable_one_is_not() {
        let empty = Sight::Unknown.after(failed(ProblemKind::NoImport), at(1));
        assert!(empty.readiness().is_ok());
        let unreadable = empty.after(failed(ProblemKind::UnreadableImport), at(2));
        assert!(unreadable.readiness().is_err());
        assert_eq!(
            unreadable.served().unwrap_err().kind,
            ProblemKind::UnreadableImport
        );
    }

    #[test]
    fn the_last_good_view_goes_on_and_says_since_when_it_is_stale() {
        let sight = Sight::Unknown
            .after(newer("a"), at(1))
            .after(Look::Same, at(2))
            .after(failed(ProblemKind::LakeUnavailable), at(3))
            .after(failed(ProblemKind::UnreadableImport), at(4));
        assert!(sight.readiness().is_ok());
        let stale = sight.served().unwrap().stale.unwrap();
        assert_eq!(stale.since, at(2));
        assert_eq!(stale.problem.kind, ProblemKind::UnreadableImport);
    }

    #[test]
    fn a_lake_that_comes_back_ends_staleness() {
        let away = Sight::Unknown
            .after(newer("a"), at(1))
            .after(failed(ProblemKind::LakeUnavailable), at(2));
        let back = away.clone().after(Look::Same, at(3));
        assert!(back.served().unwrap().stale.is_none());
        let swapped = away.after(newer("b"), at(3));
        assert_eq!(swapped.run().unwrap().as_str(), "b");
        assert!(swapped.served().unwrap().stale.is_none());
    }
}
