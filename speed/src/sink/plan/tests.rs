use super::*;
use comptoir_model::event::EventId;
use comptoir_model::verdict::DuplicateWindow;
use proptest::prelude::*;
use std::collections::BTreeMap;

const REACH: Reach = Reach::new(8);
const LIMITS: Limits = Limits {
    bytes: 1000,
    records: 5,
    linger: Duration::ZERO,
    pause_min: Duration::from_millis(80),
    pause_max: Duration::from_millis(500),
    pause_behind: Duration::from_secs(2),
    idle: Duration::from_secs(1),
};

fn start() -> Instant {
    comptoir_config::clock::instant()
}

fn opened_at(next: u64, now: Instant) -> Plan {
    let mut plan = Plan::new(REACH, LIMITS);
    assert_eq!(plan.step(now), Step::Open);
    let from = plan.opened(Offset(next), Gaps::default());
    assert_eq!(from, REACH.start(Offset(next)));
    plan.collected(Offset(next), 0, 0, now);
    plan
}

fn span(start: u64, end: u64) -> Span {
    Span::new(Offset(start), Offset(end)).unwrap()
}

#[test]
fn the_first_record_after_silence_is_committed_at_once_the_next_after_a_pause() {
    let now = start();
    let mut plan = opened_at(10, now);
    assert_eq!(plan.step(now), Step::Collect { until: None });
    plan.collected(Offset(11), 1, 9, now);
    assert_eq!(plan.step(now), Step::Commit { span: span(10, 11) });
    plan.committed(Outcome::Applied, now, now);
    plan.collected(Offset(12), 1, 9, now);
    let until = Some(now + LIMITS.pause_min);
    assert_eq!(plan.step(now), Step::Collect { until });
    let later = now + LIMITS.pause_min;
    assert_eq!(plan.step(later), Step::Commit { span: span(11, 12) });
    plan.hurry();
    assert_eq!(plan.step(now), Step::Commit { span: span(11, 12) });
}

#[test]
fn the_first_record_of_a_batch_may_wait_for_others_unless_the_sink_ends() {
    let now = start();
    let linger = Duration::from_secs(10);
    let mut plan = Plan::new(REACH, Limits { linger, ..LIMITS });
    plan.opened(Offset(10), Gaps::default());
    plan.collected(Offset(11), 1, 9, now);
    // The first batch of all waits for less.
    let until = Some(now + FIRST_LINGER);
    assert_eq!(plan.step(now), Step::Collect { until });
    plan.at_end(Offset(11));
    plan.committed(Outcome::Applied, now, now);
    plan.collected(Offset(12), 1, 9, now);
    let until = Some(now + linger);
    assert_eq!(plan.step(now), Step::Collect { until });
    let commit = Step::Commit { span: span(11, 12) };
    assert_eq!(plan.step(now + linger), commit);
    plan.hurry();
    assert_eq!(plan.step(now), commit);
}

#[test]
fn who_has_caught_up_commits_the_rest_at_once() {
    let now = start();
    let linger = Duration::from_secs(10);
    let pause_min = Duration::ZERO;
    let mut plan = Plan::new(
        REACH,
        Limits {
            linger,
            pause_min,
            ..LIMITS
        },
    );
    plan.opened(Offset(10), Gaps::default());
    plan.collected(Offset(15), 5, 45, now);
    assert_eq!(plan.step(now), Step::Commit { span: span(10, 15) });
    plan.committed(Outcome::Applied, now, now);
    plan.collected(Offset(17), 2, 18, now);
    let until = Some(now + linger);
    assert_eq!(plan.step(now), Step::Collect { until });
    plan.at_end(Offset(17));
    assert_eq!(plan.step(now), Step::Commit { span: span(15, 17) });
    plan.committed(Outcome::Applied, now, now);
    // From here on records come as they are made.
    plan.collected(Offset(18), 1, 9, now);
    plan.at_end(Offset(18));
    assert_eq!(plan.step(now), Step::Collect { until });
}

