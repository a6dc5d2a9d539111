//! The real binary, and the schema against the reader.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod check;
mod schema;
mod services;
mod transport;
mod views;
