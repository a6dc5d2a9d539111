//! What is too old expires: a signed entry of the chain says so, and from then on nobody takes it for
//! lost: neither the audit, nor who reads, nor the shipper.

use crate::auditing::{Archived, Copy, at_once, copy_files, names};
use crate::sealing::{directory, eager, files_below, text};
use crate::world::{Running, World, on_both};
use comptoir_lake::{Lake, LakeOptions};
use comptoir_logship::archive::digest::Digest;
use comptoir_logship::archive::manifest::{Entry, Manifest};
use comptoir_logship::archive::signature::{Purpose, SignedFile, SigningKey};
use comptoir_logship::archive::tombstone::ExpiredSegment;
use comptoir_logship::archive::{Archive, ArchivedLife};
use comptoir_logship::audit::extract::{Asked, Place, extract, verify_extract};
use comptoir_logship::audit::verify::Progress;
use comptoir_logship::audit::{VerifyOptions, verify};
use comptoir_logship::seal::expire::{Expiry, Mode, expire};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::pin::pin;
use std::process::Output;
use std::task::Poll;

on_both!(
    a_shipper_goes_on_behind_what_expired_and_ships_none_of_it_again,
    a_shipper_and_an_expiry_work_side_by_side,
);

/// Of lines of the year 2020, so that they are old on every clock.
fn old(lines: std::ops::Range<u32>) -> String {
    text(lines).replace("2026-11-21", "2020-11-21")
}

/// Lines of the first life are older than this.
const FIRST_LIFE: &str = "2020-11-21T00:11:40Z";

async fn archived() -> Archived {
    let written = [old(0..700), old(700..1400)];
    Archived::with(written, 16 * 1024, at_once(40 * 1024)).await
}

fn run(archived: &Archived, copy: &Copy, arguments: &[&str]) -> (String, Output) {
    let mut command = archived.world.program(&["audit"]);
    command
        .args(arguments)
        .args(["--lake", &format!("file://{}", copy.0.path().display())])
        .args(["--target-dir", "/logs"]);
    let output = command.output().unwrap();
    (String::from_utf8_lossy(&output.stdout).into_owned(), output)
}

