//! Dead letters: how many for which reason, the newest, and one with its record.

use super::letter::Letter;
use super::take;
use crate::answer::View;
use crate::i18n::{Language, data as words};
use crate::route::{Route, encoded};
use crate::settings::use_language;
use crate::table::{Cell, Row, TablePanel};
use crate::{api, browser, dates, format};
use comptoir_model::api::live::{DeadLetterInfo, DeadLetters};
use leptos::prelude::*;
use leptos::task::spawn_local;

/// As many as a person looks through; the command lists all.
const SHOWN: usize = 100;

type LettersView = View<DeadLetters>;

/// Asks for those with the reason that is chosen.
pub(super) async fn load(letters: RwSignal<LettersView>, reason: RwSignal<Option<String>>) {
    let Some(chosen) = reason.try_get_untracked() else {
        return;
    };
    let filter = chosen.as_ref().map(|it| format!("&reason={}", encoded(it)));
    let path = format!(
        "/api/v1/dead-letters?limit={SHOWN}{}",
        filter.unwrap_or_default()
    );
    let answer = api::read(&path).await;
    // Another reason may have been chosen meanwhile.
    if reason.try_get_untracked() == Some(chosen) {
        take(letters, answer);
    }
}

#[component]
pub(super) fn Letters(
    letters: RwSignal<LettersView>,
    reason: RwSignal<Option<String>>,
    place: RwSignal<String>,
) -> impl IntoView {
    let language = use_language();
    Effect::new(move |before: Option<()>| {
        reason.track();
        // The first time the page asks by itself.
        if before.is_some() {
            spawn_local(load(letters, reason));
        }
    });
    let rows = Memo::new(move |_| {
        letters.with(|letters| {
            let letters = letters.answer().into_iter().flat_map(|it| &it.letters);
            letters
                .map(|letter| row(letter, language.get()))
                .collect::<Vec<_>>()
        })
    });
    let counts = Memo::new(move |_| {
        letters.with(|letters| {
            letters
                .answer()
                .map_or_else(Vec::new, |it| it.count.by_reason.clone())
        })
    });
    view! {
        <TablePanel
            id="dead-letters"
            words=|language| &words::text(language).letters
            texts=3
            rows
            is_known=Signal::derive(move || letters.with(|it| it.answer().is_some()))
            fault=Signal::derive(move || letters.with(View::fault))
        >
            <Choice counts reason />
            {move || (!place.with(String::is_empty)).then(|| {
                view! { <Letter place=place.get() /> }.into_any()
            })}
        </TablePanel>
    }
}

/// Each reason with its count, and all of them. New counts leave the focus where it is.
#[component]
fn Choice(counts: Memo<Vec<(String, u64)>>, reason: RwSignal<Option<String>>) -> impl IntoView {
    let language = use_language();
    let names = Memo::new(move |_| {
        let names = |counts: &Vec<(String, u64)>| {
            let names = counts.iter().map(|(name, _)| Some(name.clone()));
            std::iter::once(None).chain(names).collect::<Vec<_>>()
        };
        counts.with(names)
    });
    let label = move |name: Option<String>| {
        let chosen = name.clone();
        let wanted = name.clone();
        let count = Memo::new(move |_| {
            let is_it =
                |(reason, _): &&(String, u64)| wanted.as_ref().is_none_or(|it| it == reason);
            counts.with(|counts| {
                counts
                    .iter()
                    .filter(is_it)
                    .map(|(_, count)| count)
                    .sum::<u64>()
            })
        });
        let key = name.clone().unwrap_or_default();
        let shown = key.clone();
        let said = move || {
            let language = language.get();
            let name = match shown.as_str() {
                "" => words::text(language).all_reasons,
                name => name,
            };
            format!("{name} · {}", format::integer(language, count.get()))
        };
        view! {
            <label>
                <input
                    type="radio"
                    name="reason"
                    value=key.clone()
                    prop:checked=move || reason.with(|reason| *reason == name)
                    on:change=move |_| reason.set(chosen.clone())
                />
                <span data-reason=key data-value=move || count.get().to_string()>{said}</span>
            </label>
        }
    };
    view! {
        <fieldset class="choice" hidden=move || counts.with(Vec::is_empty)>
            <legend class="spoken">{move || words::text(language.get()).reasons}</legend>
            {move || names.get().into_iter().map(label).collect_view().into_any()}
        </fieldset>
    }
}

fn row(letter: &DeadLetterInfo, language: Language) -> Row {
    let place = place(letter);
    let mut reason = Cell::text(letter.reason.clone()).with_class("code");
    reason.href = Some(format!("{}?letter={}", Route::Data.hash(), encoded(&place)));
    Row {
        cells: vec![
            reason,
            Cell::text(letter.detail.clone()).with_class("wide"),
            Cell::text(dates::moment(language, browser::local(letter.found_at))),
            Cell::number(language, "partition", Some(letter.partition.0.into())),
            Cell::number(language, "offset", Some(letter.offset.0)),
            Cell::size(language, "bytes", Some(letter.bytes)),
        ],
        key: place,
    }
}

/// As the commands take it.
pub(super) fn place(letter: &DeadLetterInfo) -> String {
    let (partition, offset) = (letter.partition.0, letter.offset.0);
    format!("{}/{partition}/{offset}", letter.stream.0)
}
