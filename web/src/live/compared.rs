//! The same weekday last week, up to the same time of day: what today is compared with.

use super::Live;
use super::state::State;
use super::windows::Spans;
use crate::http::answer::json;
use crate::http::problem::{Refused, problem};
use crate::routes::Server;
use axum::extract::State as Shared;
use axum::http::HeaderMap;
use axum::response::Response;
use comptoir_config::clock;
use comptoir_model::api::ProblemKind;
use comptoir_model::api::live::LiveCompared;
use comptoir_model::live::{Minute, QuarterHour};
use comptoir_warehouse::{LiveQuery, LiveReader, WarehouseError};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use std::convert::Infallible;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tracing::debug;

/// What was sold a week ago seldom changes: late events only.
const EVERY: Duration = Duration::from_secs(5);
/// A whole day, read at once at first.
const READ_MAX: Duration = Duration::from_mins(2);

/// Reads last week's day, and moves its windows as today's move.
pub(crate) struct Comparer {
    live: Arc<Live>,
    state: Option<State>,
}

impl Comparer {
    pub(crate) fn new(live: Arc<Live>) -> Self {
        Self { live, state: None }
    }

    /// Reads until it is dropped.
    pub(crate) async fn run(mut self) -> Infallible {
        let mut reader = LiveReader::new(&self.live.warehouse);
        loop {
            let start = clock::instant();
            if let Err(error) = self.read(&mut reader).await {
                // The live reader says what is wrong with the warehouse.
                debug!("last week's figures can't be read: {error}");
            }
            tokio::time::sleep_until((start + EVERY).into()).await;
        }
    }

    async fn read(&mut self, reader: &mut LiveReader) -> Result<(), WarehouseError> {
        let now = (self.live.now)();
        let zone = &self.live.zone;
        let Some(then) = a_week_before(now, zone) else {
            return Ok(());
        };
        let spans = Spans::at(then, zone);
        let before = self.state.take().filter(|state| state.can_advance(&spans));
        let mut state = before.unwrap_or_else(|| State::new(spans.clone()));
        state.advance(&spans);
        let query = LiveQuery {
            until: day_after(then, zone),
            tops_from: None,
            recent_max: 0,
            dead_letters_max: 0,
            ..state.query()
        };
        let Ok(change) = tokio::time::timeout(READ_MAX, reader.read(&query)).await else {
            return Ok(());
        };
        state.apply(change?, now);
        let compared = LiveCompared {
            at: then,
            today: state.windows().today,
            series: state.series(),
        };
        let mut known = self.live.compared.write();
        *known
            .as_deref_mut()
            .unwrap_or_else(|poisoned| poisoned.get_mut()) = Some(Arc::new(compared));
        drop(known);
        self.state = Some(state);
        Ok(())
    }
}

/// By the calendar: a week with a change of clocks has another number of hours.
fn a_week_before(now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let before = now.to_zoned(zone.clone()).checked_sub(7.days()).ok()?;
    Some(before.timestamp())
}

/// Where the day of `then` is over.
fn day_after(then: Timestamp, zone: &TimeZone) -> Option<QuarterHour> {
    let day = then.to_zoned(zone.clone()).start_of_day().ok()?;
    let next = day.checked_add(1.day()).ok()?;
    let last = QuarterHour::of(Minute::of(next.timestamp()));
    Some(QuarterHour(last.0 + 1))
}

/// `GET /api/v1/live/compared`
pub(crate) async fn compared(
    Shared(server): Shared<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let known = server.live.compared.read();
    let known = known.unwrap_or_else(PoisonError::into_inner).clone();
    let Some(compared) = known else {
        let detail = "last week's figures have not been read yet".to_owned();
        let kind = ProblemKind::WarehouseUnavailable;
        return Err(Refused(problem(kind, detail, None)));
    };
    Ok(json(&headers, &*compared))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_before_has_the_same_time_of_day() {
        let paris = TimeZone::get("Europe/Paris").unwrap();
        let before = |now: &str| {
            a_week_before(now.parse().unwrap(), &paris)
                .unwrap()
                .to_string()
        };
        assert_eq!(before("2026-11-21T10:42:07Z"), "2026-11-14T10:42:07Z");
        // Clocks went back in between.
        assert_eq!(before("2026-10-28T10:42:07Z"), "2026-10-21T09:42:07Z");
    }

    #[test]
    fn the_whole_of_that_day_is_read_once() {
        let kathmandu = TimeZone::get("Asia/Kathmandu").unwrap();
        let then = "2026-11-21T10:42:07Z".parse().unwrap();
        let after = day_after(then, &kathmandu).unwrap();
        let midnight = Minute::of("2026-11-21T18:15:00Z".parse().unwrap());
        assert_eq!(after, QuarterHour(QuarterHour::of(midnight).0 + 1));
    }
}
