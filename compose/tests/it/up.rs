//! `comptoir up`, from an empty directory to the figures.

use crate::launcher::{Up, comptoir, eventually, stderr_of};
use crate::real_services::{OwnPlaces, Server};
use crate::recomputed::assert_shows;
use comptoir_batch::database::{Access, Database, Limits, Login};
use comptoir_config::clock;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

fn sample() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../datasets/sales_data_sample.csv")
}

#[tokio::test]
async fn shows_what_an_independent_recomputation_of_the_csv_gives() {
    let dir = tempfile::tempdir().unwrap();
    let up = Up::start(&dir, &[], &[]).await;
    assert_shows(&up, &sample()).await;
    assert_eq!(up.status("").await, 200);
    assert_eq!(up.status("readyz").await, 200);
}

#[tokio::test]
async fn a_second_start_imports_again_and_doubles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let first = Up::start(&dir, &[], &[]).await;
    let run = first.summary().await.import.run;
    assert!(first.end_by("TERM").await.success());
    let second = Up::start(&dir, &[], &[]).await;
    eventually("a second import", async || {
        (second.summary().await.import.run != run).then_some(())
    })
    .await;
    assert_shows(&second, &sample()).await;
}

#[tokio::test]
async fn a_signal_ends_it_in_time_and_in_order() {
    for signal in ["INT", "TERM"] {
        let dir = tempfile::tempdir().unwrap();
        let up = Up::start(&dir, &[], &[]).await;
        let begin = clock::instant();
        let status = up.end_by(signal).await;
        assert_eq!(status.code(), Some(0), "{signal}");
        // The promise is 5 s; a test machine may be busy with other things.
        assert!(
            begin.elapsed() < Duration::from_secs(20),
            "{signal}: {:?}",
            begin.elapsed()
        );
    }
}

#[tokio::test]
async fn imports_again_on_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let up = Up::start(&dir, &[("COMPTOIR_IMPORT_EVERY_S", "0.5")], &[]).await;
    let run = up.summary().await.import.run;
    eventually("the next import", async || {
        (up.summary().await.import.run != run).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_failed_import_keeps_the_page_up_and_is_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let erp = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", erp.path().join("erp.db").display());
    let up = Up::start(&dir, &[("COMPTOIR_ERP_URL", &url)], &[]).await;
    assert_eq!(up.status("").await, 200);
    assert_eq!(up.status("api/v1/history/summary").await, 404);
    assert!(
        up.stderr()
            .contains("the import failed: there is no database file"),
        "{}",
        up.stderr()
    );
    assert!(
        !erp.path().join("erp.db").exists(),
        "somebody's own ERP is not touched"
    );

    let access = Access::Write;
    let mut database = Database::connect(
        &url.parse().unwrap(),
        &Login::default(),
        access,
        Limits::default(),
    )
    .await
    .unwrap();
    let request = comptoir_batch::load::LoadRequest {
        file: sample(),
        table: "sales".to_owned(),
        ..Default::default()
    };
    let bar = indicatif::ProgressBar::hidden();
    comptoir_batch::load::load(&mut database, &request, &bar)
        .await
        .unwrap();
    assert_shows(&up, &sample()).await;
}

#[tokio::test]
async fn a_port_in_use_is_an_error_that_names_the_cure() {
    let dir = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = comptoir(dir.path())
        .args(["up", "--no-browser", "--port", &port])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = stderr_of(&output);
    assert!(
        error.contains(&port) && error.contains("hint: ") && error.contains("--port"),
        "{error}"
    );
    assert!(!dir.path().join(".comptoir/erp.db").exists());
}

#[tokio::test]
async fn shows_the_same_with_mariadb_and_hdfs() {
    let own = OwnPlaces::new(Server::MariaDb, "launcher");
    let dir = tempfile::tempdir().unwrap();
    let up = Up::start(&dir, &own.settings(), &["--sample"]).await;
    assert_shows(&up, &sample()).await;
    assert_eq!(up.summary().await.import.location, own.location());
    assert!(up.end_by("INT").await.success());
    own.remove().await;
}

/// For tests that need a directory with an import in it and nothing running.
pub(crate) async fn imported() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let up = Up::start(&dir, &[], &[]).await;
    up.summary().await;
    assert!(up.end_by("TERM").await.success());
    dir
}
