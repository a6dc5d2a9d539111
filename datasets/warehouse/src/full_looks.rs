//! The newest reconciliation that looked at the log and the archive too, for those who can't.

use crate::dialect::OnConflict;
use crate::error::Result;
use crate::jobs::JobOutcome;
use crate::rows::Cells;
use crate::session::Insert;
use crate::warehouse::Warehouse;
use comptoir_database::Value;
use comptoir_model::api::reconcile::{FullLooks, ReconcileReport};
use comptoir_model::ids::JobName;

const TABLE: &str = "full_looks";

/// As which full looks are on record.
pub const FULL_LOOK_JOB: &str = "live.reconcile";

/// As which each look is on record.
pub fn full_look_job() -> JobName {
    JobName::parse(FULL_LOOK_JOB).unwrap_or_else(|error| unreachable!("{error}"))
}

impl Warehouse {
    /// Keeps what a look found, in place of earlier ones. One that was slow and is older than what
    /// is kept changes nothing.
    pub async fn keep_full_look(&self, report: &ReconcileReport) -> Result<()> {
        let mut lease = self.lease().await?;
        lease.begin().await?;
        let at = Value::Integer(report.as_of.time.as_millisecond());
        let text = serde_json::to_string(report).unwrap_or_else(|error| unreachable!("{error}"));
        let table = Insert {
            table: TABLE,
            key: &["looked_at_ms"],
            columns: &["looked_at_ms", "report"],
            on_conflict: OnConflict::Keep,
        };
        lease.insert(&table, &[at, Value::Text(&text)]).await?;
        let sql = "DELETE FROM full_looks WHERE looked_at_ms < ?";
        lease.run("forgetting earlier looks", sql, &[at]).await?;
        lease.commit("a look at everything").await?;
        lease.give_back();
        Ok(())
    }

    /// The newest look, and why the last one failed, if it did.
    pub async fn full_looks(&self) -> Result<FullLooks> {
        let mut lease = self.lease().await?;
        let sql = "SELECT report FROM full_looks ORDER BY looked_at_ms DESC LIMIT 1";
        let rows = lease.select("reading the last look", sql, &[]).await?;
        lease.give_back();
        let report = rows.first().map(|row| {
            Cells::of(TABLE, row).parsed(|text| serde_json::from_str::<ReconcileReport>(text))
        });
        let last = self.job_runs(Some(&full_look_job()), 1).await?;
        let failure = last.into_iter().next().and_then(|run| {
            let why = match run.outcome {
                JobOutcome::Running | JobOutcome::Done | JobOutcome::Skipped => return None,
                JobOutcome::Failed => run.error.unwrap_or_default(),
                JobOutcome::Crashed => "its process ended".to_owned(),
            };
            Some((run.started_at, why))
        });
        Ok(FullLooks {
            report: report.transpose()?,
            failure,
        })
    }
}
