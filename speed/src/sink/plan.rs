//! When a partition's records are collected, committed, read back and given up: decisions only.
//!
//! A [`Plan`] belongs to one partition and one owner. The shell tells it what happened and does
//! what [`Plan::step`] says; it keeps the collected records, the duplicate window and the tally
//! itself, and drops all three whenever the plan is closed.

use super::gaps::{Found, found};
use comptoir_model::ids::Offset;
use comptoir_model::merge::{Gaps, Span};
use comptoir_model::verdict::Reach;
use std::time::{Duration, Instant};

/// The first batch of an owner waits no longer: that it gets in shows that everything works, and what
/// the one before left undone is not left for long.
const FIRST_LINGER: Duration = Duration::from_secs(1);

/// What bounds a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// A batch whose tally holds as many bytes takes no more records.
    pub(crate) bytes: usize,
    pub(crate) records: usize,
    /// How long the first record of a batch waits for others.
    pub(crate) linger: Duration,
    /// The least and the most time between two commits. In between it is the time that the last
    /// commit took, so that a slow store gets bigger batches, not more of them.
    pub(crate) pause_min: Duration,
    pub(crate) pause_max: Duration,
    /// The same while the sink is far behind: nobody waits for its last record, and the more of
    /// them a batch has, the more fall into the same rows.
    pub(crate) pause_behind: Duration,
    /// How long a position that moved over no records may wait.
    pub(crate) idle: Duration,
}

/// What the shell does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Ask the store for the stored position.
    Open,
    /// Wait for records; nothing has to be committed before `until`, if ever.
    Collect { until: Option<Instant> },
    /// Judge what was collected, once, and commit it.
    Commit { span: Span },
    /// Nobody knows whether the commit of `span` happened: ask the store where it stands.
    ReadBack { span: Span },
    /// Do nothing until somebody starts this partition anew.
    Stay(Stop),
}

/// Why a partition is not read any more. Each is an alarm; the other partitions go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stop {
    #[error(
        "the log ends at offset {}, but records up to {} are in\nhint: bring the lost end of the log back and start the sink again, or create the topic anew",
        .log_end.0,
        .next.0
    )]
    TailLost { next: Offset, log_end: Offset },
    #[error("a total does not fit 64 bits\nhint: create the topic anew, with smaller amounts")]
    Overflow,
}

/// How a commit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Applied,
    /// Rolled back as a whole: the same batch may be committed again.
    NotApplied,
    /// Another owner has moved the position.
    GivenUp,
    Unknown,
}

#[derive(Debug)]
pub(crate) struct Plan {
    reach: Reach,
    limits: Limits,
    state: State,
    last_commit: Option<Instant>,
    pause: Duration,
    behind: bool,
    /// The last batch was committed before the log's end was reached.
    from_behind: bool,
    /// Commit as soon as there is something.
    hurry: bool,
}

#[derive(Debug)]
enum State {
    Closed,
    Open(Batch),
    Unsure(Batch),
    Stopped(Stop),
}

/// What was collected since the last commit.
#[derive(Clone, Debug)]
struct Batch {
    /// Where the sink stands in its store.
    next: Offset,
    /// The reader's position. Behind `next` while the ids before it are read again.
    position: Offset,
    records: usize,
    bytes: usize,
    /// Found since the last commit.
    gaps: Gaps,
    /// All blind spans that the store knows of.
    recorded_blind: Vec<Span>,
    /// Since when something waits.
    since: Option<Instant>,
    /// Nothing more was there to be read.
    at_end: bool,
    /// It was judged, and is committed as it is: nothing is judged twice.
    judged: bool,
}

impl Batch {
    fn span(&self) -> Option<Span> {
        Span::new(self.next, self.position)
    }

    fn after_commit(mut self) -> Self {
        self.recorded_blind.append(&mut self.gaps.blind);
        self.gaps.lost.clear();
        self.next = self.position;
        (self.records, self.bytes, self.since) = (0, 0, None);
        (self.at_end, self.judged) = (false, false);
        self
    }

    fn now_judged(mut self) -> Self {
        self.judged = true;
        self
    }
}

impl Plan {
    pub(crate) fn new(reach: Reach, limits: Limits) -> Self {
        Self {
            reach,
            limits,
            state: State::Closed,
            last_commit: None,
            pause: limits.pause_min,
            behind: false,
            from_behind: false,
            hurry: false,
        }
    }

    pub(crate) fn step(&self, now: Instant) -> Step {
        match &self.state {
            State::Closed => Step::Open,
            State::Stopped(stop) => Step::Stay(*stop),
            State::Unsure(batch) => match batch.span() {
                Some(span) => Step::ReadBack { span },
                None => Step::Open,
            },
            State::Open(batch) => match (batch.span(), self.due(batch)) {
                (Some(span), Some(due)) if due <= now || !self.has_room() => Step::Commit { span },
                (_, due) => Step::Collect { until: due },
            },
        }
    }

    /// The stored position is known. Answers where to read from: the records below `next` are
    /// judged at once and for their ids alone.
    pub(crate) fn opened(&mut self, next: Offset, recorded: Gaps) -> Offset {
        let position = self.reach.start(next);
        self.state = State::Open(Batch {
            next,
            position,
            records: 0,
            bytes: 0,
            gaps: Gaps::default(),
            recorded_blind: recorded.blind,
            since: None,
            at_end: false,
            judged: false,
        });
        position
    }

