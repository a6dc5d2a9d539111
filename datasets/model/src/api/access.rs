//! Who asks, and what people and programs did: `GET /api/v1/session` and `GET /api/v1/journal`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// As whom the server knows whoever asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionInfo {
    pub kind: CallerKind,
    /// Of the user or the token; `None` where nobody is asked.
    pub name: Option<String>,
    /// `viewer`, `operator` or `auditor`; `None` of all others than users.
    pub role: Option<String>,
    /// What they may.
    pub rights: Vec<Right>,
}

/// What somebody may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// The figures and how they are made, and the health of all parts.
    Figures,
    /// The platform's log lines, and the files of the lake.
    Logs,
    /// Who did what.
    Journal,
    Metrics,
    /// Everything that changes something.
    Operate,
}

impl Right {
    pub const ALL: [Self; 5] = [
        Self::Figures,
        Self::Logs,
        Self::Journal,
        Self::Metrics,
        Self::Operate,
    ];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CallerKind {
    /// No users are configured: the server does not ask.
    Anyone,
    User,
    Token,
}

/// Newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JournalPage {
    pub entries: Vec<NumberedEntry>,
    /// As `before` it asks for the entries that follow; `None` at the end.
    pub next: Option<i64>,
}

/// An entry and its place in the journal, which grows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NumberedEntry {
    pub number: i64,
    #[serde(flatten)]
    pub entry: JournalEntry,
}

/// One thing that somebody did, or tried to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JournalEntry {
    /// Unique: an entry that is written twice is one entry.
    pub id: String,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    /// `user:ada`, `token:prometheus`, `uid:1000` of a command on the server's machine, `anyone` where
    /// nobody is asked, or `unknown`.
    pub who: String,
    /// The address that the server saw, or `local`.
    pub address: String,
    /// What: `login`, `logout`, `user.add`, `token.remove`, `job.run` and the like.
    pub action: String,
    pub outcome: JournalOutcome,
    /// To what it was done, or why it was refused. Never a secret.
    pub detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum JournalOutcome {
    Done,
    /// It was not allowed, or the password was wrong.
    Refused,
    /// It was allowed, and did not work.
    Failed,
}

impl JournalOutcome {
    pub const ALL: [Self; 3] = [Self::Done, Self::Refused, Self::Failed];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}
