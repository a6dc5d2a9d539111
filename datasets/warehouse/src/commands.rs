//! Jobs that people ask for on the page, and the processes that run them: the executors.
//!
//! A job has at most one open command. An executor takes it by a claim that it renews while the job
//! runs: the claim of one that died runs out, and another executor takes the command. The number of
//! the claim is the fencing token: whoever holds an earlier one changes nothing any more. That a job
//! does not run twice at once is not decided here, but by its lock.

mod offers;

pub use offers::JobOffer;

use crate::dialect::OnConflict;
use crate::error::{Result, WarehouseError};
use crate::rows::Cells;
use crate::session::{Insert, Session};
use crate::warehouse::Warehouse;
use comptoir_database::{Row, Value};
use comptoir_model::ids::JobName;
use jiff::{SignedDuration, Timestamp};

/// Commands that ended longer ago are forgotten; the journal has them for good.
const KEEP_FOR: SignedDuration = SignedDuration::from_hours(400 * 24);

/// A job that somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobCommand {
    /// Grows with each command.
    pub id: i64,
    pub job: JobName,
    /// As the journal names them.
    pub asked_by: String,
    pub asked_at: Timestamp,
    /// How often an executor took it.
    pub claims: u32,
    pub state: CommandState,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandState {
    /// No executor has it.
    Pending,
    Claimed {
        /// The executor's instance.
        by: String,
        /// From then on another one may take it.
        until: Timestamp,
    },
    Ended {
        at: Timestamp,
        outcome: CommandOutcome,
        /// In words, with a hint where it is not all well.
        said: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandOutcome {
    Done,
    Failed,
    /// The job was not begun.
    Refused,
}

impl CommandOutcome {
    pub const ALL: [Self; 3] = [Self::Done, Self::Failed, Self::Refused];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Refused => "refused",
        }
    }
}

/// The right to run a command and to say what came of it, as long as nobody claims it later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub id: i64,
    pub job: JobName,
    number: u32,
}

impl JobCommand {
    /// What stands for the command as it was read: it ends one that nobody runs.
    #[must_use]
    pub fn claim(&self) -> Claim {
        Claim {
            id: self.id,
            job: self.job.clone(),
            number: self.claims,
        }
    }
}

impl Warehouse {
    /// Asks for a job; where it was asked for and has not ended, that command is given back.
    pub async fn ask_for_job(
        &self,
        job: &JobName,
        asked_by: &str,
        now: Timestamp,
    ) -> Result<JobCommand> {
        let table = Insert {
            table: TABLE,
            key: &["open_job"],
            columns: &["job", "open_job", "asked_by", "asked_at_ms", "claims"],
            on_conflict: OnConflict::Keep,
        };
        let row = [
            Value::Text(job.as_str()),
            Value::Text(job.as_str()),
            Value::Text(asked_by),
            Value::Integer(now.as_millisecond()),
            Value::Integer(0),
        ];
        let oldest = now.checked_sub(KEEP_FOR).unwrap_or(Timestamp::MIN);
        let forget = "DELETE FROM job_commands WHERE open_job IS NULL AND ended_at_ms < ?";
        let find = format!("{SELECT} WHERE open_job = ?");
        let mut lease = self.lease().await?;
        lease.begin().await?;
        let values = [Value::Integer(oldest.as_millisecond())];
        lease
            .run("forgetting old commands", forget, &values)
            .await?;
        lease.insert(&table, &row).await?;
        let found = read_all(&mut lease, &find, &[Value::Text(job.as_str())]).await?;
        lease.commit("a command").await?;
        lease.give_back();
        let command = found.into_iter().next();
        command.ok_or_else(|| WarehouseError::Damaged {
            table: TABLE,
            what: format!("no open command for `{job}`, which was just added"),
        })
    }

    /// Those that have not ended, oldest first.
    pub async fn open_job_commands(&self) -> Result<Vec<JobCommand>> {
        let sql = format!("{SELECT} WHERE open_job IS NOT NULL ORDER BY id");
        self.read_job_commands(&sql).await
    }

    /// The newest one of each job, by job.
    pub async fn newest_job_commands(&self) -> Result<Vec<JobCommand>> {
        let sql = format!(
            "{SELECT} WHERE id IN (SELECT MAX(id) FROM job_commands GROUP BY job) ORDER BY job"
        );
        self.read_job_commands(&sql).await
    }

