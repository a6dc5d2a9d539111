//! Where the table lies, and how its log is reached.

use crate::error::{BronzeError, Result};
use crate::schema::{DAY, delta_fields};
use crate::store::LakeStore;
use comptoir_lake::{Lake, LakePath};
use deltalake::kernel::transaction::CommitProperties;
use deltalake::logstore::{LogStoreRef, StorageConfig, default_logstore};
use deltalake::operations::create::CreateBuilder;
use deltalake::table::state::DeltaTableState;
use deltalake::{DeltaResult, DeltaTable, DeltaTableError};
use object_store::path::Path;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// The log is summed up in a checkpoint after so many commits.
pub(crate) const CHECKPOINT_EVERY: u64 = 10;

/// An operation of Delta is some calls to the lake, each with the lake's own limit.
const CALLS: u32 = 6;

/// What the table is created with. Entries of the log that a checkpoint has replaced are kept for
/// two days: with a commit every ten seconds there are 17,280 of them.
pub(crate) const PROPERTIES: [(&str, &str); 2] = [
    ("delta.checkpointInterval", "10"),
    ("delta.logRetentionDuration", "interval 2 days"),
];

/// A Delta table in the lake. Cheap to clone; opening it asks nobody.
#[derive(Clone)]
pub struct Table {
    pub(crate) lake: Lake,
    pub(crate) directory: LakePath,
    pub(crate) log: LogStoreRef,
    /// Of each of Delta's operations.
    limit: Duration,
}

impl Table {
    /// `call_limit` is the lake's own, for one call to it.
    pub fn open(lake: &Lake, directory: &LakePath, call_limit: Duration) -> Result<Self> {
        let root = url_of(lake, &LakePath::root())?;
        let url = url_of(lake, directory)?;
        let prefix = Path::from_url_path(root.path()).map_err(|_| BronzeError::Url {
            url: root.to_string(),
        })?;
        let whole = LakeStore::new(lake.clone(), prefix, LakePath::root());
        let inside = LakeStore::new(lake.clone(), Path::default(), directory.clone());
        let config = StorageConfig::default();
        let log = default_logstore(Arc::new(inside), Arc::new(whole), &url, &config);
        Ok(Self {
            lake: lake.clone(),
            directory: directory.clone(),
            log,
            limit: call_limit * CALLS,
        })
    }

    /// One in the same lake, with the same limits.
    pub(crate) fn other(&self, directory: &LakePath) -> Result<Self> {
        Self::open(&self.lake, directory, self.limit / CALLS)
    }

    /// The newest version; `None` where there is no table.
    pub(crate) async fn load(&self) -> Result<Option<DeltaTableState>> {
        let load = async {
            // Asked first, because deltalake logs a table that is not there as an error.
            if !self.log.is_delta_table_location().await? {
                return Ok(None);
            }
            let mut table = DeltaTable::new(Arc::clone(&self.log));
            table.load().await?;
            Ok(Some(table.snapshot()?.clone()))
        };
        self.within("loading", load).await
    }

    /// The newest version; the table is created where there is none.
    pub(crate) async fn load_or_create(&self) -> Result<DeltaTableState> {
        if let Some(state) = self.load().await? {
            return Ok(state);
        }
        let create = CreateBuilder::new()
            .with_log_store(Arc::clone(&self.log))
            .with_table_name("transactions")
            .with_comment(
                "Comptoir's archive of live events: every record of every partition, once",
            )
            .with_columns(delta_fields())
            .with_partition_columns([DAY])
            .with_configuration(PROPERTIES.map(|(name, value)| (name, Some(value))))
            .with_commit_properties(CommitProperties::default());
        let created = self.within("creating", create.into_future()).await;
        match (self.load().await?, created) {
            // Maybe another process was faster.
            (Some(state), _) => Ok(state),
            (None, Err(error)) => Err(error),
            (None, Ok(_)) => Err(BronzeError::NoTable {
                table: self.to_string(),
            }),
        }
    }

    pub(crate) async fn within<T>(
        &self,
        what: &'static str,
        operation: impl Future<Output = DeltaResult<T>>,
    ) -> Result<T> {
        match tokio::time::timeout(self.limit, operation).await {
            Ok(done) => done.map_err(|cause| self.failed(what, cause)),
            Err(_) => Err(BronzeError::TimedOut {
                what,
                table: self.to_string(),
                limit: self.limit,
            }),
        }
    }

    pub(crate) fn failed(&self, what: &'static str, cause: DeltaTableError) -> BronzeError {
        BronzeError::Delta {
            what,
            table: self.to_string(),
            cause: Box::new(cause),
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lake.url_of(&self.directory))
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Table({self})")
    }
}

/// With what a URL has to escape escaped, as the names of local directories may need it.
fn url_of(lake: &Lake, path: &LakePath) -> Result<Url> {
    let text = lake.url_of(path);
    let url = match text.strip_prefix("file://") {
        Some(directory) => Url::from_directory_path(directory).ok(),
        None => Url::parse(&text).ok(),
    };
    url.ok_or(BronzeError::Url { url: text })
}
