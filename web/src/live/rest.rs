//! The live figures as single answers.

use super::state::{self, DEAD_LETTERS_MAX, TOPS_MAX, name_kind};
use super::{Live, Shown, names};
use crate::http::answer::json;
use crate::http::problem::{Refused, problem, told};
use crate::routes::Server;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use comptoir_model::api::live::{
    DeadLetterInfo, DeadLetters, LiveDimension, LiveMessage, TopKind, TopList, Transaction,
    WindowName,
};
use comptoir_model::api::{AsOf, ProblemKind};
use comptoir_model::event::{Channel, Status};
use comptoir_model::ids::{Offset, Partition, StreamId};
use comptoir_model::money::Currency;
use comptoir_warehouse::{
    DeadLetterFilter, NameKind, StoredLetter, TransactionFilter, WarehouseError,
};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

/// For what is asked of the warehouse by a single request.
const ASK_MAX: Duration = Duration::from_secs(5);
const ROWS_DEFAULT: usize = 50;
const ROWS_MAX: usize = 1000;

/// What a path under `live/by` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Group(LiveDimension),
    Top(TopKind),
}

const BY: [(&str, By); 8] = [
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
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TransactionsQuery {
    limit: Option<usize>,
    status: Option<Status>,
    channel: Option<Channel>,
    currency: Option<Currency>,
    category: Option<String>,
    country: Option<String>,
    city: Option<String>,
    merchant: Option<String>,
    product_id: Option<String>,
    customer_id: Option<String>,
    order_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeadLettersQuery {
    limit: Option<usize>,
    reason: Option<String>,
}

pub(crate) type Parameters<T> = Result<Query<T>, QueryRejection>;

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
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let shown = server.live.served()?;
    let answer = LiveMessage {
        series: Some(Arc::new(shown.state.series())),
        ..head(&server.live, &shown)
    };
    Ok(json(&headers, &answer))
}

pub(crate) async fn by(
    State(server): State<Arc<Server>>,
    Path(name): Path<String>,
    query: Parameters<ByQuery>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let query = parameters(query)?;
    let Some((_, by)) = BY.iter().find(|(known, _)| *known == name) else {
        return Err(Refused(unknown_dimension(&name)));
    };
    let answer = match *by {
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
                return Err(Refused(problem(
                    ProblemKind::InvalidParameter,
                    detail,
                    None,
                )));
            }
            top(&server.live, kind, rows(query.limit, TOPS_MAX)?).await?
        }
    };
    Ok(json(&headers, &answer))
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

pub(crate) async fn transactions(
    State(server): State<Arc<Server>>,
    query: Parameters<TransactionsQuery>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let query = parameters(query)?;
    let limit = rows(query.limit, ROWS_DEFAULT)?;
    let head = head(&server.live, &*server.live.served()?);
    let filter = TransactionFilter {
        status: query.status,
        channel: query.channel,
        currency: query.currency,
        category: query.category,
        country: query.country,
        city: query.city,
        merchant: query.merchant,
        product_id: query.product_id,
        customer_id: query.customer_id,
        order_id: query.order_id,
    };
    let found = asked(server.live.warehouse.transactions(&filter, None, limit)).await?;
    let transactions = (found.iter().map(state::transaction))
        // What came after the figures' moment is not of this answer.
        .filter(|row: &Transaction| includes(&head.as_of, &row.stream, row.partition, row.offset))
        .collect();
    let answer = LiveMessage {
        transactions: Some(Arc::new(transactions)),
        ..head
    };
    Ok(json(&headers, &answer))
}

pub(crate) async fn dead_letters(
    State(server): State<Arc<Server>>,
    query: Parameters<DeadLettersQuery>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let query = parameters(query)?;
    let limit = rows(query.limit, ROWS_DEFAULT)?;
    let (as_of, count, newest) = {
        let shown = server.live.served()?;
        let facts = shown.state.facts();
        (
            head(&server.live, &shown).as_of,
            facts.map(super::source::Facts::dead_letter_count),
            facts.map(|facts| facts.dead_letters.newest.clone()),
        )
    };
    let letters = if query.reason.is_none() && limit <= DEAD_LETTERS_MAX {
        newest.unwrap_or_default()
    } else {
        let filter = DeadLetterFilter {
            reason: query.reason,
            ..DeadLetterFilter::default()
        };
        asked(server.live.warehouse.dead_letters(&filter, limit)).await?
    };
    let included = |letter: &&StoredLetter| {
        let partition = &letter.key.partition;
        includes(
            &as_of,
            &partition.stream,
            partition.partition,
            letter.key.offset,
        )
    };
    let letters = (letters.iter().filter(included).take(limit)).map(info);
    let letters = letters.collect();
    let answer = DeadLetters {
        count: count.unwrap_or_default(),
        letters,
        as_of,
    };
    Ok(json(&headers, &answer))
}

fn head(live: &Live, shown: &Shown) -> LiveMessage {
    shown.state.head(shown.source, shown.since, (live.now)())
}

pub(super) fn info(letter: &StoredLetter) -> DeadLetterInfo {
    DeadLetterInfo {
        stream: letter.key.partition.stream.clone(),
        partition: letter.key.partition.partition,
        offset: letter.key.offset,
        found_at: letter.found_at,
        reason: letter.reason.clone(),
        detail: letter.detail.clone(),
        bytes: letter.size,
    }
}

fn includes(as_of: &AsOf, stream: &StreamId, partition: Partition, offset: Offset) -> bool {
    (as_of.offsets.iter())
        .any(|at| at.stream == *stream && at.partition == partition && offset < at.next)
}

pub(crate) fn parameters<T>(query: Parameters<T>) -> Result<T, Refused> {
    query.map(|Query(query)| query).map_err(|rejection| {
        let detail = rejection.body_text();
        Refused(problem(ProblemKind::InvalidParameter, detail, None))
    })
}

pub(crate) fn rows(limit: Option<usize>, default: usize) -> Result<usize, Refused> {
    match limit {
        None => Ok(default),
        Some(limit) if (1..=ROWS_MAX).contains(&limit) => Ok(limit),
        Some(limit) => {
            let detail = format!("limit={limit}: it goes from 1 to {ROWS_MAX}");
            Err(Refused(problem(
                ProblemKind::InvalidParameter,
                detail,
                None,
            )))
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