#[test]
fn a_slow_warehouse_gets_bigger_batches_and_a_full_batch_does_not_wait() {
    let began = start();
    let now = began + Duration::from_millis(300);
    let mut plan = opened_at(10, began);
    plan.collected(Offset(11), 1, 9, began);
    plan.committed(Outcome::Applied, began, now);
    plan.collected(Offset(12), 1, 9, now);
    let until = Some(now + Duration::from_millis(300));
    assert_eq!(plan.step(now), Step::Collect { until });
    plan.collected(Offset(13), 1, 1000, now);
    assert_eq!(plan.room(), (3, 0));
    assert_eq!(plan.step(now), Step::Commit { span: span(11, 13) });
}

#[test]
fn a_sink_that_is_far_behind_makes_bigger_batches_until_one_is_full() {
    let now = start();
    let mut plan = opened_at(10, now);
    plan.behind(true);
    plan.collected(Offset(11), 1, 9, now);
    assert_eq!(plan.step(now), Step::Commit { span: span(10, 11) });
    plan.committed(Outcome::Applied, now, now);
    plan.collected(Offset(12), 1, 9, now);
    let until = Some(now + LIMITS.pause_behind);
    assert_eq!(plan.step(now + LIMITS.pause_max), Step::Collect { until });
    plan.behind(false);
    let until = Some(now + LIMITS.pause_min);
    assert_eq!(plan.step(now), Step::Collect { until });
    plan.behind(true);
    plan.collected(Offset(16), 4, 36, now);
    assert_eq!(plan.step(now), Step::Commit { span: span(11, 16) });
}

#[test]
fn a_position_that_moved_over_no_records_is_committed_but_not_soon() {
    let now = start();
    let mut plan = opened_at(10, now);
    plan.collected(Offset(12), 0, 0, now);
    let until = now + LIMITS.idle;
    assert_eq!(plan.step(now), Step::Collect { until: Some(until) });
    assert_eq!(plan.step(until), Step::Commit { span: span(10, 12) });
}

#[test]
fn an_outcome_that_nobody_knows_is_read_back() {
    let now = start();
    for (found, outcome, step) in [
        (12, Outcome::Applied, Step::Collect { until: None }),
        (10, Outcome::NotApplied, Step::Commit { span: span(10, 12) }),
        (11, Outcome::GivenUp, Step::Open),
    ] {
        let mut plan = opened_at(10, now);
        plan.collected(Offset(12), 2, 18, now);
        plan.committed(Outcome::Unknown, now, now);
        assert_eq!(plan.step(now), Step::ReadBack { span: span(10, 12) });
        assert_eq!(plan.read_back(Offset(found)), outcome);
        assert_eq!(plan.step(now + LIMITS.idle), step);
    }
}

#[test]
fn gaps_whose_commit_nobody_knows_are_looked_up() {
    let now = start();
    let mut plan = Plan::new(REACH, LIMITS);
    plan.opened(Offset(10), Gaps::default());
    plan.hole(span(0, 12), now);
    plan.committed(Outcome::Unknown, now, now);
    assert_eq!(plan.read_back(Offset(12)), Outcome::GivenUp);
    assert_eq!(plan.step(now), Step::Open);
}

#[test]
fn a_log_that_ends_before_what_is_counted_stops_the_partition() {
    let now = start();
    let mut plan = Plan::new(REACH, LIMITS);
    plan.opened(Offset(10), Gaps::default());
    plan.at_end(Offset(10));
    assert_eq!(plan.step(now), Step::Collect { until: None });
    plan.at_end(Offset(9));
    let stop = Stop::TailLost {
        next: Offset(10),
        log_end: Offset(9),
    };
    assert_eq!(plan.step(now), Step::Stay(stop));
}

/// One record of the model's partition: an id, or none of a record that is rejected.
type Id = Option<u8>;

/// What can happen. Owners are two: one may sleep while the other works.
#[derive(Clone, Copy, Debug)]
enum Happens {
    Produce(Id),
    Skip,
    Retain(u8),
    /// The owner collects up to so many records.
    Collect(usize, u8),
    Commit(usize, Told),
    Crash(usize),
}

