//! A result as a Delta table.

use super::Target;
use crate::views::catalog::View;
use crate::views::error::ViewError;
use comptoir_bronze::{OutputTable, OutputWriter, Replaced};
use comptoir_model::view_result::{ViewColumn, ViewType};
use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::datatypes::Date32Type;
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeSet;

/// After so many versions files that none of the newer ones names are looked for.
const TIDY_EVERY: u64 = 20;

pub(super) struct Table {
    delta: OutputTable,
    writer: OutputWriter,
    replaced: Replaced,
    /// Days that get rows besides those that they have.
    added: BTreeSet<Date>,
    /// Which column is the day.
    partition: Option<usize>,
    /// For people.
    file: String,
}

impl Table {
    pub(super) fn begin(
        view: &View,
        delta: OutputTable,
        target: Target,
        columns: &[ViewColumn],
        now: Timestamp,
    ) -> Result<Self, ViewError> {
        let reason = "files lie by it, and it is no DATE\nhint: CAST(… AS DATE) AS …";
        let place = |name: &str| view.place_of(name, Some(ViewType::Date), columns, reason);
        let partition = view.header.partition_by().map(place).transpose()?;
        Ok(Self {
            writer: delta.begin(target.base, columns.to_vec(), partition, now),
            delta,
            replaced: target.replaced,
            added: target.added,
            partition,
            file: view.file.clone(),
        })
    }

    pub(super) async fn write(&mut self, batch: &RecordBatch) -> Result<(), ViewError> {
        if let (Replaced::Days(_) | Replaced::From { .. }, Some(index)) =
            (&self.replaced, self.partition)
        {
            let found = batch.column(index).as_primitive::<Date32Type>();
            let other = found.iter().flatten().find(|number| {
                let day = Date32Type::to_naive_date_opt(*number).map(|day| day.to_string());
                let day = day.and_then(|day| day.parse::<Date>().ok());
                day.is_none_or(|day| !self.replaced.has(day) && !self.added.contains(&day))
            });
            if let Some(number) = other {
                let found = Date32Type::to_naive_date_opt(number).map(|day| day.to_string());
                return Err(ViewError::OtherDay {
                    file: self.file.clone(),
                    found: found.unwrap_or_default(),
                });
            }
        }
        Ok(self.writer.write(batch).await?)
    }

    /// Closes the files. How many rows the table is going to have.
    pub(super) async fn finish(&mut self) -> Result<u64, ViewError> {
        self.writer.finish().await?;
        let kept = self.writer.kept(&self.replaced).unwrap_or(0);
        Ok(kept + self.writer.rows())
    }

    /// How many bytes the table has.
    pub(super) async fn publish(self, facts: &str, now: Timestamp) -> Result<u64, ViewError> {
        let committed = self.writer.commit(&self.replaced, facts).await?;
        if committed.version.is_multiple_of(TIDY_EVERY)
            && let Err(error) = self.delta.tidy(now).await
        {
            tracing::warn!("files of earlier runs could not be freed: {error}");
        }
        Ok(committed.bytes)
    }

    pub(super) async fn abandon(self) {
        self.writer.abandon().await;
    }
}
