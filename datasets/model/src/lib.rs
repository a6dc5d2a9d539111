//! The words of Comptoir as types, and the pure functions over them.
//!
//! Nothing here does IO or reads a clock: bytes, rows and times are arguments. The crate builds
//! for the server and, unchanged, for the page (wasm32).

pub mod api;
pub mod app_log;
pub mod erp;
pub mod event;
pub mod file_format;
pub mod history;
pub mod ids;
pub mod incremental;
pub mod lines;
pub mod live;
pub mod manifest;
pub mod merge;
pub mod money;
#[cfg(feature = "openapi")]
mod openapi;
pub mod quality;
pub mod reconcile;
pub mod retry;
pub mod row_checksum;
pub mod sales;
pub mod short_bytes;
pub mod text_format;
pub mod verdict;
pub mod view_result;
