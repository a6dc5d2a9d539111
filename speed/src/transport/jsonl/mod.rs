//! A directory of JSONL files, for one machine.
//!
//! ```text
//! DIR/TOPIC/stream        {"stream":"<uuid>","partitions":4}: one life of the topic
//! DIR/TOPIC/0.jsonl …     the partitions; the last one takes replays only
//! DIR/TOPIC/.groups/G/    lock files: who reads what in group G
//! ```
//!
//! Offsets are byte positions of lines. A file has one writer, which holds a lock on it, and cuts
//! an unfinished last line off when it opens it; readers stop at the last newline.

mod envelope;
mod lines;
mod member;
mod producer;
mod reader;
mod stream_file;

pub(super) use member::Assignment;
pub(super) use member::Member;
pub(super) use producer::{Producer, ReplayProducer};
pub(super) use reader::PartitionReader;

use super::consumer::Consumer;
use super::error::TransportError;
use super::record::Record;
use super::topic::{PartitionDescription, StreamInfo, TopicDescription};
use comptoir_model::ids::{Offset, Partition};
use envelope::Opened;
use lines::Lines;
use std::fs::File;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use stream_file::{create, read_stream};

/// A topic's directory.
#[derive(Clone, Debug)]
pub struct JsonlTransport {
    topic: String,
    directory: PathBuf,
}

impl JsonlTransport {
    pub(super) fn new(directory: &Path, topic: &str) -> Self {
        Self {
            topic: topic.to_owned(),
            directory: directory.join(topic),
        }
    }

    pub(super) fn topic(&self) -> &str {
        &self.topic
    }

    fn path(&self, partition: Partition) -> PathBuf {
        self.directory.join(format!("{}.jsonl", partition.0))
    }

    fn open_partition(&self, partition: Partition) -> Result<File, TransportError> {
        let path = self.path(partition);
        File::open(&path).map_err(|cause| TransportError::File {
            what: "can't open",
            path,
            cause,
        })
    }

    pub(super) fn create_topic(&self, partitions: u32) -> Result<StreamInfo, TransportError> {
        create(self, partitions)
    }

    pub(super) fn stream(&self) -> Result<StreamInfo, TransportError> {
        read_stream(self)
    }

    pub(super) fn describe(&self) -> Result<TopicDescription, TransportError> {
        let stream = self.stream()?;
        let mut partitions = Vec::new();
        for partition in (0..stream.partitions).map(Partition) {
            partitions.push(PartitionDescription {
                partition,
                leader: None,
                replicas: Vec::new(),
                in_sync: Vec::new(),
                bounds: self.log_bounds(partition).ok(),
            });
        }
        Ok(TopicDescription { stream, partitions })
    }

    pub(super) fn log_bounds(
        &self,
        partition: Partition,
    ) -> Result<(Offset, Offset), TransportError> {
        let file = self.open_partition(partition)?;
        let end = lines::end_of_lines(&file).map_err(|cause| TransportError::File {
            what: "can't read",
            path: self.path(partition),
            cause,
        })?;
        Ok((Offset(0), Offset(end)))
    }

    pub(super) fn consumer(&self, group: &str) -> Result<Consumer, TransportError> {
        member::join(self.clone(), group)
    }

    pub(super) fn producer(&self) -> Result<Producer, TransportError> {
        Producer::open(self)
    }

    pub(super) fn replay_producer(&self) -> Result<ReplayProducer, TransportError> {
        ReplayProducer::open(self)
    }

    pub(super) fn read_range(
        &self,
        partition: Partition,
        from: Offset,
        to: Offset,
        take: &mut dyn FnMut(Record<'_>) -> ControlFlow<()>,
    ) -> Result<Offset, TransportError> {
        let file = self.open_partition(partition)?;
        let failed = |cause| TransportError::File {
            what: "can't read",
            path: self.path(partition),
            cause,
        };
        let Some(start) = lines::next_line(&file, from.0).map_err(failed)? else {
            return Ok(from);
        };
        let mut lines = Lines::at(start);
        while lines.position() < to.0 {
            let Some(line) = lines.next(&file).map_err(failed)? else {
                break;
            };
            if hand_over(&line, take).is_break() {
                break;
            }
        }
        Ok(Offset(lines.position()))
    }
}

/// Opens the envelope and hands the record on.
fn hand_over(
    line: &lines::RawLine<'_>,
    take: &mut dyn FnMut(Record<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let opened = if line.bytes.len() as u64 == line.length {
        Opened::whole(line.bytes)
    } else {
        Opened::cut(line.bytes, line.length)
    };
    take(opened.record(Offset(line.offset)))
}
