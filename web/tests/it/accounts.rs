//! Users and tokens of a test's own, made by the program itself, and how people log in.

use crate::shop::Shop;
use crate::support::{TestLake, TestServer, request};
use comptoir_web::{AccessRequest, ServeRequest};
use jiff::Timestamp;
use reqwest::{RequestBuilder, Response};
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

pub(crate) const PASSWORD: &str = "correct horse battery";
const PATIENCE: Duration = Duration::from_secs(30);

/// A directory of accounts, and the servers that are started over it.
pub(crate) struct Accounts {
    pub(crate) dir: tempfile::TempDir,
    lake: TestLake,
}

impl Accounts {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            lake: TestLake::new(),
        }
    }

    /// `comptoir-web` with these arguments and this on its standard input.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut program = Command::new(env!("CARGO_BIN_EXE_comptoir-web"))
            .args(arguments)
            .current_dir(self.dir.path())
            .env_clear()
            .env("COMPTOIR_WEB_ACCESS_DIR", self.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = program.stdin.take().unwrap();
        // It may not want to know.
        stdin.write_all(input.as_bytes()).ok();
        drop(stdin);
        program.wait_with_output().unwrap()
    }

    /// What it prints; it has to go well.
    pub(crate) fn done(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run(arguments, input);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn add_user(&self, name: &str, role: &str) {
        self.done(
            &["user", "add", name, "--role", role],
            &format!("{PASSWORD}\n"),
        );
    }

    pub(crate) fn add_token(&self, name: &str, scopes: &str) -> String {
        let token = self.done(
            &["token", "add", name, "--scope", scopes, "--days", "1"],
            "",
        );
        token.trim_end().to_owned()
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.dir.path().join("access")
    }

    pub(crate) fn request(&self) -> ServeRequest {
        ServeRequest {
            access: AccessRequest {
                dir: self.path(),
                allow_remote_without_login: false,
            },
            ..request(&self.lake.lake)
        }
    }

    pub(crate) async fn serve(&self) -> TestServer {
        TestServer::serving(self.request()).await
    }

    /// Over a warehouse.
    pub(crate) async fn serve_over(&self, shop: &Shop, now: fn() -> Timestamp) -> TestServer {
        TestServer::serving(ServeRequest {
            warehouse: shop.warehouse.clone(),
            now,
            ..self.request()
        })
        .await
    }
}

/// A form as a browser sends it from our own page.
pub(crate) fn form(server: &TestServer, path: &str, body: &str) -> RequestBuilder {
    server
        .request("POST", path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .body(body.to_owned())
}

pub(crate) async fn try_to_log_in(server: &TestServer, name: &str, password: &str) -> Response {
    let password = password.replace(' ', "+");
    let body = format!("name={name}&password={password}&next=%2F%23%2Fhistory");
    form(server, "/login", &body).send().await.unwrap()
}

/// The cookies of a login, as a browser sends them back.
pub(crate) async fn log_in(server: &TestServer, name: &str) -> String {
    let answer = try_to_log_in(server, name, PASSWORD).await;
    assert_eq!(answer.status(), 303, "{}", answer.text().await.unwrap());
    cookies(&answer)
}

pub(crate) fn cookies(answer: &Response) -> String {
    let cookies = answer.headers().get_all("set-cookie").iter();
    let pair = |cookie: &str| cookie.split(';').next().unwrap().to_owned();
    let pairs: Vec<_> = cookies
        .map(|cookie| pair(cookie.to_str().unwrap()))
        .collect();
    pairs.join("; ")
}

/// The status of a path for whoever has these cookies.
pub(crate) async fn status(server: &TestServer, path: &str, cookies: &str) -> u16 {
    let answer = server.request("GET", path).header("cookie", cookies);
    answer.send().await.unwrap().status().as_u16()
}

/// Waits until it answers so: a running server notices changed accounts within about a second.
pub(crate) async fn until(server: &TestServer, path: &str, cookies: &str, wanted: u16) {
    let waiting = async {
        while status(server, path, cookies).await != wanted {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, waiting).await;
    waited.unwrap_or_else(|_| panic!("{path} must answer {wanted}"));
}
