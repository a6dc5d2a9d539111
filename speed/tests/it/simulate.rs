//! `simulate` and `replay` by the real binary, into both transports.

use crate::schema::validator;
use crate::services::Services;
use comptoir_config::{TransportSettings, clock};
use comptoir_model::event::read_event;
use comptoir_model::ids::Partition;
use comptoir_speed::transport::Transport;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_mins(1);
const START: [&str; 2] = ["--start", "2026-11-21T11:00:00Z"];

/// A directory of its own, so that nothing is imported and nothing is configured.
struct Shop {
    directory: TempDir,
    settings: TransportSettings,
}

impl Shop {
    fn jsonl() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("jsonl:{}", directory.path().join("live").display());
        Self::at(&url, directory)
    }

    fn kafka() -> Self {
        let url = format!(
            "kafka:{}",
            Services::find().get("COMPTOIR_KAFKA_BOOTSTRAP", "kafka")
        );
        Self::at(&url, tempfile::tempdir().unwrap())
    }

    fn at(url: &str, directory: TempDir) -> Self {
        let settings = TransportSettings {
            url: url.parse().unwrap(),
            topic: format!("test_{:08x}", clock::random_u32()),
            partitions: 3,
            replication: 1,
            kafka_properties: None,
        };
        Self {
            directory,
            settings,
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_comptoir-speed"));
        command
            .args(arguments)
            .current_dir(self.directory.path())
            .env("COMPTOIR_LOG_FILE", "none")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Into the topic.
    fn send(&self, arguments: &[&str]) -> String {
        let url = self.settings.url.to_string();
        let place = ["--transport", &url, "--topic", &self.settings.topic];
        let output = self.run(&[arguments, &place].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout).to_owned()
    }

    fn print(&self, arguments: &[&str]) -> Vec<Vec<u8>> {
        let output = self.run(&[&["simulate", "--print"], &START[..], arguments].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        let lines = output.stdout.split(|byte| *byte == b'\n');
        let mut lines: Vec<_> = lines.map(<[u8]>::to_vec).collect();
        lines.pop();
        lines
    }

    /// All records of the topic, by partition.
    async fn records(&self) -> Vec<Vec<Vec<u8>>> {
        let transport = Transport::open(&self.settings).unwrap();
        let mut partitions = Vec::new();
        for number in 0..self.settings.partitions {
            let partition = Partition(number);
            let (from, to) = transport.log_bounds(partition).await.unwrap();
            let transport = transport.clone();
            let read = move || {
                let mut records = Vec::new();
                let mut take = |record: comptoir_speed::transport::Record<'_>| {
                    records.push(record.bytes.to_vec());
                    ControlFlow::Continue(())
                };
                transport
                    .read_range(partition, from, to, PATIENCE, &mut take)
                    .unwrap();
                records
            };
            partitions.push(tokio::task::spawn_blocking(read).await.unwrap());
        }
        partitions
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

async fn sends_what_the_seed_says(shop: &Shop) {
    let what = [
        "--seed",
        "7",
        "--rate",
        "1000",
        "--rows",
        "3000",
        "--malformed",
        "1",
    ];
    let printed = shop.print(&what);
    let said = shop.send(&[&["simulate", "--fast"], &START[..], &what].concat());
    let bytes: usize = printed.iter().map(Vec::len).sum();
    assert_eq!(said, format!("3000 records, {bytes} bytes\n"));

    let partitions = shop.records().await;
    assert!(partitions.iter().all(|records| records.len() > 500));
    let mut places = BTreeMap::new();
    for (number, records) in partitions.iter().enumerate() {
        for event in records.iter().filter_map(|record| read_event(record).ok()) {
            let order = event.order_id.to_string();
            assert_eq!(*places.entry(order).or_insert(number), number);
        }
    }
    let mut sent: Vec<Vec<u8>> = partitions.into_iter().flatten().collect();
    let mut printed = printed;
    sent.sort_unstable();
    printed.sort_unstable();
    assert!(sent == printed);
}

#[tokio::test]
async fn jsonl_gets_what_the_seed_says_and_orders_stay_together() {
    sends_what_the_seed_says(&Shop::jsonl()).await;
}

#[tokio::test]
async fn kafka_gets_what_the_seed_says_and_orders_stay_together() {
    sends_what_the_seed_says(&Shop::kafka()).await;
}

#[test]
fn events_are_valid_by_the_schema() {
    let shop = Shop::jsonl();
    let validator = validator();
    for catalog in ["erp", "payments"] {
        let what = ["--catalog", catalog, "--rows", "1000", "--malformed", "0"];
        for record in shop.print(&what) {
            let event = serde_json::from_slice(&record).unwrap();
            assert!(validator.is_valid(&event), "{event}");
        }
    }
}

#[tokio::test]
async fn a_steady_rate_is_kept_for_the_seconds_asked_for() {
    let shop = Shop::jsonl();
    let said = shop.send(&["simulate", "--steady", "--rate", "200", "--seconds", "2"]);
    assert!(said.starts_with("400 records, "), "{said}");
}

#[tokio::test]
async fn ends_by_a_signal_with_all_records_delivered() {
    let shop = Shop::jsonl();
    let url = shop.settings.url.to_string();
    let place = ["--transport", &url, "--topic", &shop.settings.topic];
    let arguments = [&["simulate", "--steady", "--rate", "500"], &place[..]].concat();
    let child = shop.command(&arguments).spawn().unwrap();
    let deadline = clock::instant() + PATIENCE;
    let file = shop
        .directory
        .path()
        .join("live")
        .join(&shop.settings.topic);
    while !has_bytes(&file.join("0.jsonl")) {
        assert!(clock::instant() < deadline, "nothing was sent");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let records: Vec<_> = shop.records().await.into_iter().flatten().collect();
    let said = format!("{} records, ", records.len());
    assert!(
        text(&output.stdout).starts_with(&said),
        "{said}: {output:?}"
    );
}

fn has_bytes(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.len() > 0)
}

#[tokio::test]
async fn a_csv_file_becomes_records_row_by_row() {
    let shop = Shop::jsonl();
    let csv = "ORDERNUMBER,CITY,quantity\n7,\"Saint-Malo, port\",2\n7,Nantes,1\n8,,x\n";
    std::fs::write(shop.directory.path().join("f.csv"), csv).unwrap();
    let said = shop.send(&["replay", "f.csv", "--rate", "1000", "--key", "ORDERNUMBER"]);
    assert_eq!(said, "3 records\n");
    let mut records: Vec<_> = shop.records().await.into_iter().flatten().collect();
    records.sort_unstable();
    assert_eq!(
        records
            .iter()
            .map(|record| text(record))
            .collect::<Vec<_>>(),
        [
            r#"{"ORDERNUMBER":"7","CITY":"Nantes","quantity":1}"#,
            r#"{"ORDERNUMBER":"7","CITY":"Saint-Malo, port","quantity":2}"#,
            r#"{"ORDERNUMBER":"8","CITY":null,"quantity":"x"}"#,
        ]
    );
}

#[test]
fn wrong_arguments_and_wrong_files_are_told_before_anything_is_sent() {
    let shop = Shop::jsonl();
    std::fs::write(shop.directory.path().join("f.csv"), "a,b\n1\n").unwrap();
    for (arguments, code, message) in [
        (&["simulate", "--fast"][..], 2, "--rows <N>|--seconds <N>"),
        (&["simulate", "--late", "101"], 2, "`101` is not a share"),
        (&["simulate", "--rate", "0"], 2, "`0` is not a rate"),
        (&["replay", "g.csv"], 1, "can't open g.csv"),
        (
            &["replay", "f.csv", "--every", "10"],
            2,
            "with ms, s, m or h",
        ),
        (&["replay", "f.csv", "--every", "10s"], 2, "--loop"),
        (
            &["replay", "f.csv", "--key", "c"],
            1,
            "no column c\nhint: its columns are a, b",
        ),
        (
            &["replay", "f.csv", "--rate", "9"],
            1,
            "f.csv:2: 1 values, the header has 2",
        ),
    ] {
        let output = shop.run(arguments);
        let complaint = text(&output.stderr);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {complaint}"
        );
        assert!(complaint.contains(message), "{arguments:?}: {complaint}");
    }
}
