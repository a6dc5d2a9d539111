//! The real binary, and the schema against the reader.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod archive;
mod check;
mod clock_steps;
mod counts;
mod processes;
mod schema;
mod services;
mod simulate;
mod transport;
mod views;
