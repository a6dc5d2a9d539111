//! Where tests kill a process, as a power cut would: behind a step that has a name. Does nothing in
//! release builds.

/// The environment variable with the step, and at the how manieth time: `views-read:2`.
pub const KILL_AT: &str = "COMPTOIR_TEST_KILL_AT";

/// The process has come to the end of this step; it is killed here if a test wants that.
#[cfg(debug_assertions)]
pub fn pass(step: &str) {
    use rustix::process::{Signal, getpid, kill_process};
    use std::sync::atomic::{AtomicU32, Ordering};
    static PASSED: AtomicU32 = AtomicU32::new(0);
    let Ok(wanted) = std::env::var(KILL_AT) else {
        return;
    };
    let (name, times) = wanted.split_once(':').unwrap_or((&wanted, "1"));
    if name != step {
        return;
    }
    let passed = PASSED.fetch_add(1, Ordering::SeqCst) + 1;
    if times.parse() == Ok(passed) {
        kill_process(getpid(), Signal::KILL).ok();
    }
}

#[cfg(not(debug_assertions))]
pub fn pass(_step: &str) {}
