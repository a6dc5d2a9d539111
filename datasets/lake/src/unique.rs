//! Names that no other process uses.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

/// 16 hexadecimal digits that differ between calls, processes and hosts: the standard library
/// seeds every `RandomState` from the operating system's random numbers.
pub(crate) fn unique_suffix() -> String {
    format!("{:016x}", RandomState::new().hash_one(std::process::id()))
}
