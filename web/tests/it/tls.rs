//! TLS: cookies, and a certificate that is replaced while the server runs.

use crate::accounts::Accounts;
use crate::support::TestServer;
use comptoir_web::{ServeRequest, TlsFiles};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// A new pair of files of these names.
fn make(dir: &Path, name: &str) -> TlsFiles {
    let files = TlsFiles {
        certificate: dir.join(format!("{name}.pem")),
        key: dir.join(format!("{name}.key")),
    };
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ])
        .args([
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
        ])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&files.key)
        .arg("-out")
        .arg(&files.certificate)
        .output()
        .expect("the program openssl is needed");
    assert!(made.status.success(), "{made:?}");
    files
}

/// The answer to a request, of a server that has this very certificate.
async fn ask(server: &TestServer, trusted: &Path, request: &str) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(trusted).unwrap())
        .unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let address = server.base.trim_start_matches("http://");
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await?;
    let request = request.replace("HEAD", "Host: localhost\r\nConnection: close");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).to_lowercase())
}

/// Waits until the server has this certificate and its health says so.
async fn until(server: &TestServer, trusted: &Path, said: &str) {
    let waiting = async {
        loop {
            let health = ask(
                server,
                trusted,
                "GET /api/v1/health HTTP/1.1\r\nHEAD\r\n\r\n",
            )
            .await;
            if health.is_ok_and(|health| health.contains(said)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(30), waiting).await;
    waited.unwrap_or_else(|_| panic!("{} and `{said}` must come", trusted.display()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_served_and_a_broken_one_is_not() {
    let accounts = Accounts::new();
    let dir = tempfile::tempdir().unwrap();
    let served = make(dir.path(), "served");
    let next = make(dir.path(), "next");
    let first = dir.path().join("first.pem");
    std::fs::copy(&served.certificate, &first).unwrap();
    let server = TestServer::serving(ServeRequest {
        tls: Some(served.clone()),
        ..accounts.request()
    })
    .await;
    // Nothing else is spoken there, and the strange client harms nobody.
    let plain = reqwest::get(format!("{}/healthz", server.base)).await;
    assert!(plain.is_err(), "{plain:?}");
    let up = "\"id\":\"certificate\",\"kind\":\"certificate\"";
    until(&server, &first, up).await;

    // The certificate comes before its key, and for a moment they don't fit.
    std::fs::copy(&next.certificate, &served.certificate).unwrap();
    until(
        &server,
        &first,
        "the certificate of before goes on being served",
    )
    .await;
    std::fs::copy(&next.key, &served.key).unwrap();
    until(&server, &next.certificate, up).await;
    ask(&server, &first, "GET / HTTP/1.1\r\nHEAD\r\n\r\n")
        .await
        .unwrap_err();
    std::fs::write(&served.certificate, "-----BEGIN").unwrap();
    until(
        &server,
        &next.certificate,
        "the certificate of before goes on being served",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_are_for_tls_only_and_browsers_come_back_by_it() {
    let accounts = Accounts::new();
    accounts.add_user("ada", "viewer");
    let dir = tempfile::tempdir().unwrap();
    let served = make(dir.path(), "served");
    let server = TestServer::serving(ServeRequest {
        tls: Some(served.clone()),
        ..accounts.request()
    })
    .await;
    let form = "name=ada&password=correct+horse+battery";
    let request = format!(
        "POST /login HTTP/1.1\r\nHEAD\r\nOrigin: https://localhost\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    let answer = ask(&server, &served.certificate, &request).await.unwrap();
    assert!(answer.starts_with("http/1.1 303"), "{answer}");
    assert!(
        answer.contains("strict-transport-security: max-age=31536000"),
        "{answer}"
    );
    let cookies: Vec<_> = answer
        .lines()
        .filter(|line| line.starts_with("set-cookie"))
        .collect();
    assert_eq!(cookies.len(), 2, "{answer}");
    assert!(
        cookies.iter().all(|cookie| cookie.contains("; secure")),
        "{cookies:?}"
    );
}

#[test]
fn a_certificate_that_cannot_be_used_is_named_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (make(dir.path(), "one"), make(dir.path(), "other"));
    let start = |certificate: Option<&Path>, key: Option<&Path>| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_comptoir-web"));
        program.current_dir(dir.path()).env_clear();
        program.args(["--listen", "127.0.0.1:0"]);
        for (name, path) in [("CERTIFICATE", certificate), ("KEY", key)] {
            if let Some(path) = path {
                program.env(format!("COMPTOIR_WEB_TLS_{name}"), path);
            }
        }
        let output = program.output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let said = start(Some(&one.certificate), None);
    assert!(said.contains("set together"), "{said}");
    let said = start(Some(&one.certificate), Some(&other.key));
    assert!(
        said.contains("one.pem") && said.contains("other.key"),
        "{said}"
    );
    let said = start(Some(&one.certificate), Some(&dir.path().join("none.key")));
    assert!(
        said.contains("none.key") && said.contains("web.tls_key"),
        "{said}"
    );
}
