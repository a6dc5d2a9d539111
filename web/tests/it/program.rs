//! The binary: its exit codes and what it says on stderr.

use crate::accounts::{Accounts, PASSWORD};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
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
fn refuses_to_be_reached_from_elsewhere_without_users() {
    let directory = tempfile::tempdir().unwrap();
    let ended = program(&directory, &["--listen", "0.0.0.0:0"])
        .output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(2));
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(
        said.starts_with("error: web.listen = 0.0.0.0:0: "),
        "{said}"
    );
    assert!(
        said.contains("comptoir-web user add NAME --role viewer"),
        "{said}"
    );
    assert!(
        said.contains("web.allow_remote_without_login = true"),
        "{said}"
    );
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

/// Whether it comes to listen; it is ended then.
fn listens(program: &mut Command) -> bool {
    let mut running = program.spawn().unwrap();
    let mut said = BufReader::new(running.stderr.take().unwrap()).lines();
    let listening = said.any(|line| line.unwrap().contains("listening on http://0.0.0.0:"));
    running.kill().ok();
    running.wait().unwrap();
    listening
}

#[test]
fn is_reached_from_elsewhere_once_there_are_users_or_it_is_told() {
    let accounts = Accounts::new();
    let everywhere = |accounts: &Accounts| {
        let mut program = program(&accounts.dir, &["--listen", "0.0.0.0:0"]);
        program.env("COMPTOIR_WEB_ACCESS_DIR", accounts.path());
        program
    };
    let told = "COMPTOIR_WEB_ALLOW_REMOTE_WITHOUT_LOGIN";
    assert!(listens(everywhere(&accounts).env(told, "true")));
    accounts.add_user("ada", "viewer");
    assert!(listens(&mut everywhere(&accounts)));
    accounts.done(&["user", "remove", "ada"], "");
    assert!(!listens(&mut everywhere(&accounts)));
}

#[test]
fn says_what_is_wrong_with_an_account_and_keeps_no_password() {
    let accounts = Accounts::new();
    let refused = |arguments: &[&str], input: &str| {
        let output = accounts.run(arguments, input);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let add = ["user", "add", "ada", "--role", "viewer"];
    assert!(refused(&add, "short\n").contains("at least 12 characters"));
    assert!(refused(&["user", "add", "a b", "--role", "viewer"], "").contains("`a b`"));
    assert!(refused(&["user", "passwd", "ada"], "long enough for it\n").contains("user ls"));
    assert!(refused(&["token", "remove", "x"], "").contains("no token `x`"));
    accounts.add_user("ada", "viewer");
    assert!(refused(&add, &format!("{PASSWORD}\n")).contains("is there already"));
    let listed = accounts.done(&["user", "ls"], "");
    assert!(listed.starts_with("ada\tviewer\t"), "{listed}");

    let mode = |name: &str| {
        let path = accounts.path().join(name);
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    };
    assert_eq!((mode(""), mode("users.json")), (0o700, 0o600));
    for file in std::fs::read_dir(accounts.path()).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains("battery"), "{}", path.display());
    }

    std::fs::write(accounts.path().join("users.json"), "{").unwrap();
    assert!(refused(&["user", "ls"], "").contains("users.json: EOF"));
}
