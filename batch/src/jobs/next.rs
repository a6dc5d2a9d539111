//! Which of the commands that are open an executor sees to next. Pure.

use comptoir_model::ids::JobName;
use comptoir_warehouse::{CommandOutcome, CommandState, JobCommand};
use jiff::{SignedDuration, Timestamp};

/// Nobody expects a job any more that was asked for so long ago.
const WAIT_MAX: SignedDuration = SignedDuration::from_hours(1);

/// A job whose executor ends without a word so often may be what ends it.
const CLAIMS_MAX: u32 = 3;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Task<'a> {
    Run(&'a JobCommand),
    /// Nobody runs it.
    End {
        command: &'a JobCommand,
        outcome: CommandOutcome,
        said: String,
    },
}

/// `open` comes oldest first; `offered` are the executor's own jobs.
pub(super) fn next<'a>(
    open: &'a [JobCommand],
    offered: &[JobName],
    now: Timestamp,
) -> Option<Task<'a>> {
    open.iter().find_map(|command| {
        let is_held = matches!(command.state, CommandState::Claimed { until, .. } if until > now);
        if is_held {
            return None;
        }
        let waited = now.duration_since(command.asked_at);
        match command.claims {
            claims if claims >= CLAIMS_MAX => Some(Task::End {
                command,
                outcome: CommandOutcome::Failed,
                said: format!(
                    "{claims} executors that ran it have ended without a word\nhint: comptoir-batch run {} shows why",
                    command.job
                ),
            }),
            0 if waited > WAIT_MAX => Some(Task::End {
                command,
                outcome: CommandOutcome::Refused,
                said: "nobody took it within an hour\nhint: does a comptoir-batch serve run that has this job? Then ask again".to_owned(),
            }),
            _ if waited > WAIT_MAX => Some(Task::End {
                command,
                outcome: CommandOutcome::Failed,
                said: "its executor ended without a word\nhint: ask again".to_owned(),
            }),
            _ => offered.contains(&command.job).then_some(Task::Run(command)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn command(id: i64, job: &str, claims: u32, until: Option<i64>) -> JobCommand {
        JobCommand {
            id,
            job: JobName::parse(job).unwrap(),
            asked_by: "user:ada".to_owned(),
            asked_at: at(0),
            claims,
            state: match until {
                None => CommandState::Pending,
                Some(until) => CommandState::Claimed {
                    by: "till/1".to_owned(),
                    until: at(until),
                },
            },
        }
    }

    /// The command that is seen to, and as what it ends.
    fn seen_to(open: &[JobCommand], now: i64) -> Option<(i64, Option<CommandOutcome>)> {
        let offered = ["sales", "customers"].map(|job| JobName::parse(job).unwrap());
        next(open, &offered, at(now)).map(|task| match task {
            Task::Run(command) => (command.id, None),
            Task::End {
                command, outcome, ..
            } => (command.id, Some(outcome)),
        })
    }

    #[test]
    fn the_oldest_of_its_own_that_nobody_holds_comes_first() {
        let open = [
            command(1, "elsewhere", 0, None),
            command(2, "sales", 1, Some(10)),
            command(3, "customers", 0, None),
        ];
        assert_eq!(seen_to(&open, 9), Some((3, None)));
        // The claim has run out.
        assert_eq!(seen_to(&open, 10), Some((2, None)));
        assert_eq!(seen_to(&open[..1], 10), None);
    }

    #[test]
    fn what_nobody_runs_ends() {
        let (refused, failed) = (CommandOutcome::Refused, CommandOutcome::Failed);
        for (open, now, ended) in [
            (command(1, "elsewhere", 0, None), 3_600, None),
            (command(1, "elsewhere", 0, None), 3_601, Some(refused)),
            (command(1, "elsewhere", 1, Some(9)), 3_601, Some(failed)),
            (command(1, "elsewhere", 3, Some(9)), 10, Some(failed)),
            // It runs for long.
            (command(1, "sales", 1, Some(9_000)), 8_000, None),
        ] {
            let seen = seen_to(&[open], now).and_then(|(_, ended)| ended);
            assert_eq!(seen, ended, "{now}");
        }
    }
}
