//! Single events and single dead letters, page by page.

use super::files::{Letters, Transactions};
use super::rest::{ROWS_DEFAULT, asked, head, rows};
use super::state::{self, DEAD_LETTERS_MAX};
use crate::export::Format;
use crate::http::answer::json;
use crate::http::parameters::Parameters;
use crate::http::problem::{Refused, refused_cursor};
use crate::routes::Server;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use comptoir_model::api::live::{
    DeadLetterInfo, DeadLetters, LiveMessage, Transaction, TransactionPage,
};
use comptoir_model::api::{AsOf, ProblemKind};
use comptoir_model::event::{Amount, Channel, Flaw, Status};
use comptoir_model::ids::{Offset, Partition, StreamId};
use comptoir_model::merge::PartitionKey;
use comptoir_model::money::Currency;
use comptoir_warehouse::{
    DeadLetterFilter, DeadLetterKey, StoredLetter, TransactionCursor, TransactionFilter, Warehouse,
};
use jiff::Timestamp;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TransactionsQuery {
    limit: Option<usize>,
    cursor: Option<String>,
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
    #[serde(rename = "amount.min")]
    amount_min: Option<Bound>,
    #[serde(rename = "amount.max")]
    amount_max: Option<Bound>,
    #[serde(default)]
    format: Format,
    #[serde(default)]
    bom: bool,
}

/// An amount, as records write it.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Bound(Amount);

impl TryFrom<String> for Bound {
    type Error = Flaw;

