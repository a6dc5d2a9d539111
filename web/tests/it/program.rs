//! The binary: its exit codes and what it says on stderr.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

fn program(directory: &tempfile::TempDir, arguments: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_comptoir-web"));
    program
        .args(arguments)
        .current_dir(directory.path())
        .env_clear()
        .stderr(Stdio::piped());
    program
}

#[test]
fn refuses_to_be_reached_from_elsewhere_unless_told() {
    let directory = tempfile::tempdir().unwrap();
    let ended = program(&directory, &["--listen", "0.0.0.0:0"])
        .output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(2));
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(said.starts_with("error: --listen"), "{said}");
    assert!(said.contains("web.allow_remote = true"), "{said}");
}

#[test]
fn says_where_it_listens_and_ends_well_when_told_to() {
    let directory = tempfile::tempdir().unwrap();
    let mut running = program(&directory, &["--listen", "127.0.0.1:0"])
        .spawn()
        .unwrap();
    let mut said = BufReader::new(running.stderr.take().unwrap()).lines();
    let listening = said.any(|line| line.unwrap().contains("listening on http://127.0.0.1:"));
    assert!(listening);
    let id = running.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .unwrap()
            .success()
    );
    assert!(said.any(|line| line.unwrap().contains("stopped")));
    assert!(running.wait().unwrap().success());
}
