//! One view, from what it reads to its published result.

use super::broken::Broken;
use super::catalog::View;
use super::engine::Planned;
use super::error::ViewError;
use super::header::{Format, LakeOutput, Late, Output};
use super::output::{ResultWriter, Said, Target, Written};
use super::recorded::Recorded;
use super::scope::Scope;
use super::sources::{Opened, Sources, Stores};
use super::unknown::Unknown;
use comptoir_bronze::{OutputVersion, Replaced};
use comptoir_config::clock;
use comptoir_lake::LakePath;
use comptoir_model::ids::RunId;
use comptoir_model::view_result::{SourceRun, ViewAbout, ViewColumn};
use comptoir_warehouse::JobLock;
use datafusion::arrow::error::ArrowError;
use datafusion::prelude::lit;
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
    /// How many days were computed, or added to, where it was not everything.
    pub(super) days: Option<usize>,
    pub(super) took: SignedDuration,
    pub(super) about: ViewAbout,
    pub(super) spilled_bytes: usize,
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
        let mut planned = stores.engine.plan(view, &scope.opened).await?;
        let columns = planned.columns()?;
        let given = (scope.opened.iter()).map(|opened| (opened.run.name.clone(), opened.is_given));
        let mut unknown = Unknown::of(view, &columns, &given.collect())?;
        let mut broken = Broken::of(view, &columns)?;
        if let (Replaced::Days(_) | Replaced::From { .. }, Some(base)) = (&scope.replaced, &base) {
            self.count_kept(&mut unknown, base, &scope.replaced).await?;
        }
        if let (Replaced::From { first, .. }, Some(base)) = (&scope.replaced, &base) {
            self.ensure_columns(&columns, base, *first, &path)?;
        }
        if let Some(summed) = self.summed(&columns, &scope, base.as_ref()).await? {
            planned = summed;
        }
        let description = self.describe(sources, scope.whole_from).await?;
        let days = match &scope.replaced {
            Replaced::All | Replaced::From { .. } => None,
            Replaced::Days(days) => {
                let late = scope.late.as_ref().map(|late| &late.days);
                let days: BTreeSet<_> = days.iter().chain(late.into_iter().flatten()).collect();
                Some(days.len())
            }
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
            added: scope.late.map_or_else(BTreeSet::new, |late| late.days),
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
            whole_from: scope.whole_from,
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

    /// What the view says of itself, and which events it can't count.
    async fn describe(
        &self,
        sources: &mut Sources<'_>,
        whole_from: Option<Date>,
    ) -> Result<String, ViewError> {
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
        if let Some(first) = whole_from {
            description = format!(
                "{description} Days before {first} are without events that the archive had forgotten, \
                 or that came after it had."
            );
        }
        Ok(description)
    }

    /// The query with what late events add to rows that their days have, where columns are summed.
    async fn summed(
        &self,
        columns: &[ViewColumn],
        scope: &Scope,
        base: Option<&OutputVersion>,
    ) -> Result<Option<Planned>, ViewError> {
        let Self { stores, view, .. } = *self;
        let (Some(Late::Sum(sums)), Some(day)) = (&view.header.late, view.header.partition_by())
        else {
            return Ok(None);
        };
        for name in sums {
            view.place_of(
                name,
                None,
                columns,
                "it is not there, and `-- late` sums it",
            )?;
        }
        let (Some(late), Some(base)) = (&scope.late, base) else {
            return Ok(None);
        };
        let tables = (scope.opened.iter()).map(|opened| (opened.run.name.as_str(), &opened.table));
        let news = stores.engine.view(&view.file, &view.sql, tables, lit(true));
        let (news, result) = (news.await?, base.provider().await?);
        let sql = summing(columns, sums, day, &late.days);
        let tables = [("news", &news), ("result", &result)];
        let planned = stores.engine.query(&view.file, &sql, tables).await?;
        Ok(Some(planned))
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

/// Adds rows of the table `news` and of these days of the table `result` up, over all columns that
/// are not summed.
fn summing(columns: &[ViewColumn], sums: &[String], day: &str, days: &BTreeSet<Date>) -> String {
    let quoted = |name: &str| format!("\"{name}\"");
    let names: Vec<_> = columns.iter().map(|column| quoted(&column.name)).collect();
    let is_summed = |column: &&ViewColumn| sums.contains(&column.name);
    let keys = columns.iter().filter(|column| !is_summed(column));
    let keys: Vec<_> = keys.map(|column| quoted(&column.name)).collect();
    let selected = columns.iter().map(|column| {
        let name = quoted(&column.name);
        if is_summed(&column) {
            format!("SUM({name}) AS {name}")
        } else {
            name
        }
    });
    let days: Vec<_> = days.iter().map(|day| format!("DATE '{day}'")).collect();
    format!(
        "SELECT {} FROM (SELECT {names} FROM news UNION ALL SELECT {names} FROM result \
         WHERE {} IN ({})) AS joined GROUP BY {}",
        selected.collect::<Vec<_>>().join(", "),
        quoted(day),
        days.join(", "),
        keys.join(", "),
        names = names.join(", "),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptoir_model::view_result::ViewType;
    use jiff::civil::date;

    #[test]
    fn late_rows_are_added_up_over_all_columns_that_are_not_summed() {
        let column = |name: &str, kind| ViewColumn {
            name: name.to_owned(),
            kind,
        };
        let columns = [
            column("day", ViewType::Date),
            column("events", ViewType::Integer),
            column("rule", ViewType::Text),
        ];
        let days = [date(2026, 1, 2), date(2026, 1, 3)].into();
        assert_eq!(
            summing(&columns, &["events".to_owned()], "day", &days),
            "SELECT \"day\", SUM(\"events\") AS \"events\", \"rule\" FROM (SELECT \"day\", \
             \"events\", \"rule\" FROM news UNION ALL SELECT \"day\", \"events\", \"rule\" FROM \
             result WHERE \"day\" IN (DATE '2026-01-02', DATE '2026-01-03')) AS joined GROUP BY \
             \"day\", \"rule\""
        );
    }
}
