//! Kills and outages under load. Whatever happens, at the end every record is counted once and
//! every byte of the log is in the lake once.
//!
//! `COMPTOIR_TEST_KILLS` says how often something is killed (5, and 200 in `compose/test long`),
//! `COMPTOIR_TEST_SEED` repeats the moments of an earlier run.

mod archive;
mod child;
mod embedded;
mod memory;
mod outages;
mod services;
mod world;

use comptoir_config::clock;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

/// Made-up events a second.
const RATE: &str = "500";

fn number_from_environment(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} = `{text}` is not a number")),
    )
}

fn kills() -> u64 {
    number_from_environment("COMPTOIR_TEST_KILLS").unwrap_or(5)
}

/// Whether the full tables are asked for.
fn is_long() -> bool {
    number_from_environment("COMPTOIR_TEST_KILLS").is_some_and(|kills| kills > 5)
}

/// Random moments; the seed is printed.
struct Moments(ChaCha8Rng);

impl Moments {
    fn new() -> Self {
        let seed = number_from_environment("COMPTOIR_TEST_SEED")
            .unwrap_or_else(|| u64::from(clock::random_u32()));
        eprintln!("moments of COMPTOIR_TEST_SEED={seed}");
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    fn below(&mut self, max: Duration) -> Duration {
        max.mul_f64(self.0.random())
    }

    fn pick<'a, T>(&mut self, of: &'a mut [T]) -> &'a mut T {
        let index = self.0.random_range(0..of.len());
        &mut of[index]
    }
}
