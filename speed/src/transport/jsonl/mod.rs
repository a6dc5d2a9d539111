//! A directory of JSONL files.

use super::consumer::{Consumer, LogBounds, Step};
use super::error::TransportError;
use super::producer::{Message, ProducerCounts};
use super::record::{Record, ReplayOf};
use super::topic::{StreamInfo, TopicDescription};
use comptoir_model::ids::{Offset, Partition};
use comptoir_model::merge::PartitionKey;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

#[derive(Clone, Debug)]
pub struct JsonlTransport {}

impl JsonlTransport {
    pub(super) fn new(_: &Path, _: &str) -> Self {
        unimplemented!()
    }
    pub(super) fn topic(&self) -> &str {
        unimplemented!()
    }
    pub(super) async fn create_topic(
        &self,
        _partitions: u32,
    ) -> Result<StreamInfo, TransportError> {
        unimplemented!()
    }
    pub(super) async fn stream(&self) -> Result<StreamInfo, TransportError> {
        unimplemented!()
    }
    pub(super) async fn describe(&self) -> Result<TopicDescription, TransportError> {
        unimplemented!()
    }
    pub(super) fn consumer(&self, _group: &str) -> Result<Consumer, TransportError> {
        unimplemented!()
    }
    pub(super) async fn producer(&self) -> Result<Producer, TransportError> {
        unimplemented!()
    }
    pub(super) async fn replay_producer(&self) -> Result<ReplayProducer, TransportError> {
        unimplemented!()
    }
    pub(super) async fn log_bounds(
        &self,
        _: Partition,
    ) -> Result<(Offset, Offset), TransportError> {
        unimplemented!()
    }
    pub(super) fn read_range(
        &self,
        _: Partition,
        _: Offset,
        _: Offset,
        _: &mut dyn FnMut(Record<'_>) -> ControlFlow<()>,
    ) -> Result<Offset, TransportError> {
        unimplemented!()
    }
}

#[derive(Debug)]
pub(in crate::transport) struct Member {}
impl Member {
    pub(super) async fn close(self, _: Duration) {
        unimplemented!()
    }
}
#[derive(Debug)]
pub struct Assignment {}
impl Assignment {
    pub(super) fn key(&self) -> &PartitionKey {
        unimplemented!()
    }
    pub(super) fn is_revoked(&self) -> bool {
        unimplemented!()
    }
    pub(super) fn start(self, _: Offset) -> Result<PartitionReader, TransportError> {
        unimplemented!()
    }
}
#[derive(Debug)]
pub struct PartitionReader {}
impl PartitionReader {
    pub(super) fn key(&self) -> &PartitionKey {
        unimplemented!()
    }
    pub(super) fn position(&self) -> Offset {
        unimplemented!()
    }
    pub(super) fn read(
        &mut self,
        _: Duration,
        _: &mut dyn FnMut(Record<'_>) -> ControlFlow<()>,
    ) -> Result<Step, TransportError> {
        unimplemented!()
    }
    pub(super) fn seek(&mut self, _: Offset) -> Result<(), TransportError> {
        unimplemented!()
    }
    pub(super) fn log_bounds(&self) -> Option<LogBounds> {
        unimplemented!()
    }
    pub(super) fn make_durable(&mut self) -> Result<(), TransportError> {
        unimplemented!()
    }
}
#[derive(Debug)]
pub struct Producer {}
impl Producer {
    pub(super) fn try_send(&self, _: Message<'_>) -> Result<(), TransportError> {
        unimplemented!()
    }
    pub(super) async fn flush(&self) -> Result<(), TransportError> {
        unimplemented!()
    }
    pub(super) fn counts(&self) -> ProducerCounts {
        unimplemented!()
    }
}
#[derive(Debug)]
pub struct ReplayProducer {}
impl ReplayProducer {
    pub(super) async fn ends(&self) -> Result<Vec<(Partition, Offset)>, TransportError> {
        unimplemented!()
    }
    pub(super) async fn find(
        &self,
        _: &ReplayOf,
        _: &[(Partition, Offset)],
    ) -> Result<Option<(Partition, Offset)>, TransportError> {
        unimplemented!()
    }
    pub(super) async fn send(
        &mut self,
        _: &ReplayOf,
        _: Message<'_>,
    ) -> Result<(), TransportError> {
        unimplemented!()
    }
}
