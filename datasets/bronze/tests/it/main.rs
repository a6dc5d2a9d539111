//! The archive's table on a local directory and on real HDFS, which `compose/services up hdfs`
//! starts.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod commits;
mod forget;
mod lost_answers;
mod outputs;
mod place;
mod reading;
mod upkeep;
mod verify;
