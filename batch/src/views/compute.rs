//! One view, from what it reads to its published result.

use super::broken::Broken;
use super::catalog::View;
use super::engine::Planned;
use super::error::ViewError;
use super::header::{Format, LakeOutput, Output};
use super::output::{ResultWriter, Said, Target, Written};
use super::recorded::Recorded;
use super::sources::{Opened, Sources, Stores};
use super::unknown::Unknown;
use comptoir_bronze::{OutputVersion, Replaced};
use comptoir_config::clock;
use comptoir_lake::LakePath;
use comptoir_model::ids::RunId;
use comptoir_model::merge::Coverage;
use comptoir_model::view_result::{SourceRun, ViewAbout, ViewColumn};
use comptoir_warehouse::JobLock;
use datafusion::arrow::error::ArrowError;
use futures::StreamExt;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// How much of a view is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// Only what has changed, of views that can tell.
    News,
    Everything,
}

/// A view that was published.
pub(super) struct Done {
    pub(super) run: RunId,
    pub(super) written: Written,
    /// How many days were computed, where it was not everything.
    pub(super) days: Option<usize>,
    pub(super) took: SignedDuration,
    pub(super) about: ViewAbout,
    pub(super) spilled_bytes: usize,
}

/// What of its result a run replaces, and what it reads for that.
struct Scope {
    opened: Vec<Opened>,
    replaced: Replaced,
    /// Which events it covers then.
    coverage: Option<Coverage>,
}

pub(super) struct Computation<'a> {
    pub(super) stores: &'a Stores,
    pub(super) view: &'a View,
    pub(super) extent: Extent,
}

