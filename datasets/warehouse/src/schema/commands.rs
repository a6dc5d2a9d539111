//! Jobs that people ask for, and which process runs which of them.

use super::Step;

/// `open_job` is the job until the command has ended, and NULL then: a job has one open command.
/// `claims` counts who took it, and tells the last one that another came after it.
pub(super) const COMMANDS: &[Step] = &[
    Step::Table(
        "CREATE TABLE IF NOT EXISTS job_commands (
    id $key,
    job $text100 NOT NULL,
    open_job $text100,
    asked_by $text100 NOT NULL,
    asked_at_ms $integer NOT NULL,
    claims $integer NOT NULL,
    executor $text100,
    claimed_until_ms $integer,
    ended_at_ms $integer,
    outcome $text100,
    said $text,
    UNIQUE (open_job)
) $table",
    ),
    Step::Index {
        name: "job_commands_job",
        table: "job_commands",
        columns: "job, id",
    },
    Step::Table(
        "CREATE TABLE IF NOT EXISTS job_offers (
    executor $text100 NOT NULL,
    job $text100 NOT NULL,
    PRIMARY KEY (executor, job)
) $keyed",
    ),
];