/// What an owner learns of its commit, and whether it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Truth,
    Unknown,
    UnknownAndLost,
    FailedAndLost,
}

fn happens() -> impl Strategy<Value = Happens> {
    let told = prop_oneof![
        6 => Just(Told::Truth),
        1 => Just(Told::Unknown),
        1 => Just(Told::UnknownAndLost),
        1 => Just(Told::FailedAndLost),
    ];
    let id = prop_oneof![4 => (0..6_u8).prop_map(Some), 1 => Just(None)];
    let owner = 0..2_usize;
    prop_oneof![
        8 => id.prop_map(Happens::Produce),
        1 => Just(Happens::Skip),
        1 => (1..6_u8).prop_map(Happens::Retain),
        6 => (owner.clone(), 1..7_u8).prop_map(|(owner, count)| Happens::Collect(owner, count)),
        6 => (owner.clone(), told).prop_map(|(owner, told)| Happens::Commit(owner, told)),
        1 => owner.prop_map(Happens::Crash),
    ]
}

struct World {
    now: Instant,
    records: BTreeMap<u64, Id>,
    /// The first offset that can still be read, and the one behind the last.
    log_start: u64,
    log_end: u64,
    stored: Offset,
    gaps: Gaps,
    /// Offsets that were accepted, in the warehouse.
    accepted: Vec<u64>,
    owners: [Owner; 2],
}

struct Owner {
    plan: Plan,
    window: DuplicateWindow,
    held: Vec<(u64, Id)>,
}

impl Owner {
    fn new() -> Self {
        Self {
            plan: Plan::new(REACH, LIMITS),
            window: DuplicateWindow::new(REACH),
            held: Vec::new(),
        }
    }

    /// Judges records by their ids; those that are accepted.
    fn judge(&mut self, records: &[(u64, Id)]) -> Vec<u64> {
        let mut accepted = Vec::new();
        for (offset, id) in records {
            let Some(id) = id else { continue };
            let id = EventId::parse(format!("e{id}")).unwrap();
            if self.window.admit(Offset(*offset), &id).unwrap().is_none() {
                accepted.push(*offset);
            }
        }
        accepted
    }
}

impl World {
    fn new() -> Self {
        Self {
            now: start(),
            records: BTreeMap::new(),
            log_start: 0,
            log_end: 0,
            stored: Offset(0),
            gaps: Gaps::default(),
            accepted: Vec::new(),
            owners: [Owner::new(), Owner::new()],
        }
    }

    fn readable(&self, span: Span) -> Vec<(u64, Id)> {
        let from = span.start().0.max(self.log_start);
        let range = self.records.range(from..span.end().0.max(from));
        range.map(|(offset, id)| (*offset, *id)).collect()
    }

    fn apply(&mut self, what: Happens) {
        // Every due moment has come: pauses are tested elsewhere.
        self.now += LIMITS.idle;
        match what {
            Happens::Produce(id) => {
                self.records.insert(self.log_end, id);
                self.log_end += 1;
            }
            Happens::Skip => self.log_end += 1,
            Happens::Retain(count) => {
                self.log_start = self.log_end.min(self.log_start + u64::from(count));
            }
            Happens::Collect(owner, count) => self.collect(owner, count),
            Happens::Commit(owner, told) => self.commit(owner, told),
            Happens::Crash(owner) => self.owners[owner] = Owner::new(),
        }
    }

    fn collect(&mut self, number: usize, count: u8) {
        let (now, log_start, log_end) = (self.now, Offset(self.log_start), Offset(self.log_end));
        let owner = &mut self.owners[number];
        if owner.plan.step(now) == Step::Open {
            *owner = Owner::new();
            owner.plan.opened(self.stored, self.gaps.clone());
        }
        let (Some(next), Some(position)) = (owner.plan.next(), owner.plan.position()) else {
            return;
        };
        if let Some(hole) = Span::new(position, log_start) {
            owner.plan.hole(hole, now);
            return;
        }
        let Some(ahead) = Span::new(position, log_end) else {
            return;
        };
        let mut records = self.readable(ahead);
        let more = records.len() > usize::from(count);
        records.truncate(usize::from(count));
        let end = match records.last() {
            Some(last) if more => Offset(last.0 + 1),
            _ => log_end,
        };
        let owner = &mut self.owners[number];
        let (ids, counting): (Vec<_>, Vec<_>) = records
            .into_iter()
            .partition(|(offset, _)| Offset(*offset) < next);
        owner.judge(&ids);
        owner
            .plan
            .collected(end, counting.len(), counting.len() * 9, now);
        owner.held.extend(counting);
    }

