//! `/api/v1/dead-letters/{stream}/{partition}/{offset}`: one dead letter with its record.

use super::lists::info;
use super::rest::asked;
use crate::http::answer::json;
use crate::http::problem::{Refused, invalid_parameter, problem};
use crate::routes::Server;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use comptoir_model::api::live::DeadLetter;
use comptoir_model::api::{AsOf, ProblemKind};
use comptoir_model::ids::{Offset, Partition, StreamId};
use comptoir_model::merge::PartitionKey;
use comptoir_warehouse::{DeadLetterKey, StoredLetter};
use jiff::Timestamp;
use std::sync::Arc;

/// `comptoir-speed dead-letters show --raw` has all of a longer one.
const BYTES_MAX: usize = 64 << 10;

pub(crate) async fn letter(
    State(server): State<Arc<Server>>,
    place: Result<Path<(String, u32, u64)>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let Path((stream, partition, offset)) = place.map_err(|rejection| {
        let detail = rejection.body_text();
        Refused(problem(ProblemKind::InvalidParameter, detail, None))
    })?;
    // A database keeps it with a sign.
    if i64::try_from(offset).is_err() {
        let detail = format!("{offset} has more than 63 bits");
        return Err(Refused(invalid_parameter("offset", detail)));
    }
    let key = DeadLetterKey {
        partition: PartitionKey {
            stream: StreamId(stream),
            partition: Partition(partition),
        },
        offset: Offset(offset),
    };
    let Some(found) = asked(server.live.warehouse.dead_letter(&key)).await? else {
        let (stream, partition) = (&key.partition.stream.0, key.partition.partition.0);
        let detail = format!("there is no dead letter {stream}/{partition}/{offset}");
        let hint = "they are kept for speed.dead_letters_keep_days; `comptoir-speed dead-letters ls` lists them";
        return Err(Refused(problem(
            ProblemKind::NotFound,
            detail,
            Some(hint.to_owned()),
        )));
    };
    Ok(json(&headers, &answer(&found, (server.live.now)())))
}

fn answer(found: &StoredLetter, now: Timestamp) -> DeadLetter {
    let bytes = found.bytes.as_deref().unwrap_or_default();
    let shown = &bytes[..bytes.len().min(BYTES_MAX)];
    let is_whole = shown.len() as u64 == found.size;
    let text = match std::str::from_utf8(shown) {
        Ok(text) => Some(text),
        // Cut within a letter.
        Err(error) if !is_whole && error.error_len().is_none() => {
            std::str::from_utf8(&shown[..error.valid_up_to()]).ok()
        }
        Err(_) => None,
    };
    DeadLetter {
        as_of: AsOf {
            time: now,
            offsets: Vec::new(),
        },
        letter: info(found),
        record_timestamp: found.record_timestamp,
        cure: found.cure.clone(),
        hex: text.is_none().then(|| hex::encode(shown)),
        text: text.map(str::to_owned),
        is_whole,
    }
}
