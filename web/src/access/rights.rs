//! What each role and each scope may do: two tables, and which right a request needs. Pure.

pub(crate) use comptoir_model::api::access::Right;

use axum::http::Method;
use serde::{Deserialize, Serialize};

/// Of a user.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads the figures
    Viewer,
    /// Reads everything, and may change things
    Operator,
    /// Reads everything: the figures, the logs, the journal
    Auditor,
}

/// Of a token; it may have several.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Reads the figures and /metrics
    Read,
    /// Reads the logs and the journal
    Logs,
    /// May change things
    Operate,
    /// Reads /metrics only
    Metrics,
}

impl Role {
    pub(crate) fn rights(self) -> &'static [Right] {
        match self {
            Self::Viewer => &[Right::Figures],
            Self::Operator => &[
                Right::Figures,
                Right::Logs,
                Right::Journal,
                Right::Metrics,
                Right::Operate,
            ],
            Self::Auditor => &[Right::Figures, Right::Logs, Right::Journal, Right::Metrics],
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Auditor => "auditor",
        }
    }
}

impl Scope {
    pub(crate) fn rights(self) -> &'static [Right] {
        match self {
            Self::Read => &[Right::Figures, Right::Metrics],
            Self::Logs => &[Right::Logs, Right::Journal],
            Self::Operate => &[Right::Operate],
            Self::Metrics => &[Right::Metrics],
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Logs => "logs",
            Self::Operate => "operate",
            Self::Metrics => "metrics",
        }
    }
}

/// Who has it, for those who don't.
pub(crate) fn holders(right: Right) -> &'static str {
    match right {
        Right::Figures => "every user may, and tokens with the scope read",
        Right::Logs | Right::Journal => {
            "operators and auditors may, and tokens with the scope logs"
        }
        Right::Metrics => "operators and auditors may, and tokens with the scope metrics or read",
        Right::Operate => "operators may, and tokens with the scope operate",
    }
}

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// The page's files and what a login takes: the same for everybody, and no figure in them.
    Nothing,
    /// Any caller that is known.
    Caller,
    Right(Right),
}

impl Need {
    /// What is not named here and lies below `/api` needs [`Right::Figures`]. `None` for what would
    /// change something and is not in [`CHANGES`]: no handler sees it, so that one that is forgotten
    /// there is noticed. `route` is the pattern of the path, where there is one.
    pub(crate) fn of(method: &Method, path: &str, route: Option<&str>) -> Option<Self> {
        if !reads(method) && route.is_some_and(|route| route != UNKNOWN_API) {
            return change(method, route);
        }
        Some(match path {
            "/metrics" => Self::Right(Right::Metrics),
            "/api/v1/session" => Self::Caller,
            "/api/v1/journal" => Self::Right(Right::Journal),
            // What lies in the lake can be shown, log lines too.
            "/api/v1/lake" => Self::Right(Right::Logs),
            _ if path.starts_with("/api/v1/logs/") => Self::Right(Right::Logs),
            // The document names the published views.
            "/docs" => Self::Right(Right::Figures),
            _ if path.starts_with("/api/") => Self::Right(Right::Figures),
            _ => Self::Nothing,
        })
    }
}

/// The route that says which ones there are.
pub(crate) const UNKNOWN_API: &str = "/api/{*path}";

/// Every route that changes something, and what it needs: below `/api` that is [`Right::Operate`].
/// Pages elsewhere can't call them, see [`super::guard`]. A handler takes the caller as an
/// `Extension<Caller>`, and notes what it does in `server.access.journal`.
static CHANGES: [(Method, &str, Need); 3] = [
    (Method::POST, "/login", Need::Nothing),
    (Method::POST, "/logout", Need::Nothing),
    (
        Method::POST,
        "/api/v1/jobs/{name}/run",
        Need::Right(Right::Operate),
    ),
];

/// Whether this request is answered by a route that changes something.
pub(crate) fn is_change(method: &Method, route: Option<&str>) -> bool {
    change(method, route).is_some()
}

/// The methods that a route takes, in words.
pub(crate) fn methods(route: Option<&str>) -> &'static str {
    match route {
        Some("/login") => "GET, HEAD or POST",
        route if is_change(&Method::POST, route) => "POST",
        _ => "GET or HEAD",
    }
}

fn change(method: &Method, route: Option<&str>) -> Option<Need> {
    let found =
        (CHANGES.iter()).find(|(change, known, _)| change == method && route == Some(*known));
    found.map(|(_, _, need)| *need)
}

fn reads(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS].contains(method)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_below_the_api_is_never_open() {
        for (method, path, need) in [
            (Method::GET, "/", Need::Nothing),
            (Method::GET, "/healthz", Need::Nothing),
            (Method::GET, "/metrics", Need::Right(Right::Metrics)),
            (Method::GET, "/docs", Need::Right(Right::Figures)),
            (Method::GET, "/api/v1/session", Need::Caller),
            (Method::GET, "/api/v1/journal", Need::Right(Right::Journal)),
            (Method::GET, "/api/v1/logs/search", Need::Right(Right::Logs)),
            (Method::GET, "/api/v1/lake", Need::Right(Right::Logs)),
            (
                Method::GET,
                "/api/v1/live/stream",
                Need::Right(Right::Figures),
            ),
            (Method::HEAD, "/api/v9/later", Need::Right(Right::Figures)),
        ] {
            assert_eq!(
                Need::of(&method, path, Some(path)),
                Some(need),
                "{method} {path}"
            );
            // Nobody has named it as something that changes anything.
            assert_eq!(Need::of(&Method::POST, path, Some(path)), None, "{path}");
        }
        let login = Need::of(&Method::POST, "/login", Some("/login"));
        assert_eq!(login, Some(Need::Nothing));
        let nowhere = Need::of(&Method::POST, "/api/x", Some(UNKNOWN_API));
        assert_eq!(nowhere, Some(Need::Right(Right::Figures)));
        for (_, path, need) in &CHANGES {
            assert_eq!(path.starts_with("/api/"), *need != Need::Nothing, "{path}");
        }
    }

    #[test]
    fn only_operators_change_and_viewers_read_figures_only() {
        assert_eq!(Role::Viewer.rights(), [Right::Figures]);
        assert!(!Role::Auditor.rights().contains(&Right::Operate));
        assert!(Role::Operator.rights().contains(&Right::Operate));
        assert_eq!(Scope::Metrics.rights(), [Right::Metrics]);
    }
}
