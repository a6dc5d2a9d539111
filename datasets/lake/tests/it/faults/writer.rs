//! Writers that lose their `DataNode`, or their life.

use super::cluster::{Cluster, cluster};
use super::namenode::DEADLINE;
use bytes::Bytes;
use comptoir_lake::{Create, Lake, LakeError, LakeOptions, LakePath, Recursive};
use rustix::process::Signal;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(5);

/// Tells the child process of [`a_killed_writer_leaves_a_prefix_with_all_that_was_hsynced`] where
/// to write.
const CHILD_URL: &str = "COMPTOIR_LAKE_TEST_CHILD_URL";

fn file(name: &str) -> LakePath {
    LakePath::parse(&format!("/tmp/{name}")).unwrap()
}

/// What every writer here writes, line by line.
fn line(number: usize) -> Bytes {
    format!("line {number} of a file that is never finished\n").into()
}

/// Recovers the lease and checks that an exact prefix is left, with at least `durable` bytes.
async fn assert_prefix(lake: &Lake, path: &LakePath, durable: u64) {
    let recovered = async {
        // Also while HDFS still finds out that its `DataNode` is back.
        while !matches!(lake.recover_lease(path).await, Ok(true)) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        loop {
            if let Ok(content) = lake.read(path).await {
                return content;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let content = tokio::time::timeout(DEADLINE, recovered)
        .await
        .expect("the lease comes free");
    assert!(
        content.len() as u64 >= durable,
        "{} < {durable}",
        content.len()
    );
    let written = (0..).flat_map(|number| line(number).to_vec());
    assert!(
        written
            .zip(&content)
            .all(|(written, read)| written == *read),
        "not what was written"
    );
    let length = lake.stat(path).await.unwrap().unwrap().length;
    assert_eq!(length, content.len() as u64);
}

/// Writes and syncs until that fails.
async fn write_until_it_fails(lake: &Lake, path: &LakePath, cluster: &Cluster, fault: Signal) {
    lake.delete(path, Recursive::No).await.unwrap();
    let mut writer = lake.create(path, Create::Exclusive).await.unwrap();
    for number in 0..10 {
        writer.write(line(number)).await.unwrap();
        writer.hsync().await.unwrap();
    }
    let durable = writer.length();

    if fault == Signal::KILL {
        cluster.kill("datanode").await;
    } else {
        cluster.signal("datanode", fault);
    }
    let failing = async {
        for number in 10.. {
            if let Err(error) = writer.write(line(number)).await {
                return error;
            }
            if let Err(error) = writer.hsync().await {
                return error;
            }
        }
        unreachable!("the numbers do not end")
    };
    let failed = tokio::time::timeout(DEADLINE, failing).await;
    let error = failed.expect("hsync has no limit");
    if fault == Signal::STOP {
        assert!(
            matches!(error, LakeError::TimedOut { limit: LIMIT, .. }),
            "{error}"
        );
    }
    // It is dead for good, and says why.
    for _ in 0..2 {
        let after = writer.hsync().await.unwrap_err();
        assert!(
            matches!(&after, LakeError::WriterClosed { reason, .. } if *reason == error.to_string()),
            "{after}"
        );
    }
    assert!(matches!(
        writer.close().await,
        Err(LakeError::WriterClosed { .. })
    ));
    drop(writer);

    cluster.repair();
    assert_prefix(lake, path, durable).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_datanode_killed_under_a_writer_fails_it_and_keeps_what_was_hsynced() {
    let cluster = cluster().await;
    let lake = cluster.lake(None, LIMIT);
    write_until_it_fails(&lake, &file("datanode-killed"), &cluster, Signal::KILL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_datanode_that_hangs_under_a_writer_fails_it_at_the_limit() {
    let cluster = cluster().await;
    let lake = cluster.lake(None, LIMIT);
    write_until_it_fails(&lake, &file("datanode-hung"), &cluster, Signal::STOP).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_writer_leaves_a_prefix_with_all_that_was_hsynced() {
    let cluster = cluster().await;
    let lake = cluster.lake(None, LIMIT);
    let path = file("writer-killed");
    lake.delete(&path, Recursive::No).await.unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "faults::writer::child_that_writes_until_it_is_killed",
        ])
        .args(["--ignored", "--nocapture"])
        .env(CHILD_URL, cluster.url(None))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let synced = output.lines().map_while(Result::ok);
    let mut synced = synced.filter_map(|line| line.strip_prefix("hsynced ")?.parse::<u64>().ok());
    let durable = synced.nth(200).expect("the child hsyncs 200 lines");
    child.kill().unwrap();
    child.wait().unwrap();
    // What it said while it was being killed counts as well.
    let durable = synced.last().unwrap_or(durable);
    assert_prefix(&lake, &path, durable).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a child process of a_killed_writer_leaves_a_prefix_with_all_that_was_hsynced"]
async fn child_that_writes_until_it_is_killed() {
    let Ok(url) = std::env::var(CHILD_URL) else {
        return;
    };
    let lake = Lake::open(&url, LakeOptions::default()).unwrap();
    let mut writer = lake
        .create(&file("writer-killed"), Create::Exclusive)
        .await
        .unwrap();
    for number in 0.. {
        writer.write(line(number)).await.unwrap();
        writer.hsync().await.unwrap();
        let mut output = std::io::stdout();
        writeln!(output, "hsynced {}", writer.length()).unwrap();
        output.flush().unwrap();
    }
}

/// A close is more than one call, and a stop may come between any two of them.
#[tokio::test(flavor = "multi_thread")]
async fn a_datanode_that_stutters_while_files_are_closed_costs_none_of_them_a_byte() {
    const FILES: usize = 20;
    let cluster = cluster().await;
    let lake = cluster.lake(None, Duration::from_secs(30));
    let files: Vec<LakePath> = (0..FILES).map(|n| file(&format!("stutter-{n}"))).collect();
    let closing = async {
        for path in &files {
            lake.delete(path, Recursive::No).await.unwrap();
            let mut writer = lake.create(path, Create::Exclusive).await.unwrap();
            writer.write(line(0)).await.unwrap();
            writer.close().await.unwrap();
        }
    };
    let stuttering = async {
        for milliseconds in (0..50).cycle() {
            cluster.signal("datanode", Signal::STOP);
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            cluster.signal("datanode", Signal::CONT);
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    };
    let closed = tokio::time::timeout(DEADLINE * 4, closing);
    tokio::select! {
        closed = closed => closed.expect("every file is closed"),
        () = stuttering => unreachable!("it goes on for ever"),
    }
    cluster.repair();
    for path in &files {
        assert_eq!(lake.read(path).await.unwrap(), line(0), "{path}");
    }
}