    /// Records that count were collected, maybe none: the batch holds `bytes` now, and `position`
    /// is the reader's behind them.
    pub(crate) fn collected(
        &mut self,
        position: Offset,
        records: usize,
        bytes: usize,
        now: Instant,
    ) {
        let State::Open(batch) = &mut self.state else {
            return;
        };
        batch.position = position.max(batch.position);
        batch.records += records;
        batch.bytes = bytes;
        if batch.position > batch.next {
            batch.since.get_or_insert(now);
        }
    }

    /// Offsets are gone.
    pub(crate) fn hole(&mut self, hole: Span, now: Instant) {
        let reach = self.reach;
        let State::Open(batch) = &mut self.state else {
            return;
        };
        let Found { lost, blind } = found(hole, batch.next, &batch.recorded_blind, reach);
        batch.position = batch.position.max(hole.end());
        batch.gaps.lost.extend(lost);
        batch.gaps.blind.extend(blind);
        if lost.is_some() {
            batch.since.get_or_insert(now);
        }
    }

    /// The log was read to its end. It must not lie before what is counted.
    pub(crate) fn at_end(&mut self, log_end: Offset) {
        let State::Open(batch) = &mut self.state else {
            return;
        };
        batch.at_end = true;
        let next = batch.next;
        if log_end < next {
            self.stop(Stop::TailLost { next, log_end });
        }
    }

    pub(crate) fn stop(&mut self, stop: Stop) {
        self.state = State::Stopped(stop);
    }

    /// Forgets everything that is not committed; the next step opens anew.
    pub(crate) fn close(&mut self) {
        self.state = State::Closed;
    }

    /// Whether the log's end is far away.
    pub(crate) fn behind(&mut self, behind: bool) {
        self.behind = behind;
    }

    /// Whoever comes next shall find as little as possible to do again: no pauses any more.
    pub(crate) fn hurry(&mut self) {
        self.hurry = true;
    }

    /// A commit that began at `began` has ended.
    pub(crate) fn committed(&mut self, outcome: Outcome, began: Instant, now: Instant) {
        if let (State::Open(batch), Outcome::Applied) = (&self.state, outcome) {
            self.from_behind = !batch.at_end;
        }
        let state = std::mem::replace(&mut self.state, State::Closed);
        self.state = match (state, outcome) {
            (State::Open(batch), Outcome::Applied) => State::Open(batch.after_commit()),
            (State::Open(batch), Outcome::NotApplied) => State::Open(batch.now_judged()),
            (State::Open(batch), Outcome::Unknown) => State::Unsure(batch),
            (State::Open(_), Outcome::GivenUp) => State::Closed,
            (other, _) => other,
        };
        self.last_commit = Some(now);
        let took = now.saturating_duration_since(began);
        self.pause = took.clamp(self.limits.pause_min, self.limits.pause_max);
    }

    /// After a commit of unknown outcome the store says that the sink stands at `found`.
    ///
    /// Where this batch ends, another owner may have ended too. Then the records counted are the
    /// same, but not the gaps, which each owner finds for itself: who has found any opens anew
    /// and takes up those that were recorded.
    pub(crate) fn read_back(&mut self, found: Offset) -> Outcome {
        let state = std::mem::replace(&mut self.state, State::Closed);
        let State::Unsure(batch) = state else {
            self.state = state;
            return Outcome::Unknown;
        };
        if found == batch.position && batch.gaps == Gaps::default() {
            self.state = State::Open(batch.after_commit());
            Outcome::Applied
        } else if found == batch.next {
            self.state = State::Open(batch.now_judged());
            Outcome::NotApplied
        } else {
            Outcome::GivenUp
        }
    }

    /// Where the sink stands: the first offset whose record counts.
    pub(crate) fn next(&self) -> Option<Offset> {
        self.batch().map(|batch| batch.next)
    }

    pub(crate) fn position(&self) -> Option<Offset> {
        self.batch().map(|batch| batch.position)
    }

    /// What the batch has to record beside its records.
    pub(crate) fn gaps(&self) -> Gaps {
        self.batch()
            .map_or_else(Gaps::default, |batch| batch.gaps.clone())
    }

    /// How many more records and bytes the batch may take.
    pub(crate) fn room(&self) -> (usize, usize) {
        self.batch().map_or((0, 0), |batch| {
            let Limits { records, bytes, .. } = self.limits;
            let records = records.saturating_sub(batch.records);
            (records, bytes.saturating_sub(batch.bytes))
        })
    }

    pub(crate) fn has_room(&self) -> bool {
        let (records, bytes) = self.room();
        records > 0 && bytes > 0
    }

    fn batch(&self) -> Option<&Batch> {
        match &self.state {
            State::Open(batch) | State::Unsure(batch) => Some(batch),
            State::Closed | State::Stopped(_) => None,
        }
    }

    fn due(&self, batch: &Batch) -> Option<Instant> {
        let since = batch.since?;
        if self.hurry || batch.judged {
            return Some(since);
        }
        if batch.records == 0 && batch.gaps.lost.is_empty() {
            return Some(since + self.limits.idle);
        }
        let pause = if self.behind {
            self.limits.pause_behind
        } else {
            self.pause
        };
        let linger = self.limits.linger;
        // What was caught up with is not held back at the last step.
        let linger = if self.from_behind && batch.at_end {
            Duration::ZERO
        } else if self.last_commit.is_none() {
            linger.min(FIRST_LINGER)
        } else {
            linger
        };
        let ready = since + linger;
        let earliest = self.last_commit.map(|last| last + pause);
        Some(earliest.map_or(ready, |earliest| ready.max(earliest)))
    }
}

#[cfg(test)]
mod tests;
