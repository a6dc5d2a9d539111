//! The commit of a run: rows, columns and facts take the place of the earlier run's together.

use super::columns::delta_fields;
use super::{FACTS, OutputCommitted, OutputTable, OutputWriter, Replaced};
use crate::archive::is_conflict;
use crate::error::{BronzeError, Result};
use crate::snapshot::Snapshot;
use crate::table::{CHECKPOINT_EVERY, PROPERTIES};
use deltalake::kernel::models::MetadataExt;
use deltalake::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake::kernel::{Action, LogicalFileView, Metadata, StructType, new_metadata};
use deltalake::operations::create::CreateBuilder;
use deltalake::protocol::{DeltaOperation, SaveMode};
use deltalake::{DeltaResult, DeltaTableError};
use jiff::civil::Date;
use std::collections::BTreeSet;
use std::sync::Arc;

impl OutputWriter {
    /// Rows of the version that is being replaced that stay; `None` where a foreign writer did not
    /// say how many it wrote.
    pub fn kept(&self, replaced: &Replaced) -> Option<u64> {
        let Some(base) = &self.base else {
            return Some(0);
        };
        let log = base.0.state.log_data();
        let kept = (log.iter()).filter(|file| !self.is_replaced(file, replaced));
        let rows: Option<usize> = kept.map(|file| file.num_records()).sum();
        rows.and_then(|rows| u64::try_from(rows).ok())
    }

    fn is_replaced(&self, file: &LogicalFileView, replaced: &Replaced) -> bool {
        let columns = self.partition_columns();
        let day = columns.first().and_then(|column| {
            let values = file.partition_values_map();
            values.get(column).cloned().flatten()
        });
        match (replaced, columns.first()) {
            (Replaced::Days(_) | Replaced::From { .. }, Some(_)) => match day {
                Some(day) => day.parse::<Date>().is_ok_and(|day| replaced.has(day)),
                None => matches!(replaced, Replaced::From { .. }),
            },
            _ => true,
        }
    }

    /// Makes the run the newest version, if the one that it began over still is. `facts` are kept
    /// with it, and are those of no other run. An answer that was lost is looked up; every error
    /// means that the version does not stand, or that nobody can tell now.
    pub async fn commit(mut self, replaced: &Replaced, facts: &str) -> Result<OutputCommitted> {
        self.finish().await?;
        let table = OutputTable(self.table.clone());
        let is_first = self.base.is_none();
        let committed = match self.base.take() {
            None => self.create_table(facts).await,
            Some(base) => self.replace(&base.0, replaced, facts).await,
        };
        let newest = table.newest().await;
        match (committed, newest) {
            (_, Ok(Some(newest))) if newest.facts() == Some(facts) => Ok(OutputCommitted {
                version: newest.version(),
                bytes: newest.bytes(),
            }),
            // Somebody else has made the table.
            (Err(_), Ok(Some(_))) if is_first => Err(overtaken(&table)),
            (Err(error), _) | (Ok(()), Err(error)) => Err(error),
            (Ok(()), Ok(_)) => Err(overtaken(&table)),
        }
    }

    /// The first version has the rows already.
    async fn create_table(self, facts: &str) -> Result<()> {
        let partition = self.partition_columns();
        let properties = PROPERTIES.into_iter().chain([(FACTS, facts)]);
        let create = CreateBuilder::new()
            .with_log_store(Arc::clone(&self.table.log))
            .with_columns(delta_fields(&self.columns))
            .with_partition_columns(partition)
            .with_raise_if_key_not_exists(false)
            // Tried again, it would add its rows to those of whoever was faster.
            .with_commit_properties(CommitProperties::default().with_max_retries(0))
            .with_configuration(properties.map(|(name, value)| (name, Some(value))))
            .with_actions(self.added.into_iter().map(Action::Add));
        let created = self.table.within("creating", create.into_future()).await;
        created.map(drop)
    }

    async fn replace(self, base: &Snapshot, replaced: &Replaced, facts: &str) -> Result<()> {
        let metadata = self.metadata(&base.state.metadata().clone(), facts);
        let metadata = metadata.map_err(|cause| self.table.failed("describing", cause))?;
        let partition = self.partition_columns();
        let log = base.state.log_data();
        let removed = (log.iter())
            .filter(|file| self.is_replaced(file, replaced))
            .map(|file| Action::Remove(file.remove_action(true)));
        let mut actions = vec![Action::Metadata(metadata)];
        actions.extend(removed);
        actions.extend(self.added.into_iter().map(Action::Add));
        // Without retries: what was computed is computed over this version.
        let checkpoint = (base.version() + 2).is_multiple_of(CHECKPOINT_EVERY);
        let properties = CommitProperties::default()
            .with_max_retries(0)
            .with_cleanup_expired_logs(Some(checkpoint));
        let operation = DeltaOperation::Write {
            mode: SaveMode::Overwrite,
            predicate: predicate(replaced, partition.first()),
            partition_by: (!partition.is_empty()).then_some(partition),
        };
        let commit = CommitBuilder::from(properties).with_actions(actions).build(
            Some(&base.state),
            Arc::clone(&self.table.log),
            operation,
        );
        match self
            .table
            .within("committing to", commit.into_future())
            .await
        {
            Ok(_) => Ok(()),
            Err(BronzeError::Delta { cause, .. }) if is_conflict(&cause) => {
                Err(overtaken(&OutputTable(self.table)))
            }
            Err(error) => Err(error),
        }
    }

    fn partition_columns(&self) -> Vec<String> {
        let column = self.partition.map(|index| self.columns[index].name.clone());
        column.into_iter().collect()
    }

    /// The table stays the same table, whatever becomes of its columns.
    fn metadata(&self, base: &Metadata, facts: &str) -> DeltaResult<Metadata> {
        let schema = StructType::try_new(delta_fields(&self.columns));
        let schema = schema.map_err(DeltaTableError::from)?;
        let configuration = base.configuration().clone();
        let metadata = new_metadata(&schema, self.partition_columns(), configuration)?;
        let metadata = metadata.with_table_id(base.id().to_owned())?;
        Ok(metadata.add_config_key(FACTS.to_owned(), facts.to_owned())?)
    }
}

fn predicate(replaced: &Replaced, column: Option<&String>) -> Option<String> {
    let column = column?;
    let within = |days: &BTreeSet<Date>| {
        let days: Vec<_> = days.iter().map(|day| format!("'{day}'")).collect();
        (!days.is_empty()).then(|| format!("{column} IN ({})", days.join(", ")))
    };
    let (from, days) = match replaced {
        Replaced::All => return None,
        Replaced::From { first, others } => {
            (Some(format!("{column} >= '{first}'")), within(others))
        }
        Replaced::Days(days) => (None, within(days)),
    };
    let either: Vec<_> = from.into_iter().chain(days).collect();
    Some(match either[..] {
        [] => "1 = 0".to_owned(),
        _ => either.join(" OR "),
    })
}

fn overtaken(table: &OutputTable) -> BronzeError {
    BronzeError::Overtaken {
        table: table.to_string(),
    }
}
