//! The batch jobs: what came of each run, and a lock that keeps two runs of one job apart.
//!
//! The lock is held by something that dies with its process, never by a time of expiry: nobody has
//! to guess how long a run may take, and a killed one frees its job at once. See [`hold`]. The row
//! of the run is the fencing token: whoever gets the lock first marks the rows that still say
//! `running` as crashed, so a process that lost the lock without noticing finds that out from its
//! own row ([`JobLock::confirm`]).

mod hold;
mod lock;
mod prune;
mod record;

pub use lock::{JobHolder, JobLock, JobStart};
pub use record::{JobEnd, JobOutcome, JobOutput, JobRun, JobState};
