//! The archive of a log: what lies in the lake, and how it is read. FORMAT.md is its description
//! for other programs.

pub mod contents;
pub mod digest;
pub mod error;
pub mod facts;
pub mod manifest;
pub mod names;
pub mod reader;
pub mod records;
#[cfg(test)]
pub(crate) mod sample;
pub mod segment;
pub mod segment_path;
mod segments;
pub mod signature;
pub mod source_id;
pub mod store;
pub(crate) mod sums;
pub mod tombstone;

pub use error::ArchiveError;
pub use reader::{Archive, ArchivedLife};