    fn commit(&mut self, number: usize, told: Told) {
        let now = self.now;
        let Step::Commit { span } = self.owners[number].plan.step(now) else {
            return;
        };
        let owner = &mut self.owners[number];
        let held = std::mem::take(&mut owner.held);
        let accepted = owner.judge(&held);
        let gaps = owner.plan.gaps();
        let mut told = told;
        loop {
            let fenced = self.stored != span.start();
            let happened = !fenced && matches!(told, Told::Truth | Told::Unknown);
            if happened {
                self.stored = span.end();
                self.accepted.extend(&accepted);
                self.gaps.lost.extend(&gaps.lost);
                self.gaps.blind.extend(&gaps.blind);
            }
            let outcome = match told {
                Told::Truth if fenced => Outcome::GivenUp,
                Told::Truth => Outcome::Applied,
                Told::FailedAndLost => Outcome::NotApplied,
                Told::Unknown | Told::UnknownAndLost => Outcome::Unknown,
            };
            let plan = &mut self.owners[number].plan;
            plan.committed(outcome, now, now);
            if let Step::ReadBack { .. } = plan.step(now) {
                plan.read_back(self.stored);
            }
            match plan.step(now) {
                Step::Commit { span: again } => assert_eq!(again, span),
                Step::ReadBack { .. } => panic!("it was read back"),
                _ => break,
            }
            told = Told::Truth;
        }
    }

    /// Whether the record at `offset` is accepted by one who has seen all of them.
    fn is_accepted(&self, offset: u64) -> bool {
        let id = self.records[&offset];
        let from = REACH.start(Offset(offset)).0;
        let mut before = self.records.range(from..offset);
        id.is_some() && !before.any(|(_, earlier)| *earlier == id)
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let mut unique = self.accepted.clone();
        unique.dedup();
        prop_assert_eq!(&unique, &self.accepted, "counted twice");
        let within = |spans: &[Span], offset| spans.iter().any(|span| span.contains(offset));
        for offset in self
            .records
            .range(..self.stored.0)
            .map(|(offset, _)| *offset)
        {
            let counted = self.accepted.contains(&offset);
            if within(&self.gaps.lost, Offset(offset)) {
                prop_assert!(!counted, "{} is lost and counted", offset);
            } else if within(&self.gaps.blind, Offset(offset)) {
                prop_assert!(counted >= self.is_accepted(offset), "{} is missing", offset);
            } else {
                prop_assert_eq!(
                    counted,
                    self.is_accepted(offset),
                    "the record at {}",
                    offset
                );
            }
        }
        let beyond = self.accepted.iter().any(|offset| *offset >= self.stored.0);
        prop_assert!(!beyond, "counted beyond the stored position");
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Whatever owners, brokers and commits do: every record below the stored position is counted
    /// once, as one who saw all of them would, or lies in a recorded gap.
    #[test]
    fn counts_each_record_once_or_records_the_gap(
        history in prop::collection::vec(happens(), 1..120)
    ) {
        let mut world = World::new();
        for what in history {
            world.apply(what);
            world.check()?;
        }
        for owner in 0..2 {
            world.apply(Happens::Crash(owner));
        }
        for _ in 0..200 {
            world.apply(Happens::Collect(0, 6));
            world.apply(Happens::Commit(0, Told::Truth));
        }
        world.check()?;
        prop_assert_eq!(world.stored, Offset(world.log_end), "not everything was read");
    }
}
