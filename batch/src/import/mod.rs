//! A table of the ERP into text part files of the lake.

mod args;

pub use args::{FormatArgs, ImportArgs};
