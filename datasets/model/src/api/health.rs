//! The health of everything that is configured: `GET /api/v1/health`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Health {
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub time: Timestamp,
    /// In the order in which a reader looks for a cause: services first, own processes last.
    pub parts: Vec<PartHealth>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PartHealth {
    /// Stable and unique: `kafka-broker-1`, `process-views-3f2a`.
    pub id: String,
    pub kind: PartKind,
    /// For people: a host and port, a path, a process's name. Never a secret.
    pub name: String,
    pub state: PartState,
    /// Since when it is in this state, as far as the server knows.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub since: Timestamp,
    /// When it was last asked and has answered, or failed to; `None` before the first time.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub checked_at: Option<Timestamp>,
    /// Why it is not `up`; `None` where it is.
    pub cause: Option<Cause>,
    /// The cause in the part's own words, in English, with the cure where one is known.
    pub detail: Option<String>,
    pub facts: Vec<Fact>,
    /// Its states of the last 24 h, oldest first, as far as the server has looked; the last one is
    /// the one above.
    #[serde(default)]
    pub past: Vec<PastState>,
}

/// From then on, until the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PastState {
    pub state: PartState,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub since: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    Zookeeper,
    KafkaBroker,
    /// The topic's partitions: leaders, in-sync replicas, lag.
    KafkaTopic,
    /// The directory of the JSONL transport.
    JsonlTransport,
    /// How the views sink keeps up with the transport.
    Consumer,
    NameNode,
    Lake,
    Warehouse,
    Erp,
    /// Of TLS.
    Certificate,
    /// One of our own.
    Process,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PartState {
    Up,
    /// It works, and something is wrong with it.
    Degraded,
    Down,
    /// It answers, but does not let us know: not the same as down.
    Restricted,
    /// Not asked yet.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    Unreachable,
    TimedOut,
    LoginRefused,
    NotWhitelisted,
    BadAnswer,
    SafeMode,
    NoLiveDataNode,
    MissingBlocks,
    NotRegistered,
    NoController,
    UnderReplicated,
    OfflinePartitions,
    NoTopic,
    Behind,
    NotSeen,
    Waiting,
    Failed,
    Missing,
    /// A consumer moves, and its lag never shrinks.
    LagGrows,
    /// Records wait, and a consumer's offset stays.
    Stalled,
    /// A consumer does not look any more.
    Stopped,
    /// A consumer's offset went back.
    Rewound,
}

/// One thing that is known about a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Fact {
    pub name: FactName,
    /// A word or a number without its unit.
    pub value: String,
}

/// What it is, and its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FactName {
    Version,
    /// `standalone`, `leader` or `follower`.
    Mode,
    LatencyMs,
    Connections,
    OutstandingRequests,
    /// The command that answered: `mntr`, `AdminServer` or `srvr`.
    AnsweredBy,
    Controller,
    Partitions,
    UnderReplicatedPartitions,
    OfflinePartitions,
    LagRecords,
    LagBytes,
    LiveDataNodes,
    DeadDataNodes,
    CapacityBytes,
    RemainingBytes,
    MissingBlocks,
    Pid,
    Host,
    StartedAt,
    Address,
}
