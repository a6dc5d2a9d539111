//! One contract, run on `SQLite`, `MariaDB` and `MySQL`.

// Clippy takes only functions marked as tests for tests, not what they call.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "says how to repeat a run that failed")]

mod cache;
mod commands;
mod commits;
mod concurrency;
mod full_looks;
mod jobs;
mod journal;
mod letters;
mod lists;
mod migrations;
mod records;
mod runs;
mod services;
mod totals;
mod view_results;
mod world;
