//! What is refused before any route sees it.

use super::problem::{Refused, problem};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use comptoir_model::api::{Problem, ProblemKind};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// No answer takes longer: requests only read memory, and the first ones wait for the first look
/// at the lake.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);

/// The one route that takes a body, and bounds it.
const LOGIN: &str = "/login";

/// Which `Host` a request may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hosts {
    /// A web page elsewhere can point its own name at 127.0.0.1 and have the browser read the
    /// answers (DNS rebinding); its requests still carry that name.
    Loopback,
    /// Behind an address that others reach, the names are the operator's.
    Any,
}

impl Hosts {
    pub(crate) fn for_listener(address: SocketAddr) -> Self {
        if address.ip().is_loopback() {
            Self::Loopback
        } else {
            Self::Any
        }
    }

    fn allows(self, headers: &HeaderMap) -> bool {
        let host = || headers.get(HOST)?.to_str().ok()?.parse::<Authority>().ok();
        self == Self::Any || host().is_some_and(|host| is_loopback(host.host()))
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let name = host.to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || address
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Refuses foreign hosts and bodies, and ends what takes too long.
pub(crate) async fn guard(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    let takes_body = request.method() == Method::POST && request.uri().path() == LOGIN;
    match refuse(hosts, takes_body, request.headers()) {
        Some(problem) => Refused(problem).into_response(),
        None => match tokio::time::timeout(ANSWER_LIMIT, next.run(request)).await {
            Ok(response) => response,
            Err(_) => Refused(too_slow()).into_response(),
        },
    }
}

fn refuse(hosts: Hosts, takes_body: bool, headers: &HeaderMap) -> Option<Problem> {
    if !hosts.allows(headers) {
        return Some(problem(
            ProblemKind::WrongHost,
            "this server listens on loopback and answers to localhost, 127.0.0.1 and [::1] only"
                .to_owned(),
            Some(
                "open http://localhost:PORT; behind a proxy, let it send `Host: localhost`"
                    .to_owned(),
            ),
        ));
    }
    let length = headers.get(CONTENT_LENGTH);
    let has_body = length.is_some_and(|length| length != "0");
    let has_body = has_body || headers.contains_key(TRANSFER_ENCODING);
    (has_body && !takes_body).then(|| {
        let detail = "this route takes no request body".to_owned();
        problem(ProblemKind::BodyRefused, detail, None)
    })
}

fn too_slow() -> Problem {
    let detail = format!("no answer within {} s", ANSWER_LIMIT.as_secs());
    let hint = "see /readyz and the server's log for what it waits for".to_owned();
    problem(ProblemKind::TimedOut, detail, Some(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(hosts: Hosts, headers: &[(&str, &str)]) -> Option<ProblemKind> {
        let headers = headers.iter().map(|(name, value)| {
            let name: axum::http::HeaderName = name.parse().unwrap();
            (name, value.parse().unwrap())
        });
        refuse(hosts, false, &headers.collect()).map(|problem| problem.kind)
    }

    #[test]
    fn on_loopback_only_loopback_names_are_served() {
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "127.0.0.1:80",
            "[::1]:8080",
            "a.localhost",
        ] {
            assert_eq!(kind(Hosts::Loopback, &[("host", host)]), None, "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example:8080",
            "10.0.0.1",
            "",
        ] {
            let refused = kind(Hosts::Loopback, &[("host", host)]);
            assert_eq!(refused, Some(ProblemKind::WrongHost), "{host}");
        }
        assert_eq!(kind(Hosts::Loopback, &[]), Some(ProblemKind::WrongHost));
    }

    #[test]
    fn elsewhere_any_name_is_served() {
        assert_eq!(kind(Hosts::Any, &[("host", "shop.example")]), None);
        let everywhere = SocketAddr::from(([0, 0, 0, 0], 8080));
        assert_eq!(Hosts::for_listener(everywhere), Hosts::Any);
    }

    #[test]
    fn a_body_is_refused() {
        assert_eq!(kind(Hosts::Any, &[("content-length", "0")]), None);
        for header in [("content-length", "7"), ("transfer-encoding", "chunked")] {
            assert_eq!(kind(Hosts::Any, &[header]), Some(ProblemKind::BodyRefused));
        }
    }
}
