//! What the archive of logs answers: `GET /api/v1/logs/search`, `logs/lines` and `logs/verify`.

use crate::app_log::Level;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The lines of a time range that fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogSearch {
    /// The range that was asked for, both included. Lines whose time is not known lie in none.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub from: Timestamp,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub to: Timestamp,
    /// How many lines fit, in the whole range.
    pub found: u64,
    /// The newest of them, newest first.
    pub lines: Vec<ArchivedLine>,
    /// The minutes in which some fit, oldest first.
    pub minutes: Vec<MinuteLines>,
    pub bytes_read: u64,
    /// What the index of the archive ruled out.
    pub bytes_skipped: u64,
    /// Why the search ended early, where it did: `found`, `lines` and `minutes` have a part then.
    pub stopped: Option<SearchLimit>,
    /// Some of what was asked for was deleted because of its age.
    pub has_expired: bool,
    /// Those that were searched, by name.
    pub sources: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ArchivedLine {
    pub source: String,
    pub life: u64,
    /// Where it begins in its file's life.
    pub offset: u64,
    /// Its own, or that of the line before.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub time: Option<Timestamp>,
    pub level: Option<Level>,
    /// Without its newline, cut after 2,000 characters; what is no UTF-8 is replaced.
    pub text: String,
    /// The segment or piece that holds it, below the source's directory.
    pub file: Option<String>,
    /// Whether that is a segment, which a signed manifest names.
    pub is_sealed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MinuteLines {
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub minute: Timestamp,
    pub lines: u64,
}

/// What one search may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SearchLimit {
    Bytes,
    Time,
}

/// A line and those around it, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogLines {
    pub lines: Vec<ArchivedLine>,
}

/// Whether the archives are what their manifests say: names, lengths, chains and signatures. Contents
/// are for `comptoir-logship audit verify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogVerification {
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub checked_at: Timestamp,
    pub sources: Vec<VerifiedSource>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VerifiedSource {
    pub source: String,
    /// Its directory in the lake, as a URL.
    pub location: String,
    /// Why it could not be checked, where it could not; nothing below says anything then.
    pub problem: Option<String>,
    pub findings: u64,
    /// The first of them, in words.
    pub first_findings: Vec<String>,
    /// The number of the last manifest before which nothing is wrong.
    pub manifests: u64,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub sealed_at: Option<Timestamp>,
    pub lines: u64,
    pub bytes: u64,
    pub gaps: u64,
    /// The number of the newest manifest whose head was kept elsewhere.
    pub anchored: Option<u64>,
    /// Shipped, and not sealed yet.
    pub unsealed_bytes: u64,
    /// What was not asked, or can't be known.
    pub notes: Vec<String>,
}
