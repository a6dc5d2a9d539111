//! One file a command.

pub(crate) mod archive;
pub(crate) mod check;
pub(crate) mod ship;
