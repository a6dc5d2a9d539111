//! One partition on a thread of its own: does what its [`Plan`] says.

mod committing;

use super::freshness::Freshness;
use super::metrics::{ErrorKind, Metrics};
use super::plan::{Plan, Step, Stop};
use super::status::{PartitionState, Status};
use super::{PartitionSink, Recalled, TakeError};
use crate::transport::{self, Assignment, PartitionReader, TransportError};
use comptoir_config::clock;
use comptoir_model::ids::Offset;
use comptoir_model::merge::{PartitionKey, Span};
use comptoir_model::verdict::Reach;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

/// A sink is far behind if the log's end lies beyond this part of the duplicate window's reach.
const BEHIND_PARTS: u64 = 16;

/// How long one look at the reader takes at most; also the time to notice a stop.
const LOOK: Duration = Duration::from_millis(250);
/// How long records that are there already may take to be handed over, before a commit.
const DRAIN: Duration = Duration::from_millis(3);
/// Between two tries of what failed.
const AGAIN_MIN: Duration = Duration::from_millis(100);
const AGAIN_MAX: Duration = Duration::from_secs(2);
/// Until a partition that another owner has taken is asked for again: by then the group will have
/// said so.
const GIVEN_UP: Duration = Duration::from_secs(1);

/// What all partitions of a process share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) status: Arc<Status>,
    pub(crate) metrics: Arc<Metrics>,
    /// Nobody waits for anything any more.
    pub(crate) stop: CancellationToken,
    pub(crate) reach: Reach,
}

pub(crate) struct Worker<P> {
    key: PartitionKey,
    /// What is done with records, as in `counting`.
    doing: &'static str,
    /// Until it becomes a reader.
    assignment: Option<Assignment>,
    shared: Arc<Shared>,
    runtime: Handle,
    plan: Plan,
    sink: P,
    freshness: Freshness,
}

/// Whether the partition is still ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ours {
    Still,
    NoMore,
}

impl<P: PartitionSink> Worker<P> {
    pub(crate) fn new(
        assignment: Assignment,
        shared: Arc<Shared>,
        sink: P,
        doing: &'static str,
        runtime: Handle,
    ) -> Self {
        Self {
            key: assignment.key().clone(),
            doing,
            plan: Plan::new(shared.reach, sink.limits()),
            assignment: Some(assignment),
            runtime,
            sink,
            shared,
            freshness: Freshness::default(),
        }
    }

    /// Works until the partition is taken away, its stream has ended, or everything stops.
    pub(crate) fn run(mut self) {
        info!("{} {}", self.doing, self.key);
        let mut reader = None;
        let mut again = Again::default();
        while !self.is_over() {
            match self.advance(&mut reader, &mut again) {
                Ok(Ours::Still) => {}
                Ok(Ours::NoMore) => break,
                Err(error) => {
                    self.shared.metrics.count_error(ErrorKind::Transport);
                    self.set_waiting(&error.to_string());
                    // Without a reader the partition is given back, and assigned again.
                    if reader.is_none() || matches!(error, TransportError::Closed) {
                        break;
                    }
                    self.rest(again.after_failure());
                }
            }
        }
        self.shared.status.remove(&self.key);
        info!("no longer {} {}", self.doing, self.key);
    }

    fn advance(
        &mut self,
        reader: &mut Option<PartitionReader>,
        again: &mut Again,
    ) -> Result<Ours, TransportError> {
        match (self.plan.step(clock::instant()), reader) {
            (Step::Open, reader) => return self.open(reader, again),
            (Step::Collect { until }, Some(reader)) => {
                let ours = self.collect(reader, until)?;
                *again = Again::default();
                return Ok(ours);
            }
            (Step::Commit { .. }, Some(reader)) => {
                if self.plan.has_room() {
                    let ours = self.read(reader, DRAIN, false)?;
                    if ours == Ours::NoMore {
                        return Ok(ours);
                    }
                }
                // More may have come, and the plan may have changed its mind.
                if let Step::Commit { span } = self.plan.step(clock::instant()) {
                    self.commit(reader, span);
                }
            }
            (Step::Stay(stop), Some(reader)) => return self.stay(reader, stop),
            (Step::ReadBack { .. }, _) | (_, None) => self.plan.close(),
        }
        Ok(Ours::Still)
    }

