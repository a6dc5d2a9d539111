//! A directory: what its import is, and its entries.

use super::{LakeView, address};
use crate::i18n::{Language, lake as words};
use crate::icons::{CHECK, WARNING, icon};
use crate::notices::with_code;
use crate::settings::use_language;
use crate::table::{Cell, Row, TablePanel};
use crate::{browser, dates, format};
use comptoir_model::api::lake::{LakeDirectory, LakeEntry, LakeEntryKind, LakeImport, SizeCheck};
use leptos::prelude::*;

#[component]
pub(super) fn Directory(
    view: RwSignal<LakeView>,
    cursor: RwSignal<Option<String>>,
) -> impl IntoView {
    let language = use_language();
    let with = move |show: fn(&LakeDirectory, Language) -> AnyView| {
        move || {
            view.with(|view| {
                let answer = view.answer()?;
                Some(show(answer.directory.as_ref()?, language.get()))
            })
        }
    };
    let rows = Memo::new(move |_| {
        view.with(|view| {
            let answer = view.answer().and_then(|answer| answer.directory.as_ref());
            answer.map_or_else(Vec::new, |directory| {
                let entries = directory.entries.iter();
                entries
                    .map(|entry| row(directory, entry, language.get()))
                    .collect()
            })
        })
    });
    let next = Memo::new(move |_| {
        view.with(|view| view.answer()?.directory.as_ref()?.next_cursor.clone())
    });
    view! {
        {with(import)}
        <TablePanel
            id="entries"
            words=|language| &words::text(language).entries
            texts=3
            rows
            is_known=Signal::stored(true)
            fault=Signal::stored(None)
        >
            {with(total)}
        </TablePanel>
        <p class="pages">
            <button
                type="button"
                class="toggle"
                hidden=move || cursor.with(Option::is_none)
                on:click=move |_| cursor.set(None)
            >
                {move || words::text(language.get()).first}
            </button>
            <button
                type="button"
                class="toggle"
                hidden=move || next.with(Option::is_none)
                on:click=move |_| cursor.set(next.get_untracked())
            >
                {move || words::text(language.get()).next}
            </button>
        </p>
    }
}

fn total(directory: &LakeDirectory, language: Language) -> AnyView {
    let count = format::integer(language, directory.total_entries);
    let size = format::size(language, directory.total_bytes);
    let said = words::total(language, directory.total_entries, &count, &size);
    view! {
        <p class="caption" data-figure="total_bytes" data-value=directory.total_bytes.to_string()>
            {said}
        </p>
    }
    .into_any()
}

/// Whether the files of an import are as its manifest says; nothing where there is none.
fn import(directory: &LakeDirectory, language: Language) -> AnyView {
    let Some(import) = &directory.import else {
        return ().into_any();
    };
    let text = words::text(language);
    let (sign, class, state) = if import.differences.is_empty() {
        (CHECK, "headline state up", "as-expected")
    } else {
        (WARNING, "headline state down", "differs")
    };
    let when = import.facts.as_ref().map(|facts| {
        let moment = dates::moment(language, browser::local(facts.imported_at));
        view! { <p class="caption">{moment} " · " <code>{facts.run.to_string()}</code></p> }
    });
    let differences = import.differences.iter();
    let differences = differences.map(|it| view! { <li lang="en">{it.clone()}</li> });
    view! {
        <section class="panel" id="import" data-state=state>
            <p class=class>{icon(sign)} <span>{headline(import, language)}</span></p>
            {when}
            <ul class="findings">{differences.collect_view()}</ul>
            <p class="caption">{with_code(text.verify)}</p>
        </section>
    }
    .into_any()
}

fn headline(import: &LakeImport, language: Language) -> String {
    let Some(facts) = &import.facts else {
        return words::text(language).unreadable.to_owned();
    };
    match import.differences.len() {
        0 => words::import(
            language,
            &format::integer(language, facts.rows),
            &facts.table,
            &format::integer(language, facts.parts),
        ),
        count => words::not_as_said(language, count),
    }
}

fn row(directory: &LakeDirectory, entry: &LakeEntry, language: Language) -> Row {
    let slash = match entry.kind {
        LakeEntryKind::Directory => "/",
        LakeEntryKind::File => "",
    };
    let mut name = Cell::text(format!("{}{slash}", entry.name)).with_class("code");
    let above = directory.path.trim_end_matches('/');
    name.href = Some(address(&format!("{above}/{}", entry.name)));
    let mut size = Cell::size(language, "bytes", entry.bytes);
    if entry.size == Some(SizeCheck::Differs) {
        size.title = Some(words::text(language).differs.to_owned());
        size = size.with_class("bad");
    }
    Row {
        key: entry.name.clone(),
        cells: vec![
            name,
            Cell::text(dates::moment(language, browser::local(entry.modified))),
            Cell::text(entry.owner.clone()),
            size,
            Cell::number(language, "rows", entry.rows),
        ],
    }
}