impl Computation<'_> {
    /// The caller holds the view's lock since `started_at`.
    pub(super) async fn run(
        &self,
        sources: &mut Sources<'_>,
        lock: &JobLock,
        started_at: Timestamp,
    ) -> Result<Done, ViewError> {
        let Self { stores, view, .. } = *self;
        let opened = sources.open_all(view).await?;
        let path = stores.places.result(view)?;
        let base = self.base(&path).await?;
        let scope = self.scope(opened, base.as_ref(), sources).await?;
        let planned = stores.engine.plan(view, &scope.opened).await?;
        let columns = planned.columns()?;
        let given = (scope.opened.iter()).map(|opened| (opened.run.name.clone(), opened.is_given));
        let mut unknown = Unknown::of(view, &columns, &given.collect())?;
        let mut broken = Broken::of(view, &columns)?;
        if let (Replaced::Days(_) | Replaced::From(_), Some(base)) = (&scope.replaced, &base) {
            self.count_kept(&mut unknown, base, &scope.replaced).await?;
        }
        if let (Replaced::From(first), Some(base)) = (&scope.replaced, &base) {
            self.ensure_columns(&columns, base, *first, &path)?;
        }
        let description = self.describe(sources).await?;
        let days = match &scope.replaced {
            Replaced::All | Replaced::From(_) => None,
            Replaced::Days(days) => Some(days.len()),
        };
        let runs: Vec<SourceRun> = scope
            .opened
            .iter()
            .flat_map(Opened::runs)
            .cloned()
            .collect();
        let run = RunId::new(started_at, clock::random_u32());
        let target = Target {
            path,
            base,
            replaced: scope.replaced,
        };
        let mut writer =
            ResultWriter::begin(view, columns.clone(), &run, target, stores, started_at).await?;
        let counts = (&mut unknown, &mut broken);
        if let Err(error) = self.write(&planned, &mut writer, counts).await {
            writer.abandon().await;
            return Err(error);
        }
        let said = Said {
            about: ViewAbout {
                description,
                columns,
                as_of: (runs.iter().map(|run| run.time).min()).unwrap_or(started_at),
                sources: runs,
                sha256: view.sha256(),
                lake: None,
                unknown: unknown.found(),
                broken: broken.found(),
            },
            coverage: scope.coverage,
        };
        let (written, about) = writer.publish(said, lock, clock::now).await?;
        Ok(Done {
            run,
            written,
            days,
            took: clock::now().duration_since(started_at),
            about,
            spilled_bytes: planned.spilled_bytes(),
        })
    }

    async fn write(
        &self,
        planned: &Planned,
        writer: &mut ResultWriter<'_>,
        (unknown, broken): (&mut Unknown, &mut Broken),
    ) -> Result<(), ViewError> {
        let mut rows = planned.rows()?;
        while let Some(batch) = rows.next().await {
            let batch = writer.write(&planned.batch(batch)?).await?;
            let seen = unknown.see(&batch).and_then(|()| broken.see(&batch));
            seen.map_err(|error| self.wrong(&error))?;
        }
        Ok(())
    }

    /// The version of the result that is about to be replaced, of a result that has versions.
    async fn base(&self, path: &LakePath) -> Result<Option<OutputVersion>, ViewError> {
        match &self.view.header.output {
            Output::Lake(LakeOutput {
                format: Format::Delta(_),
                ..
            }) => Ok(self.stores.output(path)?.newest().await?),
            _ => Ok(None),
        }
    }

    /// Only the days with news, where the rows of all others are known to come out as they are.
    async fn scope(
        &self,
        mut opened: Vec<Opened>,
        base: Option<&OutputVersion>,
        sources: &mut Sources<'_>,
    ) -> Result<Scope, ViewError> {
        let Some(events) = self.view.header.incremental() else {
            return Ok(Scope {
                opened,
                replaced: Replaced::All,
                coverage: None,
            });
        };
        let coverage = sources.coverage().await?;
        let recorded = (base.filter(|_| self.extent == Extent::News)).and_then(of_this_version);
        let runs: Vec<SourceRun> = opened.iter().flat_map(Opened::runs).cloned().collect();
        let news = recorded
            .and_then(|recorded| recorded.news(&self.view.sha256(), &runs, events, &coverage));
        let replaced = match (news, sources.whole_from().await?) {
            (Some(news), whole_from) => {
                let days = sources.days_of(&news).await?;
                Replaced::Days(self.computable(days, whole_from))
            }
            // Rows of days that are forgotten can't be computed again: they stay.
            (None, Some(first)) if base.is_some() => Replaced::From(first),
            (None, _) => Replaced::All,
        };
        // In its place: the runs of two results are compared in their order.
        for source in &mut opened {
            if source.run.name == events
                && let Some(rows) = self.view.header.rows_of(events)
            {
                match &replaced {
                    Replaced::All => {}
                    Replaced::From(first) => {
                        *source = sources.open_from(events, rows, *first).await?;
                    }
                    Replaced::Days(days) => {
                        *source = sources.open_days(events, rows, days).await?;
                    }
                }
            }
        }
        Ok(Scope {
            opened,
            replaced,
            coverage: Some(coverage),
        })
    }

    /// Those of the days of which the archive has all events. The others keep the rows that they
    /// have.
    fn computable(&self, mut days: BTreeSet<Date>, whole_from: Option<Date>) -> BTreeSet<Date> {
        let Some(first) = whole_from else {
            return days;
        };
        let whole = days.split_off(&first);
        if !days.is_empty() {
            let days: Vec<_> = days.iter().map(ToString::to_string).collect();
            tracing::warn!(
                "{}: late events of {} are not in the result: the archive has forgotten the others \
                 of these days, whose rows stay as they are",
                self.view.name,
                days.join(", ")
            );
        }
        whole
    }

    /// What the view says of itself, and which events it can't count.
    async fn describe(&self, sources: &mut Sources<'_>) -> Result<String, ViewError> {
        let header = &self.view.header;
        let mut description = header.description.clone();
        let mut names = header.sources.iter().map(|source| &source.name);
        let counts_events = names.any(|name| header.rows_of(name).is_some());
        if counts_events
            && header.incremental().is_none()
            && let Some(first) = sources.whole_from().await?
        {
            description =
                format!("{description} The archive has forgotten events of days before {first}.");
        }
        Ok(description)
    }

    /// Rows that stay have the columns that they were written with.
    fn ensure_columns(
        &self,
        columns: &[ViewColumn],
        base: &OutputVersion,
        first: Date,
        path: &LakePath,
    ) -> Result<(), ViewError> {
        let before = base.facts().and_then(Recorded::parse);
        if before.is_some_and(|before| before.about.columns == columns) {
            return Ok(());
        }
        Err(ViewError::OtherColumns {
            file: self.view.file.clone(),
            location: self.stores.lake.url_of(path),
            first,
        })
    }

    /// Of the rows that stay, keys that are unknown.
    async fn count_kept(
        &self,
        unknown: &mut Unknown,
        base: &OutputVersion,
        replaced: &Replaced,
    ) -> Result<(), ViewError> {
        let Some(day) = self.view.header.partition_by() else {
            return Ok(());
        };
        let table = base.provider().await?;
        for (query, sql) in unknown.of_other_days(day, replaced).iter().enumerate() {
            let engine = &self.stores.engine;
            let planned = engine
                .query(&self.view.file, sql, [("result", &table)])
                .await?;
            let mut batches = planned.rows()?;
            while let Some(batch) = batches.next().await {
                let added = unknown.add(query, &planned.batch(batch)?);
                added.map_err(|error| self.wrong(&error))?;
            }
        }
        Ok(())
    }

    fn wrong(&self, error: &ArrowError) -> ViewError {
        ViewError::Sql {
            file: self.view.file.clone(),
            reason: error.to_string(),
        }
    }
}

/// What the run said that made the version, if all its rows are those of that run.
fn of_this_version(base: &OutputVersion) -> Option<Recorded> {
    let recorded = Recorded::parse(base.facts()?)?;
    (base.rows() == Some(recorded.about.rows(0))).then_some(recorded)
}
