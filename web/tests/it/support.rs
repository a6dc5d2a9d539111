//! A running server over a lake of the test's own, and imports to publish into it.

use crate::sales::Line;
use comptoir_config::{HealthSettings, TransportSettings, TransportUrl, clock};
use comptoir_lake::publish::Publication;
use comptoir_lake::{Lake, LakeOptions, LakePath};
use comptoir_model::api::PartInfo;
use comptoir_model::api::lake::RootKind;
use comptoir_model::file_format::FileFormat;
use comptoir_model::ids::RunId;
use comptoir_model::manifest::{
    Appended, Column, MANIFEST_VERSION, Manifest, SourceInfo, SourceRows,
};
use comptoir_model::money::Currency;
use comptoir_model::sales::SALES_COLUMNS;
use comptoir_model::text_format::{ColumnKind, TextFormat};
use comptoir_warehouse::{Limits, Login, Warehouse};
use comptoir_web::{AccessRequest, LogArchivePlace, Root, ServeRequest};
use jiff::tz::TimeZone;
use reqwest::{Client, RequestBuilder, Response};
use sha2::{Digest, Sha256};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// For anything that is waited for; far more than it takes.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn options() -> LakeOptions {
    LakeOptions {
        timeout: Duration::from_secs(5),
        hadoop_conf_dir: None,
    }
}

pub(crate) fn target() -> LakePath {
    LakePath::parse("/user/sqoop/sales").unwrap()
}

/// A lake in a directory that goes with it.
pub(crate) struct TestLake {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) lake: Lake,
}

impl TestLake {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let lake = Lake::open(&format!("file://{}", dir.path().display()), options()).unwrap();
        Self { dir, lake }
    }

    pub(crate) fn published_part(&self, number: usize) -> std::path::PathBuf {
        self.dir
            .path()
            .join(format!("user/sqoop/sales/part-m-{number:05}"))
    }
}

/// A server over this lake, with nothing else that answers.
pub(crate) fn request(lake: &Lake) -> ServeRequest {
    let nowhere = "/nonexistent/comptoir";
    let warehouse = format!("sqlite://{nowhere}/warehouse.db").parse().unwrap();
    let limits = Limits {
        connect: Duration::from_secs(5),
        statement: Duration::from_secs(10),
        row: Duration::from_secs(10),
    };
    ServeRequest {
        lake: lake.clone(),
        sales: target(),
        lake_roots: roots([
            (RootKind::Imports, "/user/sqoop"),
            (RootKind::Logs, "/user/flume/logs"),
            (RootKind::Gold, "/gold"),
        ]),
        currency: Currency::EUR,
        zone: TimeZone::get("Europe/Paris").unwrap(),
        warehouse: Warehouse::new(warehouse, Login::default(), limits),
        erp_url: format!("sqlite://{nowhere}/erp.db").parse().unwrap(),
        erp_login: Login::default(),
        transport: TransportSettings {
            url: TransportUrl::Jsonl(nowhere.into()),
            topic: "transactions".to_owned(),
            partitions: 3,
            replication: 1,
            kafka_properties: None,
        },
        // Nobody listens on the first port.
        logs_url: "http://127.0.0.1:1".to_owned(),
        log_archive: LogArchivePlace {
            directory: LakePath::parse("/user/flume/logs").unwrap(),
            public_key: nowhere.into(),
            anchor: None,
        },
        health: HealthSettings {
            zookeeper: Vec::new(),
            zookeeper_admin_url: None,
            namenode_url: None,
        },
        reconcile_every: Some(Duration::from_mins(5)),
        access: AccessRequest {
            dir: format!("{nowhere}/access").into(),
            allow_remote_without_login: false,
        },
        tls: None,
        now: clock::now,
    }
}

pub(crate) fn roots<const N: usize>(named: [(RootKind, &str); N]) -> Vec<Root> {
    let root = |(kind, path)| Root {
        kind,
        path: LakePath::parse(path).unwrap(),
    };
    named.map(root).into()
}

/// A server in this process, stopped when it is dropped.
pub(crate) struct TestServer {
    pub(crate) base: String,
    client: Client,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<(), comptoir_web::WebError>>,
}

impl TestServer {
    pub(crate) async fn start(lake: &Lake) -> Self {
        Self::over(lake, target()).await
    }

    pub(crate) async fn over(lake: &Lake, target: LakePath) -> Self {
        Self::serving(ServeRequest {
            sales: target,
            ..request(lake)
        })
        .await
    }

