//! The shipper against a local directory and a real HDFS (`compose/services up hdfs`).

#![expect(
    clippy::unwrap_used,
    reason = "also in what tests share, outside of `#[test]`"
)]

mod check;
mod faults;
mod kills;
mod owners;
mod served;
mod services;
mod shipping;
mod world;
