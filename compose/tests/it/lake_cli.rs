//! `comptoir lake ls|cat|du`.

use crate::launcher::{comptoir, stderr_of, stdout_of};
use crate::up::imported;
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

    let part = "/user/sqoop/sales/part-m-00000";
    let shown = lake(dir.path(), &["cat", part, part]).stdout;
    let file = dir
        .path()
        .join(".comptoir/lake/user/sqoop/sales/part-m-00000");
    assert_eq!(shown, std::fs::read(file).unwrap().repeat(2));
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
    }
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
