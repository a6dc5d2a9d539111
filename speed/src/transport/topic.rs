//! What a topic is.

use comptoir_model::ids::{Offset, Partition, StreamId};

/// One life of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamInfo {
    pub id: StreamId,
    pub topic: String,
    /// They are numbered from 0.
    pub partitions: u32,
}

/// What `comptoir-speed topic describe` shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicDescription {
    pub stream: StreamInfo,
    pub partitions: Vec<PartitionDescription>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionDescription {
    pub partition: Partition,
    /// The broker's id; `None` where there is no leader, and of JSONL.
    pub leader: Option<i32>,
    pub replicas: Vec<i32>,
    pub in_sync: Vec<i32>,
    /// First offset, and the one behind the last; `None` if it could not be asked.
    pub bounds: Option<(Offset, Offset)>,
}
