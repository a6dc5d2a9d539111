//! What of its result a run computes: everything, or the days with news, and of days that the archive
//! has forgotten, which can't be computed again, what is late.

use super::compute::{Computation, Extent};
use super::error::ViewError;
use super::header::Late;
use super::recorded::Recorded;
use super::sources::{LateEvents, Opened, Sources};
use comptoir_bronze::{OutputVersion, Replaced};
use comptoir_model::merge::{Coverage, PartitionKey, Span};
use comptoir_model::view_result::SourceRun;
use jiff::civil::Date;
use std::collections::BTreeSet;

/// What of its result a run replaces, and what it reads for that.
pub(super) struct Scope {
    pub(super) opened: Vec<Opened>,
    pub(super) replaced: Replaced,
    /// What joins rows that stay.
    pub(super) late: Option<LateEvents>,
    /// Which events it covers then.
    pub(super) coverage: Option<Coverage>,
    /// Days before it may be without some of their events then.
    pub(super) whole_from: Option<Date>,
}

impl Scope {
    fn of_everything(opened: Vec<Opened>) -> Self {
        Self {
            opened,
            replaced: Replaced::All,
            late: None,
            coverage: None,
            whole_from: None,
        }
    }
}

impl Computation<'_> {
    /// Only the days with news, where the rows of all others are known to come out as they are.
    pub(super) async fn scope(
        &self,
        opened: Vec<Opened>,
        base: Option<&OutputVersion>,
        sources: &mut Sources<'_>,
    ) -> Result<Scope, ViewError> {
        let mut scope = Scope::of_everything(opened);
        let Some(events) = self.view.header.incremental() else {
            return Ok(scope);
        };
        let coverage = sources.coverage().await?;
        let recorded = base.and_then(|base| Recorded::parse(base.facts()?));
        let runs: Vec<SourceRun> = (scope.opened.iter())
            .flat_map(Opened::runs)
            .cloned()
            .collect();
        let news = (recorded.as_ref())
            .filter(|recorded| self.extent == Extent::News && is_of(base, recorded))
            .and_then(|recorded| recorded.news(&self.view.sha256(), &runs, events, &coverage));
        match (base, sources.whole_from().await?) {
            (Some(_), Some(first)) => {
                scope.whole_from = recorded.as_ref().and_then(|recorded| recorded.whole_from);
                let unread = self.unread(recorded.as_ref(), &coverage, first)?;
                let is_known = unread.is_some();
                let unread = unread.unwrap_or_default();
                let mut late = sources.days_of(&unread).await?;
                let whole = late.split_off(&first);
                scope.replaced = match news {
                    Some(_) => Replaced::Days(whole),
                    None => Replaced::From {
                        first,
                        others: BTreeSet::new(),
                    },
                };
                if !is_known {
                    scope.whole_from = Some(first);
                }
                if !late.is_empty() {
                    self.join(&mut scope, late, unread, first);
                }
            }
            (None, first) => scope.whole_from = first,
            (Some(_), None) => {
                if let Some(news) = news {
                    scope.replaced = Replaced::Days(sources.days_of(&news).await?);
                }
            }
        }
        // In its place: the runs of two results are compared in their order.
        for source in &mut scope.opened {
            if source.run.name == events
                && let Some(rows) = self.view.header.rows_of(events)
            {
                let late = scope.late.as_ref();
                *source = (sources.open_part(events, rows, &scope.replaced, late)).await?;
            }
        }
        scope.coverage = Some(coverage);
        Ok(scope)
    }

    /// Where events lie that the result does not have; `None` where nobody knows. Refused where it
    /// has some that it would be given again.
    fn unread(
        &self,
        recorded: Option<&Recorded>,
        coverage: &Coverage,
        first: Date,
    ) -> Result<Option<Vec<(PartitionKey, Span)>>, ViewError> {
        let Some(unread) = recorded.and_then(|recorded| recorded.unread(coverage)) else {
            return Ok(None);
        };
        match unread {
            Ok(unread) => Ok(Some(unread)),
            Err(back) => Err(ViewError::WentBack {
                file: self.view.file.clone(),
                location: self
                    .stores
                    .lake
                    .url_of(&self.stores.places.result(self.view)?),
                back: Box::new(back),
                first,
            }),
        }
    }

    /// Late events of these days join the rows that their days have, or it is said that they can't.
    fn join(
        &self,
        scope: &mut Scope,
        days: BTreeSet<Date>,
        unread: Vec<(PartitionKey, Span)>,
        first: Date,
    ) {
        match self.view.header.late {
            None => {
                let days: Vec<_> = days.iter().map(ToString::to_string).collect();
                tracing::warn!(
                    "{}: late events of {} are not in the result: the archive has forgotten the \
                     others of these days, whose rows stay as they are\nhint: a line `-- late: …` of \
                     the view says how they are added",
                    self.view.name,
                    days.join(", ")
                );
                scope.whole_from = Some(first);
                return;
            }
            Some(Late::Rows) => {}
            Some(Late::Sum(_)) => match &mut scope.replaced {
                Replaced::All => {}
                Replaced::Days(others) | Replaced::From { others, .. } => {
                    others.extend(days.iter().copied());
                }
            },
        }
        scope.late = Some(LateEvents {
            before: first,
            days,
            unread,
        });
    }
}

/// Whether all rows of the version are those of the run that made it.
fn is_of(base: Option<&OutputVersion>, recorded: &Recorded) -> bool {
    base.is_some_and(|base| base.rows() == Some(recorded.about.rows(0)))
}
