//! The records as they lie in the transport, read without the platform's transports.

use super::Log;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

pub(crate) struct RawRecord {
    pub(crate) offset: u64,
    pub(crate) timestamp_ms: i64,
    pub(crate) bytes: Vec<u8>,
}

/// The whole lines of `N.jsonl` in the directory of a topic; an offset is a position.
pub(crate) fn jsonl_partitions(topic: &Path) -> Log {
    let mut log = Log::new();
    for entry in std::fs::read_dir(topic).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let number = name.strip_suffix(".jsonl").map(str::parse);
        let Some(Ok(partition)) = number else {
            continue;
        };
        let text = std::fs::read(&path).unwrap();
        let mut offset = 0;
        let mut records = Vec::new();
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            let Some(line) = line.strip_suffix(b"\n") else {
                break;
            };
            records.push(envelope(offset, line));
            offset += line.len() as u64 + 1;
        }
        log.insert(partition, records);
    }
    log
}

fn envelope(offset: u64, line: &[u8]) -> RawRecord {
    let envelope: Value = serde_json::from_slice(line)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(line)));
    let bytes = match (&envelope["v"], &envelope["b64"]) {
        (Value::String(text), _) => text.clone().into_bytes(),
        (_, Value::String(text)) => BASE64_STANDARD.decode(text).unwrap(),
        _ => panic!("no value: {envelope}"),
    };
    RawRecord {
        offset,
        timestamp_ms: envelope["t"].as_i64().unwrap(),
        bytes,
    }
}

/// All records of a topic up to its present end, by `kcat`.
pub(crate) fn kafka_partitions(brokers: &str, topic: &str) -> Log {
    let mut kcat = Command::new("kcat")
        .args([
            "-C",
            "-e",
            "-q",
            "-b",
            brokers,
            "-t",
            topic,
            "-o",
            "beginning",
        ])
        .args(["-X", "isolation.level=read_committed"])
        .args(["-f", "%p %o %T %S\n%s\n"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("kcat is missing: apt-get install kcat");
    let mut output = BufReader::new(kcat.stdout.take().unwrap());
    let mut log = Log::new();
    let mut head = String::new();
    loop {
        head.clear();
        if output.read_line(&mut head).unwrap() == 0 {
            break;
        }
        let numbers: Vec<i64> = head
            .split_whitespace()
            .map(|number| number.parse().unwrap())
            .collect();
        let [partition, offset, timestamp_ms, size] = numbers[..] else {
            panic!("{head}");
        };
        // -1 is no value at all.
        let mut bytes = vec![0; usize::try_from(size.max(0)).unwrap() + 1];
        output.read_exact(&mut bytes).unwrap();
        assert_eq!(bytes.pop(), Some(b'\n'));
        let records = log.entry(u32::try_from(partition).unwrap()).or_default();
        records.push(RawRecord {
            offset: u64::try_from(offset).unwrap(),
            timestamp_ms,
            bytes,
        });
    }
    assert!(kcat.wait().unwrap().success());
    log
}
