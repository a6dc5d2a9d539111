//! The newest dead letters, read when somebody asks for them.

use crate::i18n::Language;
use crate::settings::use_language;
use crate::{api, browser, dates, format};
use comptoir_model::api::live::{DeadLetterInfo, DeadLetters};
use leptos::prelude::*;
use leptos::task::spawn_local;

const NEWEST: &str = "/api/v1/dead-letters?limit=20";

#[component]
pub(super) fn NewestLetters(
    /// How many there are: with a new one the list is read again.
    count: Signal<u64>,
) -> impl IntoView {
    let language = use_language();
    let text = move || &language.get().text().live;
    let is_open = RwSignal::new(false);
    let letters = RwSignal::new(None::<Result<Vec<DeadLetterInfo>, ()>>);
    let count = Memo::new(move |_| count.get());
    Effect::new(move |_| {
        count.track();
        if is_open.get() {
            spawn_local(async move {
                let answer = api::read::<DeadLetters>(NEWEST).await;
                letters.try_set(Some(answer.map(|answer| answer.letters).map_err(|_| ())));
            });
        }
    });
    let toggled = move |event: web_sys::Event| {
        let details = event_target::<web_sys::Element>(&event);
        is_open.set(details.has_attribute("open"));
    };
    view! {
        <details class="made" on:toggle=toggled>
            <summary>{move || text().show_them}</summary>
            {move || letters.get().map(|letters| match letters {
                Ok(letters) => view! { <Table letters /> }.into_any(),
                Err(()) => view! { <p>{text().not_read}</p> }.into_any(),
            })}
        </details>
    }
}

#[component]
fn Table(letters: Vec<DeadLetterInfo>) -> impl IntoView {
    let language = use_language();
    let text = &language.get().text().live;
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label=text.show_them>
            <table class="letters">
                <thead>
                    <tr>
                        <th scope="col">{text.found_at}</th>
                        <th scope="col">{text.reason}</th>
                        <th scope="col">{text.detail}</th>
                        <th scope="col" class="number">{text.partition}</th>
                        <th scope="col" class="number">{text.offset}</th>
                    </tr>
                </thead>
                <tbody>
                    {letters.iter().map(|letter| row(letter, language.get())).collect_view()}
                </tbody>
            </table>
        </div>
    }
}

fn row(letter: &DeadLetterInfo, language: Language) -> impl IntoView + use<> {
    view! {
        <tr data-reason=letter.reason.clone() data-offset=letter.offset.0.to_string()>
            <td>{dates::time_of_day(browser::local(letter.found_at))}</td>
            <th scope="row"><code>{letter.reason.clone()}</code></th>
            <td class="detail">{letter.detail.clone()}</td>
            <td class="number">{letter.partition.0.to_string()}</td>
            <td class="number">{format::integer(language, letter.offset.0)}</td>
        </tr>
    }
}
