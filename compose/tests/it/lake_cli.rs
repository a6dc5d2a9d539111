//! `comptoir lake ls|cat|du`.

use crate::launcher::{comptoir, stderr_of, stdout_of};
use crate::up::imported;
use serde_json::Value;
use std::io::Read;
use std::path::Path;
use std::process::{Output, Stdio};

fn lake(dir: &Path, arguments: &[&str]) -> Output {
    comptoir(dir).arg("lake").args(arguments).output().unwrap()
}

#[tokio::test]
async fn lists_shows_and_adds_up_what_was_imported() {
    let dir = imported().await;
    let listed = stdout_of(&lake(dir.path(), &["ls", "/user/sqoop/sales"]));
    let columns: Vec<Vec<_>> = listed
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    let names: Vec<_> = columns
        .iter()
        .map(|columns| *columns.last().unwrap())
        .collect();
    assert!(names.contains(&"/user/sqoop/sales/_SUCCESS"), "{listed}");
    assert!(
        names.contains(&"/user/sqoop/sales/part-m-00003"),
        "{listed}"
    );

    let bytes: u64 = columns
        .iter()
        .map(|columns| columns[1].parse::<u64>().unwrap())
        .sum();
    let added = stdout_of(&lake(dir.path(), &["du", "/user/sqoop/sales"]));
    assert_eq!(
        added.lines().last().unwrap().trim(),
        format!("{bytes} total")
    );

    json_says_the_same(dir.path(), bytes);

    let part = "/user/sqoop/sales/part-m-00000";
    let shown = lake(dir.path(), &["cat", part, part]).stdout;
    let file = dir
        .path()
        .join(".comptoir/lake/user/sqoop/sales/part-m-00000");
    assert_eq!(shown, std::fs::read(file).unwrap().repeat(2));
}

/// Each line is an object; the rows are those of the sample, which has a line of names.
fn json_says_the_same(dir: &Path, bytes: u64) {
    let objects = |command: &str| -> Vec<Value> {
        let output = lake(dir, &[command, "/user/sqoop/sales", "--json"]);
        let lines = stdout_of(&output);
        lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let listed = objects("ls");
    let sum = |field: &str| -> u64 { listed.iter().filter_map(|it| it[field].as_u64()).sum() };
    let sample = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../datasets/sales_data_sample.csv"
    );
    let rows = csv::ReaderBuilder::new()
        .from_path(sample)
        .unwrap()
        .into_byte_records()
        .count();
    assert_eq!((sum("rows"), sum("bytes")), (rows as u64, bytes));
    let success = listed.iter().find(|entry| {
        let path = entry["path"].as_str().unwrap();
        path.ends_with("/_SUCCESS")
    });
    assert_eq!(success.unwrap()["rows"], Value::Null);
    let added = objects("du");
    let last = added.last().unwrap();
    assert_eq!(
        *last,
        serde_json::json!({ "path": "/user/sqoop/sales", "bytes": bytes })
    );

    // One file has the rows that the manifest beside it says.
    let part = "/user/sqoop/sales/part-m-00000";
    let one = stdout_of(&lake(dir, &["ls", part, "--json"]));
    let one: Value = serde_json::from_str(&one).unwrap();
    let same = listed.iter().find(|entry| entry["path"] == part);
    assert_eq!(Some(&one), same);
}

#[test]
fn names_what_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    for command in ["ls", "cat", "du"] {
        let output = lake(dir.path(), &[command, "/user/nowhere"]);
        assert_eq!(output.status.code(), Some(1), "{command}");
        assert!(
            stderr_of(&output).contains("/user/nowhere"),
            "{}",
            stderr_of(&output)
        );
        assert!(stderr_of(&output).contains("hint: "), "{command}");
    }
}

#[test]
fn a_directory_is_no_file() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join(".comptoir/lake/gold")).unwrap();
    let output = lake(dir.path(), &["cat", "/gold"]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr_of(&output);
    assert!(said.contains("/gold is a directory\nhint: "), "{said}");
}

#[test]
fn refuses_a_path_that_is_none() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(lake(dir.path(), &["ls", "user"]).status.code(), Some(2));
}

#[tokio::test]
async fn a_reader_that_has_seen_enough_is_no_error() {
    let dir = imported().await;
    let many = ["/user/sqoop/sales/part-m-00000"; 20];
    let mut child = comptoir(dir.path())
        .args(["lake", "cat"])
        .args(many)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0]).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", stderr_of(&output));
}
