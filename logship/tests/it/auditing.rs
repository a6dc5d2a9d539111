//! An archive that is damaged in every way that comes to mind: each is named, and the untouched
//! copy passes. The verifier in Python, written from FORMAT.md alone, has to say the same.

use crate::sealing::{directory, hours, text};
use crate::world::{DEADLINE, Running, World, on_both};
use comptoir_lake::LakeOptions;
use comptoir_logship::seal::anchor::Anchor;
use comptoir_logship::seal::{SealLimits, Times};
use jiff::SignedDuration;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// A sealed archive with two lives, its public key, and its kept heads.
pub(crate) struct Archived {
    pub(crate) world: World,
    /// Of the source.
    pub(crate) directory: PathBuf,
    pub(crate) public_key: PathBuf,
    pub(crate) anchors: PathBuf,
    /// What the source held, the older life first.
    pub(crate) written: [String; 2],
}

/// Pieces are sealed as soon as they can be.
pub(crate) fn at_once(segment_bytes: u64) -> SealLimits {
    SealLimits {
        bytes: segment_bytes,
        age: SignedDuration::ZERO,
        every: Duration::from_millis(30),
        ..SealLimits::default()
    }
}

impl Archived {
    /// Some segments of one frame each.
    pub(crate) async fn new() -> Self {
        Self::of(700, 16 * 1024, at_once(40 * 1024)).await
    }

    /// Two lives with so many lines each.
    pub(crate) async fn of(lines: u32, piece_bytes: u64, limits: SealLimits) -> Self {
        let written = [text(0..lines), text(lines..2 * lines)];
        Self::with(written, piece_bytes, limits).await
    }

    /// The older life first.
    pub(crate) async fn with(written: [String; 2], piece_bytes: u64, limits: SealLimits) -> Self {
        Self::made(written, piece_bytes, limits, Times::default()).await
    }

    /// Its segments lie in directories of hours.
    pub(crate) async fn hourly(written: [String; 2]) -> Self {
        Self::made(written, 16 * 1024, at_once(40 * 1024), hours()).await
    }

