//! The README's tour, line by line, on local directories and on HDFS.

use crate::launcher::{eventually, program, stdout_of};
use crate::real_services;
use comptoir_lake::{Lake, LakeOptions, LakePath, Recursive};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use tempfile::TempDir;

const README: &str = include_str!("../../../README.md");

/// The blocks of a section, without the indentation that a list gives them.
fn blocks(section: &str) -> Vec<String> {
    let begin = README.find(&format!("\n## {section}\n")).unwrap();
    let section = &README[begin + 1..];
    let section = &section[..section.find("\n## ").unwrap()];
    let mut blocks: Vec<String> = Vec::new();
    let mut is_open = false;
    for line in section.lines().map(str::trim_start) {
        match line {
            "```sh" => {
                is_open = true;
                blocks.push(String::new());
            }
            "```" => is_open = false,
            line if is_open => blocks.last_mut().unwrap().extend([line, "\n"]),
            _ => {}
        }
    }
    blocks
}

/// A shell that is told one block after the other. Dropping it ends all that it started.
struct Shell {
    child: Child,
    input: ChildStdin,
    directory: TempDir,
    page: String,
    /// Instead of `/user`.
    home: String,
    told: usize,
}

impl Shell {
    fn start(home: &str, settings: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let ports: Vec<TcpListener> = (0..3)
            .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
            .collect();
        let address = |port: &TcpListener| port.local_addr().unwrap().to_string();
        let programs = Path::new(env!("CARGO_BIN_EXE_comptoir")).parent().unwrap();
        let path = std::env::var("PATH").unwrap();
        // Without the settings of this machine, as `program` sees to.
        let unset = program("comptoir", directory.path());
        let unset = unset.get_envs().filter(|(_, value)| value.is_none());
        let mut shell = Command::new("setsid");
        for (name, _) in unset {
            shell.env_remove(name);
        }
        let output = fs::File::create(directory.path().join("output")).unwrap();
        let mut child = shell
            .args(["bash", "-s"])
            .current_dir(directory.path())
            .env("PATH", format!("{}:{path}", programs.display()))
            .env("COMPTOIR_WEB_LISTEN", address(&ports[0]))
            .env("COMPTOIR_SPEED_LISTEN", address(&ports[1]))
            .env("COMPTOIR_LOGSHIP_LISTEN", address(&ports[2]))
            .env("COMPTOIR_IMPORT_TARGET_DIR", format!("{home}/sqoop/sales"))
            .env("COMPTOIR_LOGSHIP_TARGET_DIR", format!("{home}/flume/logs"))
            .envs(settings.iter().copied())
            .stdin(Stdio::piped())
            .stderr(output.try_clone().unwrap())
            .stdout(output)
            .spawn()
            .unwrap();
        Self {
            input: child.stdin.take().unwrap(),
            page: address(&ports[0]),
            child,
            directory,
            home: home.to_owned(),
            told: 0,
        }
    }

    fn said(&self) -> String {
        fs::read_to_string(self.directory.path().join("output")).unwrap()
    }

    /// Waits until the block is done, and gives what was said meanwhile.
    async fn tell(&mut self, block: &str) -> String {
        let before = self.said().len();
        self.told += 1;
        let end = format!("block {} ended with", self.told);
        let block = block
            .replace("127.0.0.1:8080", &self.page)
            .replace("/user/", &format!("{}/", self.home));
        writeln!(self.input, "{{\n{block}}}\necho \"{end} $?\"").unwrap();
        eventually(&end, async || {
            let said = self.said()[before..].to_owned();
            let (said, code) = said.split_once(&end)?;
            let code = code.lines().next().filter(|_| code.contains('\n'))?;
            assert_eq!(code.trim(), "0", "{block}\n{said}");
            Some(said.to_owned())
        })
        .await
    }

    async fn get(&self, path: &str) -> Option<Value> {
        let url = format!("http://{}/api/v1/{path}", self.page);
        reqwest::get(url).await.ok()?.json().await.ok()
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // Its group is its own.
        let group = format!("-{}", self.child.id());
        Command::new("kill")
            .args(["-KILL", "--", &group])
            .status()
            .ok();
        self.child.wait().ok();
    }
}

