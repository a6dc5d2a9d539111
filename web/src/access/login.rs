//! Logging in and out: a form, a cookie, and the way back.

use super::caller::Caller;
use super::guard::cookie;
use super::journal::Actor;
use super::limiter;
use super::login_page::{Login, Tongue, page};
use super::quota::Noted;
use super::secrets::{PASSWORD_BYTES_MAX, PasswordHash};
use super::{Access, accounts, sessions};
use crate::http::answer::json;
use crate::routes::Server;
use axum::Extension;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::header::{CACHE_CONTROL, LOCATION, RETRY_AFTER, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use comptoir_config::Secret;
use comptoir_model::api::access::JournalOutcome;
use jiff::SignedDuration;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tracing::warn;
use url::form_urlencoded;

pub(super) const SESSION_COOKIE: &str = "comptoir_session";
/// Tells a browser in which somebody has logged in before; it lets nobody in.
const BROWSER_COOKIE: &str = "comptoir_browser";
/// Name, password and the way back, with every byte written as three.
const FORM_BYTES_MAX: usize = 3 * (PASSWORD_BYTES_MAX + accounts::NAME_MAX) + 4096;
/// Others are at it: each check takes tens of milliseconds.
const CHECK_WAIT_MAX: Duration = Duration::from_secs(5);

/// Who asks, for the page.
pub(crate) async fn session(Extension(caller): Extension<Caller>, headers: HeaderMap) -> Response {
    json(&headers, &caller.info())
}

pub(crate) async fn show(
    State(server): State<Arc<Server>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let next = field(query.unwrap_or_default().as_bytes(), "next");
    let next = way_back(&next.unwrap_or_default());
    // Nobody is asked, or is known already.
    if !server.access.asks() || server.access.user_of(&headers).is_some() {
        return to(&next, HeaderMap::new());
    }
    form(StatusCode::OK, &headers, &next, "", Login::Asked)
}

pub(crate) async fn log_in(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Ok(body) = axum::body::to_bytes(body, FORM_BYTES_MAX).await else {
        return form(
            StatusCode::PAYLOAD_TOO_LARGE,
            &headers,
            "/",
            "",
            Login::Wrong,
        );
    };
    let text = |name| field(&body, name).unwrap_or_default();
    let (name, next) = (text("name").trim().to_owned(), way_back(&text("next")));
    let attempt = Attempt {
        password: Secret::new(text("password")),
        // A password that was typed into the wrong field is kept nowhere.
        name: if name.len() > accounts::NAME_MAX {
            String::new()
        } else {
            name.clone()
        },
        browser: cookie(&headers, BROWSER_COOKIE).map(str::to_owned),
        address: caller.address,
    };
    let refused = |status, why| form(status, &headers, &next, &name, why);
    match attempt.made(&server.access).await {
        Outcome::In { session, browser } => {
            let mut cookies = HeaderMap::new();
            let access = &server.access;
            let age = sessions::AGE_MAX;
            access.set(&mut cookies, SESSION_COOKIE, session.expose(), "/", age);
            if let Some(browser) = browser {
                let age = sessions::BROWSER_AGE_MAX;
                access.set(
                    &mut cookies,
                    BROWSER_COOKIE,
                    browser.expose(),
                    "/login",
                    age,
                );
            }
            to(&next, cookies)
        }
        Outcome::Wrong => refused(StatusCode::UNAUTHORIZED, Login::Wrong),
        Outcome::Busy => refused(StatusCode::SERVICE_UNAVAILABLE, Login::Busy),
        Outcome::Wait(wait) => {
            let seconds = wait.as_secs() + 1;
            let mut answer = refused(StatusCode::TOO_MANY_REQUESTS, Login::Wait(seconds));
            answer.headers_mut().insert(RETRY_AFTER, seconds.into());
            answer
        }
    }
}

pub(crate) async fn log_out(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Response {
    let access = &server.access;
    let session = cookie(&headers, SESSION_COOKIE);
    if let Some(user) = session.and_then(|session| access.sessions().close(session)) {
        access.note_logout(&user, caller.address).await;
        access.copy_sessions().await;
    }
    let mut cookies = HeaderMap::new();
    access.set(&mut cookies, SESSION_COOKIE, "", "/", SignedDuration::ZERO);
    to("/login", cookies)
}

/// One try.
struct Attempt {
    name: String,
    password: Secret,
    browser: Option<String>,
    address: IpAddr,
}

enum Outcome {
    In {
        session: Secret,
        browser: Option<Secret>,
    },
    Wrong,
    /// Too many tries.
    Wait(SignedDuration),
    /// Too many people log in at this moment.
    Busy,
}

impl Attempt {
    async fn made(self, access: &Arc<Access>) -> Outcome {
        let now = (access.now)();
        let browser = self.browser.as_deref();
        let known = browser.and_then(|browser| access.sessions().browser(&self.name, browser));
        let keys = limiter::keys(&self.name, self.address, known);
        if let Err(wait) = access.limiter().charge(&keys, now) {
            return Outcome::Wait(wait);
        }
        let check = access.password_checks.acquire();
        let Ok(Ok(_check)) = tokio::time::timeout(CHECK_WAIT_MAX, check).await else {
            access.limiter().give_back(&keys);
            return Outcome::Busy;
        };
        let user = access.accounts().users.get(&self.name).cloned();
        let hash = user.as_ref().map(|user| user.password.clone());
        // An unknown name takes as long.
        let hash = hash.unwrap_or_else(PasswordHash::of_nobody);
        let (access_too, name, address) = (Arc::clone(access), self.name.clone(), self.address);
        let is_known = user.is_some();
        let checked = tokio::task::spawn_blocking(move || {
            let is_right = hash.is_of(&self.password) && is_known;
            let (who, outcome, detail) = match (is_right, is_known) {
                (true, _) => (format!("user:{name}"), JournalOutcome::Done, ""),
                (false, true) => {
                    let who = format!("user:{name}");
                    (who, JournalOutcome::Refused, "wrong password")
                }
                (false, false) => {
                    let who = "unknown".to_owned();
                    (who, JournalOutcome::Refused, "unknown name")
                }
            };
            let address = address.to_string();
            access_too.note_login(&Actor { who, address }, outcome, detail);
            is_right
        });
        let is_right = checked.await.unwrap_or(false);
        let Some(user) = user.filter(|_| is_right) else {
            return Outcome::Wrong;
        };
        access.limiter().give_back(&keys);
        let (session, browser) = {
            let mut sessions = access.sessions();
            let session = sessions.open(&self.name, user.password.mark(), now);
            (
                session,
                sessions.remember(&self.name, self.browser.as_deref(), now),
            )
        };
        access.copy_sessions().await;
        Outcome::In { session, browser }
    }
}

impl Access {
    /// The user of a cookie, if it is good.
    fn user_of(&self, headers: &HeaderMap) -> Option<String> {
        let session = cookie(headers, SESSION_COOKIE)?;
        let accounts = self.accounts();
        let open = self.sessions().find(session, &accounts, (self.now)())?;
        Some(open.user)
    }

    /// A login goes on without: people have to get in when the disk is full, too.
    fn note_login(&self, actor: &Actor, outcome: JournalOutcome, detail: &str) {
        let mut detail = detail.to_owned();
        if outcome == JournalOutcome::Refused {
            let mut refusals = (self.refusals.lock()).unwrap_or_else(PoisonError::into_inner);
            match refusals.one_more((self.now)()) {
                Noted::Yes => {}
                Noted::AndThatSoManyWereLeftOut(others) => {
                    let told = format!("; before it {others} refused logins were left out");
                    detail.push_str(&told);
                }
                Noted::No => return,
            }
        }
        if let Err(error) = (self.journal).note(actor, "login", outcome, &detail, (self.now)()) {
            warn!("the journal misses a login: {error}");
        }
    }

    async fn note_logout(self: &Arc<Self>, user: &str, address: IpAddr) {
        let (access, now) = (Arc::clone(self), (self.now)());
        let (who, address) = (format!("user:{user}"), address.to_string());
        let noting = tokio::task::spawn_blocking(move || {
            let actor = Actor { who, address };
            access
                .journal
                .note(&actor, "logout", JournalOutcome::Done, "", now)
        });
        match noting.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => warn!("the journal misses a logout: {error}"),
            Err(panicked) => warn!("the journal misses a logout: {panicked}"),
        }
    }

    fn set(
        &self,
        headers: &mut HeaderMap,
        name: &str,
        value: &str,
        path: &str,
        age: SignedDuration,
    ) {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let age = age.as_secs();
        let cookie = format!(
            "{name}={value}; Path={path}; Max-Age={age}; HttpOnly; SameSite=Strict{secure}"
        );
        // Of our own letters.
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            headers.append(SET_COOKIE, cookie);
        }
    }
}

