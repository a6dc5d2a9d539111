//! One dead letter: its record, what is wrong with it, and how a corrected one is sent.

use super::letters::place as place_of;
use crate::i18n::{Language, data as words};
use crate::notices::fault_explanation;
use crate::route::encoded;
use crate::settings::use_language;
use crate::state::Fault;
use crate::{api, browser, dates, format};
use comptoir_model::api::live::DeadLetter;
use leptos::prelude::*;
use leptos::task::spawn_local;

#[component]
pub(super) fn Letter(
    place: String,
    /// The address without it.
    close: String,
) -> impl IntoView {
    let language = use_language();
    let answer = RwSignal::new(None::<Result<DeadLetter, Fault>>);
    let path = format!("/api/v1/dead-letters/{}", encoded(&place));
    spawn_local(async move {
        let read = api::read(&path).await;
        answer.try_set(Some(read));
    });
    view! {
        <section class="letter" aria-label=place data-letter="">
            {move || answer.with(|answer| answer.as_ref().map(|answer| match answer {
                Ok(letter) => shown(letter, language.get()),
                Err(fault) => fault_explanation(fault).into_any(),
            }))}
            <a class="toggle" href=close>
                {move || language.get().text().live.close}
            </a>
        </section>
    }
}

fn shown(letter: &DeadLetter, language: Language) -> AnyView {
    let text = words::text(language);
    let info = &letter.letter;
    let place = place_of(info);
    let moment = dates::moment(language, browser::local(letter.record_timestamp));
    let size = format::size(language, info.bytes);
    let (record, kind) = match (&letter.text, &letter.hex) {
        (Some(text), _) => (text.clone(), "text"),
        (None, hex) => (hex.clone().unwrap_or_default(), "hex"),
    };
    let note = match (kind, letter.is_whole) {
        ("hex", _) => Some(text.as_hex),
        (_, false) => Some(text.beginning),
        _ => None,
    };
    view! {
        <h3><code>{place.clone()}</code></h3>
        <p lang="en">{info.detail.clone()}</p>
        <p lang="en">{letter.cure.clone()}</p>
        <p class="caption">{format!("{moment}, {size}. ")} {note}</p>
        <pre tabindex="0" data-record=kind>{record}</pre>
        <p class="caption">{text.replay}</p>
        <pre tabindex="0">
            {format!(
                "comptoir-speed dead-letters show {place} --raw > fix.json\n\
                 comptoir-speed dead-letters replay {place} --file fix.json"
            )}
        </pre>
    }
    .into_any()
}
