//! What the shipper says of the platform's log: `GET /api/v1/logs/summary`.

use crate::app_log::Level;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The shipper's own view, and its newest lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogsSummary {
    /// When the shipper said this.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub time: Timestamp,
    pub sources: Vec<LogSource>,
    /// Newest first.
    pub lines: Vec<LogLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogSource {
    /// Its name in the lake.
    pub name: String,
    /// The file that is followed.
    pub path: String,
    /// The directory in the lake, as a URL.
    pub location: String,
    pub state: ShipState,
    /// Since when it is in this state.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub since: Timestamp,
    /// What stands between, in words, where something does.
    pub problem: Option<String>,
    /// Lines and bytes that are durable in the lake, of the whole archive.
    pub lines: u64,
    pub bytes: u64,
    /// Bytes of the source that are not durable in the lake yet.
    pub lag_bytes: u64,
    pub pieces_closed: u64,
    pub pieces_open: u64,
    /// Bytes that can't be had any more, as gap records say.
    pub gaps: u64,
    pub gap_bytes: u64,
    /// When bytes last became durable.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub shipped_at: Option<Timestamp>,
    /// Since when bytes wait to become durable, where some do.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub behind_since: Option<Timestamp>,
    /// Of the file that is written now: where the next byte to ship stands.
    #[serde(default)]
    pub position: u64,
    /// The name of the piece that this file's bytes go to, where one is open.
    pub piece: Option<String>,
    /// The last problem, also after it is over.
    pub last_error: Option<LastError>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LastError {
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub time: Timestamp,
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ShipState {
    /// Taking over: recovering what an earlier process left.
    Recovering,
    Shipping,
    /// There is no such file yet.
    WaitingForSource,
    /// The lake does not take bytes; nothing is lost as long as the source keeps them.
    WaitingForLake,
    /// Another shipper has taken over.
    Superseded,
}

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogLine {
    pub source: String,
    /// Where it begins in its file's life.
    pub offset: u64,
    /// `None` of a line that is not in the platform's format.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub time: Option<Timestamp>,
    pub level: Option<Level>,
    pub component: Option<String>,
    /// The message, or the whole line where it is not in the platform's format; cut after 2,000
    /// characters.
    pub message: String,
    /// Fields as texts.
    pub fields: Vec<(String, String)>,
}
