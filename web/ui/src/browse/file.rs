//! A file: its beginning, and what a manifest says of a segment.

use crate::i18n::{Language, lake as words};
use crate::icons::{CHECK, WARNING, icon};
use crate::notices::with_code;
use crate::{browser, dates, format};
use comptoir_model::api::lake::{LakeFile, LakeSegment, LakeTable, SegmentFacts, SizeCheck};
use jiff::Timestamp;
use leptos::prelude::*;

pub(super) fn file_view(file: &LakeFile, language: Language) -> AnyView {
    let text = words::text(language);
    let facts = vec![
        (text.size, format::size(language, file.bytes)),
        (text.changed, moment(language, file.modified)),
        (text.owner, file.owner.clone()),
    ];
    let segment = file.segment.as_ref();
    let segment = segment.map(|segment| segment_view(segment, language));
    let why = file.not_read.map(|why| words::not_read(language, why));
    let beginning = (file.text.is_some() && !file.is_whole).then(|| with_code(text.beginning));
    view! {
        {segment}
        <section class="panel" id="file" aria-labelledby="file-heading" data-bytes=file.bytes.to_string()>
            <header class="panel-head">
                <h2 id="file-heading">{text.content}</h2>
            </header>
            {list(facts)}
            <p class="caption">{why} {beginning}</p>
            {file.text.clone().map(|text| view! { <pre tabindex="0">{text}</pre> })}
            {file.table.as_ref().map(|table| table_view(table, language))}
        </section>
    }
    .into_any()
}

/// As the file has it: nothing is put into the words of a language.
fn table_view(table: &LakeTable, language: Language) -> AnyView {
    let number = |count: u64| format::integer(language, count);
    let shown = number(table.rows.len() as u64);
    let said = words::first_rows(language, &shown, &number(table.total_rows));
    let heads = table.columns.iter();
    let heads = heads.map(|name| view! { <th scope="col">{name.clone()}</th> });
    let rows = table.rows.iter().map(|row| {
        let cells = row.iter().map(|cell| {
            let shown = cell.clone().unwrap_or_else(|| "–".to_owned());
            view! { <td>{shown}</td> }
        });
        view! { <tr>{cells.collect_view()}</tr> }
    });
    view! {
        <p class="caption" data-figure="total_rows" data-value=table.total_rows.to_string()>{said}</p>
        <div class="table-scroll" tabindex="0" role="region" aria-labelledby="file-heading">
            <table>
                <thead><tr>{heads.collect_view()}</tr></thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn segment_view(segment: &LakeSegment, language: Language) -> AnyView {
    let text = words::text(language);
    let (sign, class, said) = match (&segment.facts, segment.size) {
        (None, _) => (WARNING, "headline state degraded", text.nameless.to_owned()),
        (Some(_), Some(SizeCheck::Differs)) => {
            (WARNING, "headline state down", text.differs.to_owned())
        }
        (Some(facts), _) => {
            let lines = format::integer(language, facts.lines);
            (
                CHECK,
                "headline state up",
                format!("{}\u{a0}: {lines}", text.lines),
            )
        }
    };
    let facts = segment.facts.as_ref();
    let facts = facts.map(|facts| list(known(facts, segment, language)));
    view! {
        <section class="panel" id="segment">
            <p class=class>{icon(sign)} <span>{said}</span></p>
            {facts}
            <p class="caption">{with_code(text.audit)}</p>
        </section>
    }
    .into_any()
}

fn known(
    facts: &SegmentFacts,
    segment: &LakeSegment,
    language: Language,
) -> Vec<(&'static str, String)> {
    let text = words::text(language);
    let number = |value| format::integer(language, value);
    let times = [facts.from, facts.to]
        .map(|time| time.map_or_else(|| "–".to_owned(), |time| moment(language, time)));
    vec![
        (text.log, facts.log.clone()),
        (text.lines, number(facts.lines)),
        (text.times, times.join(" … ")),
        (
            text.bytes,
            format!("{} … {}", number(facts.start), number(facts.end)),
        ),
        (text.sealed, moment(language, facts.sealed_at)),
        (text.manifest, segment.manifest.clone().unwrap_or_default()),
        ("SHA-256", facts.sha256.clone()),
    ]
}

fn list(facts: Vec<(&'static str, String)>) -> AnyView {
    let facts = facts.into_iter();
    let facts = facts.map(|(name, value)| view! { <dt>{name}</dt> <dd>{value}</dd> });
    view! { <dl class="run">{facts.collect_view()}</dl> }.into_any()
}

fn moment(language: Language, time: Timestamp) -> String {
    dates::moment(language, browser::local(time))
}
