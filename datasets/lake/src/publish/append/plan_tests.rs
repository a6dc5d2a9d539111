//! The plan under every interleaving: publishers that add and one that replaces, all of which
//! pause, crash and act on stale looks, in a model of what lies in the lake.

use super::names::{self, Listing};
use super::plan::{self, Current, Verdict};
use comptoir_model::api::PartInfo;
use comptoir_model::file_format::FileFormat;
use comptoir_model::ids::RunId;
use comptoir_model::manifest::{Appended, MANIFEST_VERSION, Manifest, SourceInfo, SourceRows};
use comptoir_model::text_format::TextFormat;
use jiff::Timestamp;
use proptest::prelude::*;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

const PARTS: usize = 2;

fn manifest(run: &RunId) -> Manifest {
    let part = |index| PartInfo {
        name: format!("part-m-{index:05}"),
        rows: 1,
        bytes: 1,
        sha256: format!("{run}/{index}"),
        checksum: None,
    };
    Manifest {
        version: MANIFEST_VERSION,
        run: run.clone(),
        source: SourceInfo {
            url: String::new(),
            rows: SourceRows::All,
            table: String::new(),
            server: String::new(),
        },
        imported_at: Timestamp::UNIX_EPOCH,
        snapshot: None,
        files: FileFormat::default(),
        format: TextFormat::lossless(),
        columns: Vec::new(),
        parts: (0..PARTS).map(part).collect(),
        ambiguous_rows: 0,
        lossy_nulls: 0,
        quarantine: vec![PartInfo {
            name: "_quarantine-m-00000".to_owned(),
            sha256: format!("{run}/aside"),
            ..part(0)
        }],
        quality: Vec::new(),
        arguments: Vec::new(),
        appended: Appended::default(),
        incremental: None,
    }
}

#[derive(Clone, Debug, PartialEq)]
enum File {
    /// With the hash that manifests know it by.
    Part(String),
    Manifest(Box<Manifest>),
}

type Directory = BTreeMap<String, File>;

#[derive(Debug, Default)]
struct World {
    target: Option<Directory>,
    /// A run that has moved the target aside, and takes its place.
    placing: Option<Directory>,
    /// Those with a directory beside the target.
    runs: BTreeSet<RunId>,
    /// What is published, in order.
    expected: Vec<RunId>,
    /// Everything that ever was.
    ever: BTreeSet<RunId>,
}

impl World {
    fn listing(&self) -> Listing {
        let mut listing = Listing::default();
        let names = self.target.iter().flat_map(BTreeMap::keys);
        names.for_each(|name| listing.add(name));
        listing
    }

    fn current(&self) -> Option<Current> {
        let number = *self.listing().manifests.last()?;
        match self.target.as_ref()?.get(&Manifest::file_name(number))? {
            File::Manifest(manifest) => Some(Current {
                number,
                manifest: Manifest::clone(manifest),
            }),
            File::Part(_) => None,
        }
    }

    /// Never overwrites; false where it does not fit.
    fn rename(&mut self, from: &str, to: &str) -> bool {
        let Some(target) = &mut self.target else {
            return false;
        };
        if target.contains_key(to) {
            return false;
        }
        match target.remove(from) {
            Some(file) => target.insert(to.to_owned(), file).is_none(),
            None => false,
        }
    }

