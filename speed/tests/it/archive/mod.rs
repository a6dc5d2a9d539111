//! The archive sink, from real transports into lakes on a local directory and on HDFS.

mod crashes;
pub(crate) mod fault_steps;
mod gaps;
mod outages;
mod owners;
mod rebuild;
mod reconcile;
mod retention;
mod rows;
pub(crate) mod shore;
mod upkeep;
mod verify;
