//! The audit: what the archive proves, without the shipper and without its private key.

pub mod compare;
pub mod contents;
pub mod evidence;
pub mod extract;
mod files;
pub mod finding;
pub(crate) mod judge;
pub mod lines;
mod pieces;
pub mod report;
pub mod search;
pub mod verify;

pub use evidence::sources;
pub use finding::{Finding, FindingKind};
pub use verify::{Report, VerifyOptions, verify};
