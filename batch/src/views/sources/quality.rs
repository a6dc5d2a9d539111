//! Live events as rules of `quality.toml` see them.

use super::archive::{BRONZE, CoveredEvents, LateEvents};
use super::{Opened, Sources, Stored};
use crate::quality::{Check, EventCheck, EventRule, Reference as RuleReference};
use crate::views::error::ViewError;
use crate::views::header::{ArchiveRows, DeclaredColumn, Reference};
use crate::views::rules::{self, Asked, Joined, Lately};
use comptoir_config::clock;
use comptoir_model::quality::RuleAction;
use comptoir_model::view_result::SourceRun;
use datafusion::arrow::array::{
    ArrayRef, AsArray, Date32Array, Int64Array, RecordBatch, StringArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{
    DataType, Date32Type, Field, Int64Type, Schema, TimeUnit, TimestampMicrosecondType,
};
use datafusion::arrow::error::ArrowError;
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::prelude::Expr;
use futures::StreamExt;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Names the rules to people.
const RULES: &str = "the rules of quality.toml";

impl Sources<'_> {
    /// The events, or what rules say of each of them. Without rules all events pass, and there is
    /// nothing else.
    pub(super) async fn open_ruled(
        &mut self,
        name: &str,
        rows: ArchiveRows,
        condition: Expr,
        late: Option<&LateEvents>,
    ) -> Result<Opened, ViewError> {
        let stores = self.stores;
        let Some(all) = &stores.rules else {
            if rows != ArchiveRows::Passed {
                return Err(ViewError::NoRules);
            }
            let covered = self.covered().await?;
            let sql = covered.events_sql(late);
            return covered.open(name, stores, &sql, &[], condition).await;
        };
        let asked = match rows {
            ArchiveRows::Checks => Asked::Each,
            _ => Asked::Quarantine,
        };
        let asked = asked.of(&all.events);
        let (mut tables, mut basis) = (Vec::new(), Vec::new());
        let mut joined: Vec<Option<Joined>> = Vec::new();
        for rule in &asked {
            let EventCheck::Each(Check::Reference { to, .. }) = &rule.check else {
                joined.push(None);
                continue;
            };
            let reference = self.open_rule_reference(&all.file, rule, to).await?;
            let table = format!("reference_{}", tables.len());
            basis.push(reference.run.clone());
            tables.push((table.clone(), reference));
            joined.push(Some(Joined {
                table,
                column: to.column.clone(),
            }));
        }
        let ruled: Vec<_> = (asked.iter())
            .zip(joined.iter().map(Option::as_ref))
            .collect();
        let covered = self.covered().await?;
        let events = covered.events_sql(late);
        let sql = match rows {
            ArchiveRows::Quarantined => rules::quarantined(&events, &ruled),
            ArchiveRows::Checks => rules::checks(&events, &ruled),
            _ => rules::passed(&events, &ruled),
        };
        let mut opened = covered.open(name, stores, &sql, &tables, condition).await?;
        opened.basis.push(rules_run(&all.file, &asked));
        opened.basis.append(&mut basis);
        Ok(opened)
    }

    /// The keys that a rule asks for: its table has that column alone.
    async fn open_rule_reference(
        &mut self,
        file: &str,
        rule: &EventRule,
        to: &RuleReference,
    ) -> Result<Opened, ViewError> {
        let reference = Reference {
            name: to.table.clone(),
            columns: vec![DeclaredColumn::text(&to.column)],
        };
        let name = format!("reference of `{}`", rule.name);
        let opened = self.open_reference(&name, &reference).await?;
        if opened.is_given {
            return Ok(opened);
        }
        Err(ViewError::RuleWithoutReference {
            file: file.to_owned(),
            line: rule.line,
            rule: rule.name.clone(),
            location: opened.run.location,
        })
    }

    /// What rules say of all events together, now. It is another run where anything of it has
    /// changed but the remarks.
    pub(super) async fn open_alarms(&mut self, name: &str) -> Result<Opened, ViewError> {
        let stores = self.stores;
        let Some(all) = &stores.rules else {
            return Err(ViewError::NoRules);
        };
        let asked = Asked::Whole.of(&all.events);
        let covered = self.covered().await?;
        let as_of = covered.as_of;
        let back = Span::new().days(rules::days_needed(&asked));
        let today = as_of.to_zoned(TimeZone::UTC).date();
        let from = today.checked_sub(back).unwrap_or(Date::MIN);
        let (volumes, newest) = if asked.is_empty() {
            (BTreeMap::new(), None)
        } else {
            covered.lately(stores, from).await?
        };
        let alarms = rules::alarms(
            &asked,
            &Lately {
                volumes: &volumes,
                newest,
                as_of,
                now: clock::now(),
            },
        );
        let said: Vec<_> = (alarms.iter())
            .map(|alarm| {
                let of = (&alarm.rule, alarm.day, alarm.events, alarm.expected);
                format!("{of:?} {}", alarm.is_broken)
            })
            .collect();
        let table = table_of(&alarms).map_err(|error| ViewError::Sql {
            file: RULES.to_owned(),
            reason: error.to_string(),
        })?;
        Ok(Opened {
            run: SourceRun {
                name: name.to_owned(),
                location: stores.places.archive.to_string(),
                run: rules::digest("alarms", &said),
                rows: alarms.len() as u64,
                time: as_of,
            },
            table,
            stored: Stored::computed(),
            is_given: true,
            basis: vec![rules_run(&all.file, &asked)],
        })
    }
}

