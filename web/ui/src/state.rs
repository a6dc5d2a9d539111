//! What the page shows, and how each look at the server changes it. Pure: the shell in [`crate::app`]
//! fetches and keeps the time.

use comptoir_model::api::{HistoryBy, HistoryGroup, HistorySummary, Period, Problem, ProblemKind};
use comptoir_model::history::Dimension;
use jiff::Timestamp;
use std::sync::Arc;

/// Every answer the page shows, all of the same import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub(crate) summary: HistorySummary,
    by: Vec<HistoryBy>,
    /// The summary's, to ask whether it still stands.
    pub(crate) etag: Option<String>,
    /// Which lines it is of, as the API takes it; all where it is empty.
    pub(crate) filters: String,
}

impl Snapshot {
    /// `None` where an import was published between the answers: figures of two imports do not
    /// stand side by side.
    pub(crate) fn of(
        summary: HistorySummary,
        by: Vec<HistoryBy>,
        etag: Option<String>,
        filters: String,
    ) -> Option<Self> {
        let one_run = by.iter().all(|by| by.import.run == summary.import.run);
        one_run.then_some(Self {
            summary,
            by,
            etag,
            filters,
        })
    }

    /// The days of the whole import, whatever is filtered.
    pub(crate) fn data_period(&self) -> Option<Period> {
        self.summary.import_period.or(self.summary.period)
    }

    /// Every group of the import, whatever is filtered, in order.
    pub(crate) fn all_keys(&self, dimension: Dimension) -> Vec<String> {
        let by = self.by.iter().filter(|by| by.dimension == dimension);
        let keys = by.flat_map(|by| {
            let fitting = by.groups.iter().map(|group| &group.key);
            fitting.chain(&by.other_keys)
        });
        let mut keys: Vec<_> = keys.cloned().collect();
        keys.sort();
        keys
    }

    /// The groups of a dimension, ordered by key.
    pub(crate) fn by(&self, dimension: Dimension) -> &[HistoryGroup] {
        self.by
            .iter()
            .find(|by| by.dimension == dimension)
            .map_or(&[], |by| by.groups.as_slice())
    }
}

/// Why a look found nothing to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The server said so itself.
    Problem(Problem),
    /// No answer within the time limit, or none at all.
    Unreachable,
    /// An error that does not come from Comptoir: a proxy, perhaps.
    Status { path: String, status: u16 },
    /// An answer that is not what the API promises.
    Unreadable { path: String },
}

/// What one look at the server brought.
#[derive(Clone, Debug)]
pub(crate) enum Look {
    New(Box<Snapshot>),
    /// The import on the page still stands.
    Unchanged,
    /// An import was being published meanwhile; the next look will see it whole.
    Between,
    Failed(Fault),
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// Nothing is known yet.
    Loading,
    /// Nothing has been imported.
    Empty(Problem),
    /// There is nothing to show, and this is why.
    Down(Fault),
    Shown(Shown),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) snapshot: Arc<Snapshot>,
    /// When this was last seen to be the newest import.
    pub(crate) checked: Timestamp,
    pub(crate) link: Link,
}

impl Shown {
    /// After an answer at `now`, in which the server may say that it lost sight of the lake.
    fn answered(snapshot: Arc<Snapshot>, now: Timestamp) -> Self {
        let (checked, link) = match &snapshot.summary.stale {
            None => (now, Link::Live),
            Some(stale) => (
                stale.since,
                Link::Lost(Fault::Problem(stale.problem.clone())),
            ),
        };
        Self {
            snapshot,
            checked,
            link,
        }
    }
}

/// Whether the lake was reached at the last look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    Live,
    Lost(Fault),
}

impl View {
    /// The view after a look at `now`. Once there are figures, only the server's word that the
    /// import is gone takes them away.
    pub(crate) fn after(&self, look: Look, now: Timestamp) -> Self {
        match (look, self) {
            (Look::New(snapshot), _) => Self::Shown(Shown::answered(Arc::new(*snapshot), now)),
            (Look::Unchanged, Self::Shown(shown)) => {
                Self::Shown(Shown::answered(Arc::clone(&shown.snapshot), now))
            }
            (Look::Unchanged | Look::Between, _) => self.clone(),
            (Look::Failed(Fault::Problem(problem)), _) if problem.kind == ProblemKind::NoImport => {
                Self::Empty(problem)
            }
            (Look::Failed(fault), Self::Shown(shown)) => Self::Shown(Shown {
                link: Link::Lost(fault),
                ..shown.clone()
            }),
            (Look::Failed(fault), _) => Self::Down(fault),
        }
    }

