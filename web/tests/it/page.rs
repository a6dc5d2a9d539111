//! The page as this binary has it: built, or the one that says how to build it.

use crate::support::{TestLake, TestServer};

#[tokio::test]
async fn the_start_page_and_its_files_are_served() {
    let lake = TestLake::new();
    let server = TestServer::start(&lake.lake).await;
    let answer = server.get("/").await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(answer.headers()["cache-control"], "no-cache");
    let html = answer.text().await.unwrap();
    // What the policy forbids would not run in a browser.
    assert!(
        !html.contains("<style") && !html.contains(" style="),
        "{html}"
    );

    let files = html
        .split('"')
        .filter(|text| text.starts_with('/') && text.contains('.'));
    let mut seen = 0;
    for path in files.filter(|path| !path.starts_with("/api")) {
        let file = server.get(path).await;
        assert_eq!(file.status(), 200, "{path}");
        let tag = file.headers()["etag"].clone();
        let again = server
            .request("GET", path)
            .header("if-none-match", tag)
            .send()
            .await
            .unwrap();
        assert_eq!(again.status(), 304, "{path}");
        seen += 1;
    }
    assert!(seen > 0, "{html}");
}

#[tokio::test]
async fn an_unknown_page_is_not_the_start_page() {
    let lake = TestLake::new();
    let server = TestServer::start(&lake.lake).await;
    let answer = server.get("/nowhere").await;
    assert_eq!(answer.status(), 404);
    assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
}
