//! The heartbeats of the platform's own processes.

use crate::error::Result;
use crate::warehouse::Warehouse;
use jiff::{SignedDuration, Timestamp};

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
        let _ = state;
        unimplemented!()
    }

    /// All processes, by name and instance.
    pub async fn processes(&self) -> Result<Vec<ProcessState>> {
        unimplemented!()
    }

    /// Forgets processes that were last seen longer than `age` before `now`.
    pub async fn forget_processes(&self, now: Timestamp, age: SignedDuration) -> Result<()> {
        let _ = (now, age);
        unimplemented!()
    }
}
