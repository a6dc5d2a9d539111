//! `comptoir up`, from an empty directory to the figures.

use crate::launcher::{Up, comptoir, eventually, stderr_of};
use crate::real_services;
use crate::recomputed::recompute;
use comptoir_batch::database::{Access, Database, Limits, Login};
use comptoir_config::read_secret_file;
use comptoir_lake::{Lake, LakeOptions, LakePath, Recursive};
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

fn sample() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../datasets/sales_data_sample.csv")
}

/// `2/24/2003 0:00` is of `2003-02`.
fn month(line: &BTreeMap<String, String>) -> String {
    let date = line["ORDERDATE"].split(' ').next().unwrap();
    let [month, _, year] = date.split('/').collect::<Vec<_>>()[..] else {
        panic!("{date}");
    };
    format!("{year}-{month:0>2}")
}

/// Every figure of the API against the CSV.
async fn assert_shows(up: &Up, csv: &Path) {
    let (all, months) = recompute(csv, month);
    all.assert_equal(&up.summary().await.figures);
    let dimensions = [
        ("product_line", "PRODUCTLINE"),
        ("country", "COUNTRY"),
        ("territory", "TERRITORY"),
        ("status", "STATUS"),
        ("deal_size", "DEALSIZE"),
    ];
    let others =
        dimensions.map(|(name, column)| (name, recompute(csv, |line| line[column].clone()).1));
    for (dimension, groups) in [("month", months)].into_iter().chain(others) {
        let shown = up.by(dimension).await;
        let keys: Vec<_> = shown.groups.iter().map(|group| &group.key).collect();
        assert_eq!(keys, groups.keys().collect::<Vec<_>>(), "{dimension}");
        for group in &shown.groups {
            groups[&group.key].assert_equal(&group.figures);
        }
    }
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
        let begin = Instant::now();
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
    let own = OwnPlaces::new();
    let dir = tempfile::tempdir().unwrap();
    let up = Up::start(&dir, &own.settings(), &["--sample"]).await;
    assert_shows(&up, &sample()).await;
    let import = up.summary().await.import;
    assert_eq!(
        import.location,
        format!("{}{}", own.env["COMPTOIR_LAKE_URL"], own.target)
    );
    assert!(up.end_by("INT").await.success());
    own.remove().await;
}

/// A table and a directory of this test alone, on the real services.
struct OwnPlaces {
    env: BTreeMap<String, String>,
    table: String,
    target: String,
}

impl OwnPlaces {
    fn new() -> Self {
        let id = std::process::id();
        Self {
            env: real_services::env(),
            table: format!("sales_launcher_{id}"),
            target: format!("/tmp/launcher-{id}/sales"),
        }
    }

    fn settings(&self) -> Vec<(&str, &str)> {
        let services = self.env.iter().filter(|(name, _)| {
            let name = name.as_str();
            name.starts_with("COMPTOIR_ERP_")
                || ["COMPTOIR_LAKE_URL", "HADOOP_CONF_DIR"].contains(&name)
        });
        let own = [
            ("COMPTOIR_IMPORT_TABLE", self.table.as_str()),
            ("COMPTOIR_IMPORT_TARGET_DIR", self.target.as_str()),
        ];
        services
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .chain(own)
            .collect()
    }

    async fn remove(&self) {
        let login = Login {
            username: Some(self.env["COMPTOIR_ERP_USERNAME"].clone()),
            password: Some(
                read_secret_file(Path::new(&self.env["COMPTOIR_ERP_PASSWORD_FILE"])).unwrap(),
            ),
        };
        let url = self.env["COMPTOIR_ERP_URL"].parse().unwrap();
        let mut database = Database::connect(&url, &login, Access::Write, Limits::default())
            .await
            .unwrap();
        database
            .execute("cleaning up", &format!("DROP TABLE `{}`", self.table))
            .await
            .unwrap();
        let lake = Lake::open(&self.env["COMPTOIR_LAKE_URL"], LakeOptions::default()).unwrap();
        let directory = LakePath::parse(&self.target).unwrap().parent().unwrap();
        assert!(lake.delete(&directory, Recursive::Yes).await.unwrap());
    }
}

/// For tests that need a directory with an import in it and nothing running.
pub(crate) async fn imported() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let up = Up::start(&dir, &[], &[]).await;
    up.summary().await;
    assert!(up.end_by("TERM").await.success());
    dir
}
