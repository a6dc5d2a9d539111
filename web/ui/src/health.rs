//! The Health page: every configured part, up or down, since when and why.

use crate::answer::{Face, View};
use crate::i18n::{Language, health as words, journal};
use crate::icons::{CHECK, CROSS, LOCK, QUESTION, WARNING, icon};
use crate::notices::{Down, Loading, Reconnecting};
use crate::route::Route;
use crate::session::use_session;
use crate::settings::use_language;
use crate::{api, browser, dates, format, poll};
use comptoir_model::api::access::Right;
use comptoir_model::api::health::{Fact, FactName, Health, PartHealth, PartKind, PartState};
use leptos::prelude::*;

const PATH: &str = "/api/v1/health";
const EVERY_MS: u32 = 2_000;
const DAY_SECONDS: i64 = 86_400;

pub(crate) type HealthView = View<Health>;

impl View<Health> {
    /// How many parts are down.
    pub(crate) fn down(&self) -> usize {
        let parts = self.answer().into_iter().flat_map(|health| &health.parts);
        parts.filter(|part| part.state == PartState::Down).count()
    }
}

/// Asks for as long as the page is open: what is down is said on every page. Where nobody looks at
/// the parts themselves, half as often, and not before the first view is there.
pub(crate) fn keep_asking(view: RwSignal<HealthView>, route: RwSignal<Route>) {
    let skips = StoredValue::new(true);
    poll::while_shown(EVERY_MS, async move || {
        let is_seen = route.get_untracked() == Route::Health;
        let skip = !is_seen && skips.get_value();
        skips.set_value(!skip);
        if !skip {
            let answer = api::read(PATH).await;
            view.update(|view| view.take(answer, browser::now()));
        }
    });
}

#[component]
pub(crate) fn HealthPage(view: RwSignal<HealthView>) -> impl IntoView {
    let language = use_language();
    let face = Memo::new(move |_| view.with(View::face));
    let heading = move || view! { <h1>{move || language.get().text().health_page}</h1> };
    move || match face.get() {
        Face::Loading => view! { {heading()} <Loading /> }.into_any(),
        Face::Down(fault) => view! { {heading()} <Down fault /> }.into_any(),
        Face::Shown => view! { <Parts view /> }.into_any(),
    }
}