fn field(form: &[u8], name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(form);
    pairs.find_map(|(found, value)| (found == name).then(|| value.into_owned()))
}

/// A path of this server, with what stands behind it; `/` in the place of anything else.
fn way_back(next: &str) -> String {
    let is_ours = next.starts_with('/')
        && !next.starts_with("//")
        && !next.starts_with("/login")
        && next.len() <= 2000
        && next
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_ours {
        next.to_owned()
    } else {
        "/".to_owned()
    }
}

fn to(path: &str, mut headers: HeaderMap) -> Response {
    let path = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
    headers.insert(LOCATION, path);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    (StatusCode::SEE_OTHER, headers).into_response()
}

fn form(status: StatusCode, headers: &HeaderMap, next: &str, name: &str, login: Login) -> Response {
    let html = page(Tongue::of(headers), login, name, next);
    let kind = [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("vary", "accept-language"),
    ];
    (status, kind, html).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_never_leaves_this_server() {
        for next in ["/", "/#/history", "/?x=1#/logs", "/docs"] {
            assert_eq!(way_back(next), next);
        }
        for next in [
            "",
            "history",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nset-cookie: x=1",
            "/login?next=/",
            "/é",
        ] {
            assert_eq!(way_back(next), "/", "{next}");
        }
    }

    #[test]
    fn reads_a_field_of_a_form() {
        let form = b"name=ada+l&password=%26%3D%C3%A9&next=%2F%23%2Flive";
        assert_eq!(field(form, "name").as_deref(), Some("ada l"));
        assert_eq!(field(form, "password").as_deref(), Some("&=é"));
        assert_eq!(field(form, "next").as_deref(), Some("/#/live"));
        assert_eq!(field(form, "nothing"), None);
    }
}
