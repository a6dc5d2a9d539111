//! One contract, two backends: a local directory, and a real HDFS (`compose/services up`).

#![expect(
    clippy::unwrap_used,
    reason = "also in what tests share, outside of `#[test]`"
)]

mod appending;
mod faults;
mod operations;
mod place;
mod publication;
mod published;
mod racers;
mod services;
