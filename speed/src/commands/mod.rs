//! The commands, one a file: arguments, and what they run.

pub mod archive;
pub mod check;
pub mod dead_letters;
pub mod rebuild;
pub mod reconcile;
pub mod replay;
pub mod schema;
pub mod simulate;
pub mod topic;
pub mod views;
