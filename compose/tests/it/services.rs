//! `compose/services`, tried on the part that starts fastest.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU16, Ordering};
use tempfile::TempDir;

const ZOOKEEPER_PORT: u16 = 2181;
/// Of everything that the tests bring up.
const DEFAULT_PORTS: [u16; 9] = [3306, 2181, 2182, 9092, 8020, 9870, 9866, 9864, 9867];

pub(crate) fn compose_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The script, free of what the environment says about ports.
pub(crate) fn script() -> Command {
    let mut command = Command::new(compose_dir().join("services"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("COMPTOIR_") {
            command.env_remove(name);
        }
    }
    command
}

/// An instance of its own, beside whatever runs on the default ports.
pub(crate) struct Instance {
    outside: TempDir,
    port_offset: u16,
}

impl Instance {
    pub(crate) fn new() -> Self {
        let outside = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let instance = Self {
            outside,
            port_offset: free_port_offset(),
        };
        // All tests share the jars.
        let jars = Path::new(env!("CARGO_TARGET_TMPDIR")).join("services-lib");
        fs::create_dir_all(&jars).unwrap();
        fs::create_dir(instance.data_dir()).unwrap();
        std::os::unix::fs::symlink(jars, instance.data_dir().join("lib")).unwrap();
        instance
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.outside.path().join("data")
    }

    fn port(&self) -> u16 {
        ZOOKEEPER_PORT + self.port_offset
    }

    pub(crate) fn run(&self, action: &str, arguments: &[&str]) -> Output {
        script()
            .args([action, "--data-dir"])
            .arg(self.data_dir())
            .args(arguments)
            .env("COMPTOIR_PORT_OFFSET", self.port_offset.to_string())
            .output()
            .unwrap()
    }

    fn up(&self) -> String {
        self.bring_up(&["zookeeper"])
    }

    pub(crate) fn bring_up(&self, parts: &[&str]) -> String {
        // One at a time: the first fetches the jars.
        static UP: Mutex<()> = Mutex::new(());
        let output = {
            let _one_at_a_time = UP.lock().unwrap();
            self.run("up", parts)
        };
        succeeded(&output)
    }

    pub(crate) fn take_down(&self, part: &str) {
        succeeded(&self.run("down", &[part]));
    }

    pub(crate) fn pid_of(&self, part: &str) -> String {
        let file = self.data_dir().join(format!("run/{part}.pid"));
        fs::read_to_string(file).unwrap().trim().to_owned()
    }

    fn pid(&self) -> String {
        self.pid_of("zookeeper")
    }

    fn signal(&self, signal: &str) {
        assert!(
            Command::new("kill")
                .args([signal, &self.pid()])
                .status()
                .unwrap()
                .success()
        );
    }

    /// The processes that have the data directory in their command line.
    fn processes(&self) -> Vec<String> {
        let needle = self.data_dir().to_string_lossy().into_owned();
        fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| fs::read(entry.unwrap().path().join("cmdline")).ok())
            .map(|bytes| String::from_utf8_lossy(&bytes).replace('\0', " "))
            .filter(|line| line.contains(&needle))
            .collect()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.run("down", &[]);
    }
}

fn free_port_offset() -> u16 {
    // Below the ports that the kernel gives to clients, and away from other runs of these tests.
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 10_000 + u16::try_from(std::process::id() % 100).unwrap() * 100;
    loop {
        let offset = first + NEXT.fetch_add(2, Ordering::Relaxed);
        if !DEFAULT_PORTS.iter().any(|port| is_open(port + offset)) {
            return offset;
        }
    }
}

fn is_open(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// What a successful run said.
fn succeeded(output: &Output) -> String {
    let text = said(output);
    assert!(output.status.success(), "{text}");
    text
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn a_second_up_changes_nothing_and_down_leaves_nothing() {
    let instance = Instance::new();
    assert!(instance.up().contains("ready on 127.0.0.1:"));
    let pid = instance.pid();
    assert!(instance.up().contains("answers already"));
    assert_eq!(instance.pid(), pid);
    let status = succeeded(&instance.run("status", &["zookeeper"]));
    let words: Vec<_> = status.split_whitespace().collect();
    assert_eq!(
        words,
        ["zookeeper", "up", &pid, &instance.port().to_string()]
    );

    succeeded(&instance.run("down", &[]));
    assert_eq!(instance.processes(), Vec::<String>::new());
    assert!(!is_open(instance.port()));
    assert!(
        !fs::read_to_string("/proc/mounts")
            .unwrap()
            .contains(instance.data_dir().to_str().unwrap())
    );
    assert_eq!(
        fs::read_dir(instance.outside.path()).unwrap().count(),
        1,
        "only the data directory"
    );
    let status = succeeded(&instance.run("status", &["zookeeper"]));
    assert!(status.contains("stopped"), "{status}");

    succeeded(&instance.run("down", &["--purge"]));
    assert!(!instance.data_dir().exists());
}

#[test]
fn a_killed_part_is_reported_and_started_again() {
    let instance = Instance::new();
    instance.up();
    let pid = instance.pid();
    instance.signal("-KILL");
    let status = instance.run("status", &[]);
    assert_eq!(status.status.code(), Some(1), "{}", said(&status));
    assert!(instance.up().contains("ready on"));
    assert_ne!(instance.pid(), pid);
    succeeded(&instance.run("status", &[]));
}

#[test]
fn a_part_that_is_frozen_is_stopped_all_the_same() {
    let instance = Instance::new();
    instance.up();
    instance.signal("-STOP");
    let status = instance.run("status", &[]);
    assert_eq!(status.status.code(), Some(1), "{}", said(&status));
    succeeded(&instance.run("down", &[]));
    assert_eq!(instance.processes(), Vec::<String>::new());
}

#[test]
fn a_later_process_with_the_same_pid_is_left_alone() {
    let instance = Instance::new();
    instance.up();
    succeeded(&instance.run("down", &[]));
    let mut stranger = Command::new("sleep").arg("600").spawn().unwrap();
    let run = instance.data_dir().join("run");
    fs::write(run.join("zookeeper.pid"), stranger.id().to_string()).unwrap();
    fs::write(run.join("zookeeper.born"), "another boot 1").unwrap();
    succeeded(&instance.run("down", &[]));
    assert!(
        stranger.try_wait().unwrap().is_none(),
        "the stranger still runs"
    );
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[test]
fn a_taken_port_is_named_with_the_variable_that_changes_it() {
    let instance = Instance::new();
    let _stranger = std::net::TcpListener::bind(("127.0.0.1", instance.port())).unwrap();
    let output = instance.run("up", &["zookeeper"]);
    assert_eq!(output.status.code(), Some(1));
    let text = said(&output);
    assert!(text.contains(&instance.port().to_string()), "{text}");
    assert!(text.contains("COMPTOIR_ZOOKEEPER_PORT"), "{text}");
    assert_eq!(instance.processes(), Vec::<String>::new());
}

#[test]
fn ports_are_remembered_and_not_changed_while_a_part_runs() {
    let instance = Instance::new();
    instance.up();
    let mut elsewhere = script();
    elsewhere
        .args(["up", "zookeeper", "--data-dir"])
        .arg(instance.data_dir());
    let text = succeeded(&elsewhere.output().unwrap());
    assert!(text.contains(&instance.port().to_string()), "{text}");
    let output = elsewhere
        .env("COMPTOIR_ZOOKEEPER_PORT", "2999")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("not 2999"), "{}", said(&output));
}
