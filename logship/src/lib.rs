//! The platform's log on its way into the archive: shipping it, reading the archive, and saying
//! whether every line of an `app.log` is whole.

pub mod archive;
pub mod audit;
pub mod check;
pub mod cli;
mod commands;
pub mod fault;
pub mod flume;
mod report;
pub mod seal;
pub mod ship;
pub mod sources;
