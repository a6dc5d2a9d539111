//! The archive sink, from real transports into lakes on a local directory and on HDFS.

mod crashes;
mod gaps;
mod owners;
mod rebuild;
mod rows;
mod shore;
mod upkeep;
mod verify;
