//! How sessions end, and how often a password may be tried.

use crate::accounts::{Accounts, PASSWORD, log_in, status, try_to_log_in, until};
use crate::sse::Events;
use crate::support::TestServer;
use comptoir_config::clock;
use comptoir_web::ServeRequest;
use jiff::{SignedDuration, Timestamp};
use reqwest::Response;
use std::sync::atomic::{AtomicI64, Ordering};

const HEALTH: &str = "/api/v1/health";

fn ahead(hours: &AtomicI64) -> Timestamp {
    let ahead = SignedDuration::from_hours(hours.load(Ordering::SeqCst));
    clock::now().checked_add(ahead).unwrap()
}

async fn open_stream(server: &TestServer, cookie: &str) -> Events {
    let request = server.request("GET", "/api/v1/live/stream");
    Events::of(request.header("cookie", cookie).send().await.unwrap())
}

/// The server ends it.
async fn ends(mut stream: Events) {
    while stream.next().await.is_some() {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_with_its_time_and_its_streams_with_it() {
    static HOURS: AtomicI64 = AtomicI64::new(0);
    let accounts = Accounts::new();
    accounts.add_user("ada", "viewer");
    let server = TestServer::serving(ServeRequest {
        now: || ahead(&HOURS),
        ..accounts.request()
    })
    .await;
    let idle = log_in(&server, "ada").await;
    let busy = log_in(&server, "ada").await;
    let stream = open_stream(&server, &busy).await;
    assert_eq!(status(&server, HEALTH, &idle).await, 200);
    HOURS.store(3, Ordering::SeqCst);
    until(&server, HEALTH, &idle, 401).await;
    // A page that listens is not idle.
    assert_eq!(status(&server, HEALTH, &busy).await, 200);
    HOURS.store(7 * 24, Ordering::SeqCst);
    ends(stream).await;
    assert_eq!(status(&server, HEALTH, &busy).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_and_a_removal_end_all_sessions_of_the_user() {
    let accounts = Accounts::new();
    accounts.add_user("ada", "viewer");
    accounts.add_user("bob", "viewer");
    let server = accounts.serve().await;
    let (first, second) = (log_in(&server, "ada").await, log_in(&server, "ada").await);
    let bob = log_in(&server, "bob").await;
    let stream = open_stream(&server, &first).await;
    accounts.done(&["user", "passwd", "ada"], "another long password\n");
    ends(stream).await;
    until(&server, HEALTH, &second, 401).await;
    assert_eq!(try_to_log_in(&server, "ada", PASSWORD).await.status(), 401);
    let again = try_to_log_in(&server, "ada", "another long password").await;
    assert_eq!(again.status(), 303);
    assert_eq!(status(&server, HEALTH, &bob).await, 200);
    let stream = open_stream(&server, &bob).await;
    accounts.done(&["user", "remove", "bob"], "");
    ends(stream).await;
    assert_eq!(try_to_log_in(&server, "bob", PASSWORD).await.status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_logs_nobody_out() {
    let accounts = Accounts::new();
    let server = accounts.serve().await;
    // Also where nobody was asked at the start.
    accounts.add_user("ada", "viewer");
    until(&server, HEALTH, "", 401).await;
    let cookie = log_in(&server, "ada").await;
    server.stop().await;
    let server = accounts.serve().await;
    assert_eq!(status(&server, HEALTH, &cookie).await, 200);
    // A damaged file of users is no reason to let everybody in, or nobody.
    std::fs::write(accounts.path().join("users.json"), "{").unwrap();
    let added = accounts.run(&["user", "add", "bob", "--role", "viewer"], PASSWORD);
    assert!(!added.status.success());
    assert_eq!(status(&server, HEALTH, &cookie).await, 200);
    assert_eq!(status(&server, HEALTH, "").await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slow_and_locks_nobody_out_who_was_there_before() {
    static HOURS: AtomicI64 = AtomicI64::new(0);
    let accounts = Accounts::new();
    accounts.add_user("ada", "viewer");
    let server = TestServer::serving(ServeRequest {
        now: || ahead(&HOURS),
        ..accounts.request()
    })
    .await;
    let known = log_in(&server, "ada").await;
    let guess = async || try_to_log_in(&server, "ada", "wrong wrong wrong").await;
    for _ in 0..5 {
        assert_eq!(guess().await.status(), 401);
    }
    let refused = |answer: &Response| {
        let seconds = answer.headers()["retry-after"].to_str().unwrap();
        let seconds: u64 = seconds.parse().unwrap();
        (answer.status() == 429 && seconds <= 31).then_some(())
    };
    refused(&guess().await).unwrap();
    // Not even the right one says more: who guesses learns nothing.
    refused(&try_to_log_in(&server, "ada", PASSWORD).await).unwrap();
    // The browser in which ada was before is not in that queue.
    let own = crate::accounts::form(
        &server,
        "/login",
        &format!("name=ada&password={}", PASSWORD.replace(' ', "+")),
    );
    let own = own.header("cookie", known).send().await.unwrap();
    assert_eq!(own.status(), 303);
    HOURS.store(1, Ordering::SeqCst);
    assert_eq!(try_to_log_in(&server, "ada", PASSWORD).await.status(), 303);
}
