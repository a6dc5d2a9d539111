//! Today against the same weekday last week, up to the same time of day.

use super::revenue_in;
use crate::i18n::Language;
use crate::{api, format, poll};
use comptoir_model::api::live::{LiveCompared, LiveSeries};
use comptoir_model::money::{Currency, Money};
use jiff::Timestamp;
use leptos::prelude::*;
use rust_decimal::{Decimal, RoundingStrategy};

const PATH: &str = "/api/v1/live/compared";
const EVERY_MS: u32 = 15_000;
const WEEK_MINUTES: i64 = 7 * 24 * 60;

/// Asks for as long as the component that calls this is there; `None` before there is an answer, and
/// of a shop that had not a single event then.
pub(super) fn use_compared() -> Signal<Option<LiveCompared>> {
    let compared = RwSignal::new(None::<LiveCompared>);
    poll::while_shown(EVERY_MS, async move || {
        if let Ok(answer) = api::read::<LiveCompared>(PATH).await {
            let was_open = answer.today.figures.transactions > 0;
            compared.try_set(was_open.then_some(answer));
        }
    });
    compared.into()
}

/// Net revenue of the minutes of a week ago.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WeekBefore(Vec<(i64, Money)>);

impl WeekBefore {
    /// `clock` counts minutes as clocks show them.
    pub(super) fn of(
        series: &LiveSeries,
        currency: Currency,
        clock: impl Fn(Timestamp) -> i64,
    ) -> Self {
        let minutes = series.minutes.iter();
        Self(
            minutes
                .map(|point| (clock(point.start), revenue_in(&point.revenue, currency).net))
                .collect(),
        )
    }

    /// A week before this minute of the clock. The answer is asked for more seldom than the figures
    /// move: of the newest minutes nothing may be known yet.
    pub(super) fn net(&self, clock_minute: i64) -> Option<Money> {
        let then = clock_minute - WEEK_MINUTES;
        let found = self.0.iter().find(|(minute, _)| *minute == then);
        found.map(|(_, net)| *net)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Percent(Decimal),
    /// Of a figure that is a percentage itself.
    Points(Decimal),
}

/// `None` of a change from nothing.
pub(super) fn change(now: Decimal, then: Decimal, is_rate: bool) -> Option<Change> {
    let one_decimal =
        |value: Decimal| value.round_dp_with_strategy(1, RoundingStrategy::MidpointNearestEven);
    if is_rate {
        return Some(Change::Points(one_decimal(now - then)));
    }
    // From a loss, a percentage says nothing.
    let ratio = (then > Decimal::ZERO).then(|| (now - then) / then)?;
    Some(Change::Percent(one_decimal(ratio * Decimal::ONE_HUNDRED)))
}

impl Change {
    /// With its sign: `+12.3%`, `−0.4 points`.
    pub(super) fn said(self, language: Language) -> String {
        let (Self::Percent(value) | Self::Points(value)) = self;
        let sign = match value {
            value if value.is_zero() => "±",
            value if value.is_sign_negative() => "−",
            _ => "+",
        };
        let number = format::percent(language, value.abs());
        match self {
            Self::Percent(_) => format!("{sign}{number}"),
            Self::Points(_) => {
                let number = number.trim_end_matches(['%', '\u{a0}', '\u{202f}']);
                format!("{sign}{number}\u{a0}points")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptoir_model::api::live::{MinutePoint, Revenue};

    #[test]
    fn a_minute_is_compared_with_the_one_at_the_same_time_of_day() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let point = |start, net| {
            let net = Money::parse(net, Currency::EUR).unwrap();
            MinutePoint {
                start: at(start),
                transactions: 1,
                approved: 1,
                units: 1,
                revenue: vec![Revenue {
                    gross: net,
                    refunds: Money::zero(Currency::EUR),
                    net,
                }],
            }
        };
        let series = LiveSeries {
            minutes: vec![
                point("2026-10-21T07:41:00Z", "12.50"),
                point("2026-10-21T07:42:00Z", "7.00"),
            ],
        };
        // Clocks in Paris went back on the 25th.
        let winter = at("2026-10-25T01:00:00Z");
        let paris = |moment: Timestamp| {
            let hours = if moment < winter { 2 } else { 1 };
            moment.as_second() / 60 + hours * 60
        };
        let before = WeekBefore::of(&series, Currency::EUR, paris);
        let net = |now| {
            let found = before.net(paris(at(now)));
            found.map(|net| net.amount.to_string())
        };
        assert_eq!(net("2026-10-28T08:41:00Z").as_deref(), Some("12.50"));
        assert_eq!(net("2026-10-28T08:42:00Z").as_deref(), Some("7.00"));
        assert_eq!(net("2026-10-28T08:43:00Z"), None);
        assert_eq!(net("2026-10-28T07:41:00Z"), None);
        let usd = WeekBefore::of(&series, "USD".parse().unwrap(), paris);
        let nothing = usd.net(paris(at("2026-10-28T08:41:00Z"))).unwrap();
        assert!(nothing.amount.is_zero());
    }

    #[test]
    fn a_change_has_its_sign_and_unit() {
        let said = |now: &str, then: &str, is_rate, language| {
            let change = change(now.parse().unwrap(), then.parse().unwrap(), is_rate);
            change.map(|change| change.said(language))
        };
        let english = |now, then, is_rate| said(now, then, is_rate, Language::English);
        assert_eq!(english("112.34", "100", false).unwrap(), "+12.3%");
        assert_eq!(english("50", "100", false).unwrap(), "−50.0%");
        assert_eq!(english("100", "100", false).unwrap(), "±0.0%");
        assert_eq!(english("91.5", "93.8", true).unwrap(), "−2.3\u{a0}points");
        assert_eq!(english("5", "0", false), None);
        let french = said("112.34", "100", false, Language::French).unwrap();
        assert!(
            french.starts_with("+12,3") && french.ends_with('%'),
            "{french}"
        );
    }
}
