//! Whether a consumer keeps up, judged by how its offsets and its lag moved: the rules of Burrow
//! (`LinkedIn`'s, "Consumer Lag Evaluation Rules" in its documentation) over a sliding window. A lag
//! that is large and shrinks is no trouble; one that is small and never shrinks is. Pure.

use super::finding::Finding;
use comptoir_model::api::health::{Cause, FactName, PartKind, PartState};
use comptoir_model::api::live::{LagUnit, LiveSource, PartitionState};
use comptoir_model::ids::{Partition, StreamId};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, VecDeque};

/// Samples of a window, as many as Burrow's.
const WINDOW: usize = 10;
/// From one sample to the next.
const SAMPLE_EVERY: SignedDuration = SignedDuration::from_secs(6);
/// A sink that looks at its partition several times a second has stopped when it has not for so long.
const STOPPED_AFTER: SignedDuration = SignedDuration::from_secs(30);

/// How one partition is consumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Ok,
    /// It moves, and its lag has not shrunk once.
    Warn,
    /// Its next offset went back.
    Rewind,
    /// Records wait, and its next offset stays where it is.
    Stall,
    /// It has not looked at the partition any more.
    Stop,
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    at: Timestamp,
    next: u64,
    lag: u64,
}

/// The last samples of one partition, oldest first.
#[derive(Debug, Default)]
struct Window(VecDeque<Sample>);

impl Window {
    /// `at` is when the sink looked: what it says again is no sample.
    fn take(&mut self, sample: Sample) {
        let is_new = |last: &Sample| {
            let went_back = sample.next < last.next;
            went_back || sample.at.duration_since(last.at) >= SAMPLE_EVERY
        };
        if self.0.back().is_none_or(is_new) {
            if self.0.len() == WINDOW {
                self.0.pop_front();
            }
            self.0.push_back(sample);
        }
    }

    /// `looked_at` is when the sink looked last.
    fn verdict(&self, looked_at: Timestamp, now: Timestamp) -> Verdict {
        let pairs = || self.0.iter().zip(self.0.iter().skip(1));
        if now.duration_since(looked_at) > STOPPED_AFTER {
            return Verdict::Stop;
        }
        if pairs().any(|(before, after)| after.next < before.next) {
            return Verdict::Rewind;
        }
        let is_full = self.0.len() == WINDOW;
        if !is_full || self.0.iter().any(|sample| sample.lag == 0) {
            return Verdict::Ok;
        }
        let never_shrinks = pairs().all(|(before, after)| after.lag >= before.lag);
        let moves = pairs().any(|(before, after)| after.next > before.next);
        match (moves, never_shrinks) {
            (false, true) => Verdict::Stall,
            (true, true) => Verdict::Warn,
            (_, false) => Verdict::Ok,
        }
    }
}

/// The views sink's partitions, look after look.
#[derive(Debug, Default)]
pub(crate) struct Lags(BTreeMap<(StreamId, Partition), Window>);

impl Lags {
    /// `None` where no sink has ever read.
    pub(crate) fn look(&mut self, source: &LiveSource, now: Timestamp) -> Option<Finding> {
        let open = || (source.partitions.iter()).filter(|partition| !partition.ended);
        let is_open =
            |key: &(StreamId, Partition)| open().any(|partition| key_of(partition) == *key);
        self.0.retain(|key, _| is_open(key));
        let mut worst: Option<(Verdict, &PartitionState)> = None;
        let mut lag = 0;
        for partition in open() {
            let (Some(looked_at), Some(waiting)) = (partition.checked_at, partition.lag) else {
                continue;
            };
            lag += waiting;
            let window = self.0.entry(key_of(partition)).or_default();
            window.take(Sample {
                at: looked_at,
                next: partition.next.0,
                lag: waiting,
            });
            let verdict = window.verdict(looked_at, now);
            if worst.is_none_or(|(worst, _)| verdict > worst) {
                worst = Some((verdict, partition));
            }
        }
        let unit = match source
            .partitions
            .first()
            .map(|partition| partition.lag_unit)
        {
            Some(LagUnit::Bytes) => FactName::LagBytes,
            Some(LagUnit::Records) | None => FactName::LagRecords,
        };
        let (verdict, partition) = worst?;
        let part = Finding::up(PartKind::Consumer, "consumer-views", "views sink")
            .fact(FactName::Partitions, open().count())
            .fact(unit, lag);
        Some(judged(part, verdict, partition))
    }
}

fn key_of(partition: &PartitionState) -> (StreamId, Partition) {
    (partition.stream.clone(), partition.partition)
}

