//! `comptoir up`, from an empty directory to the figures.

use crate::launcher::{Up, comptoir, eventually, program, stderr_of, stdout_of};
use crate::real_services::{OwnPlaces, Server};
use crate::recomputed::assert_shows;
use comptoir_batch::database::{Access, Database, Limits, Login};
use comptoir_config::{DatabaseUrl, clock};
use serde_json::Value;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

fn sample() -> PathBuf {
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

#[tokio::test]
async fn the_page_goes_on_with_what_a_job_imports() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(".comptoir/erp.db");
    let erp = async || {
        let url = DatabaseUrl::Sqlite { path: path.clone() };
        let login = Login::default();
        Database::connect(&url, &login, Access::Write, Limits::default())
            .await
            .unwrap()
    };
    shows_what_a_job_imports(&dir, &[], "sales", erp).await;
}

#[tokio::test]
async fn the_page_goes_on_with_what_a_job_imports_from_mariadb_into_hdfs() {
    let own = OwnPlaces::new(Server::MariaDb, "jobs");
    let dir = tempfile::tempdir().unwrap();
    shows_what_a_job_imports(&dir, &own.settings(), &own.table, || own.database()).await;
    own.remove().await;
}

#[tokio::test]
async fn a_job_that_the_page_asks_for_is_run() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("jobs.toml"), "[jobs.sales]\n").unwrap();
    let up = Up::start(&dir, &[], &["--rate", "0"]).await;
    let first = up.summary().await.import.run;
    let client = reqwest::Client::new();
    let address = format!("{}api/v1/jobs/sales/run", up.page);
    // From the launcher's first breath until its executor is heard of, nobody runs jobs.
    let asked: Value = eventually("somebody who runs jobs", async || {
        let asking = client
            .post(&address)
            .header("sec-fetch-site", "same-origin");
        let answer = asking.send().await.unwrap();
        match answer.status().as_u16() {
            202 => Some(answer.json().await.unwrap()),
            _ => None,
        }
    })
    .await;
    assert_eq!(asked["asked_by"], "anyone");
    eventually("the job's end", async || {
        let jobs: Value = up.get("api/v1/jobs").await?;
        let command = &jobs["run_now"]["commands"][0];
        assert_ne!(command["state"], "failed", "{command}");
        (command["state"] == "done").then_some(())
    })
    .await;
    eventually("the job's import", async || {
        (up.summary().await.import.run != first).then_some(())
    })
    .await;
}

/// The ERP loses its cancelled lines; a job of `jobs.toml` imports it, and the open page shows that.
async fn shows_what_a_job_imports(
    dir: &TempDir,
    settings: &[(&str, &str)],
    table: &str,
    erp: impl AsyncFn() -> Database,
) {
    let up = Up::start(dir, settings, &["--sample"]).await;
    assert_shows(&up, &sample()).await;
    let delete = format!("DELETE FROM {table} WHERE STATUS = 'Cancelled'");
    erp().await.execute("cancelling", &delete).await.unwrap();
    let jobs = "[jobs.sales]\nnum-mappers = 3\nvalidate = true\n";
    fs::write(dir.path().join("jobs.toml"), jobs).unwrap();
    let output = program("comptoir-batch", dir.path())
        .args(["--data-dir", ".comptoir", "run", "sales", "--json"])
        .envs(settings.iter().copied())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr_of(&output));
    let run: Value = serde_json::from_str(&stdout_of(&output)).unwrap();
    eventually("the job's import", async || {
        let shown = up.summary().await.import.run.to_string();
        (shown == run["run"].as_str().unwrap()).then_some(())
    })
    .await;
    assert_shows(&up, &without_cancelled(dir)).await;
    assert!(up.end_by("TERM").await.success());
}

fn without_cancelled(dir: &TempDir) -> PathBuf {
    let path = dir.path().join("rest.csv");
    let mut lines = csv::Reader::from_path(sample()).unwrap();
    let mut rest = csv::Writer::from_path(&path).unwrap();
    let header = lines.byte_headers().unwrap().clone();
    let status = header.iter().position(|name| name == b"STATUS").unwrap();
    rest.write_byte_record(&header).unwrap();
    for line in lines.byte_records().map(Result::unwrap) {
        if &line[status] != b"Cancelled" {
            rest.write_byte_record(&line).unwrap();
        }
    }
    rest.flush().unwrap();
    path
}

/// For tests that need a directory with an import in it and nothing running.
pub(crate) async fn imported() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let up = Up::start(&dir, &[], &[]).await;
    up.summary().await;
    assert!(up.end_by("TERM").await.success());
    dir
}
