//! A program of ours as a child process that can be killed at any moment.

use crate::launcher::{eventually, program};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};

/// Dropping it kills it. What it says is added to a file, through all its lives.
pub(super) struct Process {
    pub(super) name: &'static str,
    arguments: Vec<String>,
    settings: Vec<(String, String)>,
    directory: PathBuf,
    child: Child,
}

impl Process {
    pub(super) fn start(
        name: &'static str,
        arguments: &[&str],
        settings: &[(String, String)],
        directory: &Path,
    ) -> Self {
        let arguments: Vec<_> = arguments.iter().map(|text| (*text).to_owned()).collect();
        let child = spawn(name, &arguments, settings, directory);
        Self {
            name,
            arguments,
            settings: settings.to_vec(),
            directory: directory.to_owned(),
            child,
        }
    }

    /// `kill -9`, and the same again.
    pub(super) fn kill_and_start_again(&mut self) {
        self.kill();
        self.child = spawn(self.name, &self.arguments, &self.settings, &self.directory);
    }

    pub(super) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn signal(&self, signal: &str) {
        let pid = self.pid().to_string();
        let sent = Command::new("kill").args(["-s", signal, &pid]).status();
        assert!(sent.unwrap().success());
    }

    /// Asks it to end and waits for that. One that has just begun would die of the signal: it is
    /// asked once it takes it.
    pub(super) async fn end(&mut self) -> ExitStatus {
        let begun = format!("{} to take signals", self.name);
        eventually(&begun, async || {
            let has_ended = self.child.try_wait().unwrap().is_some();
            (has_ended || self.takes_termination()).then_some(())
        })
        .await;
        if let Some(status) = self.child.try_wait().unwrap() {
            return status;
        }
        self.signal("TERM");
        self.exit().await
    }

    /// Waits until it ends by itself.
    pub(super) async fn exit(&mut self) -> ExitStatus {
        let ended = format!("the end of {}", self.name);
        eventually(&ended, async || self.child.try_wait().unwrap()).await
    }

    /// By the kernel's list of the signals that the process catches.
    fn takes_termination(&self) -> bool {
        const TERM: u64 = 1 << (15 - 1);
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        u64::from_str_radix(caught.unwrap().trim(), 16).unwrap() & TERM != 0
    }

    /// Whether it has ended, and well.
    pub(super) fn ended(&mut self) -> Option<()> {
        let status = self.child.try_wait().unwrap()?;
        assert!(status.success(), "{} failed: {}", self.name, self.said());
        Some(())
    }

    pub(super) fn said(&self) -> String {
        std::fs::read_to_string(self.directory.join(format!("{}.log", self.name))).unwrap()
    }

    pub(super) fn assert_runs(&mut self) {
        let ended = self.child.try_wait().unwrap();
        assert!(ended.is_none(), "{} ended: {}", self.name, self.said());
    }
}

fn spawn(
    name: &'static str,
    arguments: &[String],
    settings: &[(String, String)],
    directory: &Path,
) -> Child {
    let log = directory.join(format!("{name}.log"));
    let log = File::options().create(true).append(true).open(log).unwrap();
    program(name, directory)
        .args(arguments)
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap_or_else(|error| panic!("{name}: {error}\nhint: cargo build --bins"))
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