async fn the_tour_shows_what_it_says(home: &str, settings: &[(&str, &str)]) {
    let blocks = blocks("A tour in five steps");
    let [start, empty, import, tills, log, end] = blocks.as_slice() else {
        panic!("{blocks:?}");
    };
    let mut shell = Shell::start(home, settings);
    shell.tell(start).await;
    eventually("the page", async || shell.get("health").await).await;
    let said = shell.tell(empty).await;
    assert!(said.contains("/problems/no-import"), "{said}");
    assert!(said.contains("comptoir-batch import"), "{said}");

    let said = shell.tell(import).await;
    let sample = fs::read_to_string(shell.directory.path().join("sample.csv")).unwrap();
    let rows = sample.lines().count() - 1;
    let summary = eventually("the history", async || {
        let summary = shell.get("history/summary").await?;
        (summary["lines"] == rows).then_some(summary)
    })
    .await;
    let parts = summary["import"]["parts"].as_array().unwrap();
    assert_eq!(parts.len(), 4);
    for part in parts {
        let name = format!("{home}/sqoop/sales/{}", part["name"].as_str().unwrap());
        let line = said.lines().find(|line| line.ends_with(&name)).unwrap();
        let size = line.split_whitespace().nth(1).unwrap();
        assert_eq!(size, part["bytes"].to_string(), "{line}");
    }

    shell.tell(tills).await;
    let count = async |more_than: u64| {
        eventually("transactions", async || {
            let live = shell.get("live/summary").await?;
            let count = live["windows"]["today"]["figures"]["transactions"].as_u64()?;
            (count > more_than).then_some(count)
        })
        .await
    };
    let first = count(0).await;
    count(first).await;

    let archived = eventually("archived lines", async || {
        let logs = shell.get("logs/summary").await?;
        logs["sources"][0]["bytes"]
            .as_u64()
            .filter(|bytes| *bytes > 0)
    })
    .await;
    let said = shell.tell(log).await;
    let total = said.lines().find(|line| line.ends_with(" total")).unwrap();
    let total: u64 = total.split_whitespace().next().unwrap().parse().unwrap();
    assert!(total >= archived, "{said}");

    let said = shell.tell(end).await;
    let log = fs::read(shell.directory.path().join("data/log/app.log")).unwrap();
    let mut cat = program("comptoir-logship", shell.directory.path());
    cat.args(["audit", "cat"])
        .env("COMPTOIR_DATA_DIR", shell.directory.path().join("data"))
        .env("COMPTOIR_LOGSHIP_TARGET_DIR", format!("{home}/flume/logs"))
        .envs(settings.iter().copied());
    let cat = cat.output().unwrap();
    assert!(cat.status.success());
    // Some of the others may have said a last word behind the shipper's.
    assert!(log.starts_with(&cat.stdout), "{}", stdout_of(&cat));
    let last = stdout_of(&cat).lines().last().unwrap().to_owned();
    assert!(said.contains(&last), "{said}");
}

#[tokio::test]
async fn the_readmes_tour_on_local_directories() {
    the_tour_shows_what_it_says("/user", &[]).await;
}

#[tokio::test]
async fn the_readmes_tour_on_hdfs() {
    let env = real_services::env();
    let home = format!("/tmp/comptoir-tour-{}", std::process::id());
    let names = ["COMPTOIR_LAKE_URL", "HADOOP_CONF_DIR"];
    let settings = names.map(|name| (name, env[name].as_str()));
    the_tour_shows_what_it_says(&home, &settings).await;
    let options = LakeOptions {
        hadoop_conf_dir: Some(env["HADOOP_CONF_DIR"].clone().into()),
        ..LakeOptions::default()
    };
    let lake = Lake::open(&env["COMPTOIR_LAKE_URL"], options).unwrap();
    let home = LakePath::parse(&home).unwrap();
    assert!(lake.delete(&home, Recursive::Yes).await.unwrap());
}
