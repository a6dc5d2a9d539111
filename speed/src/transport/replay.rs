//! Writing a corrected dead letter, once.
//!
//! The protocol is the caller's: record a replay with [`ReplayProducer::ends`], then [`send`],
//! then mark it done. After a crash, open again with the same id, which fences the last owner,
//! [`find`] from the recorded ends, and only if that finds nothing, send.
//!
//! [`send`]: ReplayProducer::send
//! [`find`]: ReplayProducer::find

use super::error::TransportError;
use super::producer::Message;
use super::record::ReplayOf;
use super::{jsonl, kafka};
use comptoir_model::ids::{Offset, Partition};

#[derive(Debug)]
pub enum ReplayProducer {
    Kafka(kafka::ReplayProducer),
    Jsonl(jsonl::ReplayProducer),
}

impl ReplayProducer {
    /// Behind the last readable record of each partition, now.
    pub async fn ends(&self) -> Result<Vec<(Partition, Offset)>, TransportError> {
        match self {
            Self::Kafka(producer) => producer.ends().await,
            Self::Jsonl(producer) => producer.ends(),
        }
    }

    /// Where the correction of `of` stands, looking from `since` to the present ends of all
    /// partitions, those that came later included.
    pub async fn find(
        &self,
        of: &ReplayOf,
        since: &[(Partition, Offset)],
    ) -> Result<Option<(Partition, Offset)>, TransportError> {
        match self {
            Self::Kafka(producer) => producer.find(of, since).await,
            Self::Jsonl(producer) => producer.find(of, since).await,
        }
    }

    /// Writes the correction with the header that names what it corrects. When this returns `Ok`
    /// it is there for good; on an error the outcome is unknown until [`Self::find`] has looked.
    pub async fn send(
        &mut self,
        of: &ReplayOf,
        message: Message<'_>,
    ) -> Result<(), TransportError> {
        match self {
            Self::Kafka(producer) => producer.send(of, message).await,
            Self::Jsonl(producer) => producer.send(of, message).await,
        }
    }
}
