//! The results of batch views.

use super::AsOf;
use crate::ids::RunId;
use crate::view_result::{BrokenRule, InLake, SourceRun, UnknownKeys, ViewColumn, ViewName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// `GET /api/v1/views`: every view that has a result, or has been tried, by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ViewList {
    pub views: Vec<ViewInfo>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ViewInfo {
    pub name: ViewName,
    /// The last good one; `None` where the view has never been computed.
    pub result: Option<ViewResultInfo>,
    /// Why the newest run did not replace it; `None` where it did, or goes on.
    pub last_failure: Option<ViewFailure>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ViewResultInfo {
    pub run: RunId,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub published_at: Timestamp,
    /// How old it is, in seconds.
    pub age_s: u64,
    pub rows: u64,
    pub description: String,
    pub columns: Vec<ViewColumn>,
    pub sources: Vec<SourceRun>,
    /// Where the rows lie in the lake, if they do.
    pub lake: Option<InLake>,
    /// Keys that references do not know, of each reference.
    pub unknown: Vec<UnknownKeys>,
    /// Rules that what the last run computed breaks.
    #[serde(default)]
    pub broken: Vec<BrokenRule>,
    pub as_of: AsOf,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ViewFailure {
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    /// In words, with a hint.
    pub error: String,
}

/// `GET /api/v1/views/{name}`: some rows of one result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ViewPage {
    pub name: ViewName,
    pub run: RunId,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub published_at: Timestamp,
    pub columns: Vec<ViewColumn>,
    /// Each with a value, or null, for each column.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub rows: Vec<Map<String, Value>>,
    /// How many rows match, on all pages together.
    pub matching_rows: u64,
    /// Asks for the next page; `None` on the last one.
    pub next_cursor: Option<String>,
    pub as_of: AsOf,
    pub last_failure: Option<ViewFailure>,
}
