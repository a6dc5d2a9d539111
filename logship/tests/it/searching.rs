//! Reading a sealed archive as an auditor does: lines by time, level and pattern, gaps, and local
//! files held against it.

use crate::auditing::Archived;
use comptoir_logship::archive::digest::Digest;
use comptoir_logship::seal::SealLimits;
use serde_json::Value;
use std::fs;
use std::process::Output;
use std::time::Duration;

fn run(archived: &Archived, arguments: &[&str]) -> (String, Output) {
    let arguments: Vec<&str> = ["audit"].iter().chain(arguments).copied().collect();
    let output = archived.world.program(&arguments).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (text, output)
}

#[tokio::test(flavor = "multi_thread")]
async fn finds_what_grep_finds_and_reads_only_what_may_hold_it() {
    // Of four pieces each, the first three are a segment, whenever they are sealed.
    let limits = SealLimits {
        pieces: 3,
        every: Duration::from_millis(30),
        ..SealLimits::default()
    };
    let archived = Archived::of(40_000, 1 << 20, limits).await;
    let whole = archived.written.concat();
    assert!(run(&archived, &["cat"]).0 == whole);
    let lines = |is_asked: &dyn Fn(&str) -> bool| -> String {
        let asked = whole.split_inclusive('\n').filter(|line| is_asked(line));
        asked.collect()
    };
    let (text, output) = run(&archived, &["search", "order 1?23 "]);
    assert_eq!(
        text,
        lines(&|line| line.contains("order 123 ") || line.contains("order 23 "))
    );
    assert!(output.status.success());
    let range = [
        "--from",
        "2026-11-21T02:05:00Z",
        "--to",
        "2026-11-21T02:05:59Z",
    ];
    let is_in_range = |line: &str| line.starts_with("2026-11-21T02:05:");
    let cat = [&["cat"], &range[..]].concat();
    assert_eq!(run(&archived, &cat).0, lines(&is_in_range));
    let errors = [&["search", ".", "--level", "warn"], &range[..]].concat();
    let (text, output) = run(&archived, &errors);
    let is_urgent = |line: &str| line.contains(" WARN ") || line.contains(" ERROR ");
    assert_eq!(text, lines(&|line| is_in_range(line) && is_urgent(line)));
    let said = String::from_utf8(output.stderr).unwrap();
    let numbers: Vec<usize> = said
        .split(' ')
        .filter_map(|word| word.parse().ok())
        .collect();
    assert_eq!(numbers[1], whole.len(), "{said}");
    // Its own frame, the last frame of each segment (it ends inside a line), and the open end.
    assert!(
        numbers[0] * 10 < numbers[1] * 6,
        "too much was read: {said}"
    );
    // Lines around, counts and JSON.
    let (text, _) = run(&archived, &["search", "order 500 ", "-C", "1"]);
    let around = |line: &str| {
        ["499", "500", "501"]
            .iter()
            .any(|n| line.contains(&format!("order {n} ")))
    };
    assert_eq!(text, lines(&around));
    let count = [&["search", "ERROR", "--count-by-minute"], &range[..]].concat();
    assert_eq!(run(&archived, &count).0, "2026-11-21T02:05Z         15\n");
    let (text, _) = run(&archived, &["search", "--json", "order 79999 "]);
    let found: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (found["life"].as_u64(), found["level"].as_str()),
        (Some(2), Some("ERROR"))
    );
    let offset = usize::try_from(found["offset"].as_u64().unwrap()).unwrap();
    let line = found["line"].as_str().unwrap();
    assert!(archived.written[1][offset..].starts_with(line));
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_local_files_against_the_archive() {
    let archived = Archived::new().await;
    let log = archived.world.log();
    let (sibling, path) = (archived.world.sibling(1), |name: &str| {
        log.with_file_name(name)
    });
    let written = &archived.written[0];
    fs::write(path("cut"), &written[..9000]).unwrap();
    fs::write(path("more"), written.clone() + "more\n").unwrap();
    fs::write(
        path("changed"),
        written.replacen("order 300 ", "order 301 ", 1),
    )
    .unwrap();
    fs::write(path("other"), "something else\n").unwrap();
    let at = written.find("order 300 ").unwrap() + "order 30".len();
    for (file, code, expected) in [
        (
            log.clone(),
            0,
            "archived as life 2 of app.log, all".to_owned(),
        ),
        (sibling, 0, "archived as life 1 of app.log, all".to_owned()),
        (
            path("cut"),
            0,
            format!("the archive goes on to byte {}", written.len()),
        ),
        (
            path("more"),
            1,
            format!("up to byte {}; the rest is not", written.len()),
        ),
        (
            path("changed"),
            1,
            format!("differs from life 1 of app.log at byte {at}"),
        ),
        (
            path("other"),
            1,
            "no archived log begins like it".to_owned(),
        ),
    ] {
        let (text, output) = run(&archived, &["compare", file.to_str().unwrap()]);
        assert!(text.contains(&expected), "{text} instead of {expected}");
        assert_eq!(output.status.code(), Some(code), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_the_chain_and_its_head() {
    let archived = Archived::new().await;
    let (text, _) = run(&archived, &["ls"]);
    let entries: Vec<Vec<&str>> = (text.lines().skip(2))
        .map(|line| line.split_whitespace().collect())
        .collect();
    let number = |word: &str| word.parse::<u64>().unwrap();
    let lines: u64 = entries
        .iter()
        .filter(|words| words[1] == "1")
        .map(|words| number(words[4]))
        .sum();
    assert_eq!(lines, 700);
    let head = run(&archived, &["head"]).0;
    let (sum, name) = head.trim().split_once("  ").unwrap();
    let manifest = archived
        .directory
        .join(name.strip_prefix("app.log/").unwrap());
    let bytes = fs::read(manifest).unwrap();
    assert_eq!(sum, Digest::of(&bytes).to_string());
    assert_eq!(name, format!("app.log/manifest-{:08}", entries.len()));
    assert_eq!(run(&archived, &["gaps"]).0, "");
}
