//! Sqoop's small tools: a look at the database with the same login as an import.

mod args;
mod command;
mod table;

pub use args::{EvalArgs, ListArgs};
pub(crate) use command::tables;
pub use command::{ToolError, eval, list_databases, list_tables};
