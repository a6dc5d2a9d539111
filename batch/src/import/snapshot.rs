//! Several connections that see the same moment.

use super::error::ImportError;
use super::request::Source;
use crate::database::{Access, Database, DatabaseError, Limits, LogPosition, Product};
use comptoir_model::manifest::{SnapshotInfo, SnapshotMethod};
use futures::FutureExt;
use futures::future::try_join_all;
use std::time::Duration;

/// How much agreement is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum SnapshotMode {
    /// One moment for all connections, and one connection where that takes rights that are missing.
    #[default]
    Auto,
    /// One moment for all connections, or no import.
    Require,
    /// Each connection has a moment of its own, as Sqoop's have.
    Off,
}

/// Open connections, each inside a transaction that only reads.
pub(super) struct Snapshot {
    /// At least one.
    pub(super) connections: Vec<Database>,
    pub(super) info: SnapshotInfo,
}

/// How long commits may be held back while the connections begin to read.
const FREEZE_MAX: Duration = Duration::from_secs(10);

/// How often the connections are opened anew until `MariaDB` says that they are at one position.
const COMPARISONS_MAX: u32 = 50;

/// Turns `first` and as many new connections as are `wanted` besides into one snapshot. Fewer come
/// back where the server can't, and `mode` lets it.
pub(super) async fn open(
    first: Database,
    source: &Source,
    wanted: usize,
    mode: SnapshotMode,
) -> Result<Snapshot, ImportError> {
    if wanted <= 1 || first.product() == Product::Sqlite {
        return Ok(alone(first).await?);
    }
    let more = (1..wanted).map(|_| connect(source).boxed());
    let mut connections = vec![first];
    connections.extend(try_join_all(more).await?);
    if mode == SnapshotMode::Off {
        open_all(&mut connections).await?;
        return Ok(Snapshot {
            connections,
            info: info(SnapshotMethod::Separate, None),
        });
    }
    let denied = match frozen(&mut connections, source).await {
        Ok(position) => {
            return Ok(Snapshot {
                connections,
                info: info(SnapshotMethod::Frozen, position),
            });
        }
        Err(error) if error.is_denied() || error.is_locked_out() => error,
        Err(error) => return Err(error.into()),
    };
    // Without the right to hold anybody back: look until nobody wrote in between.
    if let Some(position) = compared(&mut connections).await? {
        return Ok(Snapshot {
            connections,
            info: info(SnapshotMethod::Compared, Some(position)),
        });
    }
    if mode == SnapshotMode::Require {
        return Err(ImportError::NoCommonSnapshot {
            reason: denied.to_string(),
        });
    }
    tracing::warn!(
        "the table is read over one connection: {denied}\nhint: `GRANT RELOAD ON *.* TO user` lets several read the same moment"
    );
    let mut connections = connections.into_iter();
    let first = connections.next();
    for rest in connections {
        rest.close().await;
    }
    match first {
        Some(first) => Ok(alone(first).await?),
        None => Ok(alone(connect(source).await?).await?),
    }
}

async fn connect(source: &Source) -> Result<Database, DatabaseError> {
    Database::connect(&source.url, &source.login, Access::Read, Limits::default()).await
}

async fn alone(mut database: Database) -> Result<Snapshot, DatabaseError> {
    database.open_snapshot().await?;
    let position = database.own_log_position().await?;
    Ok(Snapshot {
        connections: vec![database],
        info: info(SnapshotMethod::Single, position),
    })
}

async fn open_all(connections: &mut [Database]) -> Result<(), DatabaseError> {
    let opening = connections.iter_mut();
    // Boxed: the compiler can't see of the futures themselves that they may move between threads.
    try_join_all(opening.map(|connection| connection.open_snapshot().boxed())).await?;
    Ok(())
}

/// Nobody commits while the connections begin to read.
async fn frozen(
    connections: &mut [Database],
    source: &Source,
) -> Result<Option<LogPosition>, DatabaseError> {
    let mut control = connect(source).await?;
    control.freeze().await?;
    let opening = async {
        open_all(connections).await?;
        control.server_log_position().await
    };
    let opened = tokio::time::timeout(FREEZE_MAX, opening).await;
    // Should this fail, the end of the connection thaws as well.
    let thawed = control.thaw().await;
    control.close().await;
    match opened {
        Ok(opened) => {
            thawed?;
            opened
        }
        Err(_) => Err(DatabaseError::TimedOut {
            url: source.url.to_string(),
            what: "opening the snapshots".to_owned(),
            limit: FREEZE_MAX,
        }),
    }
}

/// `None` where the server names no position, or where somebody always wrote in between.
async fn compared(connections: &mut [Database]) -> Result<Option<LogPosition>, DatabaseError> {
    for _ in 0..COMPARISONS_MAX {
        // Opening one ends the one before.
        open_all(connections).await?;
        let positions = connections.iter_mut();
        let positions = positions.map(|connection| connection.own_log_position().boxed());
        let mut positions = try_join_all(positions).await?.into_iter();
        match positions.next().flatten() {
            None => return Ok(None),
            Some(first) if positions.all(|other| other.as_ref() == Some(&first)) => {
                return Ok(Some(first));
            }
            Some(_) => {}
        }
    }
    Ok(None)
}

fn info(method: SnapshotMethod, position: Option<LogPosition>) -> SnapshotInfo {
    let (log, gtid) = match position {
        Some(LogPosition {
            file,
            position,
            gtid,
        }) => (Some(format!("{file}:{position}")), gtid),
        None => (None, None),
    };
    SnapshotInfo { method, log, gtid }
}
