//! The real services and the files that describe them.

mod compose_yaml;
mod services;
