//! The plan under every interleaving: publishers and sweepers that pause, crash and act on stale
//! facts, in a model of what lies in the lake.

use super::layout::{Intent, Name};
use super::plan::{Exchange, Facts, Old, Step, Target};
use comptoir_model::ids::RunId;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

fn run(name: &str) -> RunId {
    RunId::parse(name).unwrap()
}

fn facts() -> Facts {
    Facts {
        target: Target::Absent,
        intents: BTreeMap::new(),
        old: BTreeMap::new(),
        marked_for: BTreeMap::new(),
        stamped: BTreeSet::new(),
        runs: BTreeSet::new(),
        swept: BTreeSet::new(),
        temporaries: Vec::new(),
        exchange: Exchange::Impossible,
    }
}

fn intent(name: &str) -> Intent {
    Intent::new(run(name), Timestamp::UNIX_EPOCH)
}

#[test]
fn a_late_intent_is_void_and_its_run_is_swept_first() {
    let late = Facts {
        target: Target::Holds(run("b")),
        intents: [(5, intent("a"))].into(),
        old: [(5, Old::Directory)].into(),
        runs: [run("a")].into(),
        ..facts()
    };
    assert_eq!(late.roll_forward(), Some(Step::Sweep(run("a"))));
    let swept = Facts {
        runs: BTreeSet::new(),
        swept: [run("a")].into(),
        ..late
    };
    assert_eq!(swept.roll_forward(), Some(Step::DeleteIntent(5)));
}

#[test]
fn replaced_data_goes_after_24_hours_and_markers_after_a_hundred() {
    let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1_000);
    let full = Facts {
        old: (1..=102).map(|n| (n, Old::Directory)).collect(),
        ..facts()
    };
    let replaced =
        [(101, 24), (102, 23)].map(|(n, hours)| (n, now - SignedDuration::from_hours(hours)));
    assert_eq!(
        full.forget(&replaced.into(), now),
        [Step::Forget(1), Step::Forget(2), Step::Empty(101)]
    );
}

#[test]
fn readers_are_led_to_the_old_data_when_a_decided_run_was_deleted_by_hand() {
    let lost = Facts {
        intents: [(3, intent("a"))].into(),
        old: [(3, Old::Directory)].into(),
        ..facts()
    };
    assert_eq!(lost.roll_forward(), None);
    assert_eq!(lost.without_target(), Some(Name::Old(3)));
    assert_eq!(lost.next_number(), 4);
}

/// What a directory holds.
#[derive(Clone, Debug, PartialEq)]
struct Data {
    run: RunId,
    complete: bool,
}

#[derive(Clone, Debug)]
enum Aside {
    Data(Data),
    MarkerFor(RunId),
}

#[derive(Debug, Default)]
struct World {
    target: Option<Data>,
    old: BTreeMap<u64, Aside>,
    stamped: BTreeSet<u64>,
    intents: BTreeMap<u64, Intent>,
    runs: BTreeMap<RunId, Data>,
    swept: BTreeMap<RunId, Data>,
    /// Every run that was the target, in order.
    published: Vec<RunId>,
}

impl World {
    fn target(&self) -> Target {
        (self.target.as_ref()).map_or(Target::Absent, |data| Target::Holds(data.run.clone()))
    }

    fn beside(&self, target: Target) -> Facts {
        let kind = |aside: &Aside| match aside {
            Aside::Data(_) => Old::Directory,
            Aside::MarkerFor(_) => Old::Marker,
        };
        let marked_for = self.old.iter().filter_map(|(n, aside)| match aside {
            Aside::MarkerFor(run) => Some((*n, run.clone())),
            Aside::Data(_) => None,
        });
        Facts {
            target,
            intents: self.intents.clone(),
            old: self.old.iter().map(|(n, data)| (*n, kind(data))).collect(),
            marked_for: marked_for.collect(),
            stamped: self.stamped.clone(),
            runs: self.runs.keys().cloned().collect(),
            swept: self.swept.keys().cloned().collect(),
            ..facts()
        }
    }

    /// Carries a step out as the lake would: not at all where it does not fit.
    fn apply(&mut self, step: &Step) {
        match step {
            Step::MoveAside(n) if !self.old.contains_key(n) => {
                if let Some(data) = self.target.take() {
                    self.old.insert(*n, Aside::Data(data));
                }
            }
            Step::Mark(n, run) => {
                self.old.entry(*n).or_insert(Aside::MarkerFor(run.clone()));
            }
            Step::Place(run) if self.target.is_none() => {
                self.target = self.runs.remove(run);
                self.published
                    .extend(self.target.as_ref().map(|data| data.run.clone()));
            }
            Step::Restore(run) if !self.runs.contains_key(run) => {
                self.runs.extend(self.swept.remove_entry(run));
            }
            Step::Sweep(run) if !self.swept.contains_key(run) => {
                self.swept.extend(self.runs.remove_entry(run));
            }
            Step::Stamp(n, _) => {
                self.stamped.insert(*n);
            }
            Step::DeleteIntent(n) => {
                self.intents.remove(n);
            }
            Step::DeleteSwept(run) => {
                self.swept.remove(run);
            }
            _ => {}
        }
    }

    fn aside(&self, n: u64) -> Option<&Data> {
        match self.old.get(&n)? {
            Aside::Data(data) => Some(data),
            Aside::MarkerFor(_) => None,
        }
    }

