//! Who may see what: roles, the login form, the journal, and what other sites can't do.

use crate::accounts::{Accounts, PASSWORD, cookies, form, log_in, status, try_to_log_in, until};
use crate::live::at;
use crate::shop::{Sale, Shop, on_every_warehouse};
use crate::sse::Events;
use crate::support::{SUMMARY, TestServer};
use comptoir_config::clock;
use serde_json::Value;
use std::time::Duration;

const JOURNAL: &str = "/api/v1/journal";
const LOGS: &str = "/api/v1/logs/summary";
const HEALTH: &str = "/api/v1/health";

on_every_warehouse! {
    everybody_sees_what_their_role_says_and_the_journal_knows_who_came
}

async fn everybody_sees_what_their_role_says_and_the_journal_knows_who_came(shop: &mut Shop) {
    let accounts = Accounts::new();
    for (name, role) in [("ada", "viewer"), ("olga", "operator"), ("otto", "auditor")] {
        accounts.add_user(name, role);
    }
    let server = accounts.serve_over(shop, clock::now).await;
    for path in [
        HEALTH,
        LOGS,
        JOURNAL,
        SUMMARY,
        "/metrics",
        "/api/v1/session",
        "/api/x",
    ] {
        assert_eq!(status(&server, path, "").await, 401, "{path}");
    }
    for path in ["/", "/healthz", "/login", "/login.css"] {
        assert_eq!(status(&server, path, "").await, 200, "{path}");
    }
    for (name, logs, journal, metrics) in [
        ("ada", 403, 403, 403),
        // Nobody ships logs here.
        ("olga", 503, 200, 200),
        ("otto", 503, 200, 200),
    ] {
        let cookie = log_in(&server, name).await;
        assert_eq!(status(&server, HEALTH, &cookie).await, 200, "{name}");
        assert_eq!(status(&server, LOGS, &cookie).await, logs, "{name}");
        assert_eq!(status(&server, JOURNAL, &cookie).await, journal, "{name}");
        assert_eq!(
            status(&server, "/metrics", &cookie).await,
            metrics,
            "{name}"
        );
        let session = server
            .request("GET", "/api/v1/session")
            .header("cookie", &cookie);
        let session: Value = session.send().await.unwrap().json().await.unwrap();
        assert_eq!(
            (&session["name"], &session["kind"]),
            (&name.into(), &"user".into())
        );
    }
    assert_eq!(
        try_to_log_in(&server, "ada", "wrong wrong wrong")
            .await
            .status(),
        401
    );
    // What may be a password in the wrong field is not kept.
    assert_eq!(
        try_to_log_in(&server, "hunter2", PASSWORD).await.status(),
        401
    );
    let cookie = log_in(&server, "otto").await;
    let left = form(&server, "/logout", "").header("cookie", &cookie);
    assert_eq!(left.send().await.unwrap().status(), 303);
    assert_eq!(status(&server, JOURNAL, &cookie).await, 401);

    let cookie = log_in(&server, "otto").await;
    let journal = async |query: &str| {
        let path = format!("{JOURNAL}{query}");
        let answer = server.request("GET", &path).header("cookie", &cookie);
        answer.send().await.unwrap().json::<Value>().await.unwrap()
    };
    // The warehouse has an entry a moment after what it tells of.
    let entries = |journal: &Value| journal["entries"].as_array().unwrap().len();
    let whole = async {
        loop {
            let whole = journal("").await;
            if entries(&whole) >= 11 {
                return whole;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let whole = tokio::time::timeout(Duration::from_secs(30), whole).await;
    let whole = whole.expect("every entry comes to the warehouse");
    assert_eq!(whole["next"], Value::Null);
    let mut told: Vec<String> = (whole["entries"].as_array().unwrap().iter())
        .map(|entry| {
            let text = |name: &str| entry[name].as_str().unwrap().to_owned();
            let (who, detail) = (text("who"), text("detail"));
            let who = if who.starts_with("uid:") {
                "uid".to_owned()
            } else {
                who
            };
            format!(
                "{who} {} {} {detail} {}",
                text("action"),
                text("outcome"),
                text("address")
            )
        })
        .collect();
    told.sort();
    let mut expected = vec![
        "uid user.add done ada, viewer local",
        "uid user.add done olga, operator local",
        "uid user.add done otto, auditor local",
        "unknown login refused unknown name 127.0.0.1",
        "user:ada login done  127.0.0.1",
        "user:ada login refused wrong password 127.0.0.1",
        "user:olga login done  127.0.0.1",
        "user:otto login done  127.0.0.1",
        "user:otto login done  127.0.0.1",
        "user:otto login done  127.0.0.1",
        "user:otto logout done  127.0.0.1",
    ];
    expected.sort_unstable();
    assert_eq!(told, expected);
    let first = journal("?limit=4").await;
    let rest = journal(&format!("?before={}", first["next"])).await;
    let mut pages = first["entries"].as_array().unwrap().clone();
    pages.extend(rest["entries"].as_array().unwrap().clone());
    assert_eq!(Value::Array(pages), whole["entries"]);
}

on_every_warehouse! {
    what_a_record_says_is_never_markup
}

async fn what_a_record_says_is_never_markup(shop: &mut Shop) {
    let accounts = Accounts::new();
    let server = accounts
        .serve_over(shop, || at("2026-11-21T13:42:30Z"))
        .await;
    let name = "<img src=x onerror=alert(1)>";
    let sale = Sale {
        merchant: name,
        ..Sale::at(shop.now)
    };
    shop.sell(0, &[sale]).await;
    for path in ["/api/v1/transactions", "/api/v1/live/by/merchant"] {
        server
            .json_when(path, |answer| answer.to_string().contains(name))
            .await;
        let answer = server.get(path).await;
        assert_eq!(
            answer.headers()["content-type"],
            "application/json",
            "{path}"
        );
        assert_eq!(
            answer.headers()["x-content-type-options"],
            "nosniff",
            "{path}"
        );
    }
    // Neither is what an address says, which the problem repeats.
    let answer = server.get("/api/%3Cimg%20onerror=x%3E").await;
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_asks_in_two_languages_and_leads_back() {
    let accounts = Accounts::new();
    accounts.add_user("ada", "viewer");
    let server = accounts.serve().await;
    for (language, words) in [("fr-FR,en;q=0.5", "Mot de passe"), ("en", "Password")] {
        let page = server
            .request("GET", "/login?next=/%23/history")
            .header("accept-language", language);
        let page = page.send().await.unwrap();
        assert_eq!(page.headers()["cache-control"], "no-store");
        assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
        let html = page.text().await.unwrap();
        for part in [
            words,
            "autocomplete=\"current-password\"",
            "role=\"alert\"",
            "value=\"/#/history\"",
        ] {
            assert!(html.contains(part), "{part}: {html}");
        }
        assert!(
            !html.contains("<script") && !html.contains(" style="),
            "{html}"
        );
    }
    let wrong = try_to_log_in(&server, "ada", "wrong wrong wrong").await;
    assert_eq!(wrong.status(), 401);
    let html = wrong.text().await.unwrap();
    assert!(html.contains("do not belong together"), "{html}");
    assert!(
        html.contains("value=\"ada\"") && !html.contains("wrong wrong"),
        "{html}"
    );

    let answer = try_to_log_in(&server, "ada", PASSWORD).await;
    assert_eq!(answer.headers()["location"], "/#/history");
    let set = answer.headers().get_all("set-cookie").iter();
    let set: Vec<_> = set.map(|cookie| cookie.to_str().unwrap()).collect();
    for cookie in &set {
        assert!(cookie.contains("; HttpOnly; SameSite=Strict"), "{cookie}");
        // Nothing is encrypted here: the browser would not send it back.
        assert!(!cookie.contains("Secure"), "{cookie}");
    }
    assert!(
        set[0].starts_with("comptoir_session=") && set[0].contains("; Path=/;"),
        "{set:?}"
    );
    // Whoever is in is not asked again.
    let page = server
        .request("GET", "/login")
        .header("cookie", cookies(&answer));
    assert_eq!(page.send().await.unwrap().headers()["location"], "/");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_elsewhere_change_nothing() {
    let accounts = Accounts::new();
    accounts.add_user("ada", "viewer");
    let server = accounts.serve().await;
    let cookie = log_in(&server, "ada").await;
    let host = server.base.trim_start_matches("http://").to_owned();
    let elsewhere = format!("http://evil.example:{}", host.rsplit(':').next().unwrap());
    let post = |path: &str| server.request("POST", path).header("cookie", &cookie);
    for path in ["/logout", "/login"] {
        for request in [
            post(path),
            post(path).header("sec-fetch-site", "cross-site"),
            post(path).header("sec-fetch-site", "same-site"),
            post(path).header("origin", &elsewhere),
            post(path).header("origin", "null"),
        ] {
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 403, "{path}");
            let problem: Value = answer.json().await.unwrap();
            assert_eq!(problem["type"], "/problems/foreign-origin");
        }
    }
    assert_eq!(status(&server, HEALTH, &cookie).await, 200);
    // Over plain HTTP between machines a browser sends no more than this.
    let ours = post("/logout").header("origin", &server.base);
    assert_eq!(ours.send().await.unwrap().status(), 303);
    assert_eq!(status(&server, HEALTH, &cookie).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_users_nobody_is_asked_and_the_first_one_shuts_the_door() {
    let accounts = Accounts::new();
    let server = accounts.serve().await;
    assert_eq!(server.json("/api/v1/session").await["kind"], "anyone");
    assert_eq!(server.get("/login").await.headers()["location"], "/");
    assert_eq!(server.get("/metrics").await.status(), 200);
    let mut stream = Events::of(server.get("/api/v1/live/stream").await);
    accounts.add_user("ada", "viewer");
    until(&server, HEALTH, "", 401).await;
    while stream.next().await.is_some() {}
    let cookie = log_in(&server, "ada").await;
    assert_eq!(status(&server, HEALTH, &cookie).await, 200);
    accounts.done(&["user", "remove", "ada"], "");
    until(&server, HEALTH, "", 200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_get_in_while_the_warehouse_is_away_and_the_journal_waits() {
    let accounts = Accounts::new();
    accounts.add_user("otto", "auditor");
    // The warehouse of this server has no file.
    let server = accounts.serve().await;
    let cookie = log_in(&server, "otto").await;
    assert_eq!(status(&server, HEALTH, &cookie).await, 200);
    assert_eq!(status(&server, JOURNAL, &cookie).await, 503);
    let waits = std::fs::read_dir(accounts.path()).unwrap();
    let waits: String = waits
        .map(|file| file.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "jsonl")
        })
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    assert!(
        waits.contains("user.add") && waits.contains("\"user:otto\""),
        "{waits}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_bounded_in_size() {
    let accounts = Accounts::new();
    accounts.add_user("ada", "viewer");
    let server: TestServer = accounts.serve().await;
    let huge = format!("name=ada&password={}", "x".repeat(20_000));
    let answer = form(&server, "/login", &huge).send().await.unwrap();
    assert_eq!(answer.status(), 413);
    assert_eq!(
        try_to_log_in(&server, &"x".repeat(500), PASSWORD)
            .await
            .status(),
        401
    );
}