    fn try_from(text: String) -> Result<Self, Flaw> {
        Amount::parse(&text).map(Self)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeadLettersQuery {
    limit: Option<usize>,
    cursor: Option<String>,
    reason: Option<String>,
    #[serde(default)]
    format: Format,
    #[serde(default)]
    bom: bool,
}

pub(crate) async fn transactions(
    State(server): State<Arc<Server>>,
    Parameters(query): Parameters<TransactionsQuery>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let limit = rows(query.limit, ROWS_DEFAULT)?;
    let after = query.cursor.as_deref().map(transaction_place).transpose()?;
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
        amount_min: query.amount_min.map(|Bound(amount)| amount),
        amount_max: query.amount_max.map(|Bound(amount)| amount),
    };
    if query.format == Format::Csv {
        let list = Transactions {
            live: Arc::clone(&server.live),
            filter,
            as_of: head.as_of,
            limit: query.limit,
        };
        return list.file(after, query.bom).await;
    }
    let warehouse = &server.live.warehouse;
    let found = asked(warehouse.transactions(&filter, after.as_ref(), limit)).await?;
    let is_full = found.len() == limit;
    let last = found.last().filter(|_| is_full);
    let next_cursor = last.map(|last| transaction_cursor(&last.cursor()));
    let transactions = (found.iter().map(state::transaction))
        // What came after the figures' moment is not of this answer.
        .filter(|row: &Transaction| includes(&head.as_of, &row.stream, row.partition, row.offset))
        .collect();
    let message = LiveMessage {
        transactions: Some(Arc::new(transactions)),
        ..head
    };
    let answer = TransactionPage {
        message,
        next_cursor,
    };
    Ok(json(&headers, &answer))
}

pub(crate) async fn dead_letters(
    State(server): State<Arc<Server>>,
    Parameters(query): Parameters<DeadLettersQuery>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let limit = rows(query.limit, ROWS_DEFAULT)?;
    let after = query.cursor.as_deref().map(letter_place).transpose()?;
    let (as_of, count, newest) = {
        let shown = server.live.served()?;
        let facts = shown.state.facts();
        (
            head(&server.live, &shown).as_of,
            facts.map(super::source::Facts::dead_letter_count),
            facts.map(|facts| facts.dead_letters.newest.clone()),
        )
    };
    if query.format == Format::Csv {
        let list = Letters {
            live: Arc::clone(&server.live),
            reason: query.reason,
            as_of,
            limit: query.limit,
        };
        return list.file(after, query.bom).await;
    }
    let is_newest = query.reason.is_none() && after.is_none() && limit <= DEAD_LETTERS_MAX;
    let mut letters = if is_newest {
        newest.unwrap_or_default()
    } else {
        let filter = DeadLetterFilter {
            reason: query.reason,
            after,
        };
        letters_behind(&server.live.warehouse, &filter, limit).await?
    };
    letters.truncate(limit);
    let last = letters.last().filter(|_| letters.len() == limit);
    let next_cursor = last.map(|last| letter_cursor(&last.key));
    let included = |letter: &&StoredLetter| {
        let PartitionKey { stream, partition } = &letter.key.partition;
        includes(&as_of, stream, *partition, letter.key.offset)
    };
    let letters = letters.iter().filter(included).map(info).collect();
    let answer = DeadLetters {
        count: count.unwrap_or_default(),
        letters,
        next_cursor,
        as_of,
    };
    Ok(json(&headers, &answer))
}

/// A page of letters, unless the one that it begins behind is not kept any longer.
pub(super) async fn letters_behind(
    warehouse: &Warehouse,
    filter: &DeadLetterFilter,
    limit: usize,
) -> Result<Vec<StoredLetter>, Refused> {
    let letters = asked(warehouse.dead_letters(filter, limit)).await?;
    if let Some(after) = &filter.after
        && letters.is_empty()
        && asked(warehouse.dead_letter(after)).await?.is_none()
    {
        return Err(place_is_gone());
    }
    Ok(letters)
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

pub(super) fn includes(
    as_of: &AsOf,
    stream: &StreamId,
    partition: Partition,
    offset: Offset,
) -> bool {
    (as_of.offsets.iter())
        .any(|at| at.stream == *stream && at.partition == partition && offset < at.next)
}

/// The name of a stream may be any text, so it comes last.
fn transaction_cursor(place: &TransactionCursor) -> String {
    let time = place.event_time.as_microsecond();
    format!("{time}.{}", place_cursor(&place.partition, place.offset))
}

fn letter_cursor(key: &DeadLetterKey) -> String {
    place_cursor(&key.partition, key.offset)
}

fn place_cursor(key: &PartitionKey, offset: Offset) -> String {
    format!("{}.{}.{}", key.partition.0, offset.0, key.stream.0)
}

fn transaction_place(cursor: &str) -> Result<TransactionCursor, Refused> {
    let read = || {
        let (time, place) = cursor.split_once('.')?;
        let event_time = Timestamp::from_microsecond(time.parse().ok()?).ok()?;
        let (partition, offset) = place_of(place)?;
        Some(TransactionCursor {
            event_time,
            partition,
            offset,
        })
    };
    read().ok_or_else(|| foreign(cursor))
}

fn letter_place(cursor: &str) -> Result<DeadLetterKey, Refused> {
    let (partition, offset) = place_of(cursor).ok_or_else(|| foreign(cursor))?;
    Ok(DeadLetterKey { partition, offset })
}

fn place_of(text: &str) -> Option<(PartitionKey, Offset)> {
    let (partition, rest) = text.split_once('.')?;
    let (offset, stream) = rest.split_once('.')?;
    let key = PartitionKey {
        stream: StreamId(stream.to_owned()),
        partition: Partition(partition.parse().ok()?),
    };
    // A database keeps it with a sign.
    let offset: u64 = offset.parse().ok()?;
    i64::try_from(offset).ok()?;
    Some((key, Offset(offset)))
}

fn foreign(cursor: &str) -> Refused {
    let detail = format!("`{cursor}` is none of ours");
    Refused(refused_cursor(ProblemKind::InvalidParameter, detail))
}

fn place_is_gone() -> Refused {
    let detail = "the dead letter that it names is not kept any longer".to_owned();
    Refused(refused_cursor(ProblemKind::StaleCursor, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_place() {
        let place = TransactionCursor {
            event_time: "2026-11-21T13:42:30.000007Z".parse().unwrap(),
            partition: PartitionKey {
                stream: StreamId("a.b c".to_owned()),
                partition: Partition(3),
            },
            offset: Offset(7),
        };
        let cursor = transaction_cursor(&place);
        assert_eq!(transaction_place(&cursor).unwrap(), place);
        let key = DeadLetterKey {
            partition: place.partition,
            offset: place.offset,
        };
        assert_eq!(letter_place(&letter_cursor(&key)).unwrap(), key);
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for text in ["", "1", "1.2", "x.0.1.s", "1.2.3", "9e9.0.1.s", "1.-1.2.s"] {
            assert!(transaction_place(text).is_err(), "{text}");
        }
        for text in ["", "1.2", "0.9223372036854775808.s", "4294967296.1.s"] {
            assert!(letter_place(text).is_err(), "{text}");
        }
    }
}
