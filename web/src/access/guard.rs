//! Stands before every route: is this caller known, may they have this, and does what changes
//! something come from a page of ours?

use super::Access;
use super::caller::{Caller, Peer, Who};
use super::login::SESSION_COOKIE;
use super::rights::{Need, Right, holders, is_change, methods};
use crate::http::problem::{Refused, method_not_allowed, problem};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use comptoir_model::api::{Problem, ProblemKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use url::Url;

pub(crate) async fn authorize(
    State(access): State<Arc<Access>>,
    mut request: Request,
    next: Next,
) -> Response {
    let nobody = Peer(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)));
    let Peer(peer) = request.extensions().get().copied().unwrap_or(nobody);
    let (method, path) = (request.method(), request.uri().path());
    let route = (request.extensions().get()).map(|route: &MatchedPath| route.as_str());
    match access.admit(method, (path, route), request.headers(), peer.ip()) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => Refused(problem).into_response(),
    }
}

impl Access {
    fn admit(
        &self,
        method: &Method,
        (path, route): (&str, Option<&str>),
        headers: &HeaderMap,
        address: IpAddr,
    ) -> Result<Caller, Problem> {
        let address = address.to_canonical();
        let Some(need) = Need::of(method, path, route) else {
            return Err(method_not_allowed(method, path, methods(route)));
        };
        // What needs nothing is asked for also with a token or a cookie that is over.
        let caller = match need {
            Need::Nothing => caller(Who::Unknown, address),
            Need::Caller | Need::Right(_) => self.caller(headers, address)?,
        };
        // A token is no cookie: no browser sends it by itself.
        let is_token = matches!(caller.who, Who::Token { .. });
        if is_change(method, route) && !is_token && !is_from_here(headers) {
            return Err(foreign());
        }
        match need {
            Need::Caller | Need::Right(_) if caller.who == Who::Unknown => Err(unknown(path)),
            Need::Right(right) if !caller.who.may(right) => Err(not_allowed(&caller, right)),
            Need::Nothing | Need::Caller | Need::Right(_) => Ok(caller),
        }
    }

    fn caller(&self, headers: &HeaderMap, address: IpAddr) -> Result<Caller, Problem> {
        if !self.asks() {
            return Ok(Caller {
                ended: self.ends().of_anyone(),
                ..caller(self.anyone(), address)
            });
        }
        let (accounts, now) = (self.accounts(), (self.now)());
        if let Some(secret) = bearer(headers) {
            let Some((name, token)) = accounts.token(secret, now) else {
                return Err(bad_token());
            };
            let (name, scopes) = (name.to_owned(), token.scopes.clone());
            return Ok(Caller {
                ended: self.ends().of_token(&name, token),
                ..caller(Who::Token { name, scopes }, address)
            });
        }
        let cookie = cookie(headers, SESSION_COOKIE);
        let open = cookie.and_then(|cookie| self.sessions().find(cookie, &accounts, now));
        let user = open.and_then(|open| Some((accounts.users.get(&open.user)?.role, open)));
        Ok(match user {
            None => caller(Who::Unknown, address),
            Some((role, open)) => Caller {
                ended: open.ended,
                _in_use: open.in_use,
                ..caller(
                    Who::User {
                        name: open.user,
                        role,
                    },
                    address,
                )
            },
        })
    }
}

fn caller(who: Who, address: IpAddr) -> Caller {
    Caller {
        who,
        address,
        ended: CancellationToken::new(),
        _in_use: Arc::default(),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer")).then_some(secret.trim())
}

/// The value of a cookie; browsers send all of them in one header.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    (headers.get_all(COOKIE).iter())
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| {
            let (found, value) = pair.trim().split_once('=')?;
            (found == name).then_some(value)
        })
}

/// Browsers say from where a request comes, and pages can't make them say anything else. Over plain
/// HTTP to another machine they send `Origin` only.
fn is_from_here(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    if let Some(site) = text("sec-fetch-site") {
        return ["same-origin", "none"].contains(&site);
    }
    let (Some(origin), Some(host)) = (text(ORIGIN.as_str()), text(HOST.as_str())) else {
        return false;
    };
    let Ok(origin) = Url::parse(origin) else {
        return false;
    };
    let here = Url::parse(&format!("{}://{host}", origin.scheme()));
    here.is_ok_and(|here| here.origin().is_tuple() && here.origin() == origin.origin())
}

fn unknown(path: &str) -> Problem {
    let detail = format!("{path} is for those who are logged in");
    let hint =
        "log in at /login, or send a token: `Authorization: Bearer …` (comptoir-web token add)";
    problem(ProblemKind::LoginRequired, detail, Some(hint.to_owned()))
}

fn bad_token() -> Problem {
    let detail = "there is no such token, or it has expired".to_owned();
    let hint = "comptoir-web token ls, and token add for a new one".to_owned();
    problem(ProblemKind::LoginRequired, detail, Some(hint))
}

fn not_allowed(caller: &Caller, right: Right) -> Problem {
    let detail = format!(
        "{} may not have this: {}",
        caller.actor().who,
        holders(right)
    );
    let hint = "an operator can give you another role (comptoir-web user)".to_owned();
    problem(ProblemKind::NotAllowed, detail, Some(hint))
}

fn foreign() -> Problem {
    let detail = "what changes something has to come from a page of this server".to_owned();
    let hint =
        "programs send a token: `Authorization: Bearer …` (comptoir-web token add)".to_owned();
    problem(ProblemKind::ForeignOrigin, detail, Some(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            let name: axum::http::HeaderName = name.parse().unwrap();
            (name, value.parse().unwrap())
        });
        pairs.collect()
    }

    #[test]
    fn tells_pages_of_ours_from_others() {
        let cases: [(&[(&str, &str)], bool); 11] = [
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site")], false),
            (
                &[("host", "shop:8080"), ("origin", "http://shop:8080")],
                true,
            ),
            (&[("host", "shop"), ("origin", "https://shop:443")], true),
            (
                &[("host", "shop:8080"), ("origin", "http://shop:8081")],
                false,
            ),
            (&[("host", "shop"), ("origin", "http://shop.evil")], false),
            (&[("host", "null"), ("origin", "null")], false),
            (&[("host", "shop")], false),
            (&[], false),
        ];
        for (pairs, is_ours) in cases {
            assert_eq!(is_from_here(&headers(pairs)), is_ours, "{pairs:?}");
        }
    }

    #[test]
    fn finds_a_cookie_among_others() {
        let sent = headers(&[("cookie", "a=1; comptoir_session=x=y; b=2")]);
        assert_eq!(cookie(&sent, "comptoir_session"), Some("x=y"));
        assert_eq!(cookie(&sent, "session"), None);
        assert_eq!(cookie(&HeaderMap::new(), "a"), None);
    }

    #[test]
    fn reads_the_token_of_the_one_scheme_that_we_know() {
        let sent = |value| headers(&[("authorization", value)]);
        assert_eq!(bearer(&sent("Bearer abc")), Some("abc"));
        assert_eq!(bearer(&sent("bearer abc")), Some("abc"));
        assert_eq!(bearer(&sent("Basic abc")), None);
    }
}
