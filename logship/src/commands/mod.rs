//! One file a command.

pub(crate) mod archive;
pub(crate) mod audit;
pub(crate) mod check;
pub(crate) mod import_flume;
pub(crate) mod keygen;
pub(crate) mod ship;
pub(crate) mod status;
