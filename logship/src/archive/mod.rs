//! The archive of a log: what lies in the lake, and how it is read. FORMAT.md is its description
//! for other programs.

pub mod contents;
pub mod names;
pub mod reader;
pub mod records;
pub mod store;

pub use reader::{Archive, ArchiveError, ArchivedLife};
