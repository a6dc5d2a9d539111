//! The Journal page: who did what, the newest first. For those who may read it.

use crate::answer::View;
use crate::i18n::{Language, journal as words};
use crate::route::{Route, address, encoded, param};
use crate::settings::use_language;
use crate::table::{Cell, Row, TablePanel, pages};
use crate::{api, browser, dates, poll};
use comptoir_model::api::access::{JournalOutcome, JournalPage as Entries, NumberedEntry};
use leptos::prelude::*;
use leptos::task::spawn_local;

const EVERY_MS: u32 = 10_000;
/// On one page.
const SHOWN: usize = 50;

pub(crate) type JournalView = View<Entries>;

#[component]
pub(crate) fn JournalPage(
    view: RwSignal<JournalView>,
    /// Of the address: where the page begins.
    params: RwSignal<String>,
) -> impl IntoView {
    let language = use_language();
    let before = Memo::new(move |_| params.with(|params| param(params, "before")));
    poll::while_shown(EVERY_MS, async move || load(view, before).await);
    Effect::new(move |earlier: Option<()>| {
        before.track();
        // The first time the page asks by itself.
        if earlier.is_some() {
            spawn_local(load(view, before));
        }
    });
    let rows = Memo::new(move |_| {
        view.with(|view| {
            let entries = view.answer().into_iter().flat_map(|it| &it.entries);
            let rows = entries.map(|entry| row(entry, language.get()));
            rows.collect::<Vec<_>>()
        })
    });
    let next = Memo::new(move |_| view.with(|view| view.answer().and_then(|it| it.next)));
    view! {
        <h1>{move || language.get().text().journal_page}</h1>
        <TablePanel
            id="journal"
            words=|language| &words::text(language).entries
            texts=6
            rows
            is_known=Signal::derive(move || view.with(|it| it.answer().is_some()))
            fault=Signal::derive(move || view.with(View::fault))
        >
            {move || {
                let newest = before.with(Option::is_some).then(|| Route::Journal.hash().to_owned());
                let older = next.get().map(|next| {
                    address(Route::Journal, &[("before", Some(&next.to_string()))])
                });
                pages(newest, older, language.get())
            }}
        </TablePanel>
    }
}

async fn load(view: RwSignal<JournalView>, before: Memo<Option<String>>) {
    let Some(wanted) = before.try_get_untracked() else {
        return;
    };
    let from = wanted.as_ref().map(|it| format!("&before={}", encoded(it)));
    let path = format!("/api/v1/journal?limit={SHOWN}{}", from.unwrap_or_default());
    let answer = api::read(&path).await;
    // Another page may be wanted meanwhile.
    if before.try_get_untracked() == Some(wanted) {
        view.update(|view| view.take(answer, browser::now()));
    }
}

fn row(numbered: &NumberedEntry, language: Language) -> Row {
    let entry = &numbered.entry;
    let outcome = Cell::text(words::outcome(language, entry.outcome).to_owned());
    Row {
        key: numbered.number.to_string(),
        cells: vec![
            Cell::text(dates::moment(language, browser::local(entry.at))),
            Cell::text(entry.who.clone()),
            Cell::text(words::action(language, &entry.action).to_owned()),
            match entry.outcome {
                JournalOutcome::Done => outcome,
                JournalOutcome::Refused | JournalOutcome::Failed => outcome.with_class("bad"),
            },
            Cell::text(entry.detail.clone()).with_class("wide"),
            Cell::text(entry.address.clone()).with_class("code"),
        ],
    }
}
