//! The server over a real lake: a local directory, and HDFS.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod access;
mod accounts;
mod api_document;
mod export;
mod hdfs;
mod health;
mod history;
mod http;
mod jobs;
mod lake;
mod lake_trouble;
mod live;
mod log_archive;
mod metrics;
mod page;
mod program;
mod proxy;
mod reconcile;
mod recount;
mod run_now;
mod sales;
mod schemathesis;
mod services;
mod sessions;
mod shop;
mod sse;
mod stream;
mod support;
mod switch;
mod tls;
mod tokens;
mod views;
mod warehouse_trouble;
