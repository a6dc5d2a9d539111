//! `GET /api/v1/logs/summary`: what the log shipper says, passed on.

use crate::health::http;
use crate::http::answer::json;
use crate::http::problem::{Refused, problem};
use crate::routes::Server;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use comptoir_config::clock;
use comptoir_model::api::logs::LogsSummary;
use comptoir_model::api::{Problem, ProblemKind};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

const ASK_MAX: Duration = Duration::from_secs(3);
/// An answer serves all who ask within this.
const AGE_MAX: Duration = Duration::from_millis(500);

type Answer = Result<Arc<LogsSummary>, Problem>;

/// The log shipper, asked once for all who look.
#[derive(Debug)]
pub(crate) struct Logs {
    client: reqwest::Client,
    url: String,
    last: Mutex<Option<(Instant, Answer)>>,
}

impl Logs {
    pub(crate) fn new(client: reqwest::Client, url: &str) -> Self {
        Self {
            client,
            url: format!("{url}/api/v1/logs/summary"),
            last: Mutex::default(),
        }
    }

    /// Whoever asks while another one does waits for that answer.
    async fn summary(&self) -> Answer {
        let mut last = self.last.lock().await;
        if let Some((asked_at, answer)) = &*last
            && asked_at.elapsed() < AGE_MAX
        {
            return answer.clone();
        }
        let answer = self.ask().await;
        *last = Some((clock::instant(), answer.clone()));
        answer
    }

    async fn ask(&self) -> Answer {
        let away = |detail: String| {
            let hint = "comptoir-logship ship serves it; web.logs_url says where".to_owned();
            problem(ProblemKind::LogsUnavailable, detail, Some(hint))
        };
        let answer = http::get(&self.client, &self.url, ASK_MAX).await;
        let answer = answer.map_err(|failure| away(failure.to_string()))?;
        let summary = serde_json::from_slice(&answer)
            .map_err(|error| away(format!("{} is no summary of logs: {error}", self.url)))?;
        Ok(Arc::new(summary))
    }
}

pub(crate) async fn summary(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let summary = server.logs.summary().await.map_err(Refused)?;
    Ok(json(&headers, &*summary))
}
