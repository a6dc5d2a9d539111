//! The binary: arguments, settings, logging, exit code.

fn main() {}