    pub(crate) fn snapshot(&self) -> Option<Arc<Snapshot>> {
        match self {
            Self::Shown(shown) => Some(Arc::clone(&shown.snapshot)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptoir_model::api::{AsOf, HistoryFigures, ImportInfo, Stale};
    use comptoir_model::ids::RunId;
    use comptoir_model::money::{Currency, Money};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn import(run: &str) -> ImportInfo {
        ImportInfo {
            run: RunId::parse(run).unwrap(),
            table: "sales".to_owned(),
            imported_at: at(0),
            location: "file:///lake/user/sqoop/sales".to_owned(),
            rows: 0,
            bytes: 0,
            parts: Vec::new(),
        }
    }

    fn summary(run: &str) -> HistorySummary {
        HistorySummary {
            figures: HistoryFigures {
                lines: 0,
                orders: 0,
                customers: 0,
                sales: Money::zero(Currency::EUR),
                net_sales: Money::zero(Currency::EUR),
                cancelled_sales: Money::zero(Currency::EUR),
                average_basket: None,
            },
            period: None,
            import_period: None,
            as_of: AsOf {
                time: at(0),
                offsets: Vec::new(),
            },
            import: import(run),
            stale: None,
        }
    }

    fn by(run: &str) -> HistoryBy {
        HistoryBy {
            dimension: Dimension::Month,
            groups: Vec::new(),
            other_keys: Vec::new(),
            as_of: AsOf {
                time: at(0),
                offsets: Vec::new(),
            },
            import: import(run),
            stale: None,
        }
    }

    fn new(run: &str) -> Look {
        Look::New(Box::new(
            Snapshot::of(summary(run), vec![by(run)], None, String::new()).unwrap(),
        ))
    }

    fn problem(kind: ProblemKind) -> Look {
        Look::Failed(Fault::Problem(describe(kind)))
    }

    fn describe(kind: ProblemKind) -> Problem {
        Problem {
            kind,
            title: String::new(),
            status: 503,
            detail: String::new(),
            hint: None,
            errors: Vec::new(),
        }
    }

    #[test]
    fn figures_of_two_imports_never_stand_side_by_side() {
        assert_eq!(
            Snapshot::of(summary("a"), vec![by("a"), by("b")], None, String::new()),
            None
        );
    }

    #[test]
    fn the_last_figures_stay_while_the_server_is_away() {
        let shown = View::Loading.after(new("a"), at(10));
        let lost = shown.after(Look::Failed(Fault::Unreachable), at(13));
        let View::Shown(Shown { checked, link, .. }) = &lost else {
            panic!("{lost:?}");
        };
        assert_eq!((*checked, link), (at(10), &Link::Lost(Fault::Unreachable)));
        assert_eq!(
            lost.after(Look::Unchanged, at(16)),
            shown.after(Look::Unchanged, at(16))
        );
    }

    #[test]
    fn an_unreachable_lake_does_not_take_the_figures_away() {
        let shown = View::Loading.after(new("a"), at(10));
        let lost = shown.after(problem(ProblemKind::LakeUnavailable), at(13));
        assert!(lost.snapshot().is_some());
    }

    #[test]
    fn what_the_server_calls_stale_is_shown_as_of_its_last_good_look() {
        let problem = describe(ProblemKind::UnreadableImport);
        let stale = Stale {
            since: at(7),
            problem: problem.clone(),
        };
        let summary = HistorySummary {
            stale: Some(stale),
            ..summary("a")
        };
        let look = Look::New(Box::new(
            Snapshot::of(summary, vec![by("a")], None, String::new()).unwrap(),
        ));
        let view = View::Loading
            .after(look, at(10))
            .after(Look::Unchanged, at(13));
        let View::Shown(shown) = view else {
            panic!("{view:?}");
        };
        assert_eq!(
            (shown.checked, shown.link),
            (at(7), Link::Lost(Fault::Problem(problem)))
        );
    }

    #[test]
    fn an_emptied_lake_is_empty() {
        let shown = View::Loading.after(new("a"), at(10));
        assert!(matches!(
            shown.after(problem(ProblemKind::NoImport), at(13)),
            View::Empty(_)
        ));
    }

    #[test]
    fn without_figures_a_fault_is_what_there_is_to_show() {
        let down = View::Loading.after(Look::Failed(Fault::Unreachable), at(1));
        assert_eq!(down, View::Down(Fault::Unreachable));
        assert!(matches!(down.after(new("a"), at(2)), View::Shown(_)));
        assert_eq!(View::Loading.after(Look::Between, at(1)), View::Loading);
    }
}
