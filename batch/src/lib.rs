//! Batch import, the successor of Apache Sqoop: load into the ERP, import into the lake.

pub mod cli;
pub mod encode;
pub mod import;
pub mod jobs;
pub mod load;
pub mod merge;
mod order;
pub mod quality;
pub mod report;
pub mod tools;
pub mod verify;
#[cfg(feature = "views")]
pub mod views;

pub use comptoir_database as database;
