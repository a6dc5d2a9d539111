//! `GET /api/v1/logs/verify`: whether the archive is what its manifests say, without reading contents.
//! One check serves all who ask.

use super::archive::{LogArchive, LogArchivePlace, away};
use crate::http::answer::json;
use crate::http::problem::{Refused, problem};
use crate::routes::Server;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use comptoir_config::clock;
use comptoir_logship::archive::signature::PublicKey;
use comptoir_logship::audit::{Report, VerifyOptions, verify};
use comptoir_model::api::log_search::{LogVerification, VerifiedSource};
use comptoir_model::api::{Problem, ProblemKind};
use jiff::Timestamp;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// An answer serves all who ask within this.
const AGE_MAX: Duration = Duration::from_mins(1);
/// A request waits for the first answer so long; the check goes on.
const WAIT_MAX: Duration = Duration::from_secs(10);
const FINDINGS_MAX: usize = 20;

type Answer = Option<Result<Arc<LogVerification>, Arc<Problem>>>;

/// The last check, and whether another one is under way.
#[derive(Debug)]
pub(crate) struct Verifier {
    answers: watch::Sender<Answer>,
    last: Mutex<Option<(Instant, JoinHandle<()>)>>,
}

impl Default for Verifier {
    fn default() -> Self {
        Self {
            answers: watch::Sender::new(None),
            last: Mutex::default(),
        }
    }
}

pub(crate) async fn verified(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let archive = &server.log_archive;
    let mut answers = archive.verifier.answers.subscribe();
    begin(archive, (archive.now)());
    let answered = answers.wait_for(Option::is_some);
    let answer = match tokio::time::timeout(WAIT_MAX, answered).await {
        Ok(Ok(answer)) => answer.clone(),
        Ok(Err(_)) | Err(_) => None,
    };
    match answer {
        Some(Ok(verification)) => Ok(json(&headers, &*verification)),
        Some(Err(problem)) => Err(Refused((*problem).clone())),
        None => {
            let detail = "the archive is being checked".to_owned();
            let hint = Some("ask again in a minute".to_owned());
            Err(Refused(problem(
                ProblemKind::LogArchiveUnavailable,
                detail,
                hint,
            )))
        }
    }
}

/// Unless one is under way, or was a moment ago.
fn begin(archive: &Arc<LogArchive>, now: Timestamp) {
    let mut last = (archive.verifier.last.lock()).unwrap_or_else(PoisonError::into_inner);
    if let Some((began, check)) = &*last
        && (began.elapsed() < AGE_MAX || !check.is_finished())
    {
        return;
    }
    let checked = Arc::clone(archive);
    let check = tokio::spawn(async move {
        let answer = check(&checked, now).await.map(Arc::new);
        let answer = answer.map_err(|Refused(problem)| Arc::new(problem));
        checked.verifier.answers.send_replace(Some(answer));
    });
    *last = Some((clock::instant(), check));
}

async fn check(archive: &LogArchive, now: Timestamp) -> Result<LogVerification, Refused> {
    let options = options(&archive.place);
    let mut sources = Vec::new();
    for source in archive.sources(None).await? {
        let directory = archive.directory_of(&source)?;
        let report = verify(&archive.lake, &directory, &options, &|_| ()).await;
        sources.push(match report {
            Ok(report) => told(&report),
            Err(error) => VerifiedSource {
                location: archive.lake.url_of(&directory),
                problem: Some(away(&error).detail),
                ..nothing(source)
            },
        });
    }
    Ok(LogVerification {
        checked_at: now,
        sources,
    })
}

fn options(place: &LogArchivePlace) -> VerifyOptions {
    let key = std::fs::read_to_string(&place.public_key).ok();
    VerifyOptions {
        quick: true,
        public_key: key.and_then(|key| PublicKey::from_pem(&key)),
        anchor: place.anchor.clone(),
        ..VerifyOptions::default()
    }
}

fn told(report: &Report) -> VerifiedSource {
    let proved = &report.proved;
    let findings = report.findings.iter().take(FINDINGS_MAX);
    VerifiedSource {
        location: report.location.clone(),
        findings: report.findings.len() as u64,
        first_findings: findings.map(ToString::to_string).collect(),
        manifests: proved.manifests,
        sealed_at: proved.sealed_at,
        lines: proved.lines,
        bytes: proved.bytes,
        gaps: proved.gaps,
        anchored: proved.anchored,
        unsealed_bytes: proved.unsealed_bytes,
        notes: report.notes.clone(),
        ..nothing(report.source.clone())
    }
}

fn nothing(source: String) -> VerifiedSource {
    VerifiedSource {
        source,
        location: String::new(),
        problem: None,
        findings: 0,
        first_findings: Vec::new(),
        manifests: 0,
        sealed_at: None,
        lines: 0,
        bytes: 0,
        gaps: 0,
        anchored: None,
        unsealed_bytes: 0,
        notes: Vec::new(),
    }
}
