//! Caching, compression, headers, methods, and what is refused.

use crate::sales::SHOP;
use crate::support::{Import, SUMMARY, TestLake, TestServer};
use serde_json::Value;

async fn served() -> (TestLake, TestServer) {
    let lake = TestLake::new();
    Import::of(&SHOP).publish(&lake.lake).await;
    let server = TestServer::start(&lake.lake).await;
    (lake, server)
}

#[tokio::test]
async fn an_unchanged_answer_is_not_sent_again() {
    let (lake, server) = served().await;
    let first = server.get(SUMMARY).await;
    assert_eq!(first.headers()["cache-control"], "no-cache");
    assert_eq!(first.headers()["content-type"], "application/json");
    let tag = first.headers()["etag"].clone();

    let again = server
        .request("GET", SUMMARY)
        .header("if-none-match", &tag)
        .send()
        .await
        .unwrap();
    assert_eq!(again.status(), 304);
    assert_eq!(again.headers()["etag"], tag);
    assert_eq!(again.bytes().await.unwrap().len(), 0);

    let second = Import::of(&SHOP[..1]);
    second.publish(&lake.lake).await;
    server
        .json_when(SUMMARY, |answer| answer["import"]["run"] == second.run())
        .await;
    let changed = server
        .request("GET", SUMMARY)
        .header("if-none-match", &tag)
        .send()
        .await
        .unwrap();
    assert_eq!(changed.status(), 200);
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let (_lake, server) = served().await;
    for path in [SUMMARY, "/", "/healthz"] {
        let get = server.get(path).await;
        let head = server.request("HEAD", path).send().await.unwrap();
        assert_eq!(head.status(), 200, "{path}");
        for name in ["content-type", "content-length", "etag"] {
            assert_eq!(
                head.headers().get(name),
                get.headers().get(name),
                "{path} {name}"
            );
        }
        assert_eq!(head.bytes().await.unwrap().len(), 0, "{path}");
    }
}

#[tokio::test]
async fn answers_of_the_api_are_compressed_for_those_who_ask() {
    let (_lake, server) = served().await;
    for encoding in ["br", "gzip"] {
        let request = server.request("GET", "/api/v1/history/by/month");
        let answer = request
            .header("accept-encoding", encoding)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.headers()["content-encoding"], encoding);
        assert_eq!(answer.headers()["vary"], "accept-encoding");
    }
    // The client undoes it and reads the same.
    let plain = server
        .get("/api/v1/history/by/month")
        .await
        .bytes()
        .await
        .unwrap();
    let url = format!("{}/api/v1/history/by/month", server.base);
    assert_eq!(
        reqwest::get(url).await.unwrap().bytes().await.unwrap(),
        plain
    );
}

#[tokio::test]
async fn every_answer_carries_the_safety_headers() {
    let (_lake, server) = served().await;
    for path in [
        SUMMARY,
        "/",
        "/nowhere",
        "/api/nowhere",
        "/metrics",
        "/readyz",
    ] {
        let answer = server.get(path).await;
        let headers = answer.headers();
        let policy = headers["content-security-policy"].to_str().unwrap();
        for rule in [
            "default-src 'none'",
            "script-src 'self' 'wasm-unsafe-eval'",
            "style-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "form-action 'self'",
        ] {
            assert!(
                policy.split("; ").any(|found| found == rule),
                "{path}: {policy}"
            );
        }
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "same-origin", "{path}");
        assert!(headers.contains_key("cache-control"), "{path}");
        assert!(!headers.contains_key("server"), "{path}");
    }
}

#[tokio::test]
async fn every_refusal_is_a_problem() {
    let (_lake, server) = served().await;
    let foreign = |path| server.request("GET", path).header("host", "evil.example");
    for (request, status, kind) in [
        (server.request("GET", "/api/v2/x"), 404, "not-found"),
        (server.request("POST", "/api/v2/x"), 404, "not-found"),
        (server.request("POST", SUMMARY), 405, "method-not-allowed"),
        (server.request("DELETE", "/"), 405, "method-not-allowed"),
        (server.request("PUT", "/healthz"), 405, "method-not-allowed"),
        (
            server.request("GET", SUMMARY).body("x"),
            413,
            "body-refused",
        ),
        (foreign(SUMMARY), 421, "wrong-host"),
        (foreign("/"), 421, "wrong-host"),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{kind}");
        assert_eq!(
            answer.headers()["content-type"],
            "application/problem+json",
            "{kind}"
        );
        let allow = answer
            .headers()
            .get("allow")
            .map(|allow| allow.to_str().unwrap().to_owned());
        assert_eq!(allow.is_some(), status == 405, "{allow:?}");
        assert!(allow.is_none_or(|allow| allow.contains("GET") && allow.contains("HEAD")));
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["type"], format!("/problems/{kind}"));
        assert_eq!(problem["status"], status);
        assert!(!problem["detail"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn stops_when_told_to_although_a_connection_is_open() {
    let (_lake, server) = served().await;
    assert_eq!(
        server.get("/healthz").await.text().await.unwrap(),
        "alive\n"
    );
    let silent = tokio::net::TcpStream::connect(server.base.trim_start_matches("http://")).await;
    server.stop().await;
    drop(silent.unwrap());
}

#[tokio::test]
async fn says_which_address_is_taken() {
    let taken = comptoir_web::listen(([127, 0, 0, 1], 0).into())
        .await
        .unwrap();
    let address = taken.local_addr().unwrap();
    let error = comptoir_web::listen(address).await.unwrap_err().to_string();
    assert!(error.contains(&address.to_string()), "{error}");
    assert!(error.contains("hint: "), "{error}");
}
