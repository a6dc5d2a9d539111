use comptoir_model::app_log::{AppLogLine, LINE_BYTES_MAX, Level};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn line(time: &str, level: Level, component: &str) -> String {
    let line = AppLogLine::new(
        time.parse().unwrap(),
        level,
        component.parse().unwrap(),
        "a\nb",
    );
    line.with("rows", 3_u64).to_string() + "\n"
}

fn comptoir_logship(arguments: &[&str], directory: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_comptoir-logship"))
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn counts_lines_of_a_log_and_its_rotated_sibling() {
    let directory = tempfile::tempdir().unwrap();
    let rotated = line("2026-11-21T13:00:00.5Z", Level::Info, "web")
        + &line("2026-11-21T13:00:01Z", Level::Error, "batch");
    fs::write(directory.path().join("app.log.1"), rotated).unwrap();
    let current = line("2026-11-21T12:59:59Z", Level::Info, "web");
    fs::write(directory.path().join("app.log"), current).unwrap();
    let output = comptoir_logship(&["check", "app.log.1", "app.log"], directory.path());
    let words: Vec<Vec<&str>> = text(&output.stdout)
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        words,
        [
            vec!["whole", "lines", "3"],
            vec!["malformed", "0"],
            vec!["earliest", "2026-11-21T12:59:59.000000Z"],
            vec!["latest", "2026-11-21T13:00:01.000000Z"],
            vec![],
            vec!["component", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"],
            vec!["batch", "1", "0", "0", "0", "0"],
            vec!["web", "0", "0", "2", "0", "0"],
        ]
    );
    assert_eq!((text(&output.stderr), output.status.code()), ("", Some(0)));
}

#[test]
fn names_line_and_byte_of_what_is_malformed() {
    let directory = tempfile::tempdir().unwrap();
    let good = line("2026-11-21T13:00:00Z", Level::Warn, "speed");
    let long = "x".repeat(3 * LINE_BYTES_MAX);
    let log = format!(
        "{good}2026-11-21 plain text\n{good}{long}\n{good}{}",
        &good[..20]
    );
    fs::write(directory.path().join("app.log"), log).unwrap();
    let output = comptoir_logship(&["check", "app.log"], directory.path());
    let faults: Vec<&str> = text(&output.stderr).lines().collect();
    let byte = |goods: usize, bytes: usize| goods * good.len() + bytes;
    for (fault, beginning) in faults.iter().zip([
        format!("app.log:2: byte {}: not a line of an app.log: ", byte(1, 0)),
        format!(
            "app.log:4: byte {}: 1572864 bytes are too long",
            byte(2, 22)
        ),
        format!(
            "app.log:6: byte {}: the file ends inside",
            byte(3, 22 + long.len() + 1)
        ),
    ]) {
        assert!(fault.starts_with(&beginning), "{fault}\n{beginning}");
    }
    assert_eq!((faults.len(), output.status.code()), (3, Some(1)));
    assert!(
        text(&output.stdout).starts_with("whole lines            3\nmalformed              3\n")
    );
}

#[test]
fn says_which_file_can_not_be_opened() {
    let directory = tempfile::tempdir().unwrap();
    let output = comptoir_logship(&["check", "absent.log"], directory.path());
    let message = text(&output.stderr);
    assert!(
        message.starts_with("error: can't open absent.log: "),
        "{message}"
    );
    assert!(message.contains("\nhint: "), "{message}");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn an_empty_log_is_whole() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("app.log"), "").unwrap();
    let output = comptoir_logship(&["check", "app.log"], directory.path());
    assert_eq!(
        text(&output.stdout),
        "whole lines            0\nmalformed              0\n"
    );
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn help_has_examples() {
    let directory = tempfile::tempdir().unwrap();
    let output = comptoir_logship(&["check", "--help"], directory.path());
    assert!(text(&output.stdout).contains("Examples:\n  comptoir-logship check "));
}
