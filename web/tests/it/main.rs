//! The server over a real lake: a local directory, and HDFS.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod api_document;
mod hdfs;
mod health;
mod history;
mod http;
mod lake_trouble;
mod live;
mod metrics;
mod page;
mod program;
mod proxy;
mod reconcile;
mod recount;
mod sales;
mod schemathesis;
mod services;
mod shop;
mod sse;
mod stream;
mod support;
mod switch;
mod views;
mod warehouse_trouble;
