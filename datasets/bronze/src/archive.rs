//! The writer: records and the position behind them are one commit, over exactly the version of the
//! table that was looked at.

use crate::draft::{DataFile, RowCounts};
use crate::error::{BronzeError, Result};
use crate::plan::{Admission, Opening, Rows, admission, opening};
use crate::rows::long;
use crate::schema::DAY;
use crate::snapshot::Snapshot;
use crate::table::{CHECKPOINT_EVERY, Table};
use comptoir_config::fault;
use comptoir_lake::Create;
use comptoir_model::ids::Offset;
use comptoir_model::merge::{PartitionKey, Span};
use deltalake::DeltaTableError;
use deltalake::kernel::transaction::{CommitBuilder, CommitProperties, TransactionError};
use deltalake::kernel::{Action, Add, Transaction};
use deltalake::protocol::{DeltaOperation, SaveMode};
use deltalake::table::state::DeltaTableState;
use jiff::Timestamp;
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tracing::{debug, warn};

/// How often a commit is planned anew because others were faster.
const ATTEMPTS: usize = 20;

/// Under which key a commit says what it holds, for people.
pub(crate) const NOTE: &str = "comptoir";

/// What one partition adds: all records of a span, as files that lie in the lake already.
#[derive(Clone, Debug)]
pub struct Part {
    pub key: PartitionKey,
    pub span: Span,
    pub files: Vec<Uploaded>,
    pub counts: RowCounts,
}

/// A data file in the lake that no version names yet.
#[derive(Clone, Debug)]
pub struct Uploaded(Add);

/// What became of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Committed {
    /// It is in the table, with the position behind it.
    Applied { version: u64 },
    /// Nothing was done: another owner has moved the position.
    GivenUp,
    /// Nobody knows; [`Archive::next`] tells.
    Unknown,
}

/// One writer of the table. It may be kept for long, and others may write at the same time.
pub struct Archive {
    table: Table,
    /// The version that is known, if any, and what was read of it.
    state: Option<DeltaTableState>,
    positions: BTreeMap<PartitionKey, Option<Offset>>,
}

impl Archive {
    /// Asks nobody.
    pub fn new(table: Table) -> Self {
        Self {
            table,
            state: None,
            positions: BTreeMap::new(),
        }
    }

    /// Where the archive of a partition stands in the newest version. The table, and the
    /// partition's position in it, are made where there are none.
    pub async fn next(&mut self, key: &PartitionKey) -> Result<Offset> {
        for _ in 0..ATTEMPTS {
            self.forget();
            let position = self.position(key).await?;
            let rows = match position {
                Some(_) => Rows::Some,
                None => self.snapshot().await?.rows_of(key).await?,
            };
            match opening(position, rows) {
                Opening::At(next) => return Ok(next),
                Opening::PositionLost => {
                    return Err(BronzeError::PositionLost {
                        table: self.table.to_string(),
                        key: key.clone(),
                    });
                }
                Opening::Begin => {
                    let begin = [(key.clone(), Offset(0))];
                    // Whoever was faster, the next look tells.
                    self.commit_over_known(&begin, Vec::new(), json!([]))
                        .await?;
                }
            }
        }
        Err(self.crowded())
    }

    /// The newest version that this writer knows.
    pub async fn snapshot(&mut self) -> Result<Snapshot> {
        let state = self.known().await?.clone();
        Ok(Snapshot::new(self.table.clone(), state))
    }

    /// Commits parts of different partitions together, each with its position. Nothing of it is
    /// done by halves: all parts that begin where the archive stands are in one version, the
    /// others are given up.
    pub async fn commit(&mut self, parts: &[Part]) -> Vec<Committed> {
        match self.try_commit(parts).await {
            Ok(committed) => committed,
            Err(error) => {
                warn!("whether a commit to the archive happened is unknown: {error}");
                self.forget();
                vec![Committed::Unknown; parts.len()]
            }
        }
    }

    async fn try_commit(&mut self, parts: &[Part]) -> Result<Vec<Committed>> {
        for _ in 0..ATTEMPTS {
            let mut admitted = Vec::new();
            for part in parts {
                let position = self.position(&part.key).await?;
                admitted.push(admission(position, part.span) == Admission::Commit);
            }
            let chosen: Vec<_> = (parts.iter().zip(&admitted))
                .filter_map(|(part, admitted)| admitted.then_some(part))
                .collect();
            let said = |version| {
                let outcome = |admitted: &bool| match (*admitted, version) {
                    (true, Some(version)) => Committed::Applied { version },
                    _ => Committed::GivenUp,
                };
                admitted.iter().map(outcome).collect()
            };
            if chosen.is_empty() {
                return Ok(said(None));
            }
            let positions: Vec<_> = (chosen.iter())
                .map(|part| (part.key.clone(), part.span.end()))
                .collect();
            let adds = (chosen.iter())
                .flat_map(|part| part.files.iter().map(|file| Action::Add(file.0.clone())))
                .collect();
            let note = chosen.iter().map(|part| note(part)).collect();
            let version = self.commit_over_known(&positions, adds, note).await?;
            if version.is_some() {
                return Ok(said(version));
            }
        }
        Err(self.crowded())
    }