/// Lets what was written before a time expire in a copy.
fn expire_in(archived: &Archived, copy: &Copy, before: &str) -> (String, Output) {
    let anchors = copy.anchors();
    let key = archived.world.request().seal.key;
    let arguments = ["expire", "--before", before, "--anchor"];
    let arguments = [&arguments[..], &[anchors.to_str().unwrap(), "--key"]].concat();
    let key = key.private().to_str().unwrap().to_owned();
    run(archived, copy, &[&arguments[..], &[&key]].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_expired_is_told_from_what_was_lost() {
    let archived = archived().await;
    let copy = Copy::of(&archived);
    let (manifests, segments) = (copy.names("manifest-"), copy.names("segment-"));
    // A dry run changes nothing.
    let (said, _) = expire_in(&archived, &copy, FIRST_LIFE);
    assert!(said.contains(" lines expired by manifest "), "{said}");
    let tombstone = copy.names("manifest-").last().unwrap().clone();
    assert_eq!(copy.names("manifest-").len(), manifests.len() + 1);
    assert_eq!(
        copy.names("head-").len(),
        0,
        "heads lie in the anchor, not in the archive"
    );
    let head = tombstone.replace("manifest", "head");
    assert!(copy.anchors().join("app.log").join(head).exists());
    let left = copy.names("segment-");
    assert!(!left.is_empty() && left.len() < segments.len(), "{left:?}");
    let gone = segments.len() - left.len();
    // Nothing is wrong, and both verifiers say so.
    let (found, code) = archived.verify(&copy);
    assert_eq!((found, code), (BTreeSet::new(), Some(0)));
    assert_eq!(archived.verify_in_python(&copy), BTreeSet::new());
    let (report, _) = archived.verified(&copy);
    let expired = &report["proved"]["expired"];
    assert_eq!(expired["segments"], gone, "{report}");
    assert_eq!(expired["lines"], 700);
    assert_eq!(
        report["proved"]["lines"].as_u64().unwrap() + 700,
        sealed_lines(&copy)
    );
    // Whoever reads gets the rest, and is told.
    let (text, output) = run(&archived, &copy, &["cat"]);
    assert!(text == archived.written[1]);
    let said = String::from_utf8(output.stderr).unwrap();
    let length = archived.written[0].len();
    let told = format!("app.log: life 1: bytes 0 to {length} (700 lines) expired\n");
    assert_eq!(said, told);
    let (text, output) = run(&archived, &copy, &["search", "order 7[0-9] "]);
    assert_eq!(text, "");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with(&told), "{said}");
    // In a range that none of it lay in, there is nothing to tell.
    let later = ["cat", "--from", "2020-11-21T00:12:00Z"];
    assert_eq!(run(&archived, &copy, &later).1.stderr, b"");
    let (gaps, _) = run(&archived, &copy, &["gaps"]);
    let told = format!("app.log  life 1 (app.log)  bytes 0 to {length}  expired\n");
    assert_eq!(gaps, told);
    let (listed, _) = run(&archived, &copy, &["ls"]);
    let marked = listed.lines().filter(|line| line.contains(" expired"));
    assert_eq!(marked.count(), gone + 1, "{listed}");
    // A local file of then still has the right bytes, or not.
    let sibling = archived.world.sibling(1);
    let (same, _) = run(&archived, &copy, &["compare", sibling.to_str().unwrap()]);
    assert!(
        same.contains("archived as life 1 of app.log, all"),
        "{same}"
    );
    let changed = archived.world.log().with_file_name("changed");
    fs::write(
        &changed,
        archived.written[0].replacen("order 300 ", "order 301 ", 1),
    )
    .unwrap();
    let (differs, output) = run(&archived, &copy, &["compare", changed.to_str().unwrap()]);
    assert!(
        differs.contains("of life 1 of app.log expired, and it has others"),
        "{differs}"
    );
    assert_eq!(output.status.code(), Some(1));
    // Twice the same does nothing.
    let (said, _) = expire_in(&archived, &copy, FIRST_LIFE);
    assert!(said.contains("nothing is old enough; 0 files"), "{said}");
    assert_eq!(copy.names("manifest-").len(), manifests.len() + 1);
}

fn sealed_lines(copy: &Copy) -> u64 {
    let lines = copy.names("manifest-").into_iter().map(|name| {
        let bytes = fs::read(copy.path(&name)).unwrap();
        let body: Value = serde_json::from_slice(SignedFile::parse(&bytes).unwrap().body).unwrap();
        body["entry"]["lines"].as_u64().unwrap_or_default()
    });
    lines.sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_changes_nothing() {
    let archived = archived().await;
    let copy = Copy::of(&archived);
    let before = names(&copy.source(), "");
    let (said, output) = run(
        &archived,
        &copy,
        &["expire", "--older-than", "400d", "--dry-run"],
    );
    assert!(output.status.success());
    let segments = copy.names("segment-").len();
    assert!(
        said.contains(&format!("app.log: {segments} segments")),
        "{said}"
    );
    assert_eq!(names(&copy.source(), ""), before);
    let (_, output) = run(&archived, &copy, &["expire", "--older-than", "0d"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("hint: --older-than 400d"), "{said}");
}

/// Writes a signed file again, with the key of the archive.
fn sign_again(archived: &Archived, path: &Path, change: impl Fn(&mut Manifest)) {
    let bytes = fs::read(path).unwrap();
    let body = SignedFile::parse(&bytes).unwrap().body;
    let mut manifest: Manifest = serde_json::from_slice(body).unwrap();
    change(&mut manifest);
    let key = archived.world.request().seal.key;
    let pem = fs::read_to_string(key.private()).unwrap();
    let key = SigningKey::from_pem(&pem).unwrap();
    fs::write(path, key.sign(Purpose::Manifest, &manifest).unwrap()).unwrap();
}

/// What a tombstone would say of a segment.
fn as_expired(copy: &Copy, segment: &str) -> Value {
    let named = copy.names("manifest-").into_iter().find_map(|name| {
        let bytes = fs::read(copy.path(&name)).unwrap();
        let body = SignedFile::parse(&bytes).unwrap().body;
        let manifest: Manifest = serde_json::from_slice(body).unwrap();
        let Entry::Sealed(sealed) = &manifest.entry else {
            return None;
        };
        let expired = ExpiredSegment::of(manifest.number, sealed)?;
        (expired.name.to_string() == segment).then_some(expired)
    });
    serde_json::to_value(named.unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_damage_to_an_expired_archive_is_named() {
    let archived = archived().await;
    let whole = Copy::of(&archived);
    let segments = whole.names("segment-");
    let expired = Copy::of(&archived);
    expire_in(&archived, &expired, FIRST_LIFE);
    let left = expired.names("segment-");
    let tombstone = expired.names("manifest-").last().unwrap().clone();
    let head = expired
        .anchors()
        .join("app.log")
        .join(tombstone.replace("manifest", "head"));
    let missing = |names: &[String]| -> BTreeSet<String> {
        names.iter().map(|name| format!("missing {name}")).collect()
    };
    let gone: Vec<String> = (segments.iter())
        .filter(|name| !left.contains(name))
        .cloned()
        .collect();
    let check = |damage: &str, damage_it: &dyn Fn(&Copy), expected: &[BTreeSet<String>]| {
        let copy = expired.again();
        damage_it(&copy);
        let expected: BTreeSet<String> = expected.iter().flatten().cloned().collect();
        assert_eq!(archived.verify(&copy).0, expected, "{damage}");
        assert_eq!(archived.verify_in_python(&copy), expected, "{damage}");
    };
    let one = |finding: String| BTreeSet::from([finding]);
    check("nothing", &|_| (), &[]);
    check(
        "a segment is deleted that no tombstone names",
        &|copy| fs::remove_file(copy.path(&left[0])).unwrap(),
        &[missing(&left[..1])],
    );
    check(
        "the tombstone is removed",
        &|copy| fs::remove_file(copy.path(&tombstone)).unwrap(),
        &[one(format!("truncated {tombstone}")), missing(&gone)],
    );
    check(
        "the tombstone and its kept head are removed",
        &|copy| {
            fs::remove_file(copy.path(&tombstone)).unwrap();
            let name = head.file_name().unwrap();
            fs::remove_file(copy.anchors().join("app.log").join(name)).unwrap();
        },
        &[missing(&gone)],
    );
    check(
        "a bit of the tombstone",
        &|copy| Copy::flip(&copy.path(&tombstone), 300),
        &[
            one(format!("altered {tombstone}")),
            one(format!("altered {}", tombstone.replace("manifest", "head"))),
            missing(&gone),
        ],
    );
    check(
        "the key's owner lets the newest segment expire out of order",
        &|copy| {
            let last = as_expired(copy, left.last().unwrap());
            sign_again(&archived, &copy.path(&tombstone), |manifest| {
                let mut json = serde_json::to_value(&manifest.entry).unwrap();
                json["before"] = "2030-01-01T00:00:00Z".into();
                json["segments"].as_array_mut().unwrap().push(last.clone());
                manifest.entry = serde_json::from_value(json).unwrap();
            });
            fs::remove_file(copy.path(left.last().unwrap())).unwrap();
        },
        &[
            one(format!("altered {}", tombstone.replace("manifest", "head"))),
            missing(&left[left.len() - 1..]),
        ],
    );
    check(
        "the key's owner changes what a tombstone says",
        &|copy| {
            sign_again(&archived, &copy.path(&tombstone), |manifest| {
                let mut json = serde_json::to_value(&manifest.entry).unwrap();
                json["segments"][0]["lines"] = 1.into();
                manifest.entry = serde_json::from_value(json).unwrap();
            });
        },
        &[
            one(format!("altered {tombstone}")),
            one(format!("altered {}", tombstone.replace("manifest", "head"))),
            // Those behind it are no prefix any more.
            missing(&gone),
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loss_never_becomes_an_expiry() {
    let archived = archived().await;
    let copy = Copy::of(&archived);
    let segments = copy.names("segment-");
    fs::remove_file(copy.path(&segments[0])).unwrap();
    let (said, output) = expire_in(&archived, &copy, FIRST_LIFE);
    assert!(
        said.contains("not there as it was sealed, and not expired"),
        "{said}"
    );
    assert_eq!(output.status.code(), Some(1));
    let missing = BTreeSet::from([format!("missing {}", segments[0])]);
    assert_eq!(archived.verify(&copy).0, missing);
    // Of a chain that is damaged, nothing expires.
    let copy = Copy::of(&archived);
    Copy::flip(&copy.path(&copy.names("manifest-")[1]), 200);
    let (_, output) = expire_in(&archived, &copy, FIRST_LIFE);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("is not as it was signed: altered: manifest-00000002"),
        "{said}"
    );
    assert_eq!(copy.names("segment-"), segments);
    // Nor with another key.
    let copy = Copy::of(&archived);
    let other = copy.0.path().join("other.pem");
    comptoir_logship::seal::keys::KeyFiles::new(other.clone())
        .create()
        .unwrap();
    let arguments = ["expire", "--before", FIRST_LIFE, "--key"];
    let (_, output) = run(
        &archived,
        &copy,
        &[&arguments[..], &[other.to_str().unwrap()]].concat(),
    );
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("is signed with the key"), "{said}");
    assert_eq!(copy.names("segment-"), segments);
}

/// Everything that can be sealed is, and expires.
async fn all_expired(
    world: &World,
    is_sealed: impl Fn(&[(ArchivedLife, Vec<u8>)]) -> bool,
) -> Expiry {
    world.archived(is_sealed).await;
    let directory = world.target_dir.join("app.log").unwrap();
    let settings = world.request().seal;
    expire(
        &world.lake,
        &directory,
        &settings,
        Timestamp::MAX,
        Mode::Apply,
    )
    .await
    .unwrap()
}

async fn a_shipper_goes_on_behind_what_expired_and_ships_none_of_it_again(world: &World) {
    let (first, second) = (old(0..300), old(300..700));
    world.append(&first);
    let mut shipper = Running::start(eager(world), world.lake.clone()).await;
    shipper
        .until(|source| source.bytes == first.len() as u64)
        .await;
    fs::rename(world.log(), world.sibling(1)).unwrap();
    world.append(&second);
    let length = (first.len() + second.len()) as u64;
    shipper.until(|source| source.bytes == length).await;
    let is_over = |lives: &[(ArchivedLife, Vec<u8>)]| {
        lives.len() == 2
            && lives[0]
                .0
                .sealed
                .iter()
                .any(|sealed| sealed.ended.is_some())
    };
    world.archived(is_over).await;
    shipper.stop().await.unwrap();
    // A new owner seals what this one left.
    shipper = Running::start(eager(world), world.lake.clone()).await;
    let expiry = all_expired(world, |lives| {
        lives.iter().all(|(life, _)| life.pieces.is_empty())
    });
    assert!(expiry.await.deleted >= 2);
    shipper.stop().await.unwrap();
    // The sibling is there as a copy now, with another inode: only its bytes tell.
    let bytes = fs::read(world.sibling(1)).unwrap();
    fs::remove_file(world.sibling(1)).unwrap();
    let third = old(700..710);
    let written = [bytes, b"and written to again\n".to_vec()].concat();
    fs::write(world.sibling(2), written).unwrap();
    world.append(&third);
    shipper = Running::start(eager(world), world.lake.clone()).await;
    let lives = world
        .archived(|lives| {
            lives.len() == 3 && lives[1].1 == third.as_bytes() && !lives[2].1.is_empty()
        })
        .await;
    assert!(lives[0].1.is_empty());
    assert_eq!(lives[1].0.begin_offset(), second.len() as u64);
    // Of the copy, what was added, behind what an earlier life had.
    assert_eq!(lives[2].1, b"and written to again\n");
    assert_eq!(lives[2].0.sidecar.first, first.len() as u64);
    let gaps: usize = lives.iter().map(|(life, _)| life.gaps.len()).sum();
    assert_eq!(gaps, 0, "nothing is missing");
    // What is archived of a log does not become less.
    shipper.until(|source| source.bytes > length).await;
    shipper.stop().await.unwrap();
}

async fn a_shipper_and_an_expiry_work_side_by_side(world: &World) {
    let mut shipper = Running::start(eager(world), world.lake.clone()).await;
    let mut written = String::new();
    let mut expired = 0;
    for round in 0..6_u32 {
        let text = old(round * 400..(round + 1) * 400);
        world.append(&text);
        written += &text;
        let length = written.len() as u64;
        shipper.until(|source| source.bytes == length).await;
        let more = |lives: &[(ArchivedLife, Vec<u8>)]| {
            (lives.first()).is_some_and(|(life, _)| life.sealed.len() > life.expired)
        };
        expired += all_expired(world, more).await.deleted;
    }
    assert!(expired >= 6, "{expired}");
    let lives = world
        .archived(|lives| {
            let end = lives.first().map(|(life, _)| life.end_offset());
            end == Some(written.len() as u64)
        })
        .await;
    let (life, bytes) = &lives[0];
    let begin = usize::try_from(life.begin_offset()).unwrap();
    assert!(begin > 0 && bytes == &written.as_bytes()[begin..]);
    // A reader that was reading when it expired is told so, instead of a short log.
    let mut archive = world.archive().await.unwrap();
    let error = archive.read_from(life.sidecar.life, 0).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("expired while they were read\nhint: "),
        "{error}"
    );
    let output = world.program(&["audit", "verify"]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("nothing is missing or altered"), "{said}");
    shipper.stop().await.unwrap();
}

/// Every step of an expiry is interrupted, once before and once after it has had its effect, at each
/// point where it waits for anything. Nothing is ever missing, and the next run finishes.
#[tokio::test(flavor = "multi_thread")]
async fn an_expiry_that_is_interrupted_anywhere_is_finished_by_the_next() {
    let archived = Archived::hourly([old(0..700), old(700..1400)]).await;
    let before: Timestamp = FIRST_LIFE.parse().unwrap();
    let settings = archived.world.request().seal;
    let whole = Copy::of(&archived);
    expire_in(&archived, &whole, FIRST_LIFE);
    let left = files_below(&whole.source(), "segment-");
    // The tombstone stands, and nothing is deleted yet.
    copy_files(&archived.directory, &whole.source());
    assert_eq!(archived.verify(&whole).0, BTreeSet::new());
    assert_eq!(archived.verify_in_python(&whole), BTreeSet::new());
    let (said, _) = expire_in(&archived, &whole, FIRST_LIFE);
    assert!(said.contains("files that expired before deleted"), "{said}");
    assert_eq!(files_below(&whole.source(), "segment-"), left);
    let mut waits = 0;
    loop {
        let copy = Copy::of(&archived);
        let lake = format!("file://{}/logs", copy.0.path().display());
        let lake = Lake::open(&lake, LakeOptions::default()).unwrap();
        let path = "/app.log".parse().unwrap();
        let ended = {
            let expiry = expire(&lake, &path, &settings, before, Mode::Apply);
            until(expiry, waits).await
        };
        // With or without its head: it lies behind the last one that is kept.
        assert_eq!(
            archived.verify(&copy).0,
            BTreeSet::new(),
            "after {waits} waits"
        );
        let archive = Archive::open(&lake, &path).await.unwrap();
        let lives: Vec<&ArchivedLife> = archive.lives().collect();
        let second = archive.read_life(lives[1].sidecar.life).await.unwrap();
        assert!(second == archived.written[1].as_bytes());
        let expiry = expire(&lake, &path, &settings, before, Mode::Apply)
            .await
            .unwrap();
        assert_eq!(
            files_below(&copy.source(), "segment-"),
            left,
            "after {waits} waits"
        );
        assert_eq!(copy.names("manifest-").len(), archived.manifests() + 1);
        assert_eq!(archived.verify(&copy).0, BTreeSet::new());
        if ended {
            assert_eq!(expiry, Expiry::default());
            break;
        }
        waits += 1;
    }
    assert!(waits > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_expires_while_it_is_verified_is_not_missing() {
    let archived = archived().await;
    let copy = Copy::of(&archived);
    let lake = format!("file://{}/logs", copy.0.path().display());
    let lake = Lake::open(&lake, LakeOptions::default()).unwrap();
    let path = "/app.log".parse().unwrap();
    // The chain is judged, and no segment is read yet.
    let progress = |progress| {
        if matches!(progress, Progress::Begins(_)) {
            expire_in(&archived, &copy, FIRST_LIFE);
        }
    };
    let report = verify(&lake, &path, &VerifyOptions::default(), &progress).await;
    assert_eq!(report.unwrap().findings, []);
    // What is lost then, is.
    let left = copy.names("segment-");
    let progress = |_| drop(fs::remove_file(copy.path(&left[0])));
    let report = verify(&lake, &path, &VerifyOptions::default(), &progress).await;
    assert_eq!(report.unwrap().findings[0].file, left[0]);
}

/// Whether a future ends before it has waited so often.
async fn until<T, E: std::fmt::Debug>(
    future: impl Future<Output = Result<T, E>>,
    waits: u32,
) -> bool {
    let mut future = pin!(future);
    let mut waited = 0;
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(result) => {
            result.unwrap();
            Poll::Ready(true)
        }
        Poll::Pending if waited == waits => Poll::Ready(false),
        Poll::Pending => {
            waited += 1;
            Poll::Pending
        }
    })
    .await
}

/// The sums in a tombstone are those of the files that were deleted.
#[tokio::test(flavor = "multi_thread")]
async fn a_tombstone_names_what_was_deleted() {
    let archived = archived().await;
    let copy = Copy::of(&archived);
    expire_in(&archived, &copy, FIRST_LIFE);
    let tombstone = copy.names("manifest-").last().unwrap().clone();
    let bytes = fs::read(copy.path(&tombstone)).unwrap();
    let body: Value = serde_json::from_slice(SignedFile::parse(&bytes).unwrap().body).unwrap();
    assert_eq!(body["entry"]["kind"], "expired");
    let mut end = 0;
    for segment in body["entry"]["segments"].as_array().unwrap() {
        let name = segment["name"].as_str().unwrap();
        let stored = fs::read(directory(&archived.world).join(name)).unwrap();
        assert_eq!(segment["sha256"], Digest::of(&stored).to_string());
        assert_eq!(segment["start"], end);
        end = segment["end"].as_u64().unwrap();
    }
    assert_eq!(end, archived.written[0].len() as u64);
}

/// Before the first segment is copied, and behind it.
#[tokio::test(flavor = "multi_thread")]
async fn what_expires_while_it_is_extracted_is_told_as_expired() {
    let archived = archived().await;
    for (name, is_moment) in [
        (
            "before",
            (|progress| matches!(progress, Progress::Begins(_))) as fn(Progress) -> bool,
        ),
        ("behind", |progress| progress == Progress::Read),
    ] {
        let copy = Copy::of(&archived);
        let lake = format!("file://{}/logs", copy.0.path().display());
        let lake = Lake::open(&lake, LakeOptions::default()).unwrap();
        let path = "/app.log".parse().unwrap();
        let extracts = copy.0.path().join(name);
        let place = Place::make(&extracts).unwrap();
        let progress = |progress| {
            if is_moment(progress) {
                expire_in(&archived, &copy, FIRST_LIFE);
            }
        };
        let all = Asked::default();
        let taken = extract(&lake, &path, &all, None, &place, &progress)
            .await
            .unwrap();
        assert_eq!(taken.findings, [], "{name}");
        place
            .finish(String::new(), vec!["app.log".to_owned()], all)
            .unwrap();
        let left = copy.names("segment-");
        assert_eq!(
            names(&extracts.join("archive/app.log"), "segment-"),
            left,
            "{name}"
        );
        let covered = verify_extract(&extracts, &VerifyOptions::default())
            .await
            .unwrap();
        assert_eq!(covered[0].findings, [], "{name}");
        assert_eq!(covered[0].expired, taken.expired, "{name}");
        assert!(taken.expired > 0, "{name}");
        let text = fs::read_to_string(extracts.join("text/app.log")).unwrap();
        assert!(
            archived.written[1].starts_with(&text) && !text.is_empty(),
            "{name}"
        );
        // What is lost then, is.
        let place = Place::make(&copy.0.path().join("lost")).unwrap();
        let progress = |_| drop(fs::remove_file(copy.path(&left[0])));
        let taken = extract(&lake, &path, &all, None, &place, &progress)
            .await
            .unwrap();
        assert_eq!(taken.findings[0].file, left[0], "{name}");
    }
}
