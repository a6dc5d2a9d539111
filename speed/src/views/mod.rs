//! The views sink: counts the topic's records into the warehouse, each once.
//!
//! Each partition that the group gives to this process is read, judged and committed on a thread
//! of its own (`worker`), by decisions that are pure (`plan`). A batch's totals, dead letters,
//! gaps and the new position are one transaction, so that a crash at any moment leaves either all
//! of it or nothing, and a second owner of the partition can't pass it.
//!
//! Nothing ends because a neighbour is away: a judged batch is kept and tried again, and reading
//! stops until it is in.

mod counting;
mod error;
mod freshness;
mod gaps;
mod http;
mod metrics;
mod names;
mod plan;
mod pulse;
mod run;
mod status;
mod store;
mod worker;

pub use error::ViewsError;
pub use run::{ViewsRequest, run};