    /// The runs whose parts a reader finds, each with all of them; in order.
    fn read(&self) -> Vec<RunId> {
        let Some(Current { manifest, .. }) = self.current() else {
            return Vec::new();
        };
        let target = self.target.as_ref().unwrap();
        let mut runs: Vec<String> = Vec::new();
        for (index, part) in manifest.parts.iter().enumerate() {
            let hidden = manifest.appended.hidden.get(&part.name);
            let file = hidden.and_then(|hidden| target.get(hidden));
            let file = file.or_else(|| target.get(&part.name));
            assert_eq!(
                file,
                Some(&File::Part(part.sha256.clone())),
                "{}",
                part.name
            );
            let (run, number) = part.sha256.split_once('/').unwrap();
            assert_eq!(number, (index % PARTS).to_string());
            if index % PARTS == 0 {
                runs.push(run.to_owned());
            }
            assert_eq!(runs.last().unwrap(), run);
        }
        let aside: Vec<_> = (manifest.quarantine.iter())
            .map(|file| {
                assert_eq!(
                    target.get(&file.name),
                    Some(&File::Part(file.sha256.clone())),
                    "{}",
                    file.name
                );
                file.sha256.split_once('/').unwrap().0.to_owned()
            })
            .collect();
        assert_eq!(aside, runs);
        runs.iter().map(|run| RunId::parse(run).unwrap()).collect()
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

#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    Published,
    Fenced,
}

/// The target, listed; and its highest manifest, read a moment later.
async fn look(world: &Shared) -> (Listing, Option<Current>) {
    loop {
        pause().await;
        let listing = world.borrow().listing();
        let Some(number) = listing.manifests.last().copied() else {
            return (listing, None);
        };
        pause().await;
        let name = Manifest::file_name(number);
        let world = world.borrow();
        let file = world.target.as_ref().and_then(|target| target.get(&name));
        if let Some(File::Manifest(manifest)) = file {
            let manifest = Manifest::clone(manifest);
            return (listing, Some(Current { number, manifest }));
        }
    }
}

/// What [`super::Publication::begin`] does.
async fn begin(world: &Shared, own: &RunId) {
    pause().await;
    place(world);
    pause().await;
    let others = world.borrow().runs.clone();
    for other in others {
        pause().await;
        world.borrow_mut().runs.remove(&other);
    }
    tidy(world).await;
    pause().await;
    world.borrow_mut().runs.insert(own.clone());
}

/// Rolls a replacement forward.
fn place(world: &Shared) {
    let mut world = world.borrow_mut();
    if world.target.is_none()
        && let Some(directory) = world.placing.take()
    {
        world.target = Some(directory);
        let run = world.current().unwrap().manifest.run;
        world.expected = vec![run.clone()];
        world.ever.insert(run);
    }
}

async fn tidy(world: &Shared) {
    pause().await;
    let listing = world.borrow().listing();
    pause().await;
    let swept = plan::swept(&listing, &world.borrow().runs);
    pause().await;
    let listing = world.borrow().listing();
    let remove = |name: &str| {
        if let Some(target) = &mut world.borrow_mut().target {
            target.remove(name);
        }
    };
    for (name, _) in listing
        .undecided
        .iter()
        .filter(|(_, run)| swept.contains(*run))
    {
        pause().await;
        remove(name);
    }
    let (_, current) = look(world).await;
    for name in plan::lost(&listing, &swept, current.as_ref()) {
        pause().await;
        remove(&name);
    }
    show(world).await;
}

async fn show(world: &Shared) {
    let (listing, current) = look(world).await;
    let Some(Current { manifest, .. }) = current else {
        return;
    };
    for (hidden, name) in plan::to_show(&manifest, &listing) {
        pause().await;
        world.borrow_mut().rename(&hidden, &name);
    }
}

/// What [`super::Publication::append`] does.
async fn append(world: Shared, run: RunId) -> Outcome {
    begin(&world, &run).await;
    let own = manifest(&run);
    pause().await;
    place(&world);
    pause().await;
    {
        let mut world = world.borrow_mut();
        if world.target.is_none() && world.placing.is_none() {
            world.target = Some(Directory::new());
        }
    }
    let hashes = own.parts.iter().chain(&own.quarantine);
    for ((_, hidden), file) in plan::undecided(&own).zip(hashes) {
        pause().await;
        let mut world = world.borrow_mut();
        let has_directory = world.runs.contains(&run);
        match &mut world.target {
            Some(target) if has_directory => {
                target.insert(hidden, File::Part(file.sha256.clone()));
            }
            _ => return Outcome::Fenced,
        }
    }
    loop {
        let (listing, planned_on) = look(&world).await;
        let next = plan::next(&own, planned_on.as_ref(), &listing, Vec::new());
        let number = planned_on.as_ref().map_or(0, |current| current.number) + 1;
        let (undecided, name) = (names::undecided(number, &run), Manifest::file_name(number));
        pause().await;
        let written = {
            let mut world = world.borrow_mut();
            let has_directory = world.runs.contains(&run);
            let target = world.target.as_mut().filter(|_| has_directory);
            target.map(|target| target.insert(undecided.clone(), File::Manifest(Box::new(next))))
        };
        if written.is_none() {
            return Outcome::Fenced;
        }
        let (listing, current) = look(&world).await;
        match plan::judge(&own, planned_on.as_ref(), &listing, current.as_ref()) {
            Verdict::Fenced => return Outcome::Fenced,
            Verdict::PlanAgain => {}
            Verdict::Decide => {
                pause().await;
                let mut world = world.borrow_mut();
                if world.rename(&undecided, &name) {
                    world.expected.push(run.clone());
                    world.ever.insert(run.clone());
                    break;
                }
            }
        }
        pause().await;
        let target = &mut world.borrow_mut().target;
        let left = target.as_mut().and_then(|target| target.remove(&undecided));
        if left.is_none() {
            return Outcome::Fenced;
        }
    }
    show(&world).await;
    pause().await;
    world.borrow_mut().runs.remove(&run);
    Outcome::Published
}

/// A replacement, in the two steps that foreign readers can tell apart.
async fn replace(world: Shared, run: RunId) -> Outcome {
    begin(&world, &run).await;
    let own = manifest(&run);
    let files = own.parts.iter().chain(&own.quarantine);
    let mut directory: Directory = files
        .map(|part| (part.name.clone(), File::Part(part.sha256.clone())))
        .collect();
    directory.insert(Manifest::file_name(1), File::Manifest(Box::new(own)));
    pause().await;
    {
        let mut world = world.borrow_mut();
        if !world.runs.remove(&run) || world.placing.is_some() {
            return Outcome::Fenced;
        }
        world.target = None;
        world.placing = Some(directory);
    }
    pause().await;
    place(&world);
    Outcome::Published
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

fn run(name: &str) -> RunId {
    RunId::parse(name).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        cases: ProptestConfig::default().cases.max(2_000),
        ..ProptestConfig::default()
    })]

    /// Each number of the schedule lets one of four publishers take some steps; those that are not
    /// done in the end have crashed.
    #[test]
    fn what_was_added_is_read_once_and_the_next_publisher_cleans_up(
        schedule in prop::collection::vec((0_usize..4, 1_usize..14), 0..60),
        starts_empty: bool,
    ) {
        let world = Shared::default();
        if !starts_empty {
            finish(Box::pin(append(Rc::clone(&world), run("first"))));
        }
        let names = ["a", "b", "c", "replacer"].map(run);
        let mut actors: Vec<Option<Actor>> = names
            .iter()
            .enumerate()
            .map(|(index, name)| {
                let (world, name) = (Rc::clone(&world), name.clone());
                let actor: Actor = if index == 3 {
                    Box::pin(replace(world, name))
                } else {
                    Box::pin(append(world, name))
                };
                Some(actor)
            })
            .collect();
        for (index, steps) in schedule {
            for _ in 0..steps {
                let Some(actor) = &mut actors[index] else { break };
                if let Poll::Ready(outcome) = poll(actor) {
                    actors[index] = None;
                    let was_published = world.borrow().ever.contains(&names[index]);
                    let is_placed_later = index == 3 && outcome == Outcome::Published;
                    prop_assert!(
                        is_placed_later || was_published == (outcome == Outcome::Published),
                        "{} {outcome:?}", names[index]
                    );
                }
                let world = world.borrow();
                if world.target.is_some() {
                    prop_assert_eq!(world.read(), world.expected.clone());
                }
            }
        }
        drop(actors);
        prop_assert_eq!(finish(Box::pin(append(Rc::clone(&world), run("last")))), Outcome::Published);
        let world = world.borrow();
        prop_assert_eq!(world.read(), world.expected.clone());
        prop_assert_eq!(world.expected.last(), Some(&run("last")));
        let (listing, current) = (world.listing(), world.current().unwrap());
        let aside: BTreeSet<_> = (current.manifest.quarantine.iter())
            .map(|file| &file.name)
            .collect();
        let waits = listing.hidden.keys().any(|name| !aside.contains(name));
        prop_assert!(!waits && listing.undecided.is_empty(), "{listing:?}");
    }
}
