//! What an operator does with it: ask, reload, take over Flume's configuration.

use crate::kills::number;
use crate::services::repository;
use crate::world::{DEADLINE, World, append, said};
use comptoir_config::clock;
use comptoir_model::api::logs::LogsSummary;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

/// A shipper of a file of sources, and where it answers.
fn spawn(world: &World, file: &Path) -> (Child, String, impl Iterator<Item = String> + use<>) {
    let arguments = ["ship", "--listen", "127.0.0.1:0", "--sources"];
    let mut command = world.program(&arguments);
    let mut child = (command.arg(file).stdout(Stdio::null()))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = said(&mut child);
    let line = lines
        .find(|line| line.contains("listening on http://"))
        .unwrap();
    let address = line.rsplit_once("http://").unwrap().1.trim().to_owned();
    (child, address, lines)
}

fn sources(world: &World, names: &[&str]) -> String {
    let directory = world.directory.path().join("log");
    let source = |name: &&str| {
        format!(
            "[[source]]\nname = '{name}'\npaths = ['{}/{name}-*.log']\n",
            directory.display()
        )
    };
    let sources: String = names.iter().map(source).collect();
    format!("target_dir = '{}/%{{source}}'\n{sources}", world.target_dir)
}

/// The standing output of `status`, once it is as it should be.
async fn status(world: &World, address: &str, is_so: impl Fn(&str) -> bool) -> String {
    let mut last = String::new();
    let asking = async {
        loop {
            let asked = world
                .program(&["status", "--listen", address])
                .output()
                .unwrap();
            last = String::from_utf8(asked.stdout).unwrap();
            if is_so(&last) {
                return last.clone();
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let asked = tokio::time::timeout(DEADLINE, asking).await;
    asked.unwrap_or_else(|_| panic!("the status never came to it: {last}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn status_says_how_far_each_log_is_and_hangup_reads_the_sources_again() {
    World::local()
        .run(async |world| {
            let log = |name: &str| world.directory.path().join("log").join(name);
            append(&log("web-1.log"), "one\n");
            append(&log("till-1.log"), "three lines\nof\ntill\n");
            let file = world.directory.path().join("logship.toml");
            fs::write(&file, sources(world, &["web"])).unwrap();
            let (mut shipper, address, lines) = spawn(world, &file);
            let pid = Pid::from_child(&shipper);
            let row = |status: &str, bytes: &str, name: &str| {
                status.lines().any(|line| {
                    let words: Vec<&str> = line.split_whitespace().collect();
                    words == ["shipping", bytes, "0", "0", bytes, "0", name]
                })
            };
            let shown = status(world, &address, |status| row(status, "4", "web/web-1.log")).await;
            assert!(shown.contains("piece _piece-000001-"), "{shown}");
            assert!(!shown.contains("till"), "{shown}");
            // One that is wrong changes nothing.
            fs::write(&file, "[[source]]\nnme = 'x'\n").unwrap();
            kill_process(pid, Signal::HUP).unwrap();
            let mut lines = lines;
            let wrong = lines
                .find(|line| line.contains("the sources stay as they were"))
                .unwrap();
            assert!(wrong.contains("logship.toml:2"), "{wrong}");
            fs::write(&file, sources(world, &["web", "till"])).unwrap();
            kill_process(pid, Signal::HUP).unwrap();
            status(world, &address, |status| {
                row(status, "4", "web/web-1.log") && row(status, "20", "till/till-1.log")
            })
            .await;
            let asked = world
                .program(&["status", "--listen", &address, "--json"])
                .output()
                .unwrap();
            assert!(asked.status.success(), "{asked:?}");
            let answer: serde_json::Value = serde_json::from_slice(&asked.stdout).unwrap();
            assert_eq!(answer["sources"][0]["name"], "till/till-1.log");
            let url = format!("http://{address}/metrics");
            let metrics = reqwest::get(&url).await.unwrap().text().await.unwrap();
            for line in [
                "comptoir_logship_bytes_at_risk 0",
                "comptoir_logship_archived_bytes_total 24",
                "comptoir_logship_source_archived_bytes{source=\"web/web-1.log\"} 4",
                "comptoir_logship_source_lag_seconds{source=\"till/till-1.log\"} 0",
            ] {
                assert!(metrics.contains(line), "{line} is not in\n{metrics}");
            }
            kill_process(pid, Signal::TERM).unwrap();
            assert!(shipper.wait().unwrap().success());
            let asked = world
                .program(&["status", "--listen", &address])
                .output()
                .unwrap();
            assert_eq!(asked.status.code(), Some(1));
            let said = String::from_utf8(asked.stderr).unwrap();
            assert!(said.contains("no shipper answers on"), "{said}");
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_ends_by_itself_says_when_not_all_is_archived() {
    World::local()
        .run(async |world| {
            world.append("one\n");
            // The lake's directory is a file.
            append(&world.directory.path().join("lake"), "in its place\n");
            let ended = world
                .program(&["ship", "--once", "--listen", "127.0.0.1:0"])
                .output();
            let ended = ended.unwrap();
            assert_eq!(ended.status.code(), Some(1), "{ended:?}");
            fs::remove_file(world.directory.path().join("lake")).unwrap();
            let ended = world
                .program(&["ship", "--once", "--listen", "127.0.0.1:0"])
                .output();
            assert!(ended.unwrap().status.success());
            world.holds(&["one\n"]).await;
        })
        .await;
}

/// Of a process: resident memory in KiB, and CPU time in ticks of 10 ms.
fn used(pid: u32) -> (u64, u64) {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    let resident = resident.split_whitespace().next().unwrap().parse().unwrap();
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .collect();
    let ticks = |field: usize| fields[field].parse::<u64>().unwrap();
    (resident, ticks(11) + ticks(12))
}

/// 2,000 with `COMPTOIR_TEST_KILLS`; what it costs is printed.
#[tokio::test(flavor = "multi_thread")]
async fn many_files_are_followed_in_bounded_memory() {
    World::local()
        .run(async |world| {
            let files = number("COMPTOIR_TEST_KILLS").map_or(200, |_| 2_000);
            let log = |file: u64| world.directory.path().join("log").join(format!("web-{file}.log"));
            for file in 0..files {
                append(&log(file), "one line of a file that is seldom written to\n");
            }
            let file = world.directory.path().join("logship.toml");
            fs::write(&file, sources(world, &["web"])).unwrap();
            let began = clock::instant();
            let (mut shipper, address, lines) = spawn(world, &file);
            // A pipe that nobody reads would stop it.
            std::thread::spawn(move || lines.for_each(drop));
            let url = format!("http://{address}/api/v1/logs/summary?limit=0");
            let sums = async |expected: u64| {
                let asking = async {
                    loop {
                        let summary: LogsSummary =
                            reqwest::get(&url).await.unwrap().json().await.unwrap();
                        let bytes: u64 = summary.sources.iter().map(|source| source.bytes).sum();
                        let open: u64 = summary.sources.iter().map(|source| source.pieces_open).sum();
                        assert!(open <= 64, "{open} pieces are open");
                        if bytes == expected && summary.sources.len() as u64 == files {
                            return;
                        }
                        tokio::time::sleep(Duration::from_millis(200)).await;
                    }
                };
                tokio::time::timeout(DEADLINE, asking).await.unwrap();
            };
            let mut written = files * 45;
            sums(written).await;
            let started = began.elapsed();
            let began = clock::instant();
            for _ in 0..100 {
                for file in 0..50 {
                    append(&log(file * files / 50), &"a line of a busy file\n".repeat(20));
                }
                written += 50 * 20 * 22;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            sums(written).await;
            let busy = began.elapsed();
            let (resident, before) = used(shipper.id());
            let began = clock::instant();
            tokio::time::sleep(Duration::from_secs(if files == 2_000 { 20 } else { 1 })).await;
            let (_, after) = used(shipper.id());
            // In tenths of a per cent; a tick is 10 ms.
            let idle = u128::from(after - before) * 10_000_000 / began.elapsed().as_micros();
            println!(
                "{files} files: first bytes durable after {started:.1?}, 50 busy ones for {busy:.1?}, {} MiB resident, idle {}.{} % of a core",
                resident / 1024,
                idle / 10,
                idle % 10,
            );
            assert!(resident < 400 * 1024, "{resident} KiB");
            kill_process(Pid::from_child(&shipper), Signal::TERM).unwrap();
            assert!(shipper.wait().unwrap().success());
        })
        .await;
}

const FLUME_CONF: &str = r"# The agent of the tills
a1.sources = tills audit dump net
a1.channels = c1 c2
a1.sinks = k1 k2
a1.sources.tills.type = TAILDIR
a1.sources.tills.channels = c1
a1.sources.tills.filegroups = app web
a1.sources.tills.filegroups.app = /var/log/shop/app\\.log
a1.sources.tills.filegroups.web = /var/log/nginx/(access|error)_\\d\\d.*
a1.sources.tills.headers.app.kind = application
a1.sources.tills.headers.web.kind = web
a1.sources.tills.headers.web.team = blue
a1.sources.tills.positionFile = POSITIONS
a1.sources.tills.batchSize = 500
a1.sources.audit.type = exec
a1.sources.audit.command = tail -n 100 -F /var/log/audit.log
a1.sources.audit.channels = c2
a1.sources.dump.type = spooldir
a1.sources.dump.spoolDir = /srv/dump/
a1.sources.dump.ignorePattern = ^.*\\.tmp$
a1.sources.dump.channels = c2
a1.sources.net.type = netcat
a1.sources.net.channels = c2
a1.sources.audit.interceptors = i1
a1.sources.audit.interceptors.i1.type = timestamp
a1.channels.c1.type = file
a1.channels.c2.type = memory
a1.sinks.k1.type = hdfs
a1.sinks.k1.channel = c1
a1.sinks.k1.hdfs.path = hdfs://namenode:8020/flume/%{host}/%{kind}/%Y-%m-%d/%H
a1.sinks.k1.hdfs.rollInterval = 300
a1.sinks.k1.hdfs.codeC = gzip
a1.sinks.k2.type = hdfs
a1.sinks.k2.channel = c2
a1.sinks.k2.hdfs.path = /flume/other/%{unknown}/%H%M
";

const LOGSHIP_TOML: &str = r#"# Made by `comptoir-logship import-flume` from flume.conf.
# In comptoir.toml, or as COMPTOIR_LAKE_URL: lake.url = "hdfs://namenode:8020"

[[source]]
name = "tills-app"
paths = ["/var/log/shop/app.log"]
target_dir = "/flume/%{host}/application/%{source}/%Y-%m-%d/%H"

[[source]]
name = "tills-web"
paths = ["/var/log/nginx/access_[0-9][0-9]*", "/var/log/nginx/error_[0-9][0-9]*"]
target_dir = "/flume/%{host}/web/%{source}/%Y-%m-%d/%H"

[[source]]
name = "audit"
paths = ["/var/log/audit.log"]
target_dir = "/flume/other/%{source}"

[[source]]
name = "dump"
paths = ["/srv/dump/*"]
exclude = ["*.COMPLETED", "*.tmp"]
target_dir = "/flume/other/%{source}"
"#;

#[tokio::test]
async fn a_flume_agent_becomes_sources_and_what_has_no_equal_is_said_with_its_line() {
    World::local()
        .run(async |world| {
            let directory = world.directory.path();
            let positions = directory.join("positions.json");
            fs::write(&positions, r#"[{"inode":7,"pos":99,"file":"/nowhere/app.log"}]"#).unwrap();
            let positions = positions.display().to_string();
            fs::write(
                directory.join("flume.conf"),
                FLUME_CONF.replace("POSITIONS", &positions),
            )
            .unwrap();
            let ended = world.program(&["import-flume", "flume.conf"]).output().unwrap();
            assert!(ended.status.success(), "{ended:?}");
            assert_eq!(String::from_utf8(ended.stdout).unwrap(), LOGSHIP_TOML);
            let said = String::from_utf8(ended.stderr).unwrap();
            for line in [
                "flume.conf:12: a1.sources.tills.headers.web.team = blue: there are no headers",
                "flume.conf:22: a1.sources.net.type = netcat: only files are shipped",
                "flume.conf:25: a1.sources.audit.interceptors.i1.type = timestamp: the archive has the bytes",
                "flume.conf:26: a1.channels.c1.type = file: the log itself is the buffer",
                "flume.conf:30: a1.sinks.k1.hdfs.path = hdfs://namenode:8020/flume/%{host}/%{kind}/%Y-%m-%d/%H: directories of times stand last, are of the arrival, in UTC",
                "flume.conf:31: a1.sinks.k1.hdfs.rollInterval = 300: a piece",
                "flume.conf:32: a1.sinks.k1.hdfs.codeC = gzip: pieces are raw bytes",
                "%{unknown} left out of its path",
                "/flume/other/%{unknown}/%H%M: %H%M left out: directories are of years",
                "positions.json: /nowhere/app.log: is not there any more; Flume had its first 99 bytes",
            ] {
                assert!(said.contains(line), "{line} is not in\n{said}");
            }
            // What was taken over is not said.
            assert!(!said.contains("filegroups.app"), "{said}");
            // A file that is there stays.
            let write = || world.program(&["import-flume", "flume.conf", "-o", "out.toml"]).output();
            assert!(write().unwrap().status.success());
            assert_eq!(fs::read_to_string(directory.join("out.toml")).unwrap(), LOGSHIP_TOML);
            assert_eq!(write().unwrap().status.code(), Some(2));
        })
        .await;
}

/// The unit names a command that there is, with flags that there are.
#[tokio::test]
async fn the_systemd_unit_starts_what_there_is() {
    World::local()
        .run(async |world| {
            let unit = repository().join("compose/cron/comptoir-logship.service");
            let unit = fs::read_to_string(unit).unwrap();
            let start = unit
                .lines()
                .find_map(|line| line.strip_prefix("ExecStart="))
                .unwrap();
            let mut words = start.split_whitespace();
            assert!(words.next().unwrap().ends_with("/comptoir-logship"));
            let mut arguments: Vec<&str> = words.collect();
            arguments.push("--help");
            let ended = world.program(&arguments).output().unwrap();
            assert!(ended.status.success(), "{ended:?}");
        })
        .await;
}
