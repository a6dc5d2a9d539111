//! The launcher as a child process, with nothing of this machine's settings.

use comptoir_config::clock;
use comptoir_model::api::{HistoryBy, HistorySummary};
use serde::de::DeserializeOwned;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Far more than anything here takes, also on a busy machine.
const DEADLINE: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(50);

/// `comptoir` in a working directory of its own.
pub(crate) fn comptoir(working_dir: &Path) -> Command {
    program("comptoir", working_dir)
}

/// Any of the project's programs, likewise.
pub(crate) fn program(name: &str, working_dir: &Path) -> Command {
    let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_comptoir")).with_file_name(name));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("COMPTOIR_") || name == "HADOOP_CONF_DIR" {
            command.env_remove(name);
        }
    }
    command.current_dir(working_dir).stdin(Stdio::null());
    command
}

pub(crate) fn stdout_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn stderr_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Calls `attempt` until it gives something; panics with what was waited for after a minute.
pub(crate) async fn eventually<T>(what: &str, mut attempt: impl AsyncFnMut() -> Option<T>) -> T {
    let begin = clock::instant();
    loop {
        if let Some(found) = attempt().await {
            return found;
        }
        assert!(begin.elapsed() < DEADLINE, "waited in vain for {what}");
        tokio::time::sleep(POLL).await;
    }
}

/// A running `comptoir up` on a free port. Dropping it kills it.
pub(crate) struct Up {
    child: Child,
    /// With the slash at its end.
    pub(crate) page: String,
    stderr: PathBuf,
}

impl Up {
    /// Returns once the page's address is printed.
    pub(crate) async fn start(dir: &TempDir, settings: &[(&str, &str)], flags: &[&str]) -> Self {
        let (stdout, stderr) = (dir.path().join("stdout"), dir.path().join("stderr"));
        let child = comptoir(dir.path())
            .args(["up", "--port", "0", "--no-browser"])
            .args(flags)
            .envs(settings.iter().copied())
            .stdout(File::create(&stdout).unwrap())
            .stderr(File::create(&stderr).unwrap())
            .spawn()
            .unwrap();
        let mut up = Self {
            child,
            page: String::new(),
            stderr,
        };
        up.page = eventually("the page's address", async || {
            let printed = fs::read_to_string(&stdout).unwrap();
            let ended = up.child.try_wait().unwrap();
            assert!(ended.is_none(), "it ended: {}", up.stderr());
            printed.strip_suffix('\n').map(str::to_owned)
        })
        .await;
        up
    }

    pub(crate) fn stderr(&self) -> String {
        fs::read_to_string(&self.stderr).unwrap()
    }

    /// `None` unless the answer is a 200.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Option<T> {
        let answer = reqwest::get(format!("{}{path}", self.page)).await.unwrap();
        if answer.status() != 200 {
            return None;
        }
        Some(answer.json().await.unwrap())
    }

    /// Waits for the first import.
    pub(crate) async fn summary(&self) -> HistorySummary {
        eventually("the history", async || {
            self.get("api/v1/history/summary").await
        })
        .await
    }

    pub(crate) async fn by(&self, dimension: &str) -> HistoryBy {
        let path = format!("api/v1/history/by/{dimension}");
        eventually("the history", async || self.get(&path).await).await
    }

    pub(crate) async fn status(&self, path: &str) -> u16 {
        reqwest::get(format!("{}{path}", self.page))
            .await
            .unwrap()
            .status()
            .as_u16()
    }

    /// Sends the signal and waits for the end.
    pub(crate) async fn end_by(mut self, signal: &str) -> ExitStatus {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", signal, &pid])
                .status()
                .unwrap()
                .success()
        );
        eventually("the end", async || self.child.try_wait().unwrap()).await
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
