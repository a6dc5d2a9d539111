//! The platform's logs: what the shipper says of them, and what their archive in the lake holds.

pub(crate) mod archive;
pub(crate) mod search;
pub(crate) mod summary;
pub(crate) mod verify;

pub(crate) use archive::LogArchive;
pub use archive::LogArchivePlace;
pub(crate) use summary::Logs;
