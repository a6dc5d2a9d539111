//! How a figure is made: its formula and exactly what it includes and leaves out.

use super::Scope;
use super::tiles::Figure;
use crate::i18n::{Language, live as words};
use crate::settings::use_language;
use crate::{browser, dates, format};
use comptoir_model::api::live::{GapInfo, LagUnit, PartitionState};
use leptos::html::Dialog;
use leptos::prelude::*;
use std::sync::Arc;

#[component]
pub(super) fn Made(scope: Scope, made: RwSignal<Option<Figure>>) -> impl IntoView {
    let language = use_language();
    let place = NodeRef::<Dialog>::new();
    Effect::new(move |_| {
        if made.get().is_some()
            && let Some(dialog) = place.get()
            && !dialog.open()
        {
            // Fails for a dialog that is not in the document, which this one is.
            drop(dialog.show_modal());
        }
    });
    let close = move |_| {
        if let Some(dialog) = place.get_untracked() {
            dialog.close();
        }
    };
    view! {
        <dialog
            class="made-dialog"
            node_ref=place
            aria-labelledby="made-heading"
            on:close=move |_| made.set(None)
        >
            {move || made.get().map(|figure| view! { <Explanation scope figure /> })}
            <button type="button" class="toggle" on:click=close>
                {move || language.get().text().live.close}
            </button>
        </dialog>
    }
}

#[component]
fn Explanation(scope: Scope, figure: Figure) -> impl IntoView {
    let language = use_language();
    let text = move || &language.get().text().live;
    let Scope {
        picture, window, ..
    } = scope;
    let source = Memo::new(move |_| picture.with(|picture| Arc::clone(picture.source())));
    let span = move || {
        picture.with(|picture| {
            picture.window(window.get()).map(|shown| {
                let clock = |time| dates::hour_and_minute(browser::local(time));
                let span = words::from_to(language.get(), &clock(shown.from), &clock(shown.to));
                let name = words::window(language.get(), window.get());
                format!("{name}, {span} ({})", browser::time_zone())
            })
        })
    };
    let as_of = move || {
        let time = picture.with(|picture| picture.as_of().time);
        dates::moment(language.get(), browser::local(time))
    };
    view! {
        <h2 id="made-heading">{move || figure.label(language.get())}</h2>
        <p>{move || figure.formula(language.get())}</p>
        <dl class="run">
            <dt>{move || text().window}</dt>
            <dd>{span}</dd>
            <dt>{move || text().as_of}</dt>
            <dd>{as_of}</dd>
        </dl>
        <h3>{move || text().sources}</h3>
        <p class="quiet">{move || text().sources_note}</p>
        <div class="table-scroll" tabindex="0" role="region" aria-label=move || text().sources>
            <table>
                <thead>
                    <tr>
                        <th scope="col">{move || text().stream}</th>
                        <th scope="col" class="number">{move || text().partition}</th>
                        <th scope="col" class="number">{move || text().generation}</th>
                        <th scope="col" class="number">{move || text().covered}</th>
                        <th scope="col" class="number">{move || text().next}</th>
                        <th scope="col" class="number">{move || text().log_end}</th>
                        <th scope="col" class="number">{move || text().lag}</th>
                        <th scope="col">{move || text().fresh_through}</th>
                    </tr>
                </thead>
                <tbody>
                    {move || source.with(|source| {
                        let rows = source.partitions.iter();
                        rows.map(|state| row(state, language.get())).collect_view()
                    })}
                </tbody>
            </table>
        </div>
        <h3>{move || text().left_out}</h3>
        <ul class="left-out">
            {move || source.with(|source| {
                let language = language.get();
                let gaps: Vec<_> = source.gaps.iter().map(|gap| gap_text(gap, language)).collect();
                let letters = source.dead_letters.total;
                let letters = (letters > 0).then(|| {
                    words::dead_letters(language, letters, &format::integer(language, letters))
                });
                let text = &language.text().live;
                let last = if gaps.is_empty() && letters.is_none() {
                    text.nothing_left_out
                } else {
                    text.duplicates_note
                };
                let all = gaps.into_iter().chain(letters).chain([last.to_owned()]);
                all.map(|line| view! { <li>{line}</li> }).collect_view()
            })}
        </ul>
    }
}

fn row(state: &PartitionState, language: Language) -> impl IntoView + use<> {
    let lag = state.lag.map(|lag| lag_text(language, lag, state.lag_unit));
    let seen = if state.ended {
        Some(language.text().live.ended.to_owned())
    } else {
        (state.fresh_through).map(|time| dates::time_of_day(browser::local(time)))
    };
    let dash = || "–".to_owned();
    let end = state.log_end.map(|end| format::integer(language, end.0));
    view! {
        <tr>
            <th scope="row"><code>{state.stream.0.clone()}</code></th>
            <td class="number">{state.partition.0.to_string()}</td>
            <td class="number">{format::integer(language, state.generation)}</td>
            <td class="number">{format::integer(language, state.covered.0)}</td>
            <td class="number">{format::integer(language, state.next.0)}</td>
            <td class="number">{end.unwrap_or_else(dash)}</td>
            <td class="number">{lag.unwrap_or_else(dash)}</td>
            <td>{seen.unwrap_or_else(dash)}</td>
        </tr>
    }
}

/// A number of records, or a size.
pub(super) fn lag_text(language: Language, lag: u64, unit: LagUnit) -> String {
    match unit {
        LagUnit::Records => format::integer(language, lag),
        LagUnit::Bytes => format::size(language, lag),
    }
}

pub(crate) fn gap_text(gap: &GapInfo, language: Language) -> String {
    let place = words::place(language, gap.partition.0, gap.start.0, gap.end.0);
    let time = dates::moment(language, browser::local(gap.found_at));
    words::gap(language, gap.kind, &place, &time)
}
