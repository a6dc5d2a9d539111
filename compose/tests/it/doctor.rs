//! `comptoir doctor`, on parts that are well and on parts that are not.

use crate::launcher::{Up, comptoir, stdout_of};
use crate::up::imported;
use std::net::TcpListener;
use std::path::Path;

/// The line of a part, and the exit code.
fn examined(dir: &Path, settings: &[(&str, &str)], part: &str) -> (String, Option<i32>) {
    let output = comptoir(dir)
        .arg("doctor")
        .envs(settings.iter().copied())
        .output()
        .unwrap();
    let report = stdout_of(&output);
    let line = report
        .lines()
        .find(|line| line.split_whitespace().nth(1) == Some(part));
    let line = line.unwrap_or_else(|| panic!("{part} is missing:\n{report}"));
    (line.to_owned(), output.status.code())
}

fn assert_problem((line, code): (String, Option<i32>), what: &str) {
    assert!(
        line.starts_with("problem ") && line.contains(what),
        "{line}"
    );
    assert_eq!(code, Some(1));
}

#[tokio::test]
async fn finds_nothing_wrong_with_parts_that_are_well() {
    let dir = imported().await;
    for part in [
        "settings",
        "data",
        "erp",
        "lake",
        "import",
        "warehouse",
        "transport",
    ] {
        let (line, _) = examined(dir.path(), &[], part);
        assert!(line.starts_with("ok "), "{line}");
    }
}

#[tokio::test]
async fn finds_a_missing_table_a_missing_file_and_a_missing_import() {
    let dir = imported().await;
    let table = examined(dir.path(), &[("COMPTOIR_IMPORT_TABLE", "orderz")], "erp");
    assert_problem(table, "no table `orderz`");
    let empty = tempfile::tempdir().unwrap();
    assert_problem(examined(empty.path(), &[], "erp"), "no database file");
    assert_problem(examined(empty.path(), &[], "import"), "nothing is imported");
    assert_problem(examined(empty.path(), &[], "transport"), "no topic");
}

#[tokio::test]
async fn finds_a_part_file_that_was_altered() {
    let dir = imported().await;
    let part = dir
        .path()
        .join(".comptoir/lake/user/sqoop/sales/part-m-00000");
    let mut bytes = std::fs::read(&part).unwrap();
    bytes[0] ^= 1;
    std::fs::write(&part, bytes).unwrap();
    assert_problem(examined(dir.path(), &[], "import"), "part-m-00000");
}

#[test]
fn finds_an_unreachable_lake_and_an_unreachable_database() {
    let dir = tempfile::tempdir().unwrap();
    let nobody = free_address();
    let lake = [("COMPTOIR_LAKE_URL", format!("hdfs://{nobody}"))];
    let lake: Vec<_> = lake
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    assert_problem(examined(dir.path(), &lake, "lake"), "not available");
    let url = format!("mysql://{nobody}/erp");
    assert_problem(
        examined(dir.path(), &[("COMPTOIR_ERP_URL", &url)], "erp"),
        &nobody,
    );
    let warehouse = [("COMPTOIR_WAREHOUSE_URL", url.as_str())];
    assert_problem(examined(dir.path(), &warehouse, "warehouse"), &nobody);
    let broker = format!("kafka:{nobody}");
    let transport = [("COMPTOIR_TRANSPORT_URL", broker.as_str())];
    let (line, _) = examined(dir.path(), &transport, "transport");
    assert!(line.starts_with("problem "), "{line}");
}

#[tokio::test]
async fn tells_a_busy_port_from_our_own_server() {
    let dir = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let busy = examined(dir.path(), &[("COMPTOIR_WEB_LISTEN", &address)], "port");
    assert_problem(busy, "another program");

    let up = Up::start(&dir, &[], &[]).await;
    let address = up.page.trim_start_matches("http://").trim_end_matches('/');
    let (ours, _) = examined(dir.path(), &[("COMPTOIR_WEB_LISTEN", address)], "port");
    assert!(
        ours.starts_with("ok ") && ours.contains("served by comptoir"),
        "{ours}"
    );
}

#[test]
fn finds_a_data_directory_that_cannot_be() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file"), "").unwrap();
    let below_a_file = [("COMPTOIR_DATA_DIR", "/proc/comptoir")];
    assert_problem(examined(dir.path(), &below_a_file, "data"), "/proc");
}

#[test]
fn names_the_setting_that_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let wrong = examined(
        dir.path(),
        &[("COMPTOIR_IMPORT_MAPPERS", "many")],
        "settings",
    );
    assert_problem(wrong, "COMPTOIR_IMPORT_MAPPERS");
}

fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string()
}
