//! What batch views answer: loaded chunk by chunk, made current by one small transaction, and read
//! whole. The last good result of a view stays until the next one takes its place.

use crate::dialect::OnConflict;
use crate::error::{Result, WarehouseError};
use crate::rows::{Cells, count};
use crate::session::{Insert, Session};
use crate::warehouse::Warehouse;
use comptoir_database::{Row, Value};
use comptoir_model::ids::RunId;
use comptoir_model::view_result::{ViewAbout, ViewName};
use jiff::Timestamp;

/// Rows of `view_results` that are being loaded, and the one that is read.
const LOADING: &str = "loading";
const CURRENT: &str = "current";

/// A result that was published, without its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredViewResult {
    pub view: ViewName,
    pub run: RunId,
    pub published_at: Timestamp,
    pub rows: u64,
    pub about: ViewAbout,
    id: i64,
}

/// Loads the result of one run. Nobody sees any of it before [`ViewResultWriter::publish`]; what is
/// never published is swept by the view's next run.
#[derive(Debug)]
pub struct ViewResultWriter {
    warehouse: Warehouse,
    view: ViewName,
    run: RunId,
    /// A database may give the number of a run that was swept to a later one: always asked for
    /// together with the run.
    id: i64,
    rows: u64,
    next_chunk: i64,
}

impl Warehouse {
    /// Begins to load a result, and gives up what an earlier run of the view left half-way: the
    /// caller holds the lock of the view's job.
    pub async fn begin_view_result(
        &self,
        view: &ViewName,
        run: &RunId,
        now: Timestamp,
    ) -> Result<ViewResultWriter> {
        let mut lease = self.lease().await?;
        lease.begin().await?;
        sweep(&mut lease, view).await?;
        let table = Insert {
            table: "view_results",
            key: &["id"],
            columns: &["view_name", "run", "state", "started_at_ms"],
            on_conflict: OnConflict::Keep,
        };
        let row = [
            Value::Text(view.as_str()),
            Value::Text(run.as_str()),
            Value::Text(LOADING),
            Value::Integer(now.as_millisecond()),
        ];
        lease.insert(&table, &row).await?;
        let sql = "SELECT id FROM view_results WHERE view_name = ? AND run = ?";
        let values = [view.as_str(), run.as_str()].map(Value::Text);
        let rows = lease.select("beginning a view", sql, &values).await?;
        let id = match rows.first() {
            Some(row) => Cells::of("view_results", row).integer()?,
            None => return Err(taken_over(view, run)),
        };
        lease.commit("the beginning of a view's result").await?;
        lease.give_back();
        Ok(ViewResultWriter {
            warehouse: self.clone(),
            view: view.clone(),
            run: run.clone(),
            id,
            rows: 0,
            next_chunk: 0,
        })
    }

    /// The current result of each view that has one, by name.
    pub async fn view_results(&self) -> Result<Vec<StoredViewResult>> {
        let mut lease = self.lease().await?;
        let sql = format!("{SELECT} WHERE state = ? ORDER BY view_name");
        let values = [Value::Text(CURRENT)];
        let rows = lease.select("reading the views", &sql, &values).await?;
        lease.give_back();
        rows.iter().map(read).collect()
    }

    /// The current result of a view.
    pub async fn view_result(&self, view: &ViewName) -> Result<Option<StoredViewResult>> {
        let mut lease = self.lease().await?;
        let sql = format!("{SELECT} WHERE view_name = ? AND state = ?");
        let values = [view.as_str(), CURRENT].map(Value::Text);
        let rows = lease.select("reading a view", &sql, &values).await?;
        lease.give_back();
        rows.first().map(read).transpose()
    }

    /// All rows of a result, as the JSON arrays that were loaded; `None` if another result has taken
    /// its place meanwhile.
    pub async fn view_result_chunks(
        &self,
        result: &StoredViewResult,
    ) -> Result<Option<Vec<String>>> {
        let mut lease = self.lease().await?;
        lease.begin_snapshot().await?;
        let sql = "SELECT COUNT(*) FROM view_results WHERE id = ? AND run = ? AND state = ?";
        let values = [
            Value::Integer(result.id),
            Value::Text(result.run.as_str()),
            Value::Text(CURRENT),
        ];
        let rows = lease.select("reading a view", sql, &values).await?;
        let is_there = match rows.first() {
            Some(row) => Cells::of("view_results", row).integer()? == 1,
            None => false,
        };
        let sql = "SELECT body FROM view_result_chunks WHERE result_id = ? ORDER BY chunk_number";
        let values = [Value::Integer(result.id)];
        let rows = (lease.select("reading a view's rows", sql, &values)).await?;
        lease.rollback().await?;
        lease.give_back();
        if !is_there {
            return Ok(None);
        }
        let body = |row| {
            Cells::of("view_result_chunks", row)
                .text()
                .map(str::to_owned)
        };
        rows.iter().map(body).collect::<Result<_>>().map(Some)
    }
}

