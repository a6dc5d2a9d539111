//! A Kafka of its own for this test process, to be stopped and started.
//!
//! A guard, a small shell process, brings it up, waits until this process is gone (the guard's
//! standard input ends, however the tests end), and takes it down. A lock file makes the guard of
//! the next test process wait for the last one's.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Beside the ports of the shared services, and of other tests' private ones.
const PORT_OFFSET: &str = "22000";

const GUARD: &str = r#"
    exec 9>"$2.lock"
    flock 9
    "$1" up kafka --data-dir "$2" 9>&- && echo ready
    cat >/dev/null
    "$1" down --data-dir "$2" 9>&-
"#;

pub(super) struct Broker {
    data_dir: PathBuf,
    /// Its standard input closes when this process ends.
    _guard: Child,
}

fn services_command() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../compose/services")
}

fn own_ports(command: &mut Command) -> &mut Command {
    for part in ["KAFKA", "ZOOKEEPER", "ZOOKEEPER_ADMIN"] {
        command.env_remove(format!("COMPTOIR_{part}_PORT"));
    }
    command.env("COMPTOIR_PORT_OFFSET", PORT_OFFSET)
}

impl Broker {
    pub(super) fn up() -> Self {
        let data_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("speed-broker");
        let log = std::fs::File::create(data_dir.with_extension("log")).unwrap();
        let mut guard = own_ports(&mut Command::new("setsid"))
            .args(["bash", "-c", GUARD, "guard"])
            .args([&services_command(), &data_dir])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(guard.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let log = data_dir.with_extension("log");
        assert_eq!(
            line.trim(),
            "ready",
            "the private Kafka did not start: see {}",
            log.display()
        );
        Self {
            data_dir,
            _guard: guard,
        }
    }

    pub(super) fn url(&self) -> String {
        let env = std::fs::read_to_string(self.data_dir.join("env")).unwrap();
        let address = env
            .lines()
            .find_map(|line| line.strip_prefix("export COMPTOIR_KAFKA_BOOTSTRAP="));
        format!("kafka:{}", address.unwrap().trim_matches('\''))
    }

    /// Sends the broker a signal, as `kill` calls it.
    pub(super) fn signal(&self, signal: &str) {
        let status = Command::new("kill")
            .args(["-s", signal, &self.pid().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// Kills it and waits until it is gone.
    pub(super) async fn kill(&self) {
        let status = format!("/proc/{}/stat", self.pid());
        self.signal("KILL");
        let is_alive = || {
            let status = std::fs::read_to_string(&status).unwrap_or_default();
            let state = status.rsplit_once(") ").map(|(_, rest)| rest);
            state.is_some_and(|state| !state.starts_with(['Z', 'X']))
        };
        while is_alive() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Starts it again, and waits until it answers.
    pub(super) async fn start(&self) {
        let mut command = tokio::process::Command::from({
            let mut command = Command::new(services_command());
            own_ports(&mut command)
                .args(["up", "kafka", "--data-dir"])
                .arg(&self.data_dir)
                .stdin(Stdio::null());
            command
        });
        let output = command.output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "compose/services up kafka: {said}");
    }

    fn pid(&self) -> u32 {
        let file = self.data_dir.join("run/kafka.pid");
        std::fs::read_to_string(file)
            .unwrap()
            .trim()
            .parse()
            .unwrap()
    }
}
