//! An extract of an archive: it proves itself, and that nothing of its range was left out.

use crate::auditing::{Archived, Copy, copy_files, names};
use comptoir_logship::archive::signature::SignedFile;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

/// In the middle of the first life, over several segments' borders.
const RANGE: [&str; 4] = [
    "--from",
    "2026-11-21T00:03:00Z",
    "--to",
    "2026-11-21T00:07:30Z",
];

fn run(archived: &Archived, arguments: &[&str]) -> (String, Output) {
    let mut command = archived.world.program(&["audit"]);
    let output = command.args(arguments).output().unwrap();
    (String::from_utf8_lossy(&output.stdout).into_owned(), output)
}

/// An extract of a range.
fn extract(archived: &Archived, range: &[&str], name: &str) -> (PathBuf, String) {
    let path = archived.world.directory.path().join(name);
    let to = path.to_str().unwrap().to_owned();
    let arguments = [&["extract", "--output", &to], range].concat();
    let anchor = archived.anchors.to_str().unwrap();
    let (said, output) = run(archived, &[&arguments[..], &["--anchor", anchor]].concat());
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}{errors}");
    (path, said)
}

fn verify(archived: &Archived, extract: &Path) -> (Value, Option<i32>) {
    let key = archived.public_key.to_str().unwrap();
    let extract = extract.to_str().unwrap();
    let (said, output) = run(
        archived,
        &["verify", extract, "--json", "--public-key", key],
    );
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = serde_json::from_str(&said).expect(&errors);
    (report, output.status.code())
}