impl ViewResultWriter {
    /// Loads some rows, a JSON array of rows, in a transaction of its own.
    pub async fn append(&mut self, rows: u64, body: &str) -> Result<()> {
        let mut lease = self.warehouse.lease().await?;
        lease.begin().await?;
        // Locked, so that nobody sweeps this run before its chunk is there to be swept as well.
        let sql = format!(
            "SELECT id FROM view_results WHERE id = ? AND run = ? AND state = ?{}",
            lease.dialect.for_update()
        );
        let values = [
            Value::Integer(self.id),
            Value::Text(self.run.as_str()),
            Value::Text(LOADING),
        ];
        if (lease.select("loading a view", &sql, &values).await?).is_empty() {
            return Err(taken_over(&self.view, &self.run));
        }
        let table = Insert {
            table: "view_result_chunks",
            key: &["result_id", "chunk_number"],
            columns: &["result_id", "chunk_number", "body"],
            on_conflict: OnConflict::Keep,
        };
        let row = [
            Value::Integer(self.id),
            Value::Integer(self.next_chunk),
            Value::Text(body),
        ];
        lease.insert(&table, &row).await?;
        lease.commit("a chunk of a view's result").await?;
        lease.give_back();
        self.rows += rows;
        self.next_chunk += 1;
        Ok(())
    }

    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Makes the loaded rows the view's current result, and frees those of the earlier one. A commit
    /// that got no answer is looked up.
    pub async fn publish(self, about: &ViewAbout, now: Timestamp) -> Result<()> {
        match self.switch(about, now).await {
            Err(unknown @ WarehouseError::UnknownOutcome { .. }) => {
                let found = self.warehouse.view_result(&self.view).await?;
                if found.is_none_or(|found| found.run != self.run) {
                    return Err(unknown);
                }
            }
            done => done?,
        }
        // The next run frees them as well.
        if let Err(error) = self.free_replaced().await {
            tracing::warn!(view = %self.view, %error, "the replaced result could not be freed");
        }
        Ok(())
    }

    async fn switch(&self, about: &ViewAbout, now: Timestamp) -> Result<()> {
        let about = serde_json::to_string(about).map_err(|error| WarehouseError::Damaged {
            table: "view_results",
            what: error.to_string(),
        })?;
        let mut lease = self.warehouse.lease().await?;
        lease.begin().await?;
        let replaced = "UPDATE view_results SET state = 'replaced' \
                        WHERE view_name = ? AND state = ?";
        let values = [self.view.as_str(), CURRENT].map(Value::Text);
        lease.run("replacing a view", replaced, &values).await?;
        let current = "UPDATE view_results SET state = ?, published_at_ms = ?, row_count = ?, \
                       about = ? WHERE id = ? AND run = ? AND state = ?";
        let values = [
            Value::Text(CURRENT),
            Value::Integer(now.as_millisecond()),
            Value::Integer(count(self.rows, "a number of rows")?),
            Value::Text(&about),
            Value::Integer(self.id),
            Value::Text(self.run.as_str()),
            Value::Text(LOADING),
        ];
        if lease.run("publishing a view", current, &values).await? != 1 {
            // The session ends with the transaction, and nothing was changed.
            return Err(taken_over(&self.view, &self.run));
        }
        lease.commit("a view's result").await?;
        lease.give_back();
        Ok(())
    }

    async fn free_replaced(&self) -> Result<()> {
        let mut lease = self.warehouse.lease().await?;
        lease.begin().await?;
        sweep(&mut lease, &self.view).await?;
        lease.commit("freeing a view's old result").await?;
        lease.give_back();
        Ok(())
    }
}

/// Frees everything of a view but its current result. Readers are in snapshots of their own.
async fn sweep(session: &mut Session, view: &ViewName) -> Result<()> {
    let of_view = [Value::Text(view.as_str()), Value::Text(CURRENT)];
    let chunks = "DELETE FROM view_result_chunks WHERE result_id IN \
                  (SELECT id FROM view_results WHERE view_name = ? AND state <> ?)";
    let what = "freeing old results";
    // In the order in which a writer locks them: the result, then its chunks.
    let lock = format!(
        "SELECT id FROM view_results WHERE view_name = ? AND state <> ?{}",
        session.dialect.for_update()
    );
    session.select(what, &lock, &of_view).await?;
    session.run(what, chunks, &of_view).await?;
    let results = "DELETE FROM view_results WHERE view_name = ? AND state <> ?";
    session.run(what, results, &of_view).await?;
    Ok(())
}

const SELECT: &str = "SELECT view_name, run, published_at_ms, row_count, about, id \
                      FROM view_results";

fn read(row: &Row) -> Result<StoredViewResult> {
    let mut cells = Cells::of("view_results", row);
    Ok(StoredViewResult {
        view: cells.parsed(ViewName::parse)?,
        run: cells.parsed(RunId::parse)?,
        published_at: cells.milliseconds()?,
        rows: cells.unsigned()?,
        about: cells.parsed(|text| serde_json::from_str(text))?,
        id: cells.integer()?,
    })
}

fn taken_over(view: &ViewName, run: &RunId) -> WarehouseError {
    WarehouseError::ViewTakenOver {
        view: view.clone(),
        run: run.clone(),
    }
}
