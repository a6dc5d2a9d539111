//! The last hour, minute by minute.

use super::compared::WeekBefore;
use super::state::Picture;
use super::{Scope, revenue_in};
use crate::chart::minutes::{Minute, MinuteColumns, Sight};
use crate::chart::panel::{ChartPanel, Headline};
use crate::i18n::{Language, live as words};
use crate::settings::use_language;
use crate::{browser, dates, format};
use comptoir_model::api::live::{GapKind, MinutePoint, Revenue, SourceState};
use comptoir_model::money::{Currency, Money};
use jiff::{SignedDuration, Timestamp};
use leptos::prelude::*;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
/// The sink is always a moment behind: a minute that has just ended is not missing yet.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(5);
/// Which minutes of the clock have a label.
const MARK_EVERY: i8 = 10;

#[component]
pub(super) fn Minutes(scope: Scope, now: RwSignal<Timestamp>) -> impl IntoView {
    let language = use_language();
    let Scope {
        picture,
        currency,
        compared,
        ..
    } = scope;
    let before = Memo::new(move |_| {
        compared.with(|compared| {
            let series = &compared.as_ref()?.series;
            Some(WeekBefore::of(
                series,
                currency.get(),
                browser::clock_minute,
            ))
        })
    });
    let day_before = Memo::new(move |_| {
        compared.with(|compared| {
            let at = browser::local(compared.as_ref()?.at);
            Some(words::last_week(language.get(), at))
        })
    });
    // Whole seconds: the chart needs no finer clock.
    let second = Memo::new(move |_| now.get().as_second());
    let minutes = Memo::new(move |_| {
        second.track();
        picture.with(|picture| {
            before.with(|before| minutes(picture, before.as_ref(), currency.get(), language.get()))
        })
    });
    let text = move || &language.get().text().live;
    let headline = move || {
        minutes.with(|minutes| {
            let mut sum = Money::zero(minutes.first()?.net.currency);
            for minute in minutes {
                sum = sum.checked_add(minute.net).ok()?;
            }
            let shown = format::money(language.get(), &sum);
            Some(Headline {
                figure: "last_hour",
                group: String::new(),
                value: sum.amount.to_string(),
                sentence: words::last_hour(language.get(), &shown),
            })
        })
    };
    view! {
        <ChartPanel
            id="per-minute"
            heading=Signal::derive(move || text().per_minute.to_owned())
            headline=Signal::derive(headline)
            caption=Signal::derive(move || text().minutes_caption)
            is_empty=Signal::derive(move || minutes.with(Vec::is_empty))
            nothing=Signal::derive(move || text().no_sales_yet)
            csv=Signal::derive(|| "/api/v1/live/series".to_owned())
            table=ViewFn::from(move || view! { <Table picture before currency /> })
        >
            // Keeps its height, so that what comes a moment later moves nothing.
            <p class="legend">
                <span class="key bars">{move || text().last_hour}</span>
                {move || day_before.get().map(|day| view! {
                    <span class="key line" data-figure="day_before">{day}</span>
                })}
            </p>
            <MinuteColumns minutes />
        </ChartPanel>
    }
}

fn minutes(
    picture: &Picture,
    before: Option<&WeekBefore>,
    currency: Currency,
    language: Language,
) -> Vec<Minute> {
    let Some(series) = picture.series() else {
        return Vec::new();
    };
    let last = series.minutes.last().map(|point| point.start);
    series
        .minutes
        .iter()
        .map(|point| {
            let local = browser::local(point.start);
            let sight = if Some(point.start) == last {
                Sight::Running
            } else {
                sight(picture, point.start)
            };
            let revenue = revenue_in(&point.revenue, currency);
            let before = before.and_then(|before| before.net(browser::clock_minute(point.start)));
            let mut minute = Minute {
                key: point.start.to_string(),
                clock: dates::hour_and_minute(local),
                is_marked: local.minute() % MARK_EVERY == 0,
                net: revenue.net,
                gross: revenue.gross,
                before,
                sight,
                description: String::new(),
            };
            // By the calendar that minute had this one's weekday.
            let day = words::last_week(language, local);
            minute.description = description(&minute, &revenue, point.transactions, &day, language);
            minute
        })
        .collect()
}

