//! The launcher, the real services and the files that describe them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::print_stderr, reason = "what is random says how to repeat it")]

mod chaos;
mod compose_yaml;
mod doctor;
mod forget;
mod lake_cli;
mod launcher;
mod prometheus;
mod real_services;
mod recomputed;
mod reconcile;
mod recount;
mod reference;
mod services;
mod settings;
mod tour;
mod up;
