//! Which executor runs which jobs. That it lives is said by its heartbeat.

use crate::dialect::OnConflict;
use crate::error::Result;
use crate::processes::EXECUTOR;
use crate::rows::Cells;
use crate::session::Insert;
use crate::warehouse::Warehouse;
use comptoir_database::Value;
use comptoir_model::ids::JobName;

const TABLE: &str = "job_offers";

/// A job that an executor runs when somebody asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobOffer {
    /// Its instance, as in its heartbeat.
    pub executor: String,
    pub job: JobName,
}

impl Warehouse {
    /// Says which jobs an executor runs, in place of what it said before. Executors whose heartbeat
    /// is forgotten are forgotten here, too.
    pub async fn offer_jobs(&self, executor: &str, jobs: &[JobName]) -> Result<()> {
        let table = Insert {
            table: TABLE,
            key: &["executor", "job"],
            columns: &["executor", "job"],
            on_conflict: OnConflict::Keep,
        };
        let rows = jobs.iter();
        let rows: Vec<_> = rows
            .flat_map(|job| [Value::Text(executor), Value::Text(job.as_str())])
            .collect();
        let forget = "DELETE FROM job_offers WHERE executor = ? \
                      OR executor NOT IN (SELECT instance FROM processes WHERE name = ?)";
        let values = [Value::Text(executor), Value::Text(EXECUTOR)];
        let mut lease = self.lease().await?;
        lease.begin().await?;
        lease.run("forgetting offers", forget, &values).await?;
        lease.insert(&table, &rows).await?;
        lease.commit("the jobs that can be asked for").await?;
        lease.give_back();
        Ok(())
    }

    /// All of them, by job.
    pub async fn job_offers(&self) -> Result<Vec<JobOffer>> {
        let sql = "SELECT executor, job FROM job_offers ORDER BY job, executor";
        let mut lease = self.lease().await?;
        let rows = lease.select("reading offers", sql, &[]).await?;
        lease.give_back();
        let offers = rows.iter().map(|row| {
            let mut cells = Cells::of(TABLE, row);
            Ok(JobOffer {
                executor: cells.text()?.to_owned(),
                job: cells.parsed(JobName::parse)?,
            })
        });
        offers.collect()
    }
}
