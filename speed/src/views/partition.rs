//! A partition's way to the warehouse, from a thread that may block.

use super::counting::Counting;
use crate::sink::{
    BatchCounts, Commit, Committed, Limits, Opened, PartitionSink, Recalled, StoreFault, TakeError,
};
use crate::transport;
use comptoir_config::{clock, fault};
use comptoir_model::ids::Offset;
use comptoir_model::merge::{PartitionKey, Span};
use comptoir_model::verdict::{OutOfOrder, Reach};
use comptoir_warehouse::{
    Committed as Counted, PartitionId, Retry, ViewsBatch, ViewsPosition, ViewsWriter, Warehouse,
    WarehouseError,
};
use jiff::Timestamp;
use std::time::Duration;
use tokio::runtime::Handle;

/// A partition holds at most such a tally and its window.
const LIMITS: Limits = Limits {
    bytes: 12 * 1024 * 1024,
    records: 500_000,
    linger: Duration::ZERO,
    pause_min: Duration::from_millis(80),
    pause_max: Duration::from_millis(500),
    pause_behind: Duration::from_secs(4),
    idle: Duration::from_secs(1),
};

pub(super) struct ViewsPartition {
    key: PartitionKey,
    reach: Reach,
    counting: Counting,
    runtime: Handle,
    warehouse: Warehouse,
    /// Names this process.
    owner: String,
    /// The transport's kind and the topic, as a new stream is recorded.
    source: (&'static str, String),
    writer: Option<ViewsWriter>,
    partition: Option<PartitionId>,
}

impl ViewsPartition {
    pub(super) fn new(
        key: PartitionKey,
        reach: Reach,
        runtime: Handle,
        warehouse: Warehouse,
        owner: String,
        source: (&'static str, String),
    ) -> Self {
        Self {
            key,
            reach,
            counting: Counting::new(reach),
            runtime,
            warehouse,
            owner,
            source,
            writer: None,
            partition: None,
        }
    }

    /// Where the sink stands; what is not known to the warehouse yet is recorded.
    fn ask_position(&mut self) -> Result<ViewsPosition, StoreFault> {
        let runtime = self.runtime.clone();
        let position = runtime.block_on(async {
            let (kind, topic) = self.source.clone();
            let (known, key) = (self.partition.is_some(), self.key.clone());
            let writer = self.writer().await?;
            let now = clock::now();
            if !known {
                writer
                    .register_stream(&key.stream, kind, &topic, now)
                    .await?;
            }
            writer.position(&key, now).await
        })?;
        self.partition = Some(position.partition);
        Ok(position)
    }

    async fn writer(&mut self) -> Result<&mut ViewsWriter, WarehouseError> {
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => ViewsWriter::open(&self.warehouse, &self.owner).await?,
        };
        Ok(self.writer.insert(writer))
    }
}

impl PartitionSink for ViewsPartition {
    fn limits(&self) -> Limits {
        LIMITS
    }

    fn open(&mut self) -> Result<Opened, StoreFault> {
        self.counting = Counting::new(self.reach);
        let position = self.ask_position()?;
        Ok(Opened {
            next: position.next,
            gaps: position.gaps,
        })
    }

    fn position(&mut self) -> Result<Offset, StoreFault> {
        Ok(self.ask_position()?.next)
    }

    fn warehouse_id(&self) -> Option<PartitionId> {
        self.partition
    }

    fn remember(&mut self, record: &transport::Record<'_>) -> Result<(), OutOfOrder> {
        self.counting.remember(record)
    }

    /// The warehouse keeps no ids.
    fn recall(&mut self, _gone: Span) -> Result<Recalled, StoreFault> {
        Ok(Recalled::Nothing)
    }

    fn take(&mut self, record: &transport::Record<'_>) -> Result<(), TakeError> {
        self.counting.count(record)
    }

    /// It is committed with the batch, as one of its gaps.
    fn lose(&mut self, _lost: Span) {}

    fn bytes(&self) -> usize {
        self.counting.batch().tally.bytes()
    }

    fn latest(&self) -> Option<Timestamp> {
        self.counting.batch().latest
    }

    fn counts(&self) -> BatchCounts {
        let tally = &self.counting.batch().tally;
        let counted = tally.control().counted();
        BatchCounts {
            accepted: counted.accepted,
            rejected: counted.rejected,
            duplicates: counted.duplicates,
            reasons: (tally.dead_letters().iter())
                .map(|letter| letter.rejection.reason())
                .collect(),
            rows: tally.totals() as u64,
        }
    }

    fn commit(&mut self, commit: &Commit<'_>) -> Result<Committed, StoreFault> {
        let Some(partition) = self.partition else {
            return Ok(Committed::GivenUp);
        };
        fault::pass("views-read");
        let batch = self.counting.batch();
        let names = batch.names();
        let batch = ViewsBatch {
            partition,
            span: commit.span,
            tally: &batch.tally,
            lost: &commit.gaps.lost,
            blind: &commit.gaps.blind,
            progress: commit.progress,
            names: &names,
            now: commit.now,
        };
        let committed = self.runtime.block_on(async {
            let writer = match self.writer.take() {
                Some(writer) => writer,
                None => ViewsWriter::open(&self.warehouse, &self.owner).await?,
            };
            self.writer.insert(writer).commit(&batch).await
        });
        match committed? {
            Counted::Applied { .. } => {
                fault::pass("views-committed");
                Ok(Committed::Applied)
            }
            Counted::GivenUp { .. } => Ok(Committed::GivenUp),
        }
    }

    fn clear(&mut self) {
        self.counting.clear();
    }
}

impl From<WarehouseError> for StoreFault {
    fn from(error: WarehouseError) -> Self {
        match error.retry() {
            Retry::Unknown => Self::Unknown(error.to_string()),
            Retry::CanHelp | Retry::CanNot => Self::NotDone(error.to_string()),
        }
    }
}