#[component]
fn Parts(view: RwSignal<HealthView>) -> impl IntoView {
    let language = use_language();
    let session = use_session();
    let lost = Memo::new(move |_| view.with(View::lost));
    let health = Memo::new(move |_| view.with(|view| view.answer().cloned()));
    let parts = move |own: bool| {
        health.with(|health| {
            let parts = health.iter().flat_map(|health| &health.parts);
            let parts = parts.filter(|part| (part.kind == PartKind::Process) == own);
            parts.cloned().collect::<Vec<_>>()
        })
    };
    let (services, processes) = (
        Memo::new(move |_| parts(false)),
        Memo::new(move |_| parts(true)),
    );
    let time = Memo::new(move |_| health.with(|health| health.as_ref().map(|health| health.time)));
    let summary = move || {
        health.with(|health| {
            let parts = health.as_ref().map_or(&[][..], |health| &health.parts);
            summary(parts, language.get())
        })
    };
    let section = move |heading: fn(&'static crate::i18n::Text) -> &'static str,
                        all: Memo<Vec<PartHealth>>| {
        view! {
            <Show when=move || !all.with(Vec::is_empty)>
                <section aria-label=move || heading(language.get().text())>
                    <h2 class="section-heading">{move || heading(language.get().text())}</h2>
                    <ul class="parts">
                        <For
                            each=move || all.get().into_iter().map(|part| part.id)
                            key=Clone::clone
                            let:id
                        >
                            {part_view(id, all, time.into())}
                        </For>
                    </ul>
                </section>
            </Show>
        }
    };
    view! {
        <header class="page-head">
            <h1>{move || language.get().text().health_page}</h1>
            <p class="period" role="status" data-figure="health_summary">{summary}</p>
            <Show when=move || session.may(Right::Journal)>
                <a class="toggle" href=Route::Journal.hash()>
                    {move || journal::text(language.get()).link}
                </a>
            </Show>
        </header>
        {move || lost.get().map(|(fault, checked)| view! { <Reconnecting fault checked /> })}
        <div class:stale=move || lost.with(Option::is_some)>
            {section(|text| text.health.services, services)}
            {section(|text| text.health.processes, processes)}
        </div>
    }
}

fn summary(parts: &[PartHealth], language: Language) -> String {
    let count = |states: &[PartState]| {
        parts
            .iter()
            .filter(|part| states.contains(&part.state))
            .count()
    };
    if parts.is_empty() {
        return language.text().health.no_parts.to_owned();
    }
    let weak = count(&[
        PartState::Degraded,
        PartState::Restricted,
        PartState::Unknown,
    ]);
    words::summary(language, count(&[PartState::Down]), weak, parts.len())
}

/// A tile that follows the part with this id.
fn part_view(
    id: String,
    all: Memo<Vec<PartHealth>>,
    time: Signal<Option<jiff::Timestamp>>,
) -> impl IntoView {
    let language = use_language();
    let wanted = id.clone();
    let part = Memo::new(move |before: Option<&Option<PartHealth>>| {
        let found = all.with(|all| all.iter().find(|part| part.id == wanted).cloned());
        found.or_else(|| before.cloned().flatten())
    });
    let state = move || part.with(|part| part.as_ref().map(|part| part.state));
    let class = move || format!("part {}", state().map_or("unknown", state_key));
    view! {
        <li class=class data-part=id data-state=move || state().map(state_key)>
            {move || part.with(|part| {
                part.as_ref().map(|part| content(part, time.get(), language.get()))
            })}
        </li>
    }
}

fn content(
    part: &PartHealth,
    time: Option<jiff::Timestamp>,
    language: Language,
) -> impl IntoView + use<> {
    let since = dates::moment(language, browser::local(part.since));
    let asked = match (part.checked_at, time) {
        (Some(checked), Some(time)) => {
            let age = time.as_second() - checked.as_second();
            words::asked(language, &dates::age(language, age))
        }
        _ => language.text().health.not_asked.to_owned(),
    };
    let facts = part.facts.iter().map(|fact| {
        view! {
            <div>
                <dt>{words::fact(language, fact.name)}</dt>
                <dd data-fact=fact_key(fact.name) data-value=fact.value.clone()>
                    {fact_value(fact, language)}
                </dd>
            </div>
        }
    });
    view! {
        <p class="kind">{words::kind(language, part.kind)}</p>
        <h3>{part.name.clone()}</h3>
        <p class="state">
            {icon(state_icon(part.state))}
            <strong>{words::state(language, part.state)}</strong>
            " " <span class="since">{crate::i18n::live::since(language, &since)}</span>
        </p>
        {part.cause.map(|cause| view! { <p class="cause">{words::cause(language, cause)}</p> })}
        {part.detail.clone().map(|detail| view! { <p class="detail" lang="en">{detail}</p> })}
        <dl class="facts">{facts.collect_view()}</dl>
        {time.and_then(|now| strip(part, now, language))}
        <p class="as-of">{asked}</p>
    }
}

/// The last 24 h, as far as the server has looked.
fn strip(part: &PartHealth, now: jiff::Timestamp, language: Language) -> Option<AnyView> {
    let ends = part.past.iter().skip(1).map(|next| next.since).chain([now]);
    let begin = now.as_second() - DAY_SECONDS;
    let spans: Vec<_> = (part.past.iter().zip(ends))
        .map(|(past, end)| {
            let from = past.since.as_second().max(begin) - begin;
            (past.state, from, end.as_second() - begin)
        })
        .collect();
    let down: i64 = (spans.iter())
        .filter(|(state, ..)| *state == PartState::Down)
        .map(|(_, from, to)| to - from)
        .sum();
    let known = DAY_SECONDS - spans.first()?.1;
    let length = |seconds| format::duration(language, jiff::SignedDuration::from_secs(seconds));
    let label = words::day(
        language,
        &length(known),
        (down > 0).then(|| length(down)).as_deref(),
    );
    let bars = spans.iter().map(|(state, from, to)| {
        let class = format!("past {}", state_key(*state));
        // A moment is seen, too.
        let width = (to - from).max(DAY_SECONDS / 200);
        // Trouble stands higher: not by colour alone.
        let (y, height) = if *state == PartState::Up {
            (6, 6)
        } else {
            (0, 12)
        };
        view! { <rect class=class x=*from y=y width=width height=height /> }
    });
    Some(
        view! {
            <svg class="strip" viewBox=format!("0 0 {DAY_SECONDS} 12") preserveAspectRatio="none" role="img" aria-label=label.clone()>
                {bars.collect_view()}
            </svg>
            <p class="as-of">{label}</p>
        }
        .into_any(),
    )
}

/// As the API spells it.
fn state_key(state: PartState) -> &'static str {
    match state {
        PartState::Up => "up",
        PartState::Degraded => "degraded",
        PartState::Down => "down",
        PartState::Restricted => "restricted",
        PartState::Unknown => "unknown",
    }
}

