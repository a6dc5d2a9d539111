//! The heartbeats of the platform's own processes.

use crate::dialect::OnConflict;
use crate::error::Result;
use crate::rows::Cells;
use crate::session::Insert;
use crate::warehouse::Warehouse;
use comptoir_database::{Row, Value};
use jiff::{SignedDuration, Timestamp};

/// The name of those that run jobs when somebody asks for them.
pub const EXECUTOR: &str = "jobs";

/// One process as it described itself last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessState {
    /// What it is: `views`, `ship`, `web`, `simulate`.
    pub name: String,
    /// Which of those: unique among processes of that name, and the same as long as it lives.
    pub instance: String,
    pub host: String,
    pub pid: u32,
    /// Where it serves `/metrics`: a host and port.
    pub listen: Option<String>,
    pub started_at: Timestamp,
    pub seen_at: Timestamp,
    pub phase: ProcessPhase,
    /// In words: what it waits for, why it failed.
    pub detail: String,
}

/// What a process says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProcessPhase {
    Starting,
    Running,
    /// For something outside: a broker that is down.
    Waiting,
    /// It can't go on without somebody's help.
    Failed,
    /// It ended in order.
    Stopped,
}

impl ProcessPhase {
    pub const ALL: [Self; 5] = [
        Self::Starting,
        Self::Running,
        Self::Waiting,
        Self::Failed,
        Self::Stopped,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }
}

impl Warehouse {
    /// Writes a process's state over its last one.
    pub async fn beat(&self, state: &ProcessState) -> Result<()> {
        let table = Insert {
            table: "processes",
            key: &["name", "instance"],
            columns: &[
                "name",
                "instance",
                "host",
                "pid",
                "listen",
                "started_at_ms",
                "seen_at_ms",
                "state",
                "detail",
            ],
            on_conflict: OnConflict::Update {
                add: &[],
                set: &[
                    "host",
                    "pid",
                    "listen",
                    "started_at_ms",
                    "seen_at_ms",
                    "state",
                    "detail",
                ],
            },
        };
        let row = [
            Value::Text(&state.name),
            Value::Text(&state.instance),
            Value::Text(&state.host),
            Value::Integer(state.pid.into()),
            Value::text_or_null(state.listen.as_deref()),
            Value::Integer(state.started_at.as_millisecond()),
            Value::Integer(state.seen_at.as_millisecond()),
            Value::Text(state.phase.as_str()),
            Value::Text(&state.detail),
        ];
        let mut lease = self.lease().await?;
        lease.begin().await?;
        lease.insert(&table, &row).await?;
        lease.commit("a heartbeat").await?;
        lease.give_back();
        Ok(())
    }

    /// All processes, by name and instance.
    pub async fn processes(&self) -> Result<Vec<ProcessState>> {
        let sql = "SELECT name, instance, host, pid, listen, started_at_ms, seen_at_ms, state, \
                   detail FROM processes ORDER BY name, instance";
        let mut lease = self.lease().await?;
        let rows = lease.select("reading processes", sql, &[]).await?;
        lease.give_back();
        rows.iter().map(read).collect()
    }

    /// Forgets processes that were last seen longer than `age` before `now`.
    pub async fn forget_processes(&self, now: Timestamp, age: SignedDuration) -> Result<()> {
        let oldest = now.checked_sub(age).unwrap_or(Timestamp::MIN);
        let values = [Value::Integer(oldest.as_millisecond())];
        let sql = "DELETE FROM processes WHERE seen_at_ms < ?";
        let mut lease = self.lease().await?;
        lease.begin().await?;
        lease.run("forgetting processes", sql, &values).await?;
        lease.commit("forgetting processes").await?;
        lease.give_back();
        Ok(())
    }
}

fn read(row: &Row) -> Result<ProcessState> {
    let mut cells = Cells::of("processes", row);
    Ok(ProcessState {
        name: cells.text()?.to_owned(),
        instance: cells.text()?.to_owned(),
        host: cells.text()?.to_owned(),
        pid: u32::try_from(cells.unsigned()?).map_err(|error| cells.damaged(error))?,
        listen: cells.optional_text()?.map(str::to_owned),
        started_at: cells.milliseconds()?,
        seen_at: cells.milliseconds()?,
        phase: cells
            .word(|word| (ProcessPhase::ALL.into_iter()).find(|phase| phase.as_str() == word))?,
        detail: cells.text()?.to_owned(),
    })
}
