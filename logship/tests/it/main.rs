//! The shipper against a local directory and a real HDFS (`compose/services up hdfs`).

#![expect(
    clippy::unwrap_used,
    reason = "also in what tests share, outside of `#[test]`"
)]

mod auditing;
mod check;
mod counts;
mod disks;
mod expiring;
mod extracting;
mod fault_points;
mod faults;
mod hours;
mod kills;
mod many;
mod once;
mod operation;
mod owners;
mod reporting;
mod rotations;
mod sealing;
mod searching;
mod served;
mod services;
mod shipping;
mod world;
mod writer;
