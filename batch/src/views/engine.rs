//! The query engine: `DataFusion` with bounded memory, which spills to the disk what is more.

use super::catalog::View;
use super::error::{CommandError, ViewError};
use super::result;
use super::sources::Opened;
use comptoir_config::Settings;
use comptoir_model::view_result::ViewColumn;
use datafusion::arrow::array::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::{DataFrame, Expr, SessionConfig, SessionContext};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// Partitions that are computed side by side at most, and what each of them has to have: merging
/// sorted partitions takes memory that their sorts do not leave to it.
const PARTITIONS_MAX: usize = 4;
const PARTITION_MB: usize = 256;

/// Rows of a batch at most, and how many for each MiB: little memory has to hold several of them.
const BATCH_MAX: usize = 8192;
const ROWS_PER_MB: usize = 32;

/// What a sort keeps for merging what it spilled, as a part of all memory.
const RESERVED_PART: usize = 16;

pub(super) struct Engine {
    runtime: Arc<RuntimeEnv>,
    memory_mb: u32,
    /// Removed with the engine.
    _room: Room,
}

/// A query that is known to be right.
pub(super) struct Planned {
    plan: Arc<dyn ExecutionPlan>,
    context: SessionContext,
    file: String,
    memory_mb: u32,
}

impl Engine {
    pub(super) fn new(settings: &Settings) -> Result<Self, CommandError> {
        let directory = settings.data_dir.join("views");
        let room = match Room::make_in(&directory) {
            Ok(room) => room,
            Err(source) => return Err(CommandError::Room { directory, source }),
        };
        let memory_mb = settings.views.memory_mb;
        let disk = DiskManagerBuilder::default().with_mode(DiskManagerMode::Directories(vec![
            room.directory.path().to_owned(),
        ]));
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(bytes(memory_mb))))
            .with_disk_manager_builder(disk)
            .build_arc()
            .map_err(CommandError::Engine)?;
        Ok(Self {
            runtime,
            memory_mb,
            _room: room,
        })
    }

    /// How many partitions are computed side by side.
    pub(super) fn partitions(&self) -> usize {
        (self.memory_mb as usize / PARTITION_MB).clamp(1, PARTITIONS_MAX)
    }

    /// Finds out what the view's query answers; nothing is read.
    pub(super) async fn plan(&self, view: &View, tables: &[Opened]) -> Result<Planned, ViewError> {
        let tables = (tables.iter()).map(|opened| (opened.run.name.as_str(), &opened.table));
        self.query(&view.file, &view.sql, tables).await
    }

    /// The same of any query; `file` names it to people.
    pub(super) async fn query<'t>(
        &self,
        file: &str,
        sql: &str,
        tables: impl IntoIterator<Item = (&'t str, &'t Arc<dyn TableProvider>)>,
    ) -> Result<Planned, ViewError> {
        let wrong = |error| ViewError::of_engine(file, self.memory_mb, error);
        let context = self.context();
        let query = frame(&context, sql, tables).await.map_err(wrong)?;
        let plan = query.create_physical_plan().await.map_err(wrong)?;
        Ok(Planned {
            plan,
            context,
            file: file.to_owned(),
            memory_mb: self.memory_mb,
        })
    }

    /// A query that others read like a table, with one more condition.
    pub(super) async fn view<'t>(
        &self,
        file: &str,
        sql: &str,
        tables: impl IntoIterator<Item = (&'t str, &'t Arc<dyn TableProvider>)>,
        condition: Expr,
    ) -> Result<Arc<dyn TableProvider>, ViewError> {
        let frame = frame(&self.context(), sql, tables).await;
        let filtered = frame.and_then(|frame| frame.filter(condition));
        let view = filtered.map(DataFrame::into_view);
        view.map_err(|error| ViewError::of_engine(file, self.memory_mb, error))
    }

    fn context(&self) -> SessionContext {
        let memory_mb = self.memory_mb as usize;
        let config = SessionConfig::new()
            .with_target_partitions(self.partitions())
            .with_batch_size((memory_mb * ROWS_PER_MB).min(BATCH_MAX))
            .with_information_schema(false)
            .with_sort_spill_reservation_bytes(bytes(self.memory_mb) / RESERVED_PART);
        SessionContext::new_with_config_rt(config, Arc::clone(&self.runtime))
    }
}

async fn frame<'t>(
    context: &SessionContext,
    sql: &str,
    tables: impl IntoIterator<Item = (&'t str, &'t Arc<dyn TableProvider>)>,
) -> Result<DataFrame, DataFusionError> {
    for (name, table) in tables {
        context.register_table(name, Arc::clone(table))?;
    }
    // A query, and nothing that writes or changes a setting.
    let options = SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false);
    context.sql_with_options(sql, options).await
}

impl Planned {
    /// The columns of a result, or which of them can't be one.
    pub(super) fn columns(&self) -> Result<Vec<ViewColumn>, ViewError> {
        result::columns(&self.file, &self.plan.schema())
    }

    /// The rows in the order of the query, as they are computed.
    pub(super) fn rows(&self) -> Result<SendableRecordBatchStream, ViewError> {
        execute_stream(Arc::clone(&self.plan), self.context.task_ctx())
            .map_err(|error| ViewError::of_engine(&self.file, self.memory_mb, error))
    }

    /// A batch that the engine gave, or what went wrong in the words of who has to cure it.
    pub(super) fn batch(
        &self,
        batch: Result<RecordBatch, DataFusionError>,
    ) -> Result<RecordBatch, ViewError> {
        batch.map_err(|error| ViewError::of_engine(&self.file, self.memory_mb, error))
    }

    /// How many bytes did not fit in memory, once all rows were read.
    pub(super) fn spilled_bytes(&self) -> usize {
        spilled_bytes(self.plan.as_ref())
    }
}

fn spilled_bytes(plan: &dyn ExecutionPlan) -> usize {
    let own = plan.metrics().and_then(|metrics| metrics.spilled_bytes());
    let below = plan.children().into_iter();
    own.unwrap_or(0)
        + below
            .map(|plan| spilled_bytes(plan.as_ref()))
            .sum::<usize>()
}

fn bytes(memory_mb: u32) -> usize {
    memory_mb as usize * 1024 * 1024
}

/// A directory of this process alone, locked as long as it lives.
struct Room {
    directory: TempDir,
    _locked: File,
}

impl Room {
    /// Removes what killed processes left behind as well.
    fn make_in(directory: &Path) -> std::io::Result<Self> {
        const LOCK: &str = "lock";
        std::fs::create_dir_all(directory)?;
        for entry in std::fs::read_dir(directory)? {
            let path = entry?.path();
            let is_left = File::open(path.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok());
            if is_left && let Err(error) = std::fs::remove_dir_all(&path) {
                tracing::warn!("{} can't be removed: {error}", path.display());
            }
        }
        let directory = (tempfile::Builder::new().prefix("spill-")).tempdir_in(directory)?;
        let locked = File::create(directory.path().join(LOCK))?;
        locked.try_lock()?;
        Ok(Self {
            directory,
            _locked: locked,
        })
    }
}
