//! The last hour, minute by minute.

use super::Scope;
use super::state::Picture;
use crate::chart::minutes::{Minute, MinuteColumns, Sight};
use crate::chart::panel::{ChartPanel, Headline};
use crate::i18n::{Language, live as words};
use crate::part::part;
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
        picture, currency, ..
    } = scope;
    // Whole seconds: the chart needs no finer clock.
    let second = Memo::new(move |_| now.get().as_second());
    let minutes = Memo::new(move |_| {
        second.track();
        picture.with(|picture| minutes(picture, currency.get(), language.get()))
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
            table=ViewFn::from(move || view! { <Table picture currency /> })
        >
            <MinuteColumns minutes />
        </ChartPanel>
    }
}

fn minutes(picture: &Picture, currency: Currency, language: Language) -> Vec<Minute> {
    let Some(series) = picture.series() else {
        return Vec::new();
    };
    let last = series.minutes.last().map(|point| point.start);
    series
        .minutes
        .iter()
        .map(|point| {
            let revenue = revenue_in(&point.revenue, currency);
            let local = browser::local(point.start);
            let sight = if Some(point.start) == last {
                Sight::Running
            } else {
                sight(picture, point.start)
            };
            let clock = dates::hour_and_minute(local);
            Minute {
                key: point.start.to_string(),
                is_marked: local.minute() % MARK_EVERY == 0,
                net: revenue.net,
                gross: revenue.gross,
                sight,
                description: description(point, &revenue, &clock, sight, language),
                clock,
            }
        })
        .collect()
}

/// Of a minute that is over.
fn sight(picture: &Picture, start: Timestamp) -> Sight {
    let source = picture.source();
    let end = start + MINUTE;
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

fn revenue_in(all: &[Revenue], currency: Currency) -> Revenue {
    let zero = Money::zero(currency);
    let found = all.iter().find(|revenue| revenue.net.currency == currency);
    found.copied().unwrap_or(Revenue {
        gross: zero,
        refunds: zero,
        net: zero,
    })
}

fn description(
    point: &MinutePoint,
    revenue: &Revenue,
    clock: &str,
    sight: Sight,
    language: Language,
) -> String {
    let text = &language.text().live;
    let colon = match language {
        Language::English => ":",
        Language::French => "\u{a0}:",
    };
    let mut said = format!("{clock}{colon} {}", format::money(language, &revenue.net));
    let refunds = (!revenue.refunds.amount.is_zero())
        .then(|| words::of_which_refunded(language, &format::money(language, &revenue.refunds)));
    let count = format::integer(language, point.transactions);
    let transactions = words::transactions(language, point.transactions, &count);
    let missing = match sight {
        Sight::Whole => None,
        Sight::Running => Some(text.running),
        Sight::Unseen => Some(text.unseen),
        Sight::Hole => Some(text.hole),
    };
    let details = refunds.into_iter().chain([transactions]);
    for detail in details.chain(missing.map(str::to_owned)) {
        said.push_str(" · ");
        said.push_str(&detail);
    }
    said
}

#[component]
fn Table(
    #[prop(into)] picture: Signal<Picture>,
    #[prop(into)] currency: Signal<Currency>,
) -> impl IntoView {
    let language = use_language();
    let text = move || &language.get().text().live;
    let series = Memo::new(move |_| picture.with(|picture| picture.series().cloned()));
    view! {
        <table>
            <thead>
                <tr>
                    <th scope="col">{part(move || text().minute)}</th>
                    <th scope="col" class="number">{part(move || text().net)}</th>
                    <th scope="col" class="number">{part(move || text().gross)}</th>
                    <th scope="col" class="number">{part(move || text().refunds)}</th>
                    <th scope="col" class="number">{part(move || text().transactions)}</th>
                    <th scope="col" class="number">{part(move || text().approved)}</th>
                    <th scope="col" class="number">{part(move || text().units)}</th>
                </tr>
            </thead>
            <tbody>
                {move || series.get().map(|series| {
                    let language = language.get();
                    // The newest first: a table is read from its top.
                    series.minutes.iter().rev().map(|point| {
                        row(point, currency.get(), language)
                    }).collect_view()
                })}
            </tbody>
        </table>
    }
}

fn row(point: &MinutePoint, currency: Currency, language: Language) -> impl IntoView + use<> {
    let revenue = revenue_in(&point.revenue, currency);
    let money = [
        ("net", revenue.net),
        ("gross", revenue.gross),
        ("refunds", revenue.refunds),
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
                <td class="number" data-figure=name data-value=money.amount.to_string()>
                    {format::money(language, &money)}
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
