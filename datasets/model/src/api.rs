//! What the server answers and the page reads. Money is a decimal string with its currency, times
//! are RFC 3339 in UTC.

pub mod access;
pub mod health;
pub mod jobs;
pub mod lake;
pub mod live;
pub mod log_search;
pub mod logs;
pub mod reconcile;
pub mod views;

use crate::history::Dimension;
use crate::ids::{Offset, Partition, RunId, StreamId};
use crate::money::Money;
use crate::row_checksum::RowChecksum;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What an answer includes: everything up to these positions, and, for imports, everything that
/// the source held at `time`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AsOf {
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub time: Timestamp,
    /// Empty where no live stream has a part in the answer.
    pub offsets: Vec<StreamPosition>,
}

/// Everything before `next` is included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StreamPosition {
    pub stream: StreamId,
    pub partition: Partition,
    pub next: Offset,
}

/// The totals of a set of order lines; see [`crate::history`] for what each one counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HistoryFigures {
    pub lines: u64,
    pub orders: u64,
    pub customers: u64,
    pub sales: Money,
    pub net_sales: Money,
    pub cancelled_sales: Money,
    /// `None` where there is no order that is not cancelled.
    pub average_basket: Option<Money>,
}

/// The import that an answer was computed from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportInfo {
    pub run: RunId,
    /// The ERP's table.
    pub table: String,
    /// When the source was read: the figures are those of this moment.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub imported_at: Timestamp,
    /// The published directory, as a URL of the lake (`hdfs://…` or `file://…`).
    pub location: String,
    pub rows: u64,
    pub bytes: u64,
    pub parts: Vec<PartInfo>,
}

/// One part file of an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PartInfo {
    pub name: String,
    pub rows: u64,
    pub bytes: u64,
    /// Lower-case hexadecimal.
    pub sha256: String,
    /// Of its rows, whatever the format of the file; `None` where the import computed none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<RowChecksum>,
}

/// `GET /api/v1/history/summary`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HistorySummary {
    #[serde(flatten)]
    pub figures: HistoryFigures,
    /// First and last order date, `YYYY-MM-DD`; `None` of an empty table.
    pub period: Option<Period>,
    /// The same of the whole import, where filters were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_period: Option<Period>,
    pub as_of: AsOf,
    pub import: ImportInfo,
    pub stale: Option<Stale>,
}

/// Both days are included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Period {
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Date))]
    pub first: jiff::civil::Date,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Date))]
    pub last: jiff::civil::Date,
}

impl Period {
    /// The period, long enough for this day.
    pub(crate) fn with(period: Option<Self>, day: jiff::civil::Date) -> Self {
        Self {
            first: period.map_or(day, |period| period.first.min(day)),
            last: period.map_or(day, |period| period.last.max(day)),
        }
    }
}

/// `GET /api/v1/history/by/{dimension}`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HistoryBy {
    pub dimension: Dimension,
    /// Ordered by key.
    pub groups: Vec<HistoryGroup>,
    /// The keys of the import of which no line fits the filters, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_keys: Vec<String>,
    pub as_of: AsOf,
    pub import: ImportInfo,
    pub stale: Option<Stale>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HistoryGroup {
    /// A month is `YYYY-MM`; everything else is the ERP's own text.
    pub key: String,
    #[serde(flatten)]
    pub figures: HistoryFigures,
}

/// Why an answer may not be the newest one: the server goes on with the last import it could read.
///
/// An answer without it was the lake's newest import at the server's last look, seconds ago.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Stale {
    /// When the lake was last seen to hold this import as its newest.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub since: Timestamp,
    /// What stands between: the lake is away, or a newer import can't be read.
    pub problem: Problem,
}

/// An error, as RFC 9457 describes it (`application/problem+json`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    #[serde(rename = "type")]
    pub kind: ProblemKind,
    pub title: String,
    pub status: u16,
    /// What happened this time, naming the part.
    pub detail: String,
    /// What cures it, with the command where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The parameters of the request that can't be used, where it is about these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ParameterError>,
}

/// What is wrong with one parameter of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ParameterError {
    /// Its name, as it stands in the request.
    pub parameter: String,
    pub detail: String,
}

/// The problem types, as URI references.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ProblemKind {
    /// Nothing has been imported yet: not an error, an empty lake.
    #[serde(rename = "/problems/no-import")]
    NoImport,
    #[serde(rename = "/problems/lake-unavailable")]
    LakeUnavailable,
    #[serde(rename = "/problems/unreadable-import")]
    UnreadableImport,
    #[serde(rename = "/problems/not-found")]
    NotFound,
    #[serde(rename = "/problems/method-not-allowed")]
    MethodNotAllowed,
    /// The request carries a body, and no route takes one.
    #[serde(rename = "/problems/body-refused")]
    BodyRefused,
    /// The `Host` header is not a name of this machine: DNS rebinding, or a proxy.
    #[serde(rename = "/problems/wrong-host")]
    WrongHost,
    #[serde(rename = "/problems/timed-out")]
    TimedOut,
    /// The warehouse does not answer, and there is nothing from before.
    #[serde(rename = "/problems/warehouse-unavailable")]
    WarehouseUnavailable,
    /// The log shipper does not answer.
    #[serde(rename = "/problems/logs-unavailable")]
    LogsUnavailable,
    /// The archive of logs can't be read now, or all who may search at once do.
    #[serde(rename = "/problems/log-archive-unavailable")]
    LogArchiveUnavailable,
    /// A parameter of the request's query has no such value.
    #[serde(rename = "/problems/invalid-parameter")]
    InvalidParameter,
    /// A cursor whose page can't be had any longer: the list begins anew.
    #[serde(rename = "/problems/stale-cursor")]
    StaleCursor,
    /// What would be done can't be noted, and is not done therefore.
    #[serde(rename = "/problems/journal-unavailable")]
    JournalUnavailable,
    /// No process runs jobs when somebody asks for one.
    #[serde(rename = "/problems/no-executor")]
    NoExecutor,
    /// A file would not have all rows, or there are too many to be filtered.
    #[serde(rename = "/problems/too-many-rows")]
    TooManyRows,
    /// As many live streams as the server serves are open.
    #[serde(rename = "/problems/too-many-streams")]
    TooManyStreams,
    /// Users are configured, and the request says of none that it comes from them.
    #[serde(rename = "/problems/login-required")]
    LoginRequired,
    /// Who asks is known, and may not have this.
    #[serde(rename = "/problems/not-allowed")]
    NotAllowed,
    /// It would change something, and does not come from a page of this server.
    #[serde(rename = "/problems/foreign-origin")]
    ForeignOrigin,
}