    async fn made(
        written: [String; 2],
        piece_bytes: u64,
        limits: SealLimits,
        times: Times,
    ) -> Self {
        let has_hours = times != Times::default();
        let world = World::local();
        world.append(&written[0]);
        let anchors = world.directory.path().join("anchors");
        let mut request = world.request();
        request.limits.piece_bytes = piece_bytes;
        request.seal.limits = limits;
        request.sources[0].times = times;
        let place = anchors.to_str().unwrap();
        request.seal.anchor = Some(Anchor::open(place, LakeOptions::default()).unwrap());
        let key = request.seal.key.clone();
        let mut shipper = Running::start(request.clone(), world.lake.clone()).await;
        let length = written[0].len() as u64;
        shipper.until(|source| source.bytes == length).await;
        fs::rename(world.log(), world.sibling(1)).unwrap();
        world.append(&written[1]);
        let all = length + written[1].len() as u64;
        shipper.until(|source| source.bytes == all).await;
        world
            .archived(|lives| {
                let [(first, _), (second, bytes)] = lives else {
                    return false;
                };
                let is_over = first.sealed.iter().any(|sealed| sealed.ended.is_some());
                is_over && bytes.len() == written[1].len() && second.pieces.len() == 1
            })
            .await;
        let directory = directory(&world);
        let kept = anchors.join("app.log");
        let last = async {
            loop {
                let manifests = names(&directory, "manifest-");
                let heads = names(&kept, "head-");
                let number = |names: &[String]| Some(names.last()?.rsplit_once('-')?.1.to_owned());
                let swept = names(&directory, "piece-").len() == 1;
                let moved = !has_hours || names(&directory, "segment-").is_empty();
                if swept && moved && number(&manifests) == number(&heads) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(DEADLINE, last).await.unwrap();
        shipper.stop().await.unwrap();
        Self {
            directory,
            public_key: key.public(),
            anchors,
            world,
            written,
        }
    }

    /// The findings of `audit verify`, as `kind file`, and its exit code.
    pub(crate) fn verify(&self, copy: &Copy) -> (BTreeSet<String>, Option<i32>) {
        let (report, code) = self.verified(copy);
        let findings = report["findings"].as_array().unwrap();
        let found = findings.iter().map(|finding| {
            let file = finding["file"].as_str().unwrap();
            let file = file.rsplit('/').next().unwrap();
            format!("{} {file}", finding["kind"].as_str().unwrap())
        });
        (found.collect(), code)
    }

    /// What `audit verify --json` says, and its exit code.
    pub(crate) fn verified(&self, copy: &Copy) -> (Value, Option<i32>) {
        let mut command = self.world.program(&["audit", "verify", "--json"]);
        command
            .args(["--lake", &format!("file://{}", copy.0.path().display())])
            .args(["--target-dir", "/logs", "--public-key"])
            .arg(&self.public_key)
            .arg("--anchor")
            .arg(copy.anchors());
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let report: Value = serde_json::from_slice(&output.stdout).expect(&said);
        (report, output.status.code())
    }

    pub(crate) fn manifests(&self) -> usize {
        names(&self.directory, "manifest-").len()
    }

    /// What the verifier in Python finds.
    pub(crate) fn verify_in_python(&self, copy: &Copy) -> BTreeSet<String> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verify.py");
        let mut command = Command::new("python3");
        command.arg(script).arg(copy.source());
        command.arg("--public-key").arg(&self.public_key);
        command.arg("--anchor").arg(copy.anchors().join("app.log"));
        let output = command.output().expect("python3 is needed");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() < Some(2), "{said}");
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

/// A copy of the archive, and of its kept heads.
pub(crate) struct Copy(pub(crate) tempfile::TempDir);

impl Copy {
    pub(crate) fn of(archived: &Archived) -> Self {
        let copy = Self(tempfile::tempdir().unwrap());
        copy_files(&archived.directory, &copy.source());
        copy_files(
            &archived.anchors.join("app.log"),
            &copy.anchors().join("app.log"),
        );
        copy
    }

    /// A copy of the copy.
    pub(crate) fn again(&self) -> Self {
        let copy = Self(tempfile::tempdir().unwrap());
        copy_files(&self.source(), &copy.source());
        let kept = self.anchors().join("app.log");
        copy_files(&kept, &copy.anchors().join("app.log"));
        copy
    }

    pub(crate) fn source(&self) -> PathBuf {
        self.0.path().join("logs/app.log")
    }

    pub(crate) fn anchors(&self) -> PathBuf {
        self.0.path().join("anchors")
    }

    pub(crate) fn names(&self, kind: &str) -> Vec<String> {
        names(&self.source(), kind)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.source().join(name)
    }

    /// Flips a bit of a byte, counted from the end where it is negative.
    pub(crate) fn flip(path: &Path, at: i64) {
        let mut bytes = fs::read(path).unwrap();
        let length = i64::try_from(bytes.len()).unwrap();
        let at = if at < 0 { length + at } else { at };
        bytes[usize::try_from(at).unwrap()] ^= 1;
        fs::write(path, bytes).unwrap();
    }
}

pub(crate) fn copy_files(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_files(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

pub(crate) fn names(directory: &Path, kind: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.starts_with(kind)).collect();
    names.sort();
    names
}

fn sign_again(path: &Path) {
    use comptoir_logship::archive::manifest::Manifest;
    use comptoir_logship::archive::signature::{Purpose, SignedFile, SigningKey};
    let bytes = fs::read(path).unwrap();
    let body = SignedFile::parse(&bytes).unwrap().body;
    let manifest: Manifest = serde_json::from_slice(body).unwrap();
    let other = SigningKey::from_seed(&[1; 32]).unwrap();
    fs::write(path, other.sign(Purpose::Manifest, &manifest).unwrap()).unwrap();
}

/// What is done to a copy, and what has to be found.
type Damage<'a> = (&'a str, Box<dyn Fn(&Copy) + 'a>, Vec<String>);

#[tokio::test(flavor = "multi_thread")]
async fn each_damage_is_named_and_the_untouched_copy_passes() {
    let archived = Archived::new().await;
    let copy = Copy::of(&archived);
    let (manifests, segments) = (copy.names("manifest-"), copy.names("segment-"));
    assert!(
        manifests.len() >= 4 && segments.len() >= 3,
        "{manifests:?} {segments:?}"
    );
    let last = manifests.last().unwrap().clone();
    let last_head = last.replace("manifest", "head");
    let piece = copy.names("piece-")[0].clone();
    let [m2, m3] = [manifests[1].clone(), manifests[2].clone()];
    let [s1, s2] = [segments[0].clone(), segments[1].clone()];
    let found = |kind: &str, name: &str| format!("{kind} {name}");
    let damages: Vec<Damage> = vec![
        ("nothing", Box::new(|_| ()), vec![]),
        (
            "a bit of a segment",
            Box::new(|copy| Copy::flip(&copy.path(&s2), 300)),
            vec![found("altered", &s2)],
        ),
        (
            "a bit of the seek table",
            Box::new(|copy| Copy::flip(&copy.path(&s2), -3)),
            vec![found("altered", &s2)],
        ),
        (
            "a bit of a manifest",
            Box::new(|copy| Copy::flip(&copy.path(&m2), 200)),
            vec![found("altered", &m2)],
        ),
        (
            "a bit of the last manifest's signature",
            Box::new(|copy| Copy::flip(&copy.path(&last), -20)),
            vec![found("altered", &last), found("altered", &last_head)],
        ),
        (
            "the newline of a line in a piece",
            Box::new(|copy| Copy::flip(&copy.path(&piece), -1)),
            vec![found("altered", &piece)],
        ),
        (
            "a bit of a kept head",
            Box::new(|copy| Copy::flip(&copy.anchors().join("app.log").join(&last_head), 90)),
            vec![found("altered", &last_head)],
        ),
        (
            "a segment is gone",
            Box::new(|copy| fs::remove_file(copy.path(&s2)).unwrap()),
            vec![found("missing", &s2)],
        ),
        (
            "two segments are swapped",
            Box::new(|copy| {
                let (one, other) = (fs::read(copy.path(&s1)), fs::read(copy.path(&s2)));
                let (one, other) = (one.unwrap(), other.unwrap());
                fs::write(copy.path(&s1), other).unwrap();
                fs::write(copy.path(&s2), one).unwrap();
            }),
            vec![found("reordered", &s1), found("reordered", &s2)],
        ),
        (
            "a segment is cut",
            Box::new(|copy| {
                let bytes = fs::read(copy.path(&s1)).unwrap();
                fs::write(copy.path(&s1), &bytes[..bytes.len() - 100]).unwrap();
            }),
            vec![found("truncated", &s1)],
        ),
        (
            "a segment is there twice",
            Box::new(|copy| {
                let name = s1
                    .replace(".zst", "")
                    .rsplit_once('-')
                    .unwrap()
                    .0
                    .to_owned();
                fs::copy(copy.path(&s1), copy.path(&format!("{name}-00000abc.zst"))).unwrap();
            }),
            vec![format!(
                "doubled {}-00000abc.zst",
                s1.rsplit_once('-').unwrap().0
            )],
        ),
        (
            "a manifest is gone",
            Box::new(|copy| fs::remove_file(copy.path(&m2)).unwrap()),
            vec![found("missing", &m2)],
        ),
        (
            "the newest manifest is gone",
            Box::new(|copy| fs::remove_file(copy.path(&last)).unwrap()),
            vec![found("truncated", &last)],
        ),
        (
            "a manifest is signed again with another key",
            Box::new(|copy| sign_again(&copy.path(&m2))),
            vec![found("other_key", &m2)],
        ),
        (
            "a manifest is a copy of another",
            Box::new(|copy| {
                fs::copy(copy.path(&m2), copy.path(&m3)).unwrap();
            }),
            vec![found("doubled", &m3)],
        ),
        (
            "two manifests are swapped",
            Box::new(|copy| {
                fs::rename(copy.path(&m2), copy.path("x")).unwrap();
                fs::rename(copy.path(&m3), copy.path(&m2)).unwrap();
                fs::rename(copy.path("x"), copy.path(&m3)).unwrap();
            }),
            vec![found("reordered", &m2), found("reordered", &m3)],
        ),
        (
            "a sidecar is gone",
            Box::new(|copy| fs::remove_file(copy.path("life-000001")).unwrap()),
            vec![found("missing", "life-000001")],
        ),
        (
            "all is signed by somebody else",
            Box::new(|copy| {
                for name in copy.names("manifest-") {
                    sign_again(&copy.path(&name));
                }
            }),
            vec![],
        ),
    ];
    for (damage, damage_it, expected) in damages {
        let copy = Copy::of(&archived);
        damage_it(&copy);
        let (found, code) = archived.verify(&copy);
        let in_python = archived.verify_in_python(&copy);
        assert_eq!(found, in_python, "{damage}: left ours, right Python's");
        for expected in &expected {
            assert!(found.contains(expected), "{damage}: {found:?}");
        }
        let is_untouched = damage == "nothing";
        assert_eq!(found.is_empty(), is_untouched, "{damage}: {found:?}");
        assert_eq!(code, Some(i32::from(!is_untouched)), "{damage}");
    }
    // Of a copied directory under another name.
    let other = Copy::of(&archived);
    fs::rename(other.source(), other.0.path().join("logs/web.log")).unwrap();
    fs::rename(
        other.anchors().join("app.log"),
        other.anchors().join("web.log"),
    )
    .unwrap();
    let (found, _) = archived.verify(&other);
    assert!(found.contains("replayed manifest-00000001"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_is_followed_and_an_unknown_one_seals_nothing() {
    World::local()
        .run(async |world| {
            let mut request = world.request();
            request.limits.piece_bytes = 8 * 1024;
            request.seal.limits.age = SignedDuration::ZERO;
            request.seal.limits.every = Duration::from_millis(30);
            let key = request.seal.key.clone();
            let sealed = |count: usize| {
                move |lives: &[(comptoir_logship::archive::ArchivedLife, Vec<u8>)]| {
                    lives.iter().any(|(life, _)| life.sealed.len() >= count)
                }
            };
            world.append(&text(0..300));
            let shipper = Running::start(request, world.lake.clone()).await;
            let before = world.archived(sealed(1)).await[0].0.sealed.len();
            let (first, _) = key.rotate(jiff::Timestamp::UNIX_EPOCH).unwrap();
            world.append(&text(300..600));
            world.archived(sealed(before + 1)).await;
            shipper.stop().await.unwrap();
            let old = world.directory.path().join("old.pub");
            fs::write(&old, first.to_pem()).unwrap();
            // Either key proves the whole chain.
            for public in [old, key.public()] {
                let output = world
                    .program(&["audit", "verify", "--json", "--public-key"])
                    .arg(public)
                    .output()
                    .unwrap();
                let report: Value = serde_json::from_slice(&output.stdout).unwrap();
                assert_eq!(report["is_intact"], true, "{report}");
                assert_eq!(report["proved"]["keys"].as_array().unwrap().len(), 2);
            }
            // A key that nothing vouches for.
            fs::remove_file(key.private()).unwrap();
            key.create().unwrap();
            let stranger = world
                .program(&["audit", "verify", "--public-key"])
                .arg(key.public())
                .output()
                .unwrap();
            assert_eq!(stranger.status.code(), Some(1));
            let said = String::from_utf8(stranger.stdout).unwrap();
            assert!(
                said.contains("no manifest is signed with the given key"),
                "{said}"
            );
        })
        .await;
}

on_both!(the_archive_is_verified_where_it_lies_while_it_is_shipped);

/// On a local directory and on HDFS, with the shipper running: what it does meanwhile is no finding.
async fn the_archive_is_verified_where_it_lies_while_it_is_shipped(world: &World) {
    let anchors = world.directory.path().join("anchors");
    let mut request = world.request();
    request.limits.piece_bytes = 16 * 1024;
    request.limits.piece_age = Duration::from_millis(100);
    request.seal.limits.bytes = 40 * 1024;
    request.seal.limits.age = SignedDuration::ZERO;
    request.seal.limits.every = Duration::from_millis(20);
    let place = anchors.to_str().unwrap();
    request.seal.anchor = Some(Anchor::open(place, LakeOptions::default()).unwrap());
    let key = request.seal.key.clone();
    key.create().unwrap();
    let mut shipper = Running::start(request, world.lake.clone()).await;
    let proved = || {
        let mut command = world.program(&["audit", "verify", "--json", "--source", "app.log"]);
        command.arg("--public-key").arg(key.public());
        command.arg("--anchor").arg(&anchors);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let report: Value = serde_json::from_slice(&output.stdout).expect(&said);
        // The first head may not be kept yet.
        let findings = report["findings"].as_array().unwrap();
        let of_archive = findings
            .iter()
            .filter(|finding| finding["file"] != "anchor");
        assert_eq!(of_archive.count(), 0, "{report}");
        report["proved"]["bytes"].as_u64().unwrap()
    };
    let mut length = 0;
    for round in 0..5 {
        let text = text(round * 500..(round + 1) * 500);
        world.append(&text);
        length += text.len() as u64;
        shipper.until(|source| source.bytes == length).await;
        proved();
    }
    let waiting = async {
        while proved() < length / 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(DEADLINE, waiting).await.unwrap();
    shipper.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_of_the_same_bytes_are_no_copies_of_one_another() {
    let same = |line: &str| format!("{line:.<63}\n").repeat(256 * 7);
    let archived = Archived::with([same("one"), same("two")], 16 * 1024, at_once(32 * 1024)).await;
    let copy = Copy::of(&archived);
    let bytes = |name: &String| fs::read(copy.path(name)).unwrap();
    let different: BTreeSet<_> = copy.names("segment-").iter().map(bytes).collect();
    assert!(different.len() < copy.names("segment-").len());
    assert_eq!(archived.verify(&copy), (BTreeSet::new(), Some(0)));
    assert_eq!(archived.verify_in_python(&copy), BTreeSet::new());
}
