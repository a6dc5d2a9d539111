//! The clock and chance: what only shells may ask for. Library code takes both as arguments, so
//! that its tests can.

use jiff::Timestamp;
use std::hash::{BuildHasher, RandomState};
use std::time::Instant;

/// The environment variable with the file by which a test sets the clock of a process: as many
/// seconds as it holds, `-3600`, are added. Does nothing in release builds.
pub const STEPPED_BY: &str = "COMPTOIR_TEST_CLOCK";

/// The time of day, in UTC.
pub fn now() -> Timestamp {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the clock"
    )]
    let now = Timestamp::now();
    stepped(now)
}

#[cfg(debug_assertions)]
fn stepped(now: Timestamp) -> Timestamp {
    use jiff::SignedDuration;
    use std::path::PathBuf;
    use std::sync::LazyLock;
    static FILE: LazyLock<Option<PathBuf>> =
        LazyLock::new(|| std::env::var_os(STEPPED_BY).map(PathBuf::from));
    let text = FILE
        .as_ref()
        .and_then(|file| std::fs::read_to_string(file).ok());
    let seconds = text.and_then(|text| text.trim().parse().ok());
    let step = SignedDuration::from_secs(seconds.unwrap_or_default());
    now.checked_add(step).unwrap_or(now)
}

#[cfg(not(debug_assertions))]
fn stepped(now: Timestamp) -> Timestamp {
    now
}

/// For measuring how long something took; never goes back.
pub fn instant() -> Instant {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the clock"
    )]
    Instant::now()
}

/// Tells apart two runs that start in the same second; not for secrets.
pub fn random_u32() -> u32 {
    // The standard library seeds its hash maps from the operating system's random numbers.
    let [a, b, c, d, ..] = RandomState::new().hash_one(0u8).to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_numbers_differ() {
        let drawn: std::collections::HashSet<_> = (0..100).map(|_| random_u32()).collect();
        assert!(drawn.len() > 95, "{drawn:?}");
    }
}
