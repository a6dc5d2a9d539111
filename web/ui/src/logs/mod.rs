//! The Logs page: what of the platform's log is safe in the lake, and its newest lines.

mod search;
mod verified;

use crate::answer::{Face, View};
use crate::i18n::{Language, logs as words};
use crate::icons::{CHECK, CLOCK, WARNING, icon};
use crate::notices::{Down, Loading, Reconnecting};
use crate::settings::use_language;
use crate::{api, browser, dates, format, poll};
use comptoir_model::api::logs::{LogLine, LogSource, LogsSummary, ShipState};
use comptoir_model::app_log::Level;
use leptos::prelude::*;
use search::Search;
use verified::Verified;

const PATH: &str = "/api/v1/logs/summary";
const EVERY_MS: u32 = 1_000;
/// As many lines as an eye follows; the archive has them all.
const LINES_MAX: usize = 100;

pub(crate) type LogsView = View<LogsSummary>;

#[component]
pub(crate) fn LogsPage(view: RwSignal<LogsView>) -> impl IntoView {
    let language = use_language();
    poll::while_shown(EVERY_MS, async move || {
        let answer = api::read(PATH).await;
        view.update(|view| view.take(answer, browser::now()));
    });
    let face = Memo::new(move |_| view.with(View::face));
    let heading = move || view! { <h1>{move || language.get().text().logs_page}</h1> };
    move || match face.get() {
        Face::Loading => view! { {heading()} <Loading /> }.into_any(),
        Face::Down(fault) => view! { {heading()} <Down fault /> }.into_any(),
        Face::Shown => view! { {heading()} <Summary view /> }.into_any(),
    }
}

#[component]
fn Summary(view: RwSignal<LogsView>) -> impl IntoView {
    let language = use_language();
    let text = move || &language.get().text().logs;
    let lost = Memo::new(move |_| view.with(View::lost));
    let sources = Memo::new(move |_| {
        view.with(|view| view.answer().map_or_else(Vec::new, |it| it.sources.clone()))
    });
    let lines = Memo::new(move |_| {
        view.with(|view| {
            let lines = view.answer().into_iter().flat_map(|it| &it.lines);
            lines.take(LINES_MAX).cloned().collect::<Vec<_>>()
        })
    });
    view! {
        {move || lost.get().map(|(fault, checked)| view! { <Reconnecting fault checked /> })}
        <Show when=move || sources.with(Vec::is_empty)>
            <section class="notice" data-state="empty" aria-labelledby="notice-heading">
                <h2 id="notice-heading">{move || text().empty}</h2>
                <p>{move || text().empty_fills}</p>
                <p>
                    {move || language.get().text().command} " " <code>"comptoir-logship ship"</code>
                </p>
            </section>
        </Show>
        <div class:stale=move || lost.with(Option::is_some)>
            <section aria-label=move || text().sources>
                {move || sources.with(|sources| {
                    sources.iter().map(|source| source_view(source, language.get())).collect_view()
                })}
            </section>
            <Lines lines />
        </div>
        <Search />
        <Verified />
    }
}

