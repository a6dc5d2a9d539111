//! The speed layer: live transactions, the records of the topic `transactions`.

pub mod archive;
pub mod check;
pub mod cli;
pub mod commands;
pub mod dead_letters;
pub mod rebuild;
mod reconcile;
pub mod replay;
mod report;
pub mod simulate;
pub mod sink;
pub mod transport;
pub mod views;
mod warehouse;

/// The JSON Schema of the records, for people who connect tills.
pub const SCHEMA: &str = include_str!("../../datasets/transactions.schema.json");
