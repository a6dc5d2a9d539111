//! The server over a real lake: a local directory, and HDFS.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod hdfs;
mod history;
mod http;
mod lake_trouble;
mod metrics;
mod page;
mod program;
mod sales;
mod support;
