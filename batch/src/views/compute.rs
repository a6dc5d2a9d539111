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
use comptoir_model::view_result::{SourceRun, ViewAbout};
use comptoir_warehouse::JobLock;
use datafusion::arrow::error::ArrowError;
use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};

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
        if let (Replaced::Days(_), Some(base)) = (&scope.replaced, &base) {
            self.count_kept(&mut unknown, base, &scope.replaced).await?;
        }
        let days = match &scope.replaced {
            Replaced::All => None,
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
                description: view.header.description.clone(),
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
        let Some(news) = news else {
            return Ok(Scope {
                opened,
                replaced: Replaced::All,
                coverage: Some(coverage),
            });
        };
        let days = sources.days_of(&news).await?;
        // In its place: the runs of two results are compared in their order.
        for source in &mut opened {
            if source.run.name == events
                && let Some(rows) = self.view.header.rows_of(events)
            {
                *source = sources.open_days(events, rows, &days).await?;
            }
        }
        Ok(Scope {
            opened,
            replaced: Replaced::Days(days),
            coverage: Some(coverage),
        })
    }

    /// Of the rows that stay, keys that are unknown.
    async fn count_kept(
        &self,
        unknown: &mut Unknown,
        base: &OutputVersion,
        replaced: &Replaced,
    ) -> Result<(), ViewError> {
        let (Replaced::Days(days), Some(day)) = (replaced, self.view.header.partition_by()) else {
            return Ok(());
        };
        let table = base.provider().await?;
        for (query, sql) in unknown.of_other_days(day, days).iter().enumerate() {
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