fn found(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap();
    let words = |finding: &Value| {
        let (kind, file) = (finding["kind"].as_str(), finding["file"].as_str());
        format!("{} {}", kind.unwrap(), file.unwrap())
    };
    findings.iter().map(words).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extract_proves_itself_without_the_archive() {
    let archived = Archived::new().await;
    let (path, said) = extract(&archived, &RANGE, "extract");
    let text = fs::read_to_string(path.join("text/app.log")).unwrap();
    let cat = run(&archived, &[&["cat"], &RANGE[..]].concat()).0;
    assert_eq!(text.lines().count(), 271);
    assert!(text == cat);
    assert!(said.contains("app.log: 271 lines; "), "{said}");
    assert!(said.contains(" bytes are not sealed yet"), "{said}");
    let source = path.join("archive/app.log");
    let taken = names(&source, "segment-");
    let all = names(&archived.directory, "segment-");
    assert!(!taken.is_empty() && taken.len() < all.len(), "{taken:?}");
    assert_eq!(
        names(&source, "manifest-"),
        names(&archived.directory, "manifest-")
    );
    // The archive is gone.
    let copy = archived.world.directory.path().join("gone");
    fs::rename(&archived.directory, copy).unwrap();
    let (report, code) = verify(&archived, &path);
    assert_eq!((found(&report), code), (vec![], Some(0)), "{report}");
    assert_eq!(report["lines"], 271);
    assert_eq!(report["segments"], taken.len());
    assert_eq!(report["anchored"], report["manifests"]);
    assert_eq!(report["asked"]["from"], RANGE[1]);
    let (said, _) = run(&archived, &["verify", path.to_str().unwrap()]);
    assert!(
        said.contains("verdict   genuine, and nothing of the range was left out"),
        "{said}"
    );
    assert!(
        said.contains("covers    lines from 2026-11-21T00:03:00Z to 2026-11-21T00:07:30Z"),
        "{said}"
    );
    assert!(said.contains("no public key was given"), "{said}");
    // OpenSSL takes its key, too.
    let pem = fs::read_to_string(path.join("keys/app.log/key-1.pem")).unwrap();
    assert_eq!(pem, fs::read_to_string(&archived.public_key).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_level_its_lines_are_taken_as_a_search_finds_them() {
    let archived = Archived::new().await;
    let range = [&["--level", "error", "--life", "1"], &RANGE[..2]].concat();
    let (path, _) = extract(&archived, &range, "errors");
    let text = fs::read_to_string(path.join("text/app.log")).unwrap();
    let search = [&["search", "."], &range[..]].concat();
    assert_eq!(text, run(&archived, &search).0);
    assert_eq!(text.lines().count(), 130);
    assert_eq!(verify(&archived, &path).1, Some(0));
}

/// What is done to an extract, and what has to be found.
type Damage<'a> = (&'a str, Box<dyn Fn(&Path) + 'a>, Vec<String>);

#[tokio::test(flavor = "multi_thread")]
async fn each_damage_to_an_extract_is_named() {
    let archived = Archived::new().await;
    let (whole, _) = extract(&archived, &RANGE, "extract");
    let segments = names(&whole.join("archive/app.log"), "segment-");
    let first = segments[0].clone();
    let archive = |path: &Path, name: &str| path.join("archive/app.log").join(name);
    let text = |path: &Path| path.join("text/app.log");
    let head = names(&whole.join("anchor/app.log"), "head-").remove(0);
    let last = head.replace("head", "manifest");
    let damages: Vec<Damage> = vec![
        ("nothing", Box::new(|_| ()), vec![]),
        (
            "a bit of a segment",
            Box::new(|path| Copy::flip(&archive(path, &first), 300)),
            vec![format!("altered {first}")],
        ),
        (
            "a segment is left out",
            Box::new(|path| fs::remove_file(archive(path, &first)).unwrap()),
            vec![format!("missing {first}")],
        ),
        (
            "a bit of a manifest",
            Box::new(|path| Copy::flip(&archive(path, "manifest-00000001"), 200)),
            vec!["altered manifest-00000001".to_owned()],
        ),
        (
            "the newest manifest is left out",
            Box::new(|path| fs::remove_file(archive(path, &last)).unwrap()),
            vec![format!("truncated {last}")],
        ),
        (
            "a bit of the text",
            Box::new(|path| Copy::flip(&text(path), 4000)),
            vec!["altered text/app.log".to_owned()],
        ),
        (
            "a line is added to the text",
            Box::new(|path| {
                let more = fs::read_to_string(text(path)).unwrap() + "2026-11-21T00:07:30Z INFO\n";
                fs::write(text(path), more).unwrap();
            }),
            vec!["altered text/app.log".to_owned()],
        ),
        (
            "the text is cut",
            Box::new(|path| {
                let text_there = fs::read(text(path)).unwrap();
                fs::write(text(path), &text_there[..9000]).unwrap();
            }),
            vec!["altered text/app.log".to_owned()],
        ),
        (
            "the text is gone",
            Box::new(|path| fs::remove_file(text(path)).unwrap()),
            vec!["missing text/app.log".to_owned()],
        ),
        (
            "it claims a wider range",
            Box::new(|path| {
                let json = fs::read_to_string(path.join("extract.json")).unwrap();
                let wider = json.replace(RANGE[3], "2026-11-21T00:15:00Z");
                fs::write(path.join("extract.json"), wider).unwrap();
            }),
            vec!["missing segment-".to_owned()],
        ),
    ];
    for (damage, damage_it, expected) in damages {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("extract");
        copy_extract(&whole, &path);
        damage_it(&path);
        let (report, code) = verify(&archived, &path);
        let found = found(&report);
        for expected in &expected {
            let is_named = found.iter().any(|finding| finding.starts_with(expected));
            assert!(is_named, "{damage}: {report}");
        }
        assert_eq!(found.is_empty(), expected.is_empty(), "{damage}: {report}");
        assert_eq!(code, Some(i32::from(!expected.is_empty())), "{damage}");
        if damage == "a bit of the text" {
            let detail = report["findings"][0]["detail"].as_str().unwrap();
            assert!(detail.starts_with("from byte 4000 on"), "{detail}");
        }
    }
}

fn copy_extract(from: &Path, to: &Path) {
    for directory in ["archive/app.log", "anchor/app.log", "keys/app.log", "text"] {
        copy_files(&from.join(directory), &to.join(directory));
    }
    fs::copy(from.join("extract.json"), to.join("extract.json")).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extract_is_not_written_over_something_and_what_is_none_is_refused() {
    let archived = Archived::new().await;
    let (path, _) = extract(&archived, &RANGE, "extract");
    let to = path.to_str().unwrap();
    let (_, output) = run(&archived, &["extract", "--output", to]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("is there already and not empty\nhint: "),
        "{said}"
    );
    fs::remove_file(path.join("extract.json")).unwrap();
    let (_, output) = run(&archived, &["verify", to]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("is no extract: "), "{said}");
    assert_eq!(output.status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_segment_just_its_bytes_are_taken() {
    let archived = Archived::new().await;
    let (path, said) = extract(&archived, &["--segments", "2"], "second");
    assert!(said.contains("; 1 segments of "), "{said}");
    let manifest = fs::read(path.join("archive/app.log/manifest-00000002")).unwrap();
    let body: Value = serde_json::from_slice(SignedFile::parse(&manifest).unwrap().body).unwrap();
    let at = |key: &str| usize::try_from(body["entry"][key].as_u64().unwrap()).unwrap();
    let text = fs::read_to_string(path.join("text/app.log")).unwrap();
    assert_eq!(body["entry"]["life"], 1);
    assert!(text == archived.written[0][at("start")..at("end")]);
    assert_eq!(verify(&archived, &path).1, Some(0));
    let (said, _) = run(&archived, &["verify", path.to_str().unwrap()]);
    assert!(
        said.contains("lines of all times, of segments 2, as of"),
        "{said}"
    );
    // With a range of time, what is in both.
    let range = [&["--segments", "1-2"], &RANGE[..]].concat();
    let (path, _) = extract(&archived, &range, "both");
    assert_eq!(verify(&archived, &path).1, Some(0));
    let segment = names(&path.join("archive/app.log"), "segment-").remove(0);
    fs::remove_file(path.join("archive/app.log").join(&segment)).unwrap();
    let (report, _) = verify(&archived, &path);
    assert_eq!(found(&report), [format!("missing {segment}")]);
    let (_, output) = run(
        &archived,
        &["extract", "--segments", "9-7", "--output", "x"],
    );
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("as 7 or 7-9"), "{said}");
}