    /// The version of the commit; `None` if another writer has committed since the known version,
    /// which is forgotten then. An error leaves its outcome unknown.
    async fn commit_over_known(
        &mut self,
        positions: &[(PartitionKey, Offset)],
        actions: Vec<Action>,
        note: serde_json::Value,
    ) -> Result<Option<u64>> {
        let table = self.table.clone();
        let state = self.known().await?;
        let checkpoint = (state.version() + 2).is_multiple_of(CHECKPOINT_EVERY);
        let transactions = (positions.iter())
            .map(|(key, next)| Transaction::new(app_id(key), long(*next)))
            .collect();
        // Without retries: over a newer version everything is decided anew.
        let properties = CommitProperties::default()
            .with_metadata([(NOTE.to_owned(), note)])
            .with_max_retries(0)
            .with_application_transactions(transactions)
            .with_cleanup_expired_logs(Some(checkpoint));
        let operation = DeltaOperation::Write {
            mode: SaveMode::Append,
            partition_by: Some(vec![DAY.to_owned()]),
            predicate: None,
        };
        let commit = CommitBuilder::from(properties).with_actions(actions).build(
            Some(state),
            Arc::clone(&table.log),
            operation,
        );
        match table.within("committing to", commit.into_future()).await {
            Ok(committed) => {
                fault::pass("archive-committed");
                let version = committed.version();
                self.state = Some(committed.snapshot());
                for (key, next) in positions {
                    self.positions.insert(key.clone(), Some(*next));
                }
                Ok(Some(version))
            }
            Err(BronzeError::Delta { cause, .. }) if is_conflict(&cause) => {
                debug!("another writer was faster: {cause}");
                self.forget();
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Of the known version.
    async fn position(&mut self, key: &PartitionKey) -> Result<Option<Offset>> {
        if let Some(position) = self.positions.get(key) {
            return Ok(*position);
        }
        let position = self.snapshot().await?.position(key).await?;
        self.positions.insert(key.clone(), position);
        Ok(position)
    }

    async fn known(&mut self) -> Result<&DeltaTableState> {
        let state = match self.state.take() {
            Some(state) => state,
            None => self.table.load_or_create().await?,
        };
        Ok(self.state.insert(state))
    }

    fn forget(&mut self) {
        self.state = None;
        self.positions.clear();
    }

    fn crowded(&self) -> BronzeError {
        BronzeError::Crowded {
            table: self.table.to_string(),
        }
    }
}

impl Table {
    /// Writes files into the lake, durably, where no reader sees them before a commit names them.
    /// Those of a writer that died stay there until the table is vacuumed.
    pub async fn upload(&self, files: &[DataFile], now: Timestamp) -> Result<Vec<Uploaded>> {
        let mut uploaded = Vec::new();
        for file in files {
            let directory = self.directory.join(&format!("{DAY}={}", file.day))?;
            let name = format!("{}.zstd.parquet", uuid::Uuid::new_v4());
            let path = directory.join(&name)?;
            let mut writer = self.lake.create(&path, Create::Exclusive).await?;
            writer.write(file.bytes.clone()).await?;
            writer.close().await?;
            let day = file.day.to_string();
            uploaded.push(Uploaded(Add {
                path: format!("{DAY}={day}/{name}"),
                partition_values: HashMap::from([(DAY.to_owned(), Some(day))]),
                size: i64::try_from(file.bytes.len()).unwrap_or(i64::MAX),
                modification_time: now.as_millisecond(),
                data_change: true,
                stats: Some(file.facts.stats()),
                tags: None,
                deletion_vector: None,
                base_row_id: None,
                default_row_commit_version: None,
                clustering_provider: None,
            }));
        }
        Ok(uploaded)
    }
}

/// Names a partition's position in the table.
pub(crate) fn app_id(key: &PartitionKey) -> String {
    format!("comptoir-archive/{}/{}", key.stream.0, key.partition.0)
}

fn note(part: &Part) -> serde_json::Value {
    json!({
        "stream": part.key.stream.0,
        "partition": part.key.partition.0,
        "from": part.span.start().0,
        "to": part.span.end().0,
        "rows": part.counts,
    })
}

pub(crate) fn is_conflict(error: &DeltaTableError) -> bool {
    matches!(
        error,
        DeltaTableError::VersionAlreadyExists(_)
            | DeltaTableError::Transaction {
                source: TransactionError::MaxCommitAttempts(_)
                    | TransactionError::CommitConflict(_)
                    | TransactionError::VersionAlreadyExists(_),
            }
    )
}
