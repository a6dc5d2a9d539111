//! Pieces become segments, whatever crashes, and nobody who reads or ships can tell.

use crate::world::{DEADLINE, Running, World, on_both, opened};
use comptoir_lake::{Lake, LakeOptions};
use comptoir_logship::archive::names::Epoch;
use comptoir_logship::archive::store::Store;
use comptoir_logship::archive::{Archive, ArchivedLife};
use comptoir_logship::seal::{SealCounters, SealLimits, Sealer, Times, Worked};
use comptoir_logship::ship::ShipRequest;
use comptoir_logship::sources::Template;
use jiff::SignedDuration;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::pin::pin;
use std::process::{Command, Stdio};
use std::task::Poll;
use std::time::Duration;

on_both!(
    what_is_sealed_reads_as_before_and_shipping_goes_on_behind_it,
    the_end_of_a_life_and_its_gaps_are_sealed,
    the_sealer_is_killed_with_its_process,
);

/// Whatever can be sealed is sealed at once.
pub(crate) fn eager(world: &World) -> ShipRequest {
    hurried(world.request())
}

pub(crate) fn hurried(mut request: ShipRequest) -> ShipRequest {
    request.limits.piece_bytes = 16 * 1024;
    request.limits.piece_age = Duration::from_millis(200);
    request.seal.limits = SealLimits {
        bytes: 40 * 1024,
        age: SignedDuration::ZERO,
        every: Duration::from_millis(30),
        ..SealLimits::default()
    };
    request
}

/// And goes to the directory of its hour.
pub(crate) fn hourly(mut request: ShipRequest) -> ShipRequest {
    for source in &mut request.sources {
        source.times = hours();
    }
    request
}

pub(crate) fn hours() -> Times {
    let template = Template::parse("/logs/%Y/%m/%d/%H").unwrap();
    template.times().clone()
}

pub(crate) fn text(lines: std::ops::Range<u32>) -> String {
    let line = |number: u32| {
        let (hour, minute, second) = (number / 3600 % 24, number / 60 % 60, number % 60);
        let level = ["INFO", "WARN", "DEBUG", "ERROR"][number as usize % 4];
        format!(
            "2026-11-21T{hour:02}:{minute:02}:{second:02}Z {level} order {number} {}\n",
            "x".repeat(60)
        )
    };
    lines.map(line).collect()
}

fn sealed_to(life: &ArchivedLife) -> u64 {
    life.sealed_to()
}

async fn what_is_sealed_reads_as_before_and_shipping_goes_on_behind_it(world: &World) {
    let first = text(0..1500);
    world.append(&first);
    let mut shipper = Running::start(eager(world), world.lake.clone()).await;
    // The last piece waits for one behind it.
    let lives = world
        .archived(|lives| {
            let life = lives.first();
            life.is_some_and(|(life, bytes)| bytes.len() == first.len() && life.pieces.len() == 1)
        })
        .await;
    assert!(lives[0].1 == first.as_bytes());
    let segments = lives[0].0.sealed.len();
    assert!(segments > 2, "{segments}");
    // A later owner seals what this one recovered: then there is no piece at all to compare with.
    shipper.stop().await.unwrap();
    shipper = Running::start(eager(world), world.lake.clone()).await;
    let all_sealed = |lives: &[(ArchivedLife, Vec<u8>)]| lives[0].0.pieces.is_empty();
    world.archived(all_sealed).await;
    shipper.stop().await.unwrap();
    let rest = text(1500..1600);
    world.append(&rest);
    shipper = Running::start(eager(world), world.lake.clone()).await;
    let whole = first.clone() + &rest;
    let length = whole.len() as u64;
    let source = shipper.until(|source| source.bytes == length).await;
    assert_eq!(source.lines, 1600);
    let lives = world.holds(&[&whole]).await;
    assert_eq!(lives[0].0.lines(), 1600);
    shipper.stop().await.unwrap();
    let lists = world.program(&["ls"]).output().unwrap();
    let listed = String::from_utf8(lists.stdout).unwrap();
    assert!(listed.contains(&format!(" {length} ")), "{listed}");
    let cats = world.program(&["cat"]).output().unwrap();
    assert!(cats.stdout == whole.as_bytes());
}

