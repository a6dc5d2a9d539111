//! Against real databases and lakes: `SQLite` with a local directory, `MariaDB` and `MySQL` with
//! HDFS.

// Clippy takes only functions marked as tests for tests, not what they call.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(feature = "views")]
#[path = "../../../speed/tests/it/counts.rs"]
mod counts;
mod cron_files;
mod database;
#[cfg(feature = "views")]
mod event_rules;
#[cfg(feature = "views")]
mod fault_steps;
#[cfg(feature = "views")]
mod forgotten_days;
mod golden;
mod import_append;
mod import_command;
mod import_consistency;
mod import_crash;
mod import_flags;
mod import_formats;
mod import_incremental;
mod import_lake_faults;
mod import_merge;
mod import_privileges;
mod import_quality;
mod import_refusals;
mod import_snapshot;
mod import_source_faults;
mod import_splits;
mod import_values;
mod jobs_asked;
mod jobs_faults;
mod jobs_run;
mod jobs_support;
#[cfg(feature = "views")]
mod jobs_views;
#[cfg(feature = "views")]
mod live_run;
#[cfg(feature = "views")]
mod live_shop;
mod load_command;
mod load_files;
mod load_reference;
mod load_support;
mod load_tables;
mod proxy;
mod quality_references;
mod services;
#[cfg(feature = "views")]
mod silver;
#[cfg(feature = "views")]
mod silver_references;
#[cfg(feature = "views")]
mod views_crash;
#[cfg(feature = "views")]
mod views_engines;
#[cfg(feature = "views")]
mod views_files;
#[cfg(feature = "views")]
mod views_run;
#[cfg(feature = "views")]
mod views_shipped;
#[cfg(feature = "views")]
mod views_support;
#[cfg(feature = "views")]
mod views_tables;
mod world;
