//! A private HDFS for this test process.
//!
//! A guard, a small shell process, brings it up, waits until this process is gone (the guard's
//! standard input ends, however the tests end), and takes it down. A lock file makes the guard of
//! the next test process wait for the last one's.

use crate::services::{self, repository};
use comptoir_lake::{Lake, LakeOptions};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard};

/// Beside the ports of the shared services.
const PORT_OFFSET: &str = "20000";

const GUARD: &str = r#"
    exec 9>"$2.lock"
    flock 9
    "$1" up hdfs --data-dir "$2" 9>&- || exit 1
    echo ready
    cat >/dev/null
    "$1" down --data-dir "$2" 9>&-
"#;

pub(super) struct Cluster {
    data_dir: PathBuf,
    /// Its standard input closes when this process ends.
    _guard: Child,
}

static CLUSTER: LazyLock<Mutex<Cluster>> = LazyLock::new(|| Mutex::new(Cluster::up()));

/// The cluster, for one test at a time, complete and running.
pub(super) async fn cluster() -> MutexGuard<'static, Cluster> {
    let cluster = CLUSTER.lock().await;
    // Whatever the last test left behind.
    cluster.repair();
    cluster
}

fn services_command() -> PathBuf {
    repository().join("compose/services")
}

trait OwnPorts {
    /// Whatever ports the environment gives to the shared services.
    fn own_ports(&mut self) -> &mut Self;
}

impl OwnPorts for Command {
    fn own_ports(&mut self) -> &mut Self {
        for part in [
            "NAMENODE",
            "NAMENODE_HTTP",
            "DATANODE",
            "DATANODE_HTTP",
            "DATANODE_IPC",
        ] {
            self.env_remove(format!("COMPTOIR_{part}_PORT"));
        }
        self.env("COMPTOIR_PORT_OFFSET", PORT_OFFSET)
    }
}

impl Cluster {
    fn up() -> Self {
        let data_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lake-faults");
        let log = std::fs::File::create(data_dir.with_extension("log")).unwrap();
        let mut guard = Command::new("setsid")
            .args(["bash", "-c", GUARD, "guard"])
            .args([&services_command(), &data_dir])
            .own_ports()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(guard.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        assert_eq!(
            line.trim(),
            "ready",
            "the private HDFS did not start: see {}.log",
            data_dir.display()
        );
        Self {
            data_dir,
            _guard: guard,
        }
    }

    /// Starts what does not run, and waits until HDFS takes files.
    pub(super) fn repair(&self) {
        for part in ["namenode", "datanode"] {
            if self.is_alive(part) {
                self.signal(part, Signal::CONT);
            }
        }
        let repaired = Command::new(services_command())
            .args(["up", "hdfs", "--data-dir"])
            .arg(&self.data_dir)
            .own_ports()
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&repaired.stderr);
        assert!(
            repaired.status.success(),
            "compose/services up hdfs: {said}"
        );
    }

    pub(super) fn url(&self, user: Option<&str>) -> String {
        let settings = services::read(&self.data_dir.join("env")).unwrap();
        let address = settings["COMPTOIR_LAKE_URL"]
            .strip_prefix("hdfs://")
            .unwrap();
        match user {
            Some(user) => format!("hdfs://{user}@{address}"),
            None => format!("hdfs://{address}"),
        }
    }

    pub(super) fn lake(&self, user: Option<&str>, timeout: Duration) -> Lake {
        let options = LakeOptions {
            timeout,
            hadoop_conf_dir: Some(self.data_dir.join("conf/hadoop")),
        };
        Lake::open(&self.url(user), options).unwrap()
    }

    pub(super) fn signal(&self, part: &str, signal: Signal) {
        kill_process(self.pid(part), signal).unwrap();
    }

    /// Kills it and waits until it is gone.
    pub(super) async fn kill(&self, part: &str) {
        self.signal(part, Signal::KILL);
        while self.is_alive(part) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(super) fn safe_mode(&self, action: &str) {
        self.administer(&["-safemode", action]);
    }

    /// `hdfs dfsadmin`.
    pub(super) fn administer(&self, arguments: &[&str]) {
        let class_path = format!(
            "{}:{}",
            self.data_dir.join("conf/hadoop").display(),
            self.data_dir.join("lib/hadoop/*").display()
        );
        let output = Command::new("java")
            .args(["-Xmx256m", "-cp", &class_path])
            .arg("org.apache.hadoop.hdfs.tools.DFSAdmin")
            .args(arguments)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "dfsadmin {arguments:?}: {said}");
    }

    fn pid(&self, part: &str) -> Pid {
        let file = self.data_dir.join("run").join(part).with_extension("pid");
        let pid = std::fs::read_to_string(file).unwrap();
        Pid::from_raw(pid.trim().parse().unwrap()).unwrap()
    }

    fn is_alive(&self, part: &str) -> bool {
        let status = format!("/proc/{}/stat", self.pid(part).as_raw_nonzero());
        let status = std::fs::read_to_string(status).unwrap_or_default();
        let state = status.rsplit_once(") ").map(|(_, rest)| rest);
        state.is_some_and(|state| !state.starts_with(['Z', 'X']))
    }
}