async fn the_end_of_a_life_and_its_gaps_are_sealed(world: &World) {
    world.append("shipped\n");
    let mut shipper = Running::start(eager(world), world.lake.clone()).await;
    shipper.until(|source| source.bytes == 8).await;
    shipper.stop().await.unwrap();
    world.append("never seen by anybody\n");
    fs::remove_file(world.log()).unwrap();
    world.append("another file\n");
    let mut shipper = Running::start(eager(world), world.lake.clone()).await;
    let lives = world
        .archived(|lives| {
            let mut sealed = lives.iter().take(1).flat_map(|(life, _)| &life.sealed);
            lives.len() == 2 && sealed.any(|sealed| sealed.ended.is_some())
        })
        .await;
    let (first, bytes) = &lives[0];
    assert_eq!((bytes.as_slice(), sealed_to(first)), (&b"shipped\n"[..], 8));
    assert_eq!(first.gaps.len(), 1);
    // Its record goes, and the manifest has it.
    let told: usize = first.sealed.iter().map(|sealed| sealed.gaps.len()).sum();
    assert_eq!(told, 1);
    let store = store(world);
    let gone = async {
        while !store.list().await.unwrap().gaps.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(DEADLINE, gone).await.unwrap();
    assert_eq!(
        world
            .archive()
            .await
            .unwrap()
            .lives()
            .next()
            .unwrap()
            .gaps
            .len(),
        1
    );
    shipper.until(|source| source.gaps == 1).await;
    shipper.stop().await.unwrap();
    let mut shipper = Running::start(eager(world), world.lake.clone()).await;
    shipper.until(|source| source.gaps == 1).await;
    shipper.stop().await.unwrap();
}

async fn the_sealer_is_killed_with_its_process(world: &World) {
    let mut log = opened(&world.log());
    let mut written = String::new();
    for round in 0..4_u32 {
        let text = text(round * 400..(round + 1) * 400);
        log.write_all(text.as_bytes()).unwrap();
        written += &text;
        let mut child = world
            .program(&["ship", "--listen", "127.0.0.1:0"])
            .env("COMPTOIR_LOGSHIP_SEAL_AFTER_S", "1")
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // At any moment once it has shipped something, and at last while it seals.
        let moment = async {
            while !has_come_to(world, round == 3).await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(DEADLINE, moment).await.unwrap();
        tokio::time::sleep(Duration::from_millis(u64::from(150 * round))).await;
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let shipper = Running::start(eager(world), world.lake.clone()).await;
    let lives = world.holds(&[&written]).await;
    assert_eq!(lives[0].0.gaps, []);
    shipper.stop().await.unwrap();
}

/// Whether there is a manifest, or a piece that is written to and has some bytes.
async fn has_come_to(world: &World, manifest: bool) -> bool {
    let directory = world.target_dir.join("app.log").unwrap();
    let entries = world.lake.list(&directory).await.unwrap_or_default();
    entries.iter().any(|entry| {
        let name = entry.name();
        name.starts_with("manifest-") || !manifest && name.starts_with("_piece") && entry.length > 0
    })
}

fn store(world: &World) -> Store {
    Store::new(
        world.lake.clone(),
        world.target_dir.join("app.log").unwrap(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_is_read_by_the_program_zstd() {
    World::local()
        .run(async |world| {
            let first = text(0..400);
            world.append(&first);
            let shipper = Running::start(eager(world), world.lake.clone()).await;
            let is_sealed = |(life, _): &(ArchivedLife, Vec<u8>)| !life.sealed.is_empty();
            let lives = world.archived(|lives| lives.iter().any(is_sealed)).await;
            shipper.stop().await.unwrap();
            let sealed = &lives[0].0.sealed[0];
            let name = sealed.segment.as_ref().unwrap().name.to_string();
            let path = directory(world).join(name);
            let output = Command::new("zstd").arg("-dc").arg(path).output();
            let output = output.expect("the program zstd is needed: apt-get install zstd");
            let length = usize::try_from(sealed.end).unwrap();
            assert!(output.status.success());
            assert!(output.stdout == first.as_bytes()[..length]);
        })
        .await;
}

/// Where the archive of a local world lies.
pub(crate) fn directory(world: &World) -> std::path::PathBuf {
    let lake = world.directory.path().join("lake");
    lake.join(world.target_dir.as_str().trim_start_matches('/'))
        .join("app.log")
}

/// The paths of the files whose names have a word in them.
pub(crate) fn files_below(directory: &Path, word: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            let below = files_below(&entry.path(), word).into_iter();
            found.extend(below.map(|below| format!("{name}/{below}")));
        } else if name.contains(word) {
            found.insert(name);
        }
    }
    found
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// Every step of the sealer is interrupted, once before and once after it has had its effect on
/// the disk, at each point where it waits for anything. Readers see the same bytes throughout, and
/// the next owner finishes.
#[tokio::test(flavor = "multi_thread")]
async fn a_sealer_that_is_interrupted_anywhere_loses_and_doubles_nothing() {
    World::local()
        .run(async |world| {
            let written = text(0..700);
            world.append(&written);
            let mut request = eager(world);
            request.seal.limits = SealLimits::default();
            let shipper = Running::start(request, world.lake.clone()).await;
            let lives = world.holds(&[&written]).await;
            assert!(lives[0].0.pieces.len() > 2);
            shipper.stop().await.unwrap();
            let mut interrupted = 0;
            loop {
                let scratch = tempfile::tempdir().unwrap();
                let copied = scratch.path().join("app.log");
                copy(&directory(world), &copied);
                let lake = format!("file://{}", scratch.path().display());
                let lake = Lake::open(&lake, LakeOptions::default()).unwrap();
                let waits = interrupted;
                let ended = seal_until(world, &lake, 1, Some(waits)).await;
                assert_reads(&lake, &written).await;
                fs::write(copied.join("owner-00000002"), "{}").unwrap();
                seal_until(world, &lake, 2, None).await;
                let archive = assert_reads(&lake, &written).await;
                let life = archive.lives().next().unwrap();
                assert_eq!(life.pieces.len(), 1, "after {waits} waits");
                // Each where its manifest says, and no others.
                let named = life
                    .sealed
                    .iter()
                    .filter_map(|sealed| sealed.segment.as_ref());
                let named: BTreeSet<String> =
                    named.map(|segment| segment.name.to_string()).collect();
                assert_eq!(
                    files_below(&copied, "segment"),
                    named,
                    "after {waits} waits"
                );
                if ended {
                    break;
                }
                interrupted += 1;
            }
            assert!(interrupted > 20, "{interrupted}");
        })
        .await;
}

/// Seals until there is nothing more to do, or until it has waited so often: whether it ended.
async fn seal_until(world: &World, lake: &Lake, epoch: u64, waits: Option<u32>) -> bool {
    let mut settings = eager(world).seal;
    settings.limits.times = hours();
    let directory = "/app.log".parse().unwrap();
    let mut sealer = Sealer::new(
        Store::new(lake.clone(), directory),
        settings.source("app.log"),
        settings,
        SealCounters::default(),
    );
    let mut work =
        pin!(async { while sealer.work(Epoch(epoch)).await.unwrap() == Worked::Something {} });
    let mut waited = 0;
    std::future::poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(()) => Poll::Ready(true),
        Poll::Pending if waits == Some(waited) => Poll::Ready(false),
        Poll::Pending => {
            waited += 1;
            Poll::Pending
        }
    })
    .await
}

async fn assert_reads(lake: &Lake, written: &str) -> Archive {
    let directory = "/app.log".parse().unwrap();
    let archive = Archive::open(lake, &directory).await.unwrap();
    let life = archive.lives().next().unwrap().sidecar.life;
    let bytes = archive.read_life(life).await.unwrap();
    assert!(bytes == written.as_bytes());
    archive
}
