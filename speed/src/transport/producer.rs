//! Writing events.

use super::error::TransportError;
use super::{jsonl, kafka};
use comptoir_model::ids::Partition;
use jiff::Timestamp;
use std::time::Duration;

/// One event to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// All messages of a key go to one partition, in order: the order id.
    pub key: &'a [u8],
    /// Beats the key.
    pub partition: Option<Partition>,
    pub timestamp: Timestamp,
    pub value: &'a [u8],
}

/// Since the producer was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProducerCounts {
    pub sent: u64,
    /// The transport has them for good (JSONL: written; synced by [`Producer::flush`]).
    pub delivered: u64,
    pub failed: u64,
}

/// Writes events to the topic; the only writer of its JSONL files. Its queue is bounded.
#[derive(Debug)]
pub enum Producer {
    Kafka(kafka::Producer),
    Jsonl(jsonl::Producer),
}

impl Producer {
    /// Whether the message was taken into the queue; not where that is full, or the broker away
    /// for long. Never waits.
    pub fn try_send(&self, message: Message<'_>) -> Result<bool, TransportError> {
        match self {
            Self::Kafka(producer) => producer.try_send(message),
            Self::Jsonl(producer) => producer.try_send(message).map(|()| true),
        }
    }

    /// As [`Self::try_send`], and waits while the queue is full, also while a broker is away.
    pub async fn send(&self, message: Message<'_>) -> Result<(), TransportError> {
        while !self.try_send(message)? {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(())
    }

    /// Waits until everything sent has been delivered, at most `limit`.
    /// [`TransportError::Undelivered`] if something was refused for good, since the last flush.
    pub async fn flush(&self, limit: Duration) -> Result<(), TransportError> {
        match self {
            Self::Kafka(producer) => producer.flush(limit).await,
            Self::Jsonl(producer) => producer.flush().await,
        }
    }

    pub fn counts(&self) -> ProducerCounts {
        match self {
            Self::Kafka(producer) => producer.counts(),
            Self::Jsonl(producer) => producer.counts(),
        }
    }
}
