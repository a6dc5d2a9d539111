//! How often an import is tried, and how long it waits in between. Pure.

use std::time::Duration;

/// What happens when nothing came, or could not come just now.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "In cron")]
pub struct RetryArgs {
    /// How often it is tried again where that can help (a server that is away or restarts, a
    /// deadlock, safe mode), at most 100 times [default: 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=100))]
    pub retries: Option<u32>,

    /// Seconds before it is tried again; each further pause is four times as long, up to 5 min
    /// [default: 1]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=300))]
    pub retry_pause: Option<u32>,

    /// End with 3 where no rows came; what was published stays published
    #[arg(long)]
    pub fail_if_empty: bool,
}

/// The pauses between the tries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retries {
    left: u32,
    pause: Duration,
}

const PAUSE_MAX: Duration = Duration::from_mins(5);

impl RetryArgs {
    pub fn retries(&self) -> Retries {
        Retries {
            left: self.retries.unwrap_or(2),
            pause: Duration::from_secs(self.retry_pause.unwrap_or(1).into()),
        }
    }
}

/// Ends, so that every run does.
impl Iterator for Retries {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.left = self.left.checked_sub(1)?;
        let pause = self.pause.min(PAUSE_MAX);
        self.pause = pause * 4;
        Some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(retries: Option<u32>, pause: Option<u32>) -> Vec<u64> {
        let args = RetryArgs {
            retries,
            retry_pause: pause,
            fail_if_empty: false,
        };
        args.retries().map(|pause| pause.as_secs()).collect()
    }

    #[test]
    fn pauses_grow_to_a_limit_and_end() {
        assert_eq!(seconds(None, None), [1, 4]);
        assert_eq!(seconds(Some(0), None), [0; 0]);
        assert_eq!(seconds(Some(5), Some(10)), [10, 40, 160, 300, 300]);
    }
}