    /// What a reader finds.
    fn read(&self) -> Option<&Data> {
        if self.target.is_some() {
            return self.target.as_ref();
        }
        match self.beside(Target::Absent).without_target()? {
            Name::Run(run) => self.runs.get(&run),
            Name::Swept(run) => self.swept.get(&run),
            Name::Old(n) => self.aside(n),
            name => panic!("readers are led to {name}"),
        }
    }
}

type Shared = Rc<RefCell<World>>;

/// Lets the others run.
async fn pause() {
    let mut polled = false;
    std::future::poll_fn(|_| {
        if std::mem::replace(&mut polled, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

async fn apply(world: &Shared, step: &Step) {
    pause().await;
    world.borrow_mut().apply(step);
}

async fn look(world: &Shared) -> Facts {
    loop {
        pause().await;
        let target = world.borrow().target();
        pause().await;
        let facts = world.borrow().beside(target);
        pause().await;
        if world.borrow().target() == facts.target {
            return facts;
        }
    }
}

async fn roll_forward(world: &Shared) -> Facts {
    loop {
        let facts = look(world).await;
        match facts.roll_forward() {
            Some(step) => apply(world, &step).await,
            None => return facts,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    Published,
    Fenced,
}

/// What [`super::Publication`] does, from its beginning to its end.
async fn publish(world: Shared, own: RunId) -> Outcome {
    roll_forward(&world).await;
    for step in look(&world).await.sweep(&own) {
        apply(&world, &step).await;
        let Step::Sweep(run) = step else { continue };
        pause().await;
        let named = world.borrow().beside(Target::Absent).names(&run);
        let next = if named {
            Step::Restore(run)
        } else {
            Step::DeleteSwept(run)
        };
        apply(&world, &next).await;
    }
    pause().await;
    let incomplete = Data {
        run: own.clone(),
        complete: false,
    };
    world.borrow_mut().runs.insert(own.clone(), incomplete);
    pause().await;
    match world.borrow_mut().runs.get_mut(&own) {
        Some(data) => data.complete = true,
        None => return Outcome::Fenced,
    }
    let number = loop {
        let number = roll_forward(&world).await.next_number();
        pause().await;
        let intents = &mut world.borrow_mut().intents;
        if let std::collections::btree_map::Entry::Vacant(free) = intents.entry(number) {
            free.insert(Intent::new(own.clone(), Timestamp::UNIX_EPOCH));
            break number;
        }
    };
    roll_forward(&world).await;
    let facts = look(&world).await;
    let was_target = facts.replaced_after(number).any(|later| {
        let world = world.borrow();
        world.aside(later).is_some_and(|data| data.run == own)
    });
    if facts.target == Target::Holds(own) || was_target {
        Outcome::Published
    } else {
        Outcome::Fenced
    }
}

type Actor = Pin<Box<dyn Future<Output = Outcome>>>;

fn poll(actor: &mut Actor) -> Poll<Outcome> {
    actor.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// One actor to the end, alone.
fn finish(mut actor: Actor) -> Outcome {
    for _ in 0..10_000 {
        if let Poll::Ready(outcome) = poll(&mut actor) {
            return outcome;
        }
    }
    panic!("runs in circles");
}

proptest! {
    // PROPTEST_CASES may ask for more.
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.max(20_000)))]

    /// Each number of the schedule lets one of three publishers take one step; those that are not
    /// done in the end have crashed.
    #[test]
    fn readers_see_complete_runs_and_the_next_publisher_cleans_up(
        schedule in prop::collection::vec((0_usize..3, 1_usize..14), 0..60),
        starts_empty: bool,
    ) {
        let world = Shared::default();
        if !starts_empty {
            finish(Box::pin(publish(Rc::clone(&world), run("first"))));
        }
        let names = ["a", "b", "c"].map(run);
        let mut actors: Vec<Option<Actor>> = names
            .iter()
            .map(|name| Some(Box::pin(publish(Rc::clone(&world), name.clone())) as Actor))
            .collect();
        let mut outcomes: [Option<Outcome>; 3] = [None; 3];
        let mut seen = !starts_empty;
        for (index, steps) in schedule {
            for _ in 0..steps {
                let Some(actor) = &mut actors[index] else { break };
                if let Poll::Ready(outcome) = poll(actor) {
                    outcomes[index] = Some(outcome);
                    actors[index] = None;
                }
                let world = world.borrow();
                match world.read() {
                    Some(data) => {
                        prop_assert!(data.complete, "half a run: {:?}", world);
                        seen = true;
                    }
                    None => prop_assert!(!seen, "nothing to read any more: {:?}", world),
                }
            }
        }
        drop(actors);

        let last = finish(Box::pin(publish(Rc::clone(&world), run("last"))));
        let world = world.borrow();
        prop_assert_eq!(last, Outcome::Published, "{:?}", world);
        prop_assert_eq!(world.target(), Target::Holds(run("last")));
        prop_assert!(world.intents.is_empty() && world.runs.is_empty() && world.swept.is_empty(), "{:?}", world);
        for (name, outcome) in names.iter().zip(outcomes) {
            let times = world.published.iter().filter(|run| *run == name).count();
            match outcome {
                Some(Outcome::Published) => prop_assert_eq!(times, 1, "{} in {:?}", name, world),
                Some(Outcome::Fenced) => prop_assert_eq!(times, 0, "{} in {:?}", name, world),
                None => prop_assert!(times <= 1),
            }
        }
    }
}
