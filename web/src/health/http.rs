//! Bounded GET requests to services of ours and of Hadoop's kind.

use std::error::Error as _;
use std::time::Duration;

const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{url} can't be reached: {reason}")]
    Unreachable { url: String, reason: String },
    #[error("{url}: no answer within {} s", .limit.as_secs_f32())]
    TimedOut { url: String, limit: Duration },
    #[error("{url} answers with status {status}")]
    Status { url: String, status: u16 },
    #[error("{url}: the answer is longer than {ANSWER_BYTES_MAX} bytes")]
    TooLong { url: String },
}

/// A client that goes to nobody but the address it is given.
pub(crate) fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        // A connection that was kept may be that of a server that is gone.
        .pool_max_idle_per_host(0)
        .build()
}

/// The body of a successful answer.
pub(crate) async fn get(
    client: &reqwest::Client,
    url: &str,
    limit: Duration,
) -> Result<Vec<u8>, Failure> {
    let asking = async {
        let mut answer =
            (client.get(url).send().await).map_err(|error| unreachable(url, &error))?;
        if !answer.status().is_success() {
            let status = answer.status().as_u16();
            let url = url.to_owned();
            return Err(Failure::Status { url, status });
        }
        let mut body = Vec::new();
        while let Some(chunk) = (answer.chunk().await).map_err(|error| unreachable(url, &error))? {
            body.extend(chunk);
            if body.len() > ANSWER_BYTES_MAX {
                let url = url.to_owned();
                return Err(Failure::TooLong { url });
            }
        }
        Ok(body)
    };
    tokio::time::timeout(limit, asking)
        .await
        .unwrap_or_else(|_| {
            Err(Failure::TimedOut {
                url: url.to_owned(),
                limit,
            })
        })
}

fn unreachable(url: &str, error: &reqwest::Error) -> Failure {
    // The innermost cause says what happened: connection refused, no such name.
    let mut source = error.source();
    let mut reason = error.to_string();
    while let Some(cause) = source {
        reason = cause.to_string();
        source = cause.source();
    }
    let url = url.to_owned();
    Failure::Unreachable { url, reason }
}
