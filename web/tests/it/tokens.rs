//! What tokens open, and how they end.

use crate::accounts::Accounts;
use crate::sse::Events;
use crate::support::TestServer;
use comptoir_config::clock;
use comptoir_web::ServeRequest;
use jiff::{SignedDuration, Timestamp};
use reqwest::RequestBuilder;
use std::sync::atomic::{AtomicI64, Ordering};

const HEALTH: &str = "/api/v1/health";
const LOGS: &str = "/api/v1/logs/summary";

fn get(server: &TestServer, path: &str, token: &str) -> RequestBuilder {
    let value = format!("Bearer {token}");
    server.request("GET", path).header("authorization", value)
}

async fn status(server: &TestServer, path: &str, token: &str) -> u16 {
    get(server, path, token)
        .send()
        .await
        .unwrap()
        .status()
        .as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_what_its_scopes_say_until_its_day() {
    static HOURS: AtomicI64 = AtomicI64::new(0);
    fn now() -> Timestamp {
        let ahead = SignedDuration::from_hours(HOURS.load(Ordering::SeqCst));
        clock::now().checked_add(ahead).unwrap()
    }
    let accounts = Accounts::new();
    accounts.add_user("ada", "viewer");
    let read = accounts.add_token("report", "read");
    let metrics = accounts.add_token("prometheus", "metrics");
    let both = accounts.add_token("auditor", "logs,metrics");
    let server = TestServer::serving(ServeRequest {
        now,
        ..accounts.request()
    })
    .await;
    for (token, health, scraped, logs) in [
        (&read, 200, 200, 403),
        (&metrics, 403, 200, 403),
        // The shipper is away.
        (&both, 403, 200, 503),
        (&"0".repeat(64), 401, 401, 401),
        (&String::new(), 401, 401, 401),
    ] {
        assert_eq!(status(&server, HEALTH, token).await, health);
        assert_eq!(status(&server, "/metrics", token).await, scraped);
        assert_eq!(status(&server, LOGS, token).await, logs);
        // What is open to all does not mind.
        assert_eq!(status(&server, "/healthz", token).await, 200);
    }
    let refused = server.get(HEALTH).await;
    assert_eq!(refused.headers()["www-authenticate"], "Bearer");

    let listed = accounts.done(&["token", "ls"], "");
    assert!(
        listed.contains("auditor\tlogs,metrics\texpires "),
        "{listed}"
    );
    assert!(!listed.contains(&both), "{listed}");
    let stored = std::fs::read_to_string(accounts.path().join("users.json")).unwrap();
    for token in [&read, &metrics, &both] {
        assert_eq!(token.len(), 64);
        assert!(!stored.contains(token.as_str()));
    }

    let stream = async |token: &str| {
        Events::of(
            get(&server, "/api/v1/live/stream", token)
                .send()
                .await
                .unwrap(),
        )
    };
    let mut removed = stream(&added_later(&accounts, &server).await).await;
    accounts.done(&["token", "remove", "later"], "");
    while removed.next().await.is_some() {}
    let mut expires = stream(&read).await;
    HOURS.store(25, Ordering::SeqCst);
    while expires.next().await.is_some() {}
    assert_eq!(status(&server, HEALTH, &read).await, 401);
}

/// One that is added while the server runs, once the server knows it.
async fn added_later(accounts: &Accounts, server: &TestServer) -> String {
    let token = accounts.add_token("later", "read");
    let known = async {
        while status(server, HEALTH, &token).await != 200 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let limit = std::time::Duration::from_secs(30);
    tokio::time::timeout(limit, known)
        .await
        .expect("the server must notice");
    token
}
