//! Searching the archive: what is asked for, when lines that fit were written, and the newest of them.

use crate::export::CsvLink;
use crate::i18n::{Language, logs as words};
use crate::notices::fault_explanation;
use crate::settings::use_language;
use crate::state::Fault;
use crate::{api, browser, dates, format};
use comptoir_model::api::log_search::{ArchivedLine, LogLines, LogSearch, MinuteLines};
use comptoir_model::app_log::Level;
use jiff::SignedDuration;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// In minutes, as the words name them.
const RANGES: [i64; 4] = [15, 60, 24 * 60, 7 * 24 * 60];
const LEVELS: [Level; 3] = [Level::Error, Level::Warn, Level::Info];
/// Of the columns, in CSS pixels.
const HEIGHT: f64 = 64.0;
const COLUMNS_MAX: usize = 240;

#[derive(Clone, PartialEq)]
enum State {
    Idle,
    Searching,
    /// At a path of the API.
    Found(String, LogSearch),
    Failed(Fault),
}

#[component]
pub(super) fn Search() -> impl IntoView {
    let language = use_language();
    let text = move || &language.get().text().logs;
    let pattern = RwSignal::new(String::new());
    let range = RwSignal::new(1_usize);
    let level = RwSignal::new(0_usize);
    let state = RwSignal::new(State::Idle);
    let search = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if state.with_untracked(|state| *state == State::Searching) {
            return;
        }
        state.set(State::Searching);
        let path = path(
            &pattern.get_untracked(),
            range.get_untracked(),
            level.get_untracked(),
        );
        spawn_local(async move {
            let answer = api::read::<LogSearch>(&path).await;
            state.try_set(answer.map_or_else(State::Failed, |found| State::Found(path, found)));
        });
    };
    let chosen = move |signal: RwSignal<usize>| {
        move |event: web_sys::Event| {
            signal.set(event_target_value(&event).parse().unwrap_or_default());
        }
    };
    view! {
        <section class="panel" id="log-search" aria-labelledby="log-search-heading">
            <header class="panel-head">
                <h2 id="log-search-heading">{move || text().search}</h2>
            </header>
            <form class="search" on:submit=search>
                <label class="wide">
                    <span>{move || text().pattern}</span>
                    <input
                        type="search"
                        name="pattern"
                        maxlength="1000"
                        autocomplete="off"
                        spellcheck="false"
                        placeholder=move || text().pattern_note
                        prop:value=move || pattern.get()
                        on:input=move |event| pattern.set(event_target_value(&event))
                    />
                </label>
                <label>
                    <span>{move || text().range}</span>
                    <select name="range" on:change=chosen(range)>
                        {move || options(&text().ranges.map(str::to_owned), range.get_untracked())}
                    </select>
                </label>
                <label>
                    <span>{move || text().level}</span>
                    <select name="level" on:change=chosen(level)>
                        {move || options(&levels(language.get()), level.get_untracked())}
                    </select>
                </label>
                <button type="submit">{move || text().find}</button>
            </form>
            <div aria-live="polite">
                {move || state.with(|state| match state {
                    State::Idle => None,
                    State::Searching => Some(view! { <p class="nothing">{text().searching}</p> }.into_any()),
                    State::Failed(fault) => Some(view! {
                        <div class="problem">{fault_explanation(fault)}</div>
                    }.into_any()),
                    State::Found(path, found) => Some(results(path, found, language.get())),
                })}
            </div>
        </section>
    }
}

fn path(pattern: &str, range: usize, level: usize) -> String {
    let minutes = RANGES.get(range).copied().unwrap_or(RANGES[0]);
    let to = browser::now();
    let from = to
        .checked_sub(SignedDuration::from_mins(minutes))
        .unwrap_or(to);
    let pattern: String = js_sys::encode_uri_component(pattern).into();
    let level = level.checked_sub(1).and_then(|level| LEVELS.get(level));
    let level = level.map_or(String::new(), |level| format!("&level={}", level.as_str()));
    format!("/api/v1/logs/search?from={from}&to={to}&ignore_case=true&pattern={pattern}{level}")
}

fn levels(language: Language) -> Vec<String> {
    let text = &language.text().logs;
    let levels = LEVELS
        .iter()
        .map(|level| format!("{} {}", level.as_str(), text.and_worse));
    [text.any_level.to_owned()]
        .into_iter()
        .chain(levels)
        .collect()
}

fn options(names: &[String], chosen: usize) -> AnyView {
    let options = names.iter().enumerate().map(|(index, name)| {
        view! { <option value=index.to_string() selected=index == chosen>{name.clone()}</option> }
    });
    options.collect_view().into_any()
}

