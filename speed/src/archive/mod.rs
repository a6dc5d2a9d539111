//! The archive sink: keeps every record of the topic in the lake's Delta table, once.
//!
//! Each partition collects its records in a draft of data files. When it is due they are uploaded,
//! and one committer puts all partitions of this process that are due into one version of the
//! table, each with its position. What it shares with every sink is in [`crate::sink`].

mod committer;
mod partition;
mod retention;
mod upkeep;

pub use retention::{Keeping, told};
pub use upkeep::VACUUM_AFTER;

use crate::reconcile::{Books, FullLook};
use crate::sink::{self, Limits, Running, Sink, SinkError, WarehouseRole, keep_up};
use crate::transport::Transport;
use crate::warehouse;
use committer::Committer;
use comptoir_bronze::Table;
use comptoir_config::{ArchiveSettings, LakeSettings, Settings};
use comptoir_lake::{Lake, LakeOptions, LakePath};
use comptoir_model::merge::PartitionKey;
use comptoir_model::verdict::Reach;
use comptoir_warehouse::Warehouse;
use partition::ArchivePartition;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use upkeep::SmallFiles;

/// What a partition's drafts may take in memory before they are committed, about.
const DRAFT_BYTES: usize = 32 * 1024 * 1024;
/// Large enough to be worth a file, small enough that a commit waits for little.
const FILE_BYTES: usize = 8 * 1024 * 1024;

/// What is archived, and where.
#[derive(Clone, Debug)]
pub struct ArchiveRequest {
    pub transport: Transport,
    pub table: Table,
    /// Is told that the process lives.
    pub warehouse: Warehouse,
    /// The processes of a group share the topic's partitions.
    pub group: String,
    /// How long records wait for others.
    pub every: Duration,
    /// So many records of a partition don't wait.
    pub records: usize,
    /// A file of so many bytes is written while more is collected, before its commit.
    pub file_bytes: usize,
    /// How often the table's files are joined and swept, by one of all processes.
    pub upkeep_every: Option<Duration>,
    /// For how many days rows stay; `None`: for ever.
    pub keep_days: Option<u32>,
    /// How often the log, the archive and the warehouse are held against each other, by one of all
    /// processes.
    pub reconcile_every: Option<Duration>,
}

impl ArchiveRequest {
    /// Reads the files that the settings name, and asks nobody.
    pub fn of(settings: &Settings) -> Result<Self, SinkError> {
        let ArchiveSettings {
            group,
            every,
            records,
            upkeep_every,
            keep_days,
            ..
        } = &settings.archive;
        Ok(Self {
            transport: Transport::open(&settings.transport)?,
            table: table(&settings.lake, &settings.archive)?,
            warehouse: warehouse::of(&settings.warehouse)?,
            group: group.clone(),
            every: *every,
            records: usize::try_from(*records).unwrap_or(usize::MAX),
            file_bytes: FILE_BYTES,
            upkeep_every: *upkeep_every,
            keep_days: *keep_days,
            reconcile_every: settings.reconcile.every,
        })
    }
}

/// The table that the settings name; asks nobody.
pub fn table(lake: &LakeSettings, archive: &ArchiveSettings) -> Result<Table, SinkError> {
    let options = LakeOptions {
        timeout: lake.timeout,
        hadoop_conf_dir: lake.hadoop_conf_dir.clone(),
    };
    let opened = Lake::open(&lake.url.to_string(), options)?;
    let directory = LakePath::parse(&archive.dir)?;
    Ok(Table::open(&opened, &directory, lake.timeout)?)
}

/// Archives until `shutdown` completes, then commits what was collected, for up to 4 s. Serves
/// `/metrics`, `/healthz` and `/readyz` on `listener`.
///
/// A broker, a topic, a lake or a warehouse that is not there is waited for; a warehouse is only
/// told that the process lives, and does not hold it up.
pub async fn run(
    request: ArchiveRequest,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> Result<(), SinkError> {
    // Ends when it is dropped.
    let mut at_intervals = JoinSet::new();
    if let Some(every) = request.upkeep_every {
        let keeping = request.keep_days.map(|days| Keeping {
            table: request.table.clone(),
            warehouse: request.warehouse.clone(),
            reach: request.transport.reach(),
            days,
        });
        let small_files = SmallFiles {
            table: request.table.clone(),
            keeping,
        };
        at_intervals.spawn(keep_up(small_files, request.warehouse.clone(), every));
    }
    if let Some(every) = request.reconcile_every {
        let books = Books {
            warehouse: request.warehouse.clone(),
            table: request.table.clone(),
            transport: request.transport.clone(),
        };
        at_intervals.spawn(keep_up(FullLook(books), request.warehouse.clone(), every));
    }
    let running = Running {
        sink: ArchiveSink {
            reach: request.transport.reach(),
            limits: Limits {
                bytes: DRAFT_BYTES,
                records: request.records,
                linger: request.every,
                pause_min: Duration::ZERO,
                pause_max: Duration::ZERO,
                pause_behind: Duration::ZERO,
                idle: request.every,
            },
            file_bytes: request.file_bytes,
            committer: Committer::start(request.table.clone()),
            table: request.table,
        },
        transport: request.transport,
        warehouse: request.warehouse,
        group: request.group,
    };
    sink::run(running, listener, shutdown).await
}

struct ArchiveSink {
    reach: Reach,
    limits: Limits,
    file_bytes: usize,
    table: Table,
    committer: Committer,
}

impl Sink for ArchiveSink {
    type Partition = ArchivePartition;

    const NAME: &'static str = "archive";
    const DOING: &'static str = "archiving";
    const STORE: &'static str = "lake";
    const WAREHOUSE: WarehouseRole = WarehouseRole::Register;

    fn partition(&self, key: &PartitionKey, _owner: &str, runtime: &Handle) -> ArchivePartition {
        ArchivePartition::new(
            key.clone(),
            self.reach,
            (self.limits, self.file_bytes),
            runtime.clone(),
            self.table.clone(),
            self.committer.clone(),
        )
    }
}
