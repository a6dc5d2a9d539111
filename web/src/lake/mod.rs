//! `/api/v1/lake`: what lies below the directories that the settings name.

mod directory;
mod file;
mod parquet_rows;
mod roots;
mod segment;

pub use roots::Root;
pub(crate) use roots::named_roots;

use crate::http::answer::json;
use crate::http::parameters::Parameters;
use crate::http::problem::{Refused, invalid_parameter, problem, told};
use crate::live::rest::rows;
use crate::routes::Server;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use comptoir_lake::{EntryKind, Lake, LakeError, LakePath};
use comptoir_model::api::lake::{LakeAnswer, LakeRoot};
use comptoir_model::api::{AsOf, Problem, ProblemKind};
use jiff::Timestamp;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// For one answer, with the wait for a turn. Each call to the lake has its own, shorter or longer.
const ASK_MAX: Duration = Duration::from_secs(12);
/// So many look into the lake at once: others wait, and HDFS is not flooded by a page.
const LOOKS_MAX: usize = 4;
pub(crate) const ENTRIES_DEFAULT: usize = 200;

/// What the handler needs.
pub(crate) struct Browser {
    lake: Lake,
    roots: Vec<Root>,
    turns: Semaphore,
    now: fn() -> Timestamp,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LakeQuery {
    path: Option<String>,
    limit: Option<usize>,
    /// Entries whose names come after it.
    cursor: Option<String>,
}

impl Browser {
    pub(crate) fn new(lake: Lake, roots: Vec<Root>, now: fn() -> Timestamp) -> Self {
        Self {
            lake,
            roots,
            turns: Semaphore::new(LOOKS_MAX),
            now,
        }
    }

    async fn answer(&self, query: LakeQuery) -> Result<LakeAnswer, Refused> {
        let limit = rows(query.limit, ENTRIES_DEFAULT)?;
        let path = query.path.map(|path| self.allowed(&path)).transpose()?;
        let look = async {
            // The semaphore is never closed.
            let _turn = self.turns.acquire().await;
            match path {
                None => self.overview().await,
                Some((root, path)) => {
                    (self.below(root, &path, limit, query.cursor.as_deref())).await
                }
            }
        };
        let Ok(answer) = tokio::time::timeout(ASK_MAX, look).await else {
            let detail = format!("the lake did not answer within {} s", ASK_MAX.as_secs());
            let hint = "`comptoir doctor` says what is wrong with it".to_owned();
            let kind = ProblemKind::LakeUnavailable;
            return Err(Refused(problem(kind, detail, Some(hint))));
        };
        answer
    }

    /// The path, and the root that shows it.
    fn allowed(&self, text: &str) -> Result<(&Root, LakePath), Refused> {
        let path = LakePath::parse(text).map_err(|error| not_a_path(&error.to_string(), None))?;
        if let Some(root) = roots::root_of(&self.roots, &path) {
            return Ok((root, path));
        }
        let known: Vec<_> = (self.roots.iter()).map(|root| root.path.as_str()).collect();
        let hint = format!("the directories are {}", known.join(", "));
        let detail = format!("{path} is in none of the directories that are shown");
        Err(not_a_path(&detail, Some(hint)))
    }

    async fn overview(&self) -> Result<LakeAnswer, Refused> {
        let mut roots = Vec::with_capacity(self.roots.len());
        for root in &self.roots {
            let listed = match self.lake.list(&root.path).await {
                Ok(entries) => Some(entries),
                Err(LakeError::NotFound { .. } | LakeError::WrongKind { .. }) => None,
                Err(error) => return Err(refused(&error)),
            };
            roots.push(LakeRoot {
                kind: root.kind,
                path: root.path.to_string(),
                entries: listed.as_ref().map(|entries| entries.len() as u64),
                modified: (listed.iter().flatten()).map(|entry| entry.modified).max(),
                filled_by: root.filled_by(),
            });
        }
        Ok(LakeAnswer {
            roots,
            ..self.about(&LakePath::root())
        })
    }

    async fn below(
        &self,
        root: &Root,
        path: &LakePath,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<LakeAnswer, Refused> {
        let link = self.lake.link_on_the_way(&root.path, path).await;
        if let Some(link) = link.map_err(|error| refused(&error))? {
            let detail = format!("{link} is a symbolic link, and none is followed");
            return Err(not_a_path(&detail, None));
        }
        let found = self
            .lake
            .stat(path)
            .await
            .map_err(|error| refused(&error))?;
        let Some(entry) = found else {
            let detail = format!("the lake has no {path}");
            let hint = format!("it is filled by `{}`", root.filled_by());
            return Err(Refused(problem(ProblemKind::NotFound, detail, Some(hint))));
        };
        let about = self.about(path);
        let answer = match entry.kind {
            EntryKind::Directory => LakeAnswer {
                directory: Some(
                    directory::look(&self.lake, root, path, limit, cursor)
                        .await
                        .map_err(|error| refused(&error))?,
                ),
                ..about
            },
            EntryKind::File => LakeAnswer {
                file: Some(
                    file::look(&self.lake, root, &entry, (self.now)())
                        .await
                        .map_err(|error| refused(&error))?,
                ),
                ..about
            },
        };
        Ok(answer)
    }

    fn about(&self, path: &LakePath) -> LakeAnswer {
        LakeAnswer {
            location: self.lake.url_of(path),
            roots: Vec::new(),
            directory: None,
            file: None,
            as_of: AsOf {
                time: (self.now)(),
                offsets: Vec::new(),
            },
        }
    }
}

pub(crate) async fn lake(
    State(server): State<Arc<Server>>,
    Parameters(query): Parameters<LakeQuery>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let answer = server.browser.answer(query).await?;
    Ok(json(&headers, &answer))
}

fn not_a_path(detail: &str, hint: Option<String>) -> Refused {
    let error = invalid_parameter("path", detail.to_owned());
    Refused(Problem { hint, ..error })
}

/// A file or directory that went since it was listed is not there; everything else is the lake's
/// trouble.
fn refused(error: &LakeError) -> Refused {
    let kind = match error {
        LakeError::NotFound { .. } | LakeError::WrongKind { .. } => ProblemKind::NotFound,
        _ => ProblemKind::LakeUnavailable,
    };
    Refused(of_error(kind, error))
}

fn of_error(kind: ProblemKind, error: &LakeError) -> Problem {
    told(kind, &error.to_string())
}