fn results(path: &str, found: &LogSearch, language: Language) -> AnyView {
    let path = path.to_owned();
    let text = &language.text().logs;
    let sentence = words::found(
        language,
        found.found,
        &format::integer(language, found.found),
        &format::size(language, found.bytes_read),
        &format::size(language, found.bytes_skipped),
    );
    let note =
        |is_so: bool, note: &'static str| is_so.then(|| view! { <p class="problem">{note}</p> });
    let rows = found.lines.iter().map(|line| row(line, language));
    view! {
        <p class="headline" data-figure="log_found" data-value=found.found.to_string()>{sentence}</p>
        {note(found.stopped.is_some(), text.stopped)}
        {note(found.has_expired, text.expired)}
        <CsvLink
            path=Signal::derive(move || path.clone())
            what=Signal::derive(move || text.search.to_owned())
        />
        {minutes(&found.minutes, language)}
        <div class="table-scroll lines" tabindex="0" role="region" aria-label=text.search hidden=found.lines.is_empty()>
            <table>
                <thead>
                    <tr>
                        <th scope="col">{text.time}</th>
                        <th scope="col">{text.level}</th>
                        <th scope="col">{text.message}</th>
                        <th scope="col">{text.file_of_line}</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
        <p class="nothing" hidden=!found.lines.is_empty()>{text.nothing_found}</p>
    }
    .into_any()
}

fn row(line: &ArchivedLine, language: Language) -> AnyView {
    let text = &language.text().logs;
    let time = line
        .time
        .map(|time| dates::moment(language, browser::local(time)));
    let level = line.level.map(Level::as_str);
    let class = match line.level {
        Some(Level::Error) => "level error",
        Some(Level::Warn) => "level warn",
        _ => "level",
    };
    let seal = if line.is_sealed {
        text.sealed
    } else {
        text.unsealed
    };
    let around = RwSignal::new(None::<Result<LogLines, Fault>>);
    let path = format!(
        "/api/v1/logs/lines?source={}&life={}&offset={}",
        String::from(js_sys::encode_uri_component(&line.source)),
        line.life,
        line.offset
    );
    let toggled = move |_| {
        if around.with_untracked(Option::is_none) {
            let path = path.clone();
            spawn_local(async move {
                around.try_set(Some(api::read::<LogLines>(&path).await));
            });
        }
    };
    let offset = line.offset;
    view! {
        <tr data-offset=offset.to_string() data-level=level.unwrap_or_default()>
            <td>{time}</td>
            <td><span class=class>{level}</span></td>
            <td class="message">
                {line.text.clone()}
                <details class="made" on:toggle=toggled>
                    <summary>{text.around}</summary>
                    {move || around.with(|around| around.as_ref().map(|around| match around {
                        Ok(around) => neighbours(around, offset),
                        Err(fault) => fault_explanation(fault).into_any(),
                    }))}
                </details>
            </td>
            <td>
                <code>{line.source.clone()} "/" {line.file.clone()}</code>
                <span class="note">{seal}</span>
            </td>
        </tr>
    }
    .into_any()
}

fn neighbours(around: &LogLines, offset: u64) -> AnyView {
    let lines = around.lines.iter().map(|line| {
        let is_it = line.offset == offset;
        view! { <li class:it=is_it>{line.text.clone()}</li> }
    });
    view! { <ol class="around">{lines.collect_view()}</ol> }.into_any()
}

/// Equal steps of time, so that a minute without a line is a gap that is seen.
fn minutes(minutes: &[MinuteLines], language: Language) -> Option<AnyView> {
    let (first, last) = (minutes.first()?.minute, minutes.last()?.minute);
    let text = &language.text().logs;
    let minute_of = |minute: &MinuteLines| (minute.minute.as_second() - first.as_second()) / 60;
    let span = usize::try_from((last.as_second() - first.as_second()) / 60 + 1).unwrap_or(1);
    let step = span.div_ceil(COLUMNS_MAX);
    let mut columns = vec![0_u64; span.div_ceil(step)];
    for minute in minutes {
        let column = usize::try_from(minute_of(minute)).unwrap_or_default() / step;
        columns[column] += minute.lines;
    }
    let most = columns.iter().copied().max().unwrap_or(1).max(1);
    let bars = columns.iter().enumerate().map(|(column, lines)| {
        let offset = i64::try_from(column * step).unwrap_or_default();
        let at = first.checked_add(SignedDuration::from_mins(offset)).unwrap_or(first);
        let time = dates::time_of_day(browser::local(at));
        let title = words::in_minute(language, *lines, &format::integer(language, *lines), &time);
        #[expect(clippy::cast_precision_loss, reason = "a picture")]
        let height = HEIGHT * *lines as f64 / most as f64;
        #[expect(clippy::cast_precision_loss, reason = "a picture")]
        let x = column as f64;
        view! {
            <rect class="bar" x=x + 0.1 y=HEIGHT - height width="0.8" height=height data-value=lines.to_string()>
                <title>{title}</title>
            </rect>
        }
    });
    let view_box = format!("0 0 {} {HEIGHT}", columns.len());
    let time = |at| dates::time_of_day(browser::local(at));
    Some(view! {
        <figure class="by-minute">
            <svg viewBox=view_box preserveAspectRatio="none" role="img" aria-label=text.by_minute>
                {bars.collect_view()}
            </svg>
            <figcaption>{text.by_minute} " · " {time(first)} "–" {time(last)}</figcaption>
        </figure>
    }
    .into_any())
}