fn state_icon(state: PartState) -> &'static str {
    match state {
        PartState::Up => CHECK,
        PartState::Degraded => WARNING,
        PartState::Down => CROSS,
        PartState::Restricted => LOCK,
        PartState::Unknown => QUESTION,
    }
}

/// As the API spells it.
fn fact_key(name: FactName) -> String {
    let json = serde_json::to_string(&name).unwrap_or_default();
    json.trim_matches('"').to_owned()
}

/// Numbers as the language writes them, with their unit.
fn fact_value(fact: &Fact, language: Language) -> String {
    let number = fact.value.parse::<u64>().ok();
    match (fact.name, number) {
        (FactName::LagBytes | FactName::CapacityBytes | FactName::RemainingBytes, Some(bytes)) => {
            format::size(language, bytes)
        }
        (FactName::LatencyMs, _) => format!("{}\u{a0}ms", fact.value),
        (FactName::StartedAt, _) => match fact.value.parse() {
            Ok(time) => dates::moment(language, browser::local(time)),
            Err(_) => fact.value.clone(),
        },
        (FactName::Pid | FactName::Version | FactName::Host | FactName::Controller, _)
        | (_, None) => fact.value.clone(),
        (_, Some(number)) => format::integer(language, number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn part(state: PartState) -> PartHealth {
        PartHealth {
            id: "zookeeper".to_owned(),
            kind: PartKind::Zookeeper,
            name: "127.0.0.1:2181".to_owned(),
            state,
            since: Timestamp::UNIX_EPOCH,
            checked_at: None,
            cause: None,
            detail: None,
            facts: Vec::new(),
            past: Vec::new(),
        }
    }

    #[test]
    fn restricted_is_not_down() {
        let said = |states: &[PartState]| {
            let parts: Vec<_> = states.iter().copied().map(part).collect();
            summary(&parts, Language::English)
        };
        assert_eq!(said(&[PartState::Up, PartState::Up]), "All 2 parts are up");
        assert_eq!(
            said(&[PartState::Up, PartState::Restricted]),
            "1 of 2 parts need a look"
        );
        assert_eq!(
            said(&[PartState::Down, PartState::Degraded]),
            "One of 2 parts is down"
        );
        assert_eq!(said(&[]), "No part is configured.");
    }

    #[test]
    fn facts_have_their_units() {
        let said = |name, value: &str| {
            let fact = Fact {
                name,
                value: value.to_owned(),
            };
            (fact_key(name), fact_value(&fact, Language::English))
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            said(FactName::CapacityBytes, "1500000"),
            pair("capacity_bytes", "1.5\u{a0}MB")
        );
        assert_eq!(
            said(FactName::LatencyMs, "0.2"),
            pair("latency_ms", "0.2\u{a0}ms")
        );
        assert_eq!(said(FactName::Pid, "12345"), pair("pid", "12345"));
        assert_eq!(
            said(FactName::LagRecords, "12345"),
            pair("lag_records", "12,345")
        );
    }
}