    /// Begins at the stored position, with an empty window.
    fn open(
        &mut self,
        reader: &mut Option<PartitionReader>,
        again: &mut Again,
    ) -> Result<Ours, TransportError> {
        if (self.assignment.as_ref()).is_some_and(Assignment::is_revoked)
            || reader.as_ref().is_some_and(PartitionReader::is_revoked)
        {
            return Ok(Ours::NoMore);
        }
        self.freshness = Freshness::default();
        let position = match self.sink.open() {
            Ok(position) => position,
            Err(error) => {
                self.shared.metrics.count_error(ErrorKind::Store);
                self.set_waiting(&error.to_string());
                self.rest(again.after_failure());
                return Ok(Ours::Still);
            }
        };
        self.shared.status.set(&self.key, PartitionState::Opening);
        let next = position.next;
        let from = self.plan.opened(next, position.gaps);
        let started = match (reader.as_mut(), self.assignment.take()) {
            (Some(reader), _) => reader.seek(from),
            (None, Some(assignment)) => {
                (assignment.start(from)).map(|started| *reader = Some(started))
            }
            (None, None) => return Ok(Ours::NoMore),
        };
        started.inspect_err(|_| self.plan.close())?;
        debug!(
            "{} goes on at {}, its ids are read from {}",
            self.key, next.0, from.0
        );
        let mut sight = self.shared.status.lock();
        let partition = sight.partitions.entry(self.key.clone()).or_default();
        partition.id = self.sink.warehouse_id();
        partition.next = Some(next);
        Ok(Ours::Still)
    }

    fn collect(
        &mut self,
        reader: &mut PartitionReader,
        until: Option<Instant>,
    ) -> Result<Ours, TransportError> {
        match until {
            // Whatever comes first is committed soon.
            None => self.read(reader, LOOK, true),
            Some(until) => {
                let wait = until.saturating_duration_since(clock::instant());
                self.read(reader, wait.min(LOOK), false)
            }
        }
    }

