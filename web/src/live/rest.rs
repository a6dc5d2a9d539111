//! The live figures as single answers.

use super::state::{TOPS_MAX, name_kind};
use super::{Live, Shown, names};
use crate::export::{CsvFile, Format, Table};
use crate::http::answer::json;
use crate::http::parameters::{Parameters, Segment};
use crate::http::problem::{Refused, invalid_parameter, problem, told};
use crate::routes::Server;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use comptoir_model::api::ProblemKind;
use comptoir_model::api::live::{LiveDimension, LiveMessage, TopKind, TopList, WindowName};
use comptoir_warehouse::{NameKind, WarehouseError};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

/// For what is asked of the warehouse by a single request.
const ASK_MAX: Duration = Duration::from_secs(5);
pub(crate) const ROWS_DEFAULT: usize = 50;
pub(crate) const ROWS_MAX: usize = 1000;

/// What a path under `live/by` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Group(LiveDimension),
    Top(TopKind),
}

pub(crate) const BY: [(&str, By); 8] = [
    ("category", By::Group(LiveDimension::Category)),
    ("city", By::Group(LiveDimension::City)),
    ("channel", By::Group(LiveDimension::Channel)),
    ("status", By::Group(LiveDimension::Status)),
    ("product", By::Top(TopKind::Product)),
    ("merchant", By::Top(TopKind::Merchant)),
    ("customer", By::Top(TopKind::Customer)),
    ("amount_bucket", By::Top(TopKind::AmountBucket)),
];

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ByQuery {
    window: Option<WindowName>,
    limit: Option<usize>,
    #[serde(default)]
    format: Format,
    #[serde(default)]
    bom: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeriesQuery {
    #[serde(default)]
    format: Format,
    #[serde(default)]
    bom: bool,
}

pub(crate) async fn summary(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let shown = server.live.served()?;
    let answer = LiveMessage {
        windows: Some(Arc::new(shown.state.windows())),
        ..head(&server.live, &shown)
    };
    Ok(json(&headers, &answer))
}

pub(crate) async fn series(
    State(server): State<Arc<Server>>,
    Parameters(query): Parameters<SeriesQuery>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let shown = server.live.served()?;
    let series = shown.state.series();
    let head = head(&server.live, &shown);
    if query.format == Format::Csv {
        let file = file("live-series", &head, query.bom);
        return Ok(file.table(&headers, &Table::of_series(&series)));
    }
    let answer = LiveMessage {
        series: Some(Arc::new(series)),
        ..head
    };
    Ok(json(&headers, &answer))
}

pub(crate) async fn by(
    State(server): State<Arc<Server>>,
    Segment(name): Segment,
    Parameters(query): Parameters<ByQuery>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let Some(&(known, by)) = BY.iter().find(|(known, _)| *known == name) else {
        return Err(Refused(unknown_dimension(&name)));
    };
    let answer = match by {
        By::Group(dimension) => {
            let shown = server.live.served()?;
            let mut groups = (shown.state).groups(dimension, rows(query.limit, usize::MAX)?);
            groups.retain(|groups| query.window.is_none_or(|window| window == groups.window));
            LiveMessage {
                groups: Some(Arc::new(groups)),
                ..head(&server.live, &shown)
            }
        }
        By::Top(kind) => {
            if query
                .window
                .is_some_and(|window| window != WindowName::Today)
            {
                let detail = format!("live/by/{name} knows the window `today` only");
                return Err(Refused(invalid_parameter("window", detail)));
            }
            top(&server.live, kind, rows(query.limit, TOPS_MAX)?).await?
        }
    };
    if query.format == Format::Csv {
        let table = match (&answer.groups, &answer.tops) {
            (Some(groups), _) => Table::of_groups(known, groups),
            (None, tops) => Table::of_tops(known, tops.as_deref().map_or(&[][..], Vec::as_slice)),
        };
        let file = file(&format!("live-by-{known}"), &answer, query.bom);
        return Ok(file.table(&headers, &table));
    }
    Ok(json(&headers, &answer))
}

fn file(what: &str, answer: &LiveMessage, bom: bool) -> CsvFile {
    CsvFile {
        what: what.to_owned(),
        at: answer.as_of.time,
        bom,
    }
}

async fn top(live: &Live, kind: TopKind, limit: usize) -> Result<LiveMessage, Refused> {
    let (head, mut lists) = {
        let shown = live.served()?;
        (head(live, &shown), shown.state.tops(&[kind], limit))
    };
    if let Some(kind) = name_kind(kind) {
        name(live, kind, &mut lists).await?;
    }
    Ok(LiveMessage {
        tops: Some(Arc::new(lists)),
        ..head
    })
}

/// Those of the highest ten are known already.
async fn name(live: &Live, kind: NameKind, lists: &mut [TopList]) -> Result<(), Refused> {
    let nameless = || {
        let rows = lists.iter().flat_map(|list| &list.rows);
        rows.filter(|row| row.name.is_none())
    };
    let wanted = nameless().map(|row| (kind, row.key.clone())).collect();
    let known = asked(names::ask(&live.warehouse, wanted)).await?;
    for row in lists.iter_mut().flat_map(|list| &mut list.rows) {
        if row.name.is_none() {
            row.name = known.get(&(kind, row.key.clone())).cloned().flatten();
        }
    }
    Ok(())
}

pub(super) fn head(live: &Live, shown: &Shown) -> LiveMessage {
    shown.state.head(shown.source, shown.since, (live.now)())
}

pub(crate) fn rows(limit: Option<usize>, default: usize) -> Result<usize, Refused> {
    match limit {
        None => Ok(default),
        Some(limit) if (1..=ROWS_MAX).contains(&limit) => Ok(limit),
        Some(limit) => {
            let detail = format!("{limit} is not in 1 to {ROWS_MAX}");
            Err(Refused(invalid_parameter("limit", detail)))
        }
    }
}

fn unknown_dimension(name: &str) -> comptoir_model::api::Problem {
    let known = BY.map(|(name, _)| name).join(", ");
    let detail = format!("`{name}` is no dimension of the live figures: {known}");
    problem(ProblemKind::NotFound, detail, None)
}

/// A question of this request alone, within its limit.
pub(crate) async fn asked<T>(
    answer: impl Future<Output = Result<T, WarehouseError>>,
) -> Result<T, Refused> {
    let trouble = match tokio::time::timeout(ASK_MAX, answer).await {
        Ok(Ok(answer)) => return Ok(answer),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!(
            "the warehouse did not answer within {} s",
            ASK_MAX.as_secs()
        ),
    };
    Err(Refused(told(ProblemKind::WarehouseUnavailable, &trouble)))
}