impl CoveredEvents {
    /// How many events each day has from this one on, and the time of the newest of them.
    async fn lately(
        &self,
        stores: &super::Stores,
        from: Date,
    ) -> Result<(BTreeMap<Date, u64>, Option<Timestamp>), ViewError> {
        let sql = format!(
            "SELECT e.day AS day, COUNT(*) AS events, MAX(e.event_time) AS newest FROM ({}) AS e \
             WHERE e.day >= DATE '{from}' GROUP BY e.day",
            self.events_sql(None)
        );
        let tables = [(BRONZE, &self.bronze)];
        let planned = stores.engine.query(RULES, &sql, tables).await?;
        let mut batches = planned.rows()?;
        let (mut volumes, mut newest) = (BTreeMap::new(), None);
        while let Some(batch) = batches.next().await {
            let batch = planned.batch(batch)?;
            let read = read_lately(&batch, &mut volumes, &mut newest);
            read.map_err(|error| ViewError::Sql {
                file: RULES.to_owned(),
                reason: error.to_string(),
            })?;
        }
        Ok((volumes, newest))
    }
}

fn read_lately(
    batch: &RecordBatch,
    volumes: &mut BTreeMap<Date, u64>,
    newest: &mut Option<Timestamp>,
) -> Result<(), ArrowError> {
    let days = cast(batch.column(0), &DataType::Date32)?;
    let counts = cast(batch.column(1), &DataType::Int64)?;
    let micros = DataType::Timestamp(TimeUnit::Microsecond, None);
    let times = cast(batch.column(2), &micros)?;
    let epoch = date(1970, 1, 1);
    for row in 0..batch.num_rows() {
        let day = days.as_primitive::<Date32Type>().value(row);
        let count = counts.as_primitive::<Int64Type>().value(row);
        let time = times.as_primitive::<TimestampMicrosecondType>().value(row);
        if let Ok(day) = epoch.checked_add(Span::new().days(day)) {
            volumes.insert(day, u64::try_from(count).unwrap_or_default());
        }
        *newest = (*newest).max(Timestamp::from_microsecond(time).ok());
    }
    Ok(())
}

fn table_of(alarms: &[rules::Alarm]) -> Result<Arc<dyn TableProvider>, DataFusionError> {
    let field = |name: &str, kind: DataType| Field::new(name, kind, true);
    let schema = Arc::new(Schema::new(vec![
        field("rule", DataType::Utf8),
        field("action", DataType::Utf8),
        field("day", DataType::Date32),
        field("events", DataType::Int64),
        field("expected", DataType::Int64),
        field("failed", DataType::Int64),
        field("remark", DataType::Utf8),
    ]));
    let number = |number: Option<u64>| number.and_then(|number| i64::try_from(number).ok());
    let day = |day: Date| i32::try_from(day.duration_since(date(1970, 1, 1)).as_hours() / 24).ok();
    let days = alarms.iter().map(|alarm| alarm.day.and_then(day));
    let events = alarms.iter().map(|alarm| number(alarm.events));
    let expected = alarms.iter().map(|alarm| number(alarm.expected));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(
            alarms.iter().map(|alarm| &alarm.rule),
        )),
        Arc::new(StringArray::from_iter_values(
            alarms.iter().map(|_| rules::word(RuleAction::Warn)),
        )),
        Arc::new(days.collect::<Date32Array>()),
        Arc::new(events.collect::<Int64Array>()),
        Arc::new(expected.collect::<Int64Array>()),
        Arc::new(Int64Array::from_iter_values(
            alarms.iter().map(|alarm| i64::from(alarm.is_broken)),
        )),
        Arc::new(StringArray::from_iter_values(
            alarms.iter().map(|alarm| &alarm.remark),
        )),
    ];
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns)?;
    Ok(Arc::new(MemTable::try_new(schema, vec![vec![batch]])?))
}

/// Which rules were asked, as one of the runs that a result is made of.
fn rules_run(file: &str, asked: &[EventRule]) -> SourceRun {
    SourceRun {
        name: "rules".to_owned(),
        location: file.rsplit('/').next().unwrap_or(file).to_owned(),
        run: rules::run_of(asked),
        rows: asked.len() as u64,
        time: clock::now(),
    }
}