    /// Collects records; with `eager` it returns with the first that counts.
    fn read(
        &mut self,
        reader: &mut PartitionReader,
        wait: Duration,
        eager: bool,
    ) -> Result<Ours, TransportError> {
        let Some(next) = self.plan.next() else {
            return Ok(Ours::Still);
        };
        let (records_max, bytes_max) = self.plan.room();
        let sink = &mut self.sink;
        let bytes_before = sink.bytes();
        let mut records = 0;
        let mut fault = None;
        let mut take = |record: transport::Record<'_>| {
            let counted = if record.offset < next {
                sink.remember(&record).map_err(TakeError::from)
            } else {
                records += 1;
                sink.take(&record)
            };
            fault = counted.err();
            let bytes = sink.bytes().saturating_sub(bytes_before);
            let enough = eager && records > 0;
            if fault.is_some() || enough || records >= records_max || bytes >= bytes_max {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let told = reader.read(wait, &mut take)?;
        if let Some(fault) = fault {
            self.give_up(fault);
            return Ok(Ours::Still);
        }
        let now = clock::instant();
        let position = reader.position();
        let bytes = self.sink.bytes();
        self.plan.collected(position, records, bytes, now);
        let log_end = reader.log_bounds().map_or(position, |bounds| bounds.end);
        let ahead = log_end.0.saturating_sub(position.0);
        (self.plan).behind(ahead > self.shared.reach.offsets() / BEHIND_PARTS);
        if let Some(latest) = self.sink.latest() {
            self.freshness.read(latest, clock::now());
        }
        if position >= next {
            self.shared.status.set(&self.key, PartitionState::Live);
        }
        match told {
            transport::Step::Stopped | transport::Step::Waited => {}
            transport::Step::AtEnd {
                log_end,
                checked_at,
            } => {
                self.plan.at_end(log_end);
                self.freshness.at_end(log_end, checked_at);
                self.say_progress(reader);
            }
            transport::Step::Hole(hole) => self.hole(hole, next, now),
            transport::Step::TailLost { log_end, .. } => self.tail_lost(log_end, next),
            transport::Step::Revoked | transport::Step::StreamEnded => {
                self.leave(reader);
                return Ok(Ours::NoMore);
            }
        }
        Ok(Ours::Still)
    }

    /// Commits what there is, if the warehouse takes it at once.
    fn leave(&mut self, reader: &mut PartitionReader) {
        self.plan.hurry();
        if let Step::Commit { span } = self.plan.step(clock::instant()) {
            self.commit(reader, span);
        }
    }

    fn hole(&mut self, hole: Span, next: Offset, now: Instant) {
        self.shared.metrics.count_hole();
        let Some(hole) = self.unknown_part(hole, next) else {
            return;
        };
        let before = self.plan.gaps();
        self.plan.hole(hole, now);
        let after = self.plan.gaps();
        for lost in after.lost.iter().skip(before.lost.len()) {
            self.sink.lose(*lost);
            warn!(
                "{} lost its records from {} to {} before they were read: the figures show the hole",
                self.key,
                lost.start().0,
                lost.end().0
            );
        }
        for blind in after.blind.iter().skip(before.blind.len()) {
            warn!(
                "{} is judged from {} to {} without all ids before: a duplicate may count there",
                self.key,
                blind.start().0,
                blind.end().0
            );
        }
    }

    /// The part of a hole whose ids the store does not have.
    fn unknown_part(&mut self, hole: Span, next: Offset) -> Option<Span> {
        let Some(gone) = Span::new(hole.start(), hole.end().min(next)) else {
            return Some(hole);
        };
        match self.sink.recall(gone) {
            Ok(Recalled::All) => Span::new(hole.start().max(next), hole.end()),
            Ok(Recalled::Nothing) => Some(hole),
            Err(fault) => {
                self.shared.metrics.count_error(ErrorKind::Store);
                self.set_waiting(&fault.to_string());
                self.plan.close();
                self.rest(GIVEN_UP);
                None
            }
        }
    }

    /// Records that were read but not committed may have gone with the tail: they are read again,
    /// if the log still has what is counted.
    fn tail_lost(&mut self, log_end: Offset, next: Offset) {
        if log_end < next {
            self.plan.stop(Stop::TailLost { next, log_end });
        } else {
            warn!(
                "the log of {} ends at {} now: reading again from {}",
                self.key, log_end.0, next.0
            );
            self.plan.close();
        }
    }

    fn stay(&mut self, reader: &mut PartitionReader, stop: Stop) -> Result<Ours, TransportError> {
        let state = PartitionState::Stopped(stop.to_string());
        let news = {
            let mut sight = self.shared.status.lock();
            let partition = sight.partitions.entry(self.key.clone()).or_default();
            std::mem::replace(&mut partition.state, state.clone()) != state
        };
        if news {
            error!("{} is stopped: {stop}", self.key);
        }
        let told = reader.read(Duration::ZERO, &mut |_| ControlFlow::Break(()))?;
        if matches!(
            told,
            transport::Step::Revoked | transport::Step::StreamEnded
        ) {
            return Ok(Ours::NoMore);
        }
        self.rest(LOOK);
        Ok(Ours::Still)
    }

    /// Commits what was collected, as often as that takes.
    fn commit(&mut self, reader: &mut PartitionReader, span: Span) {
        self.commit_collected(reader, span);
        self.sink.clear();
    }

    fn give_up(&mut self, fault: TakeError) {
        match fault {
            TakeError::OutOfOrder(fault) => {
                self.shared.metrics.count_error(ErrorKind::OutOfOrder);
                warn!("{}: {fault}", self.key);
                self.plan.close();
            }
            TakeError::Encoding(fault) => {
                self.shared.metrics.count_error(ErrorKind::Encoding);
                self.set_waiting(&fault);
                self.plan.close();
                self.rest(GIVEN_UP);
            }
            TakeError::Overflow(_) => {
                self.shared.metrics.count_error(ErrorKind::Overflow);
                self.plan.stop(Stop::Overflow);
            }
        }
    }

    /// What stays of the time that everybody has.
    fn rest(&self, pause: Duration) {
        let stop = self.shared.stop.clone();
        self.runtime.block_on(async move {
            tokio::time::timeout(pause, stop.cancelled()).await.ok();
        });
    }

    fn is_over(&self) -> bool {
        self.shared.stop.is_cancelled()
    }

    fn set_waiting(&self, why: &str) {
        let state = PartitionState::Waiting(why.to_owned());
        let mut sight = self.shared.status.lock();
        let partition = sight.partitions.entry(self.key.clone()).or_default();
        if !matches!(partition.state, PartitionState::Waiting(_)) {
            warn!("{} waits: {why}", self.key);
        }
        partition.state = state;
    }

    /// For the heartbeat, which tells the warehouse.
    fn say_progress(&self, reader: &PartitionReader) {
        let (Some(next), Some(position)) = (self.plan.next(), self.plan.position()) else {
            return;
        };
        if position != next {
            return;
        }
        let log_end = reader.log_bounds().map(|bounds| bounds.end);
        let progress = self.freshness.progress(next, log_end, clock::now());
        let mut sight = self.shared.status.lock();
        let partition = sight.partitions.entry(self.key.clone()).or_default();
        // Not only when it is opened: an earlier thread of this partition may have taken it away.
        partition.id = self.sink.warehouse_id();
        partition.next = Some(next);
        partition.progress = Some(progress);
        partition.to_be_noted = true;
    }
}

/// Growing pauses.
#[derive(Debug, Default)]
pub(crate) struct Again(u32);

impl Again {
    pub(crate) fn after_failure(&mut self) -> Duration {
        let pause = AGAIN_MIN.saturating_mul(1 << self.0.min(10));
        self.0 += 1;
        pause.min(AGAIN_MAX)
    }
}
