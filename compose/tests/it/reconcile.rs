//! Damage to the archive and to the warehouse shows up in `/api/v1/reconcile` of a running platform.

use crate::launcher::{Up, eventually, program, stderr_of};
use comptoir_batch::database::{Access, Database, Limits, Login};
use comptoir_model::api::reconcile::{ReconcileReport, ReconciledPartition};
use comptoir_model::ids::Offset;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;
use tempfile::TempDir;

#[tokio::test]
async fn damage_to_archive_and_dead_letters_shows_up_in_the_answer() {
    let dir = tempfile::tempdir().unwrap();
    let settings = [
        ("COMPTOIR_RECONCILE_EVERY_S", "0.3"),
        ("COMPTOIR_ARCHIVE_EVERY_S", "0.3"),
        ("COMPTOIR_ARCHIVE_UPKEEP_EVERY_S", "never"),
    ];
    let mut damaged = program("comptoir-speed", dir.path());
    let arguments = [
        "--fast",
        "--rows",
        "200",
        "--rate",
        "50",
        "--malformed",
        "20",
    ];
    let sent = (damaged.args(["simulate", "--catalog", "payments"]))
        .args(arguments)
        .output()
        .unwrap();
    assert!(sent.status.success(), "{}", stderr_of(&sent));
    let up = Up::start(&dir, &settings, &["--rate", "50"]).await;
    let sound = answer(&up, "a look at an archive", |report| {
        report.partitions.iter().any(has_rows) && report.unchecked.is_empty()
    })
    .await;
    assert!(sound.complete, "{sound:?}");
    assert!(
        sound
            .full
            .is_some_and(|full| full.complete && !full.is_too_old)
    );

    let table = dir.path().join(".comptoir/lake/bronze/transactions");
    let lost = data_file(&table);
    fs::remove_file(&lost).unwrap();
    let sold = sound.partitions.iter().find(|one| has_rows(one)).unwrap();
    let id = format!("comptoir-archive/{}/{}", sold.stream.0, sold.partition.0);
    move_position(&table, &id, 9_000_000_000);
    forget_a_dead_letter(&dir).await;
    let name = lost.file_name().unwrap().to_str().unwrap();
    let found = answer(&up, "all damages", |report| {
        has(report, "archive_file", name)
            && has(report, "archive_position", "the archive at 9000000000")
            && has(report, "dead_letters", "")
    })
    .await;
    assert!(!found.complete, "{found:?}");
}

fn has_rows(partition: &ReconciledPartition) -> bool {
    partition.archived.is_some_and(|next| next > Offset(0))
}

fn has(report: &ReconcileReport, kind: &str, text: &str) -> bool {
    let mut differences = report.differences.iter();
    differences.any(|one| one.kind == kind && one.detail.contains(text))
}

/// Asks until the answer is as wanted.
async fn answer(up: &Up, what: &str, wanted: impl Fn(&ReconcileReport) -> bool) -> ReconcileReport {
    eventually(what, async || {
        up.get::<ReconcileReport>("api/v1/reconcile")
            .await
            .filter(|report| wanted(report))
    })
    .await
}

/// Any file that the table's first versions name.
fn data_file(table: &Path) -> std::path::PathBuf {
    let days = fs::read_dir(table).unwrap();
    let days = days.map(|entry| entry.unwrap().path());
    let mut days = days.filter(|path| path.is_dir() && !path.ends_with("_delta_log"));
    let mut files = fs::read_dir(days.next().unwrap()).unwrap();
    files.next().unwrap().unwrap().path()
}

/// Commits a position that no sink has come to, as the table's next version.
fn move_position(table: &Path, id: &str, position: u64) {
    let action = serde_json::json!({"txn": {"appId": id, "version": position}});
    for version in 0.. {
        let path = table.join(format!("_delta_log/{version:020}.json"));
        let made = OpenOptions::new().write(true).create_new(true).open(path);
        match made {
            Ok(mut file) => return writeln!(file, "{action}").unwrap(),
            Err(error) => assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}"),
        }
    }
}

/// Some of what was sold before can't be used.
async fn forget_a_dead_letter(dir: &TempDir) {
    let url = format!(
        "sqlite:{}",
        dir.path().join(".comptoir/warehouse.db").display()
    );
    let url = url.parse().unwrap();
    let login = Login::default();
    let opened = Database::connect(&url, &login, Access::Write, Limits::default());
    let mut database = opened.await.unwrap();
    eventually("a dead letter", async || {
        let sql = "SELECT COUNT(*) FROM dead_letters";
        let rows = database.fetch_all("in a test", sql).await.unwrap();
        let count = rows[0].get(0).unwrap().to_text().unwrap();
        (count != "0").then_some(())
    })
    .await;
    let sql = "DELETE FROM dead_letters WHERE record_offset = \
               (SELECT MIN(record_offset) FROM dead_letters)";
    database.execute("in a test", sql).await.unwrap();
}
