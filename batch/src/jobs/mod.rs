//! Imports and runs of views that have a name: `jobs.toml`, and what runs, explains and watches them.
//!
//! Pure: `file` reads what is written, `book` puts it in order, `next` says which command of the page
//! an executor takes. The shells: `store` has the files, `run`, `plan`, `watch`, `tool` and `serve`
//! are the commands, `asked` runs one job for `serve`.

mod args;
mod asked;
mod book;
mod error;
mod file;
mod flags;
mod next;
mod plan;
pub(crate) mod ready;
pub(crate) mod run;
mod serve;
mod store;
pub(crate) mod table;
mod tool;
mod watch;

pub use args::{HistoryArgs, JobArgs, JobsFileArgs, PlanArgs, RunArgs, ServeArgs, StatusArgs};
pub use book::{JobBook, Wanted};
pub use error::{Fault, JobsError};
pub use file::{ImportJob, Job, ViewsJob, Work, parse};
pub use plan::plan;
pub use ready::CommandError;
pub use run::run;
pub use serve::serve;
pub use store::JobStore;
pub use tool::job;
pub use watch::{history, status};
