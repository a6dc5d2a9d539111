//! Imports and runs of views that have a name: `jobs.toml`, and what runs, explains and watches them.
//!
//! Pure: `file` reads what is written, `book` puts it in order. The shells: `store` has the
//! files, `run`, `plan`, `watch` and `tool` are the commands.

mod args;
mod book;
mod error;
mod file;
mod flags;
mod plan;
pub(crate) mod ready;
pub(crate) mod run;
mod store;
pub(crate) mod table;
mod tool;
mod watch;

pub use args::{HistoryArgs, JobArgs, JobsFileArgs, PlanArgs, RunArgs, StatusArgs};
pub use book::{JobBook, Wanted};
pub use error::{Fault, JobsError};
pub use file::{ImportJob, Job, ViewsJob, Work, parse};
pub use plan::plan;
pub use ready::CommandError;
pub use run::run;
pub use store::JobStore;
pub use tool::job;
pub use watch::{history, status};