fn judged(part: Finding, verdict: Verdict, partition: &PartitionState) -> Finding {
    let (number, next) = (partition.partition.0, partition.next.0);
    let waiting = partition.lag.unwrap_or_default();
    let unit = match partition.lag_unit {
        LagUnit::Records => "records",
        LagUnit::Bytes => "bytes",
    };
    match verdict {
        Verdict::Ok => part,
        Verdict::Warn => {
            let detail = format!(
                "partition {number}: it reads, but {waiting} {unit} wait and never fewer\nhint: start another process of comptoir-speed views, or look at the warehouse's load"
            );
            part.but(PartState::Degraded, Cause::LagGrows, detail)
        }
        Verdict::Rewind => {
            let detail = format!(
                "partition {number}: its next offset went back to {next}\nhint: was the warehouse restored? comptoir-speed reconcile says what is wrong"
            );
            part.but(PartState::Degraded, Cause::Rewound, detail)
        }
        Verdict::Stall => {
            let detail = format!(
                "partition {number}: it looks, but stays at offset {next} while {waiting} {unit} wait\nhint: its log says why; a record that can't be used would be a dead letter"
            );
            part.down(Cause::Stalled, detail)
        }
        Verdict::Stop => {
            let detail = format!(
                "partition {number}: nobody reads it; it was last at offset {next}\nhint: start comptoir-speed views"
            );
            part.down(Cause::Stopped, detail)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Samples of `(next, lag)`, six seconds apart; judged a second behind the last one.
    fn verdict(samples: &[(u64, u64)]) -> Verdict {
        let mut window = Window::default();
        let at = |index: usize| Timestamp::from_second(6 * i64::try_from(index).unwrap()).unwrap();
        for (index, (next, lag)) in samples.iter().copied().enumerate() {
            let at = at(index);
            window.take(Sample { at, next, lag });
        }
        let looked_at = at(samples.len() - 1);
        window.verdict(looked_at, looked_at + SignedDuration::from_secs(1))
    }

    fn ten(sample: impl Fn(u64) -> (u64, u64)) -> Vec<(u64, u64)> {
        (0..10).map(sample).collect()
    }

    #[test]
    fn a_partition_is_judged_by_how_it_moves() {
        // The lag was zero once.
        assert_eq!(
            verdict(&ten(|i| (i, if i == 4 { 0 } else { 10 + i }))),
            Verdict::Ok
        );
        // Large, and shrinking at times.
        assert_eq!(verdict(&ten(|i| (i, 1_000_000 - i % 3))), Verdict::Ok);
        assert_eq!(verdict(&ten(|i| (i, 10 + i))), Verdict::Warn);
        assert_eq!(verdict(&ten(|i| (i, 10))), Verdict::Warn);
        assert_eq!(verdict(&ten(|_| (7, 10))), Verdict::Stall);
        assert_eq!(verdict(&ten(|i| (7, 10 + i))), Verdict::Stall);
        assert_eq!(
            verdict(&ten(|i| (if i < 5 { 90 + i } else { i }, 0))),
            Verdict::Rewind
        );
        // Nine samples say too little.
        assert_eq!(verdict(&ten(|_| (7, 10))[..9]), Verdict::Ok);
    }

    #[test]
    fn who_does_not_look_any_more_has_stopped() {
        let mut window = Window::default();
        let at = Timestamp::UNIX_EPOCH;
        for _ in 0..20 {
            window.take(Sample {
                at,
                next: 1,
                lag: 0,
            });
        }
        assert_eq!(window.0.len(), 1, "it said the same again");
        let later = |seconds| at + SignedDuration::from_secs(seconds);
        assert_eq!(window.verdict(at, later(30)), Verdict::Ok);
        assert_eq!(window.verdict(at, later(31)), Verdict::Stop);
    }

    #[test]
    fn a_topic_that_was_created_anew_begins_anew() {
        let partition = |stream: &str, next| PartitionState {
            stream: StreamId(stream.to_owned()),
            partition: Partition(0),
            generation: 1,
            covered: comptoir_model::ids::Offset(0),
            next: comptoir_model::ids::Offset(next),
            log_end: Some(comptoir_model::ids::Offset(next)),
            fresh_through: None,
            checked_at: Some(Timestamp::UNIX_EPOCH),
            lag: Some(0),
            lag_unit: LagUnit::Records,
            ended: false,
        };
        let source = |partition| LiveSource {
            state: comptoir_model::api::live::SourceState::Live,
            since: Timestamp::UNIX_EPOCH,
            fresh_through: None,
            checked_at: None,
            partitions: vec![partition],
            gaps: Vec::new(),
            dead_letters: comptoir_model::api::live::DeadLetterCount::default(),
        };
        let mut lags = Lags::default();
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(
            lags.look(&source(partition("first", 9)), now)
                .unwrap()
                .state,
            PartState::Up
        );
        assert_eq!(
            lags.look(&source(partition("second", 1)), now)
                .unwrap()
                .state,
            PartState::Up
        );
        let back = lags.look(&source(partition("second", 0)), now).unwrap();
        assert_eq!(back.cause, Some(Cause::Rewound));
    }
}
