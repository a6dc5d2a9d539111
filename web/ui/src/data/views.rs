//! Batch views: how old each result is, and why the last run did not replace it.

use crate::answer::View;
use crate::export::csv_of;
use crate::i18n::{Language, data as words};
use crate::settings::use_language;
use crate::table::{Cell, Row, TablePanel};
use crate::{browser, dates};
use jiff::Timestamp;
use leptos::prelude::*;
use serde::Deserialize;

pub(super) const PATH: &str = "/api/v1/views";

/// What the page shows of `comptoir_model::api::views::ViewList`; reading all of it costs kilobytes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Views {
    views: Vec<Info>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Info {
    name: String,
    result: Option<ResultInfo>,
    last_failure: Option<Failure>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct ResultInfo {
    run: String,
    published_at: Timestamp,
    age_s: i64,
    rows: u64,
    description: String,
    broken: Vec<Broken>,
    lake: Option<InLake>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct InLake {
    is_served: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Broken {
    rule: String,
    count: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Failure {
    at: Timestamp,
    error: String,
}

impl Views {
    pub(super) fn has_result(&self, name: &str) -> bool {
        (self.views.iter()).any(|view| view.name == name && view.result.is_some())
    }
}

#[component]
pub(super) fn ViewsPanel(views: RwSignal<View<Views>>) -> impl IntoView {
    let language = use_language();
    let rows = Memo::new(move |_| {
        views.with(|views| {
            let views = views.answer().into_iter().flat_map(|views| &views.views);
            views
                .map(|info| row(info, language.get()))
                .collect::<Vec<_>>()
        })
    });
    view! {
        <TablePanel
            id="batch-views"
            words=|language| &words::text(language).views
            texts=5
            rows
            is_known=Signal::derive(move || views.with(|it| it.answer().is_some()))
            fault=Signal::derive(move || views.with(View::fault))
        />
    }
}

fn row(info: &Info, language: Language) -> Row {
    let result = info.result.as_ref();
    let mut name = Cell::text(info.name.clone()).with_class("code");
    name.title = result.map(|result| result.description.clone());
    let mut age = Cell::text(result.map_or_else(String::new, |it| dates::age(language, it.age_s)));
    age.title = result.map(|it| dates::moment(language, browser::local(it.published_at)));
    age.figure = result.map(|it| ("published_at", it.published_at.to_string()));
    let run = result.map_or_else(String::new, |it| it.run.clone());
    Row {
        key: info.name.clone(),
        cells: vec![
            name,
            age,
            trouble(info, language),
            Cell::text(run).with_class("code"),
            file(info, language),
            Cell::number(language, "rows", result.map(|it| it.rows)),
        ],
    }
}

/// All rows of the result, unless only the lake has them.
fn file(info: &Info, language: Language) -> Cell {
    let lies_here = |it: &&ResultInfo| it.lake.as_ref().is_none_or(|lake| lake.is_served);
    let result = info.result.as_ref().filter(lies_here);
    let mut cell = Cell::text(result.map_or_else(String::new, |_| "CSV".to_owned()));
    cell.href = result.map(|_| csv_of(&format!("{PATH}/{}", info.name)));
    cell.title = result.map(|_| format!("{} {}", language.text().csv_of, info.name));
    cell
}

/// Why the newest run did not replace the result, else which rules the result breaks.
fn trouble(info: &Info, language: Language) -> Cell {
    if let Some(failure) = &info.last_failure {
        let at = dates::moment(language, browser::local(failure.at));
        return Cell {
            shown: format!("{at}: {}", failure.error),
            figure: Some(("failure", failure.error.clone())),
            class: "wide bad",
            ..Cell::default()
        };
    }
    let broken = info.result.iter().flat_map(|result| &result.broken);
    let broken: Vec<_> = broken
        .map(|it| format!("{} ({})", it.rule, it.count))
        .collect();
    if broken.is_empty() {
        Cell::text(words::text(language).no_trouble.to_owned())
    } else {
        Cell::text(broken.join(", ")).with_class("wide bad")
    }
}
