//! Tables whose cells are data, in a panel of their own: one piece of code shows them all.

use crate::export::CsvLink;
use crate::format;
use crate::i18n::Language;
use crate::notices::{fault_explanation, with_code};
use crate::settings::use_language;
use crate::state::Fault;
use leptos::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Names it for programs.
    pub(crate) key: String,
    /// Of these cells the first one is the row's heading.
    pub(crate) cells: Vec<Cell>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) shown: String,
    /// Its name and its exact value, for programs.
    pub(crate) figure: Option<(&'static str, String)>,
    /// Where it leads.
    pub(crate) href: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) class: &'static str,
}

impl Cell {
    pub(crate) fn text(shown: String) -> Self {
        Self {
            shown,
            ..Self::default()
        }
    }

    /// A dash where there is no number.
    pub(crate) fn number(language: Language, figure: &'static str, value: Option<u64>) -> Self {
        let shown = value.map(|value| format::integer(language, value));
        Self {
            shown: shown.unwrap_or_else(dash),
            figure: value.map(|value| (figure, value.to_string())),
            ..Self::default()
        }
    }

    /// The size of so many bytes, all of them in its title.
    pub(crate) fn size(language: Language, figure: &'static str, bytes: Option<u64>) -> Self {
        Self {
            shown: bytes.map_or_else(dash, |bytes| format::size(language, bytes)),
            title: bytes.map(|bytes| format::integer(language, bytes)),
            ..Self::number(language, figure, bytes)
        }
    }

    pub(crate) fn with_class(self, class: &'static str) -> Self {
        Self { class, ..self }
    }
}

fn dash() -> String {
    "–".to_owned()
}

/// What a panel with a table says. Columns of text come first, then those of numbers.
pub(crate) struct Words {
    pub(crate) heading: &'static str,
    /// What is seen, in a sentence.
    pub(crate) caption: &'static str,
    pub(crate) columns: &'static [&'static str],
    /// Where there is no row; commands stand between backticks.
    pub(crate) nothing: &'static str,
}

#[component]
pub(crate) fn TablePanel(
    id: &'static str,
    words: fn(Language) -> &'static Words,
    /// How many columns are text.
    texts: usize,
    rows: Memo<Vec<Row>>,
    /// Whether there is an answer: before that, nothing is said to be missing.
    is_known: Signal<bool>,
    /// Why there is no newer answer.
    fault: Signal<Option<Fault>>,
    /// Path of the API that has the same rows, where it has them as CSV.
    #[prop(optional)]
    csv: Option<Signal<String>>,
    /// Stands between the caption and the table.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let language = use_language();
    let words = move || words(language.get());
    let heading_id = format!("{id}-heading");
    let is_empty = Memo::new(move |_| rows.with(Vec::is_empty));
    view! {
        <section class="panel" id=id aria-labelledby=heading_id.clone()>
            <header class="panel-head">
                <h2 id=heading_id.clone()>{move || words().heading}</h2>
                {csv.map(|path| {
                    let what = Signal::derive(move || words().heading.to_owned());
                    view! { <CsvLink path what /> }
                })}
            </header>
            <p class="caption">{move || with_code(words().caption).into_any()}</p>
            {move || fault.get().map(|fault| view! {
                <div class="fault" data-state="down">{fault_explanation(&fault)}</div>
            }.into_any())}
            {children.map(|children| children())}
            <p class="nothing" data-state="empty" hidden=move || !(is_empty.get() && is_known.get())>
                {move || with_code(words().nothing).into_any()}
            </p>
            <div
                class="table-scroll"
                hidden=move || is_empty.get()
                tabindex="0"
                role="region"
                aria-labelledby=heading_id.clone()
            >
                <table>
                    <thead>
                        <tr>
                            {move || {
                                let columns = words().columns.iter().enumerate();
                                columns.map(|(at, name)| view! {
                                    <th scope="col" class:number={at >= texts}>{*name}</th>
                                }).collect_view().into_any()
                            }}
                        </tr>
                    </thead>
                    <tbody>
                        {move || rows.with(|rows| {
                            rows.iter().map(|row| row_view(row, texts)).collect_view().into_any()
                        })}
                    </tbody>
                </table>
            </div>
        </section>
    }
}

/// The ways to other pages of a list, newest first: to its beginning, and to what is older.
pub(crate) fn pages(newest: Option<String>, older: Option<String>, language: Language) -> AnyView {
    let text = language.text();
    let link = |rel: &'static str, href: Option<String>, said: &'static str| {
        href.map(|href| view! { <a class="toggle" data-page=rel href=href>{said}</a> })
    };
    view! {
        <p class="pages">
            {link("newest", newest, text.newest_page)} {link("older", older, text.older_page)}
        </p>
    }
    .into_any()
}

fn row_view(row: &Row, texts: usize) -> AnyView {
    let cells = row.cells.iter().enumerate().map(|(at, cell)| {
        let class = if at >= texts {
            format!("number {}", cell.class)
        } else {
            cell.class.to_owned()
        };
        let (figure, value) = cell.figure.clone().unzip();
        let shown = match cell.href.clone() {
            Some(href) => view! { <a href=href>{cell.shown.clone()}</a> }.into_any(),
            None => cell.shown.clone().into_any(),
        };
        let title = cell.title.clone();
        if at == 0 {
            view! {
                <th scope="row" class=class title=title data-figure=figure data-value=value>{shown}</th>
            }
            .into_any()
        } else {
            view! { <td class=class title=title data-figure=figure data-value=value>{shown}</td> }
                .into_any()
        }
    });
    view! { <tr data-row=row.key.clone()>{cells.collect_view()}</tr> }.into_any()
}
