//! Why a transport could not do what it was asked.

use comptoir_model::ids::{Offset, Partition};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Whether asking again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    CanHelp,
    IsUseless,
}

#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    #[error("there is no topic {topic} {place}\nhint: comptoir-speed topic create")]
    NoTopic { topic: String, place: String },
    #[error(
        "can't use the Kafka properties of {file}: {reason}\nhint: one name=value a line, as librdkafka documents them; values are not shown here"
    )]
    Properties { file: PathBuf, reason: String },
    #[error(
        "{what}: {cause}\nhint: check transport.url, and transport.kafka_properties for TLS and SASL"
    )]
    Kafka {
        what: String,
        cause: String,
        retry: Retry,
    },
    #[error("{what}: no answer within {} s\nhint: the outcome is unknown; what was there is read back", .limit.as_secs_f64())]
    TimedOut { what: String, limit: Duration },
    #[error("{what} {path}: {cause}")]
    File {
        what: &'static str,
        path: PathBuf,
        cause: io::Error,
    },
    #[error(
        "{path} is no description of a topic: {reason}\nhint: move the directory away and create the topic again; its records become another stream"
    )]
    Damaged { path: PathBuf, reason: String },
    #[error(
        "partition {} of {topic} is written by another process\nhint: stop it first, or use another topic: each JSONL file has one writer", .partition.0
    )]
    Locked { topic: String, partition: Partition },
    #[error(
        "partition {} ends at {} but {} records of it were counted before: the broker or the file has lost its tail\nhint: restore it, or create the topic again, which makes it another stream",
        .partition.0, .log_end.0, .next.0
    )]
    TailLost {
        partition: Partition,
        next: Offset,
        log_end: Offset,
    },
    #[error("another process took over the replay `{id}`\nhint: look whether it is still running")]
    Fenced { id: String },
    #[error("{records} records were not delivered, first because: {cause}")]
    Undelivered { records: u64, cause: String },
    #[error("the transport is closed")]
    Closed,
}

impl TransportError {
    pub fn retry(&self) -> Retry {
        match self {
            Self::Kafka { retry, .. } => *retry,
            // A file too: a full disk gets space again.
            Self::NoTopic { .. }
            | Self::TimedOut { .. }
            | Self::Locked { .. }
            | Self::File { .. } => Retry::CanHelp,
            Self::Properties { .. }
            | Self::Damaged { .. }
            | Self::TailLost { .. }
            | Self::Fenced { .. }
            | Self::Undelivered { .. }
            | Self::Closed => Retry::IsUseless,
        }
    }
}
