//! Where the live figures come from, and how far they can be trusted to be of now. Pure.

use comptoir_model::api::live::{
    DeadLetterCount, GapInfo, LagUnit, LiveSource, PartitionState, SourceState,
};
use comptoir_model::api::{AsOf, StreamPosition};
use comptoir_model::merge::Coverage;
use comptoir_warehouse::{DeadLetterSummary, LiveChange, LivePartition, LiveStream, RecordedGap};
use jiff::{SignedDuration, Timestamp};

/// A sink that works looks several times a second. A rebalance of partitions takes a while.
const STOPPED_AFTER: SignedDuration = SignedDuration::from_secs(5);
/// Less than this is the pace of batches.
const BEHIND: SignedDuration = SignedDuration::from_secs(5);
/// The newest gaps that are listed.
const GAPS_MAX: usize = 100;

/// What one read said about the flow.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// When it was read.
    pub(crate) read_at: Timestamp,
    pub(crate) partitions: Vec<LivePartition>,
    pub(crate) streams: Vec<LiveStream>,
    pub(crate) gaps: Vec<RecordedGap>,
    pub(crate) dead_letters: DeadLetterSummary,
}

impl Facts {
    pub(crate) fn of(change: &LiveChange, read_at: Timestamp) -> Self {
        Self {
            read_at,
            partitions: change.partitions.clone(),
            streams: change.streams.clone(),
            gaps: change.gaps.clone(),
            dead_letters: change.dead_letters.clone(),
        }
    }

    pub(crate) fn as_of(&self) -> AsOf {
        let position = |partition: &LivePartition| StreamPosition {
            stream: partition.key.stream.clone(),
            partition: partition.key.partition,
            next: partition.next,
        };
        AsOf {
            time: self.read_at,
            offsets: self.partitions.iter().map(position).collect(),
        }
    }

    /// The state at `now`, as long as the warehouse answers.
    pub(crate) fn state(&self, now: Timestamp) -> SourceState {
        if self.partitions.is_empty() {
            return SourceState::Empty;
        }
        let mut behind = false;
        for partition in self.open() {
            // A sink that has just found the partition has not said anything of it.
            let progress = partition.progress;
            let looked_at = progress.map_or(partition.updated_at, |progress| progress.checked_at);
            if now.duration_since(looked_at) > STOPPED_AFTER {
                return SourceState::Stopped;
            }
            let Some(progress) = progress else { continue };
            let late = progress
                .fresh_through
                .is_none_or(|fresh| now.duration_since(fresh) > BEHIND);
            behind |= progress.log_end > partition.next && late;
        }
        if behind {
            SourceState::CatchingUp
        } else {
            SourceState::Live
        }
    }

    pub(crate) fn source(
        &self,
        state: SourceState,
        since: Timestamp,
        coverage: &Coverage,
    ) -> LiveSource {
        let fresh = self.open().map(|partition| {
            let progress = partition.progress;
            progress.and_then(|progress| progress.fresh_through)
        });
        let checked = (self.open().filter_map(|partition| partition.progress))
            .map(|progress| progress.checked_at);
        LiveSource {
            state,
            since,
            // A partition that is not known yet is less than any other.
            fresh_through: fresh.min().flatten(),
            checked_at: checked.max(),
            partitions: (self.partitions.iter())
                .map(|partition| self.partition(partition, coverage))
                .collect(),
            gaps: self.gap_list(),
            dead_letters: self.dead_letter_count(),
        }
    }

    pub(crate) fn dead_letter_count(&self) -> DeadLetterCount {
        let letters = &self.dead_letters;
        DeadLetterCount {
            total: letters.total,
            newest_at: letters.newest.first().map(|letter| letter.found_at),
            by_reason: letters.by_reason.clone(),
        }
    }

    /// Partitions of streams from which more may come.
    fn open(&self) -> impl Iterator<Item = &LivePartition> {
        (self.partitions.iter()).filter(|partition| !self.is_ended(partition))
    }

    fn stream(&self, partition: &LivePartition) -> Option<&LiveStream> {
        (self.streams.iter()).find(|stream| stream.stream == partition.key.stream)
    }

    fn is_ended(&self, partition: &LivePartition) -> bool {
        (self.stream(partition)).is_some_and(|stream| stream.ended_at.is_some())
    }