    pub(crate) async fn serving(request: ServeRequest) -> Self {
        let listener = comptoir_web::listen(([127, 0, 0, 1], 0).into())
            .await
            .unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let shutdown = async { stopped.await.unwrap_or_default() };
            comptoir_web::serve(listener, request, shutdown).await
        });
        // Compression is looked at by hand.
        let client = Client::builder()
            .no_gzip()
            .no_brotli()
            // Where a login leads is looked at, too.
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()
            .unwrap();
        Self {
            base,
            client,
            stop: Some(stop),
            task,
        }
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = method.parse().unwrap();
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request("GET", path).send().await.unwrap()
    }

    pub(crate) async fn json(&self, path: &str) -> serde_json::Value {
        self.get(path).await.json().await.unwrap()
    }

    /// Asks again until the answer is as wanted.
    pub(crate) async fn json_when(
        &self,
        path: &str,
        wanted: impl Fn(&serde_json::Value) -> bool,
    ) -> serde_json::Value {
        let answers = async {
            loop {
                let answer = self.json(path).await;
                if wanted(&answer) {
                    return answer;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let Ok(answer) = tokio::time::timeout(PATIENCE, answers).await else {
            panic!("{path} still answers {}", self.json(path).await)
        };
        answer
    }

    /// Waits for the end of the server.
    pub(crate) async fn stop(mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        let ended = tokio::time::timeout(PATIENCE, &mut self.task).await;
        ended.expect("the server must stop").unwrap().unwrap();
    }
}

pub(crate) const SUMMARY: &str = "/api/v1/history/summary";

/// An import of some lines, in two parts where there are two or more.
pub(crate) struct Import {
    pub(crate) manifest: Manifest,
    pub(crate) parts: Vec<Vec<u8>>,
}

impl Import {
    pub(crate) fn of(lines: &[Line]) -> Self {
        let rows: Vec<_> = lines.iter().map(Line::values).collect();
        Self::of_rows(&rows)
    }

    pub(crate) fn of_rows(rows: &[[Option<String>; SALES_COLUMNS.len()]]) -> Self {
        let format = TextFormat::lossless();
        let now = clock::now();
        let (parts, infos) = (rows.chunks(rows.len().div_ceil(2).max(1)).enumerate())
            .map(|(number, rows)| {
                let bytes = text(&format, rows);
                let info = PartInfo {
                    name: format!("part-m-{number:05}"),
                    rows: rows.len() as u64,
                    bytes: bytes.len() as u64,
                    sha256: hex::encode(Sha256::digest(&bytes)),
                    checksum: None,
                };
                (bytes, info)
            })
            .unzip();
        let manifest = Manifest {
            version: MANIFEST_VERSION,
            run: RunId::new(now, clock::random_u32()),
            source: SourceInfo {
                url: "sqlite:erp.db".to_owned(),
                table: "sales".to_owned(),
                rows: SourceRows::All,
                server: "SQLite".to_owned(),
            },
            imported_at: now,
            files: FileFormat::default(),
            format,
            columns: SALES_COLUMNS
                .map(|name| Column {
                    name: name.to_owned(),
                    sql_type: "text".to_owned(),
                    kind: ColumnKind::Text,
                    canonical: None,
                })
                .into(),
            parts: infos,
            ambiguous_rows: 0,
            lossy_nulls: 0,
            snapshot: None,
            quarantine: Vec::new(),
            quality: Vec::new(),
            appended: Appended::default(),
            incremental: None,
            arguments: Vec::new(),
        };
        Self { manifest, parts }
    }

    pub(crate) fn run(&self) -> &str {
        self.manifest.run.as_str()
    }

    /// Everything but the last step: the run lies beside the target, complete and unpublished.
    pub(crate) async fn prepare(&self, lake: &Lake, target: &LakePath) -> Publication {
        let run = self.manifest.run.clone();
        let publication = Publication::begin(lake, target, run).await.unwrap();
        for (part, bytes) in self.manifest.parts.iter().zip(&self.parts) {
            let mut writer = publication.create_part(&part.name).await.unwrap();
            writer.write(bytes.clone().into()).await.unwrap();
            writer.close().await.unwrap();
        }
        publication
    }

    pub(crate) async fn publish_to(&self, lake: &Lake, target: &LakePath) {
        let publication = self.prepare(lake, target).await;
        publication
            .commit(&self.manifest, clock::now())
            .await
            .unwrap();
    }

    pub(crate) async fn publish(&self, lake: &Lake) {
        self.publish_to(lake, &target()).await;
    }
}

fn text(format: &TextFormat, rows: &[[Option<String>; SALES_COLUMNS.len()]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for row in rows {
        for (number, value) in row.iter().enumerate() {
            if number > 0 {
                bytes.push(format.field);
            }
            let value = value.as_ref().map(String::as_bytes);
            let _exact = format.encode(&mut bytes, value, ColumnKind::Text);
        }
        bytes.push(format.record);
    }
    bytes
}
