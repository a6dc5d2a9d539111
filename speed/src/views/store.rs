//! A partition's way to the warehouse, from a thread that may block.

use comptoir_config::clock;
use comptoir_model::merge::PartitionKey;
use comptoir_warehouse::{
    Committed, PartitionId, ViewsBatch, ViewsPosition, ViewsWriter, Warehouse, WarehouseError,
};
use tokio::runtime::Handle;

pub(super) struct Store {
    runtime: Handle,
    warehouse: Warehouse,
    /// Names this process.
    owner: String,
    /// The transport's kind and the topic, as a new stream is recorded.
    source: (&'static str, String),
    writer: Option<ViewsWriter>,
    partition: Option<PartitionId>,
}

impl Store {
    pub(super) fn new(
        runtime: Handle,
        warehouse: Warehouse,
        owner: String,
        source: (&'static str, String),
    ) -> Self {
        Self {
            runtime,
            warehouse,
            owner,
            source,
            writer: None,
            partition: None,
        }
    }

    pub(super) fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// Where the sink stands; what is not known to the warehouse yet is recorded.
    pub(super) fn position(&mut self, key: &PartitionKey) -> Result<ViewsPosition, WarehouseError> {
        let runtime = self.runtime.clone();
        let position = runtime.block_on(async {
            let (kind, topic) = self.source.clone();
            let known = self.partition.is_some();
            let writer = self.writer().await?;
            let now = clock::now();
            if !known {
                writer
                    .register_stream(&key.stream, kind, &topic, now)
                    .await?;
            }
            writer.position(key, now).await
        })?;
        self.partition = Some(position.partition);
        Ok(position)
    }

    /// What the partition is called there, once its position was asked for.
    pub(super) fn partition(&self) -> Option<PartitionId> {
        self.partition
    }

    pub(super) fn commit(&mut self, batch: &ViewsBatch<'_>) -> Result<Committed, WarehouseError> {
        let runtime = self.runtime.clone();
        runtime.block_on(async { self.writer().await?.commit(batch).await })
    }

    async fn writer(&mut self) -> Result<&mut ViewsWriter, WarehouseError> {
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => ViewsWriter::open(&self.warehouse, &self.owner).await?,
        };
        Ok(self.writer.insert(writer))
    }
}