    fn partition(&self, partition: &LivePartition, coverage: &Coverage) -> PartitionState {
        let LivePartition {
            key,
            next,
            generation,
            progress,
            ..
        } = partition;
        let is_kafka = (self.stream(partition)).is_some_and(|stream| stream.transport == "kafka");
        PartitionState {
            stream: key.stream.clone(),
            partition: key.partition,
            generation: generation.0,
            covered: coverage.end_of(key),
            next: *next,
            log_end: progress.map(|progress| progress.log_end),
            fresh_through: progress.and_then(|progress| progress.fresh_through),
            checked_at: progress.map(|progress| progress.checked_at),
            // A commit may be newer than the last look at the end.
            lag: progress.map(|progress| progress.log_end.0.saturating_sub(next.0)),
            lag_unit: if is_kafka {
                LagUnit::Records
            } else {
                LagUnit::Bytes
            },
            ended: self.is_ended(partition),
        }
    }

    fn gap_list(&self) -> Vec<GapInfo> {
        let surplus = self.gaps.len().saturating_sub(GAPS_MAX);
        let info = |gap: &RecordedGap| GapInfo {
            stream: gap.partition.stream.clone(),
            partition: gap.partition.partition,
            kind: gap.kind,
            start: gap.span.start(),
            end: gap.span.end(),
            found_at: gap.found_at,
        };
        self.gaps[surplus..].iter().map(info).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptoir_model::ids::{Offset, Partition, StreamId};
    use comptoir_model::live::Counted;
    use comptoir_model::merge::{GenerationNumber, PartitionKey};
    use comptoir_warehouse::{PartitionId, Progress};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn partition(number: u32, progress: Option<Progress>) -> LivePartition {
        LivePartition {
            id: PartitionId(number.into()),
            key: PartitionKey {
                stream: StreamId("s".to_owned()),
                partition: Partition(number),
            },
            next: Offset(10),
            generation: GenerationNumber::FIRST,
            updated_at: at(0),
            progress,
            owner: None,
            counted: Counted::default(),
        }
    }

    fn seen(log_end: u64, fresh: i64, checked: i64) -> Progress {
        Progress {
            log_end: Offset(log_end),
            fresh_through: Some(at(fresh)),
            checked_at: at(checked),
        }
    }

    fn facts(partitions: Vec<LivePartition>, ended: bool) -> Facts {
        Facts {
            read_at: at(100),
            partitions,
            streams: vec![LiveStream {
                stream: StreamId("s".to_owned()),
                transport: "kafka".to_owned(),
                topic: "transactions".to_owned(),
                first_seen: at(0),
                ended_at: ended.then_some(at(50)),
            }],
            gaps: Vec::new(),
            dead_letters: DeadLetterSummary::default(),
        }
    }

    #[test]
    fn one_partition_that_nobody_reads_stops_the_source() {
        let live = || partition(0, Some(seen(10, 99, 99)));
        let state = |other| facts(vec![live(), partition(1, other)], false).state(at(100));
        assert_eq!(facts(vec![], false).state(at(100)), SourceState::Empty);
        assert_eq!(state(Some(seen(10, 99, 99))), SourceState::Live);
        assert_eq!(state(Some(seen(10, 94, 94))), SourceState::Stopped);
        assert_eq!(state(None), SourceState::Stopped);
        assert_eq!(state(Some(seen(999, 90, 99))), SourceState::CatchingUp);
        assert_eq!(state(Some(seen(999, 98, 99))), SourceState::Live);
    }

    #[test]
    fn nobody_waits_for_a_stream_that_has_ended() {
        let facts = facts(vec![partition(0, Some(seen(10, 40, 40)))], true);
        assert_eq!(facts.state(at(100)), SourceState::Live);
        let source = facts.source(SourceState::Live, at(1), &Coverage::default());
        assert!(source.partitions[0].ended);
        assert_eq!(source.fresh_through, None);
    }

    #[test]
    fn the_least_fresh_partition_speaks_for_all() {
        let fresh = |partitions| {
            let facts = facts(partitions, false);
            let source = facts.source(SourceState::Live, at(1), &Coverage::default());
            source.fresh_through
        };
        let known = || partition(0, Some(seen(10, 99, 99)));
        assert_eq!(
            fresh(vec![known(), partition(1, Some(seen(10, 97, 99)))]),
            Some(at(97))
        );
        assert_eq!(fresh(vec![known(), partition(1, None)]), None);
    }
}