fn source_view(source: &LogSource, language: Language) -> impl IntoView + use<> {
    let text = &language.text().logs;
    let clock = |time| dates::time_of_day(browser::local(time));
    let (sign, class) = match source.state {
        ShipState::Shipping => (CHECK, "up"),
        ShipState::Recovering | ShipState::WaitingForSource => (CLOCK, "degraded"),
        ShipState::WaitingForLake | ShipState::Superseded => (WARNING, "down"),
    };
    let since = crate::i18n::live::since(language, &clock(source.since));
    let pieces = words::pieces(
        language,
        &format::integer(language, source.pieces_closed),
        &format::integer(language, source.pieces_open),
    );
    let gaps = if source.gaps == 0 {
        text.no_gaps.to_owned()
    } else {
        words::gaps(
            language,
            source.gaps,
            &format::size(language, source.gap_bytes),
        )
    };
    let shipped = (source.shipped_at).map(|time| words::shipped_at(language, &clock(time)));
    view! {
        <section class="panel source" data-source=source.name.clone()>
            <header class="panel-head">
                <h2>{source.name.clone()}</h2>
                <p class=format!("state {class}") data-state=ship_key(source.state)>
                    {icon(sign)} {words::state(language, source.state)} ", " {since}
                </p>
            </header>
            {source.problem.clone().map(|problem| view! { <p class="problem">{problem}</p> })}
            <dl class="figures-row">
                <div>
                    <dt>{text.lines}</dt>
                    <dd data-figure="log_lines" data-value=source.lines.to_string()>
                        {format::integer(language, source.lines)}
                    </dd>
                    <dd class="note">{text.lines_note}</dd>
                </div>
                <div>
                    <dt>{text.bytes}</dt>
                    <dd
                        data-figure="log_bytes"
                        data-value=source.bytes.to_string()
                        title=format::integer(language, source.bytes)
                    >
                        {format::size(language, source.bytes)}
                    </dd>
                    <dd class="note">{shipped}</dd>
                </div>
                <div>
                    <dt>{text.pieces}</dt>
                    <dd
                        data-figure="log_pieces"
                        data-value=(source.pieces_closed + source.pieces_open).to_string()
                    >
                        {format::integer(language, source.pieces_closed + source.pieces_open)}
                    </dd>
                    <dd class="note">{pieces}</dd>
                </div>
                <div>
                    <dt>{text.lag}</dt>
                    <dd data-figure="log_lag" data-value=source.lag_bytes.to_string()>
                        {format::size(language, source.lag_bytes)}
                    </dd>
                    <dd class="note">{text.lag_note}</dd>
                </div>
            </dl>
            <dl class="run">
                <dt>{text.file}</dt>
                <dd><code>{source.path.clone()}</code></dd>
                <dt>{text.archive}</dt>
                <dd><code>{source.location.clone()}</code></dd>
                <dt>{text.gaps}</dt>
                <dd data-figure="log_gaps" data-value=source.gaps.to_string()>{gaps}</dd>
            </dl>
        </section>
    }
}

/// As the API spells it.
fn ship_key(state: ShipState) -> &'static str {
    match state {
        ShipState::Recovering => "recovering",
        ShipState::Shipping => "shipping",
        ShipState::WaitingForSource => "waiting_for_source",
        ShipState::WaitingForLake => "waiting_for_lake",
        ShipState::Superseded => "superseded",
    }
}

#[component]
fn Lines(#[prop(into)] lines: Signal<Vec<LogLine>>) -> impl IntoView {
    let language = use_language();
    let text = move || &language.get().text().logs;
    let live = move || &language.get().text().live;
    let is_paused = RwSignal::new(false);
    let shown = Memo::new(move |before: Option<&Vec<LogLine>>| match before {
        Some(before) if is_paused.get() => before.clone(),
        _ => lines.get(),
    });
    view! {
        <section class="panel" id="log-lines" aria-labelledby="log-lines-heading">
            <header class="panel-head">
                <h2 id="log-lines-heading">{move || text().newest}</h2>
                <button
                    class="toggle"
                    type="button"
                    aria-pressed=move || is_paused.get().to_string()
                    on:click=move |_| is_paused.update(|paused| *paused = !*paused)
                >
                    {move || if is_paused.get() { live().resume } else { live().pause }}
                </button>
            </header>
            <Show when=move || shown.with(Vec::is_empty)>
                <p class="nothing">{move || text().no_lines}</p>
            </Show>
            <div class="table-scroll lines" tabindex="0" role="region" aria-labelledby="log-lines-heading">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">{move || text().time}</th>
                            <th scope="col">{move || text().level}</th>
                            <th scope="col">{move || text().component}</th>
                            <th scope="col">{move || text().message}</th>
                        </tr>
                    </thead>
                    <tbody>
                        {move || shown.with(|lines| {
                            lines.iter().map(|line| row(line, language.get())).collect_view()
                        })}
                    </tbody>
                </table>
            </div>
        </section>
    }
}

fn row(line: &LogLine, language: Language) -> impl IntoView + use<> {
    let time = line
        .time
        .map(|time| dates::time_of_day(browser::local(time)));
    let level = line.level.map(Level::as_str);
    let class = match line.level {
        Some(Level::Error) => "level error",
        Some(Level::Warn) => "level warn",
        _ => "level",
    };
    let component =
        (line.component.clone()).unwrap_or_else(|| language.text().logs.plain_line.to_owned());
    let fields = line.fields.iter().map(|(name, value)| {
        view! { <span class="field">{name.clone()} "=" {value.clone()}</span> }
    });
    view! {
        <tr data-offset=line.offset.to_string() data-level=level.unwrap_or_default()>
            <td>{time}</td>
            <td><span class=class>{level}</span></td>
            <td>{component}</td>
            <td class="message">{line.message.clone()} {fields.collect_view()}</td>
        </tr>
    }
}