/// Of a minute that is over.
fn sight(picture: &Picture, start: Timestamp) -> Sight {
    let source = picture.source();
    let end = start.checked_add(MINUTE).unwrap_or(Timestamp::MAX);
    let was_found = |found_at: Timestamp| start <= found_at && found_at < end;
    if (source.gaps.iter()).any(|gap| gap.kind == GapKind::Lost && was_found(gap.found_at)) {
        return Sight::Hole;
    }
    let moment = picture.as_of().time;
    // An idle shop is seen up to now. Without a word from every partition nothing is.
    let seen = source.fresh_through.unwrap_or(Timestamp::MIN);
    let is_behind = source.state != SourceState::Empty && moment.duration_since(seen) > TOLERANCE;
    if is_behind && end > seen {
        Sight::Unseen
    } else {
        Sight::Whole
    }
}

fn description(
    minute: &Minute,
    revenue: &Revenue,
    transactions: u64,
    day_before: &str,
    language: Language,
) -> String {
    let text = &language.text().live;
    let colon = match language {
        Language::English => ":",
        Language::French => "\u{a0}:",
    };
    let net = format::money(language, &minute.net);
    let mut said = format!("{}{colon} {net}", minute.clock);
    let refunds = (!revenue.refunds.amount.is_zero())
        .then(|| words::of_which_refunded(language, &format::money(language, &revenue.refunds)));
    let count = format::integer(language, transactions);
    let transactions = words::transactions(language, transactions, &count);
    let before = minute
        .before
        .map(|before| format!("{day_before}{colon} {}", format::money(language, &before)));
    let missing = match minute.sight {
        Sight::Whole => None,
        Sight::Running => Some(text.running),
        Sight::Unseen => Some(text.unseen),
        Sight::Hole => Some(text.hole),
    };
    let details = refunds.into_iter().chain([transactions]).chain(before);
    for detail in details.chain(missing.map(str::to_owned)) {
        said.push_str(" · ");
        said.push_str(&detail);
    }
    said
}

#[component]
fn Table(
    #[prop(into)] picture: Signal<Picture>,
    #[prop(into)] before: Signal<Option<WeekBefore>>,
    #[prop(into)] currency: Signal<Currency>,
) -> impl IntoView {
    let language = use_language();
    let text = move || &language.get().text().live;
    let series = Memo::new(move |_| picture.with(|picture| picture.series().cloned()));
    view! {
        <table>
            <thead>
                <tr>
                    <th scope="col">{move || text().minute}</th>
                    <th scope="col" class="number">{move || text().net}</th>
                    <th scope="col" class="number">{move || text().net_last_week}</th>
                    <th scope="col" class="number">{move || text().gross}</th>
                    <th scope="col" class="number">{move || text().refunds}</th>
                    <th scope="col" class="number">{move || text().transactions}</th>
                    <th scope="col" class="number">{move || text().approved}</th>
                    <th scope="col" class="number">{move || text().units}</th>
                </tr>
            </thead>
            <tbody>
                {move || series.get().map(|series| {
                    let language = language.get();
                    // The newest first: a table is read from its top.
                    before.with(|before| series.minutes.iter().rev().map(|point| {
                        let clock_minute = browser::clock_minute(point.start);
                        let before = before.as_ref().and_then(|before| before.net(clock_minute));
                        row(point, before, currency.get(), language)
                    }).collect_view())
                })}
            </tbody>
        </table>
    }
}

fn row(
    point: &MinutePoint,
    before: Option<Money>,
    currency: Currency,
    language: Language,
) -> impl IntoView + use<> {
    let revenue = revenue_in(&point.revenue, currency);
    let money = [
        ("net", Some(revenue.net)),
        ("net_last_week", before),
        ("gross", Some(revenue.gross)),
        ("refunds", Some(revenue.refunds)),
    ];
    let counts = [
        ("transactions", point.transactions),
        ("approved", point.approved),
        ("units", point.units),
    ];
    view! {
        <tr data-group=point.start.to_string()>
            <th scope="row">{dates::hour_and_minute(browser::local(point.start))}</th>
            {money.map(|(name, money)| view! {
                <td class="number" data-figure=name data-value=money.map(|it| it.amount.to_string())>
                    {money.map_or_else(|| "–".to_owned(), |it| format::money(language, &it))}
                </td>
            })}
            {counts.map(|(name, count)| view! {
                <td class="number" data-figure=name data-value=count.to_string()>
                    {format::integer(language, count)}
                </td>
            })}
        </tr>
    }
}
