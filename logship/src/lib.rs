//! The platform's log on its way into the archive. Today: reading an `app.log` and saying whether
//! every line of it is whole.

pub mod check;
pub mod cli;
mod report;