    /// Takes a command as it was read. `None`: another executor was faster.
    pub async fn claim_job_command(
        &self,
        command: &JobCommand,
        executor: &str,
        until: Timestamp,
    ) -> Result<Option<Claim>> {
        let values = [
            Value::Text(executor),
            Value::Integer(until.as_millisecond()),
        ];
        let set = "claims = claims + 1, executor = ?, claimed_until_ms = ?";
        let before = command.claim();
        let is_ours = self.change(&before, set, &values).await?;
        Ok(is_ours.then(|| Claim {
            number: before.number + 1,
            ..before
        }))
    }

    /// `false`: somebody else has claimed or ended it.
    pub async fn renew_job_claim(&self, claim: &Claim, until: Timestamp) -> Result<bool> {
        let values = [Value::Integer(until.as_millisecond())];
        self.change(claim, "claimed_until_ms = ?", &values).await
    }

    /// Gives a command back that has not ended: another executor takes it at once.
    pub async fn release_job_claim(&self, claim: &Claim) -> Result<bool> {
        let set = "executor = NULL, claimed_until_ms = NULL";
        self.change(claim, set, &[]).await
    }

    /// Says what came of it. `false`: somebody else has claimed or ended it, or an earlier try of
    /// this call, whose answer was lost.
    pub async fn end_job_command(
        &self,
        claim: &Claim,
        outcome: CommandOutcome,
        said: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let values = [
            Value::Integer(now.as_millisecond()),
            Value::Text(outcome.as_str()),
            Value::Text(said),
        ];
        let set = "open_job = NULL, ended_at_ms = ?, outcome = ?, said = ?";
        self.change(claim, set, &values).await
    }

    async fn change(&self, claim: &Claim, set: &str, values: &[Value<'_>]) -> Result<bool> {
        let sql = format!(
            "UPDATE job_commands SET {set} WHERE id = ? AND claims = ? AND open_job IS NOT NULL"
        );
        let place = [
            Value::Integer(claim.id),
            Value::Integer(claim.number.into()),
        ];
        let values = [values, &place].concat();
        let mut lease = self.lease().await?;
        lease.begin().await?;
        let changed = lease.run("changing a command", &sql, &values).await?;
        lease.commit("a command's change").await?;
        lease.give_back();
        Ok(changed == 1)
    }

    async fn read_job_commands(&self, sql: &str) -> Result<Vec<JobCommand>> {
        let mut lease = self.lease().await?;
        let commands = read_all(&mut lease, sql, &[]).await?;
        lease.give_back();
        Ok(commands)
    }
}

const TABLE: &str = "job_commands";

const SELECT: &str = "SELECT id, job, asked_by, asked_at_ms, claims, executor, claimed_until_ms, \
                      ended_at_ms, outcome, said FROM job_commands";

async fn read_all(
    session: &mut Session,
    sql: &str,
    values: &[Value<'_>],
) -> Result<Vec<JobCommand>> {
    let rows = session.select("reading commands", sql, values).await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<JobCommand> {
    let mut cells = Cells::of(TABLE, row);
    let id = cells.integer()?;
    let job = cells.parsed(JobName::parse)?;
    let asked_by = cells.text()?.to_owned();
    let asked_at = cells.milliseconds()?;
    let claims = u32::try_from(cells.unsigned()?).map_err(|error| cells.damaged(error))?;
    let claimed = cells
        .optional_text()?
        .map(str::to_owned)
        .zip(cells.optional_milliseconds()?);
    let ended = cells.optional_milliseconds()?;
    let outcome = cells.optional_text()?.map(str::to_owned);
    let said = cells.optional_text()?.unwrap_or_default().to_owned();
    let state = match (ended, outcome, claimed) {
        (Some(at), Some(outcome), _) => {
            let known = (CommandOutcome::ALL.into_iter()).find(|known| known.as_str() == outcome);
            let unknown = || cells.damaged(format!("the unknown word `{outcome}`"));
            CommandState::Ended {
                at,
                outcome: known.ok_or_else(unknown)?,
                said,
            }
        }
        (_, _, Some((by, until))) => CommandState::Claimed { by, until },
        (_, _, None) => CommandState::Pending,
    };
    Ok(JobCommand {
        id,
        job,
        asked_by,
        asked_at,
        claims,
        state,
    })
}
