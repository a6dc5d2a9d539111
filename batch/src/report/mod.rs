//! What came of a run, for those who were not there: a line for the mail of cron, an object of JSON,
//! a file for Prometheus.

mod args;
mod metrics;
mod summary;
mod tell;

pub use args::OutputArgs;
pub use summary::{Outcome, RunSummary, ViewsReport};
pub use tell::{Naming, TellError, tell};
