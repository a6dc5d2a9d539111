//! The newest transactions, a quiet column.

use super::Scope;
use super::filter_form::FilterForm;
use super::filters::Filters;
use crate::answer::View;
use crate::chips::Chips;
use crate::export::CsvLink;
use crate::i18n::{Language, filters as filter_words, live as words};
use crate::icons::{BACK, CHECK, CLOCK, CROSS, icon};
use crate::notices::fault_explanation;
use crate::route::Route;
use crate::settings::use_language;
use crate::{api, browser, dates, format, poll};
use comptoir_model::api::AsOf;
use comptoir_model::api::live::Transaction;
use comptoir_model::event::Status;
use jiff::Timestamp;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Deserialize;
use std::sync::Arc;

/// As many as an eye follows; the API has more.
const SHOWN_MAX: usize = 20;
const PATH: &str = "/api/v1/transactions";
/// How often those that fit are asked for: the stream has all of them.
const EVERY_MS: u32 = 2_000;

/// The transactions of a moment.
type Shown = Option<(Timestamp, Arc<Vec<Transaction>>)>;

/// What is shown of an answer; reading all of it costs kilobytes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Page {
    as_of: AsOf,
    transactions: Arc<Vec<Transaction>>,
}

#[component]
pub(super) fn Transactions(scope: Scope, query: RwSignal<String>) -> impl IntoView {
    let language = use_language();
    let picture = scope.picture;
    let text = move || &language.get().text().live;
    let narrowed = move || filter_words::text(language.get());
    let is_paused = RwSignal::new(false);
    let filters = Memo::new(move |_| query.with(|query| Filters::parse(query)));
    let is_filtered = Memo::new(move |_| !filters.with(Filters::is_empty));
    let fitting = fitting(filters);
    // One that stands still is of the filters it was stopped with.
    Effect::new(move |before: Option<()>| {
        filters.track();
        if before.is_some() {
            is_paused.set(false);
        }
    });
    // A list that stands still says of when it is.
    let shown = Memo::new(move |before: Option<&Shown>| match before {
        Some(before) if is_paused.get() => before.clone(),
        _ if is_filtered.get() => fitting.with(|fitting| {
            let page = fitting.answer()?;
            Some((page.as_of.time, Arc::clone(&page.transactions)))
        }),
        _ => picture.with(|picture| Some((picture.as_of().time, picture.transactions()))),
    });
    let rows = Memo::new(move |_| {
        shown.with(|shown| {
            let all = shown.iter().flat_map(|(_, all)| all.iter());
            all.take(SHOWN_MAX).cloned().collect::<Vec<_>>()
        })
    });
    let is_known = Memo::new(move |_| shown.with(Option::is_some));
    let fault = move || {
        let fault = fitting.with(View::fault).filter(|_| is_filtered.get());
        fault.map(|fault| view! { <div class="fault">{fault_explanation(&fault)}</div> }.into_any())
    };
    let chips = Memo::new(move |_| filters.with(|filters| filters.chips(language.get())));
    let heading = Signal::derive(move || capitalised(text().transactions));
    let csv = Signal::derive(move || {
        let query = filters.with(Filters::query);
        let and = if query.is_empty() { "" } else { "?" };
        format!("{PATH}{and}{query}")
    });
    let paused_at = move || {
        let time = shown.with(|shown| shown.as_ref().map(|(time, _)| *time));
        let time = time.map(|time| dates::time_of_day(browser::local(time)));
        format!("{} · {}", text().paused, time.unwrap_or_default())
    };
    view! {
        <section class="panel" id="transactions" aria-labelledby="transactions-heading">
            <header class="panel-head">
                <h2 id="transactions-heading">{move || heading.get()}</h2>
                <CsvLink path=csv what=heading />
                <button
                    class="toggle"
                    type="button"
                    aria-pressed=move || is_paused.get().to_string()
                    on:click=move |_| is_paused.update(|paused| *paused = !*paused)
                >
                    {move || if is_paused.get() { text().resume } else { text().pause }}
                </button>
            </header>
            <Show when=move || is_paused.get()>
                <p class="quiet paused">{paused_at}</p>
            </Show>
            <FilterForm scope filters />
            <Chips chips none=Route::Live.hash() />
            <p class="quiet" hidden=move || !is_filtered.get()>
                {move || narrowed().only_those_that_fit}
            </p>
            {fault}
            <Show when=move || is_known.get() && rows.with(Vec::is_empty)>
                <p class="nothing">{move || if is_filtered.get() {
                    narrowed().no_transaction_fits
                } else {
                    text().no_transactions_yet
                }}</p>
            </Show>
            <ol class="transactions" data-filters=move || filters.with(Filters::query)>
                // A row is made once: most of those of the next moment stand there already.
                <For
                    each=move || rows.get().into_iter().map(move |row| (row, language.get()))
                    key=|(row, language)| {
                        (row.stream.0.clone(), row.partition.0, row.offset.0, *language)
                    }
                    children=|(row, language)| row_view(&row, language)
                />
            </ol>
        </section>
    }
}

/// The newest that fit, asked for again and again while there are filters.
fn fitting(filters: Memo<Filters>) -> RwSignal<View<Page>> {
    let fitting = RwSignal::new(View::Loading);
    poll::while_shown(EVERY_MS, async move || ask(filters, fitting).await);
    Effect::new(move |before: Option<()>| {
        filters.track();
        // The first time it is asked for anyhow.
        if before.is_some() {
            fitting.set(View::Loading);
            spawn_local(ask(filters, fitting));
        }
    });
    fitting
}

async fn ask(filters: Memo<Filters>, fitting: RwSignal<View<Page>>) {
    let Some(wanted) = filters.try_get_untracked().filter(|it| !it.is_empty()) else {
        return;
    };
    let path = format!("{PATH}?limit={SHOWN_MAX}&{}", wanted.query());
    let answer = api::read::<Page>(&path).await;
    // Others may have been chosen meanwhile, or the page be gone.
    if filters.try_get_untracked() == Some(wanted) {
        fitting.update(|fitting| fitting.take(answer, browser::now()));
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn row_view(row: &Transaction, language: Language) -> impl IntoView + use<> {
    let time = dates::time_of_day(browser::local(row.event_time));
    let place = format!("{} · {}", row.city, row.merchant);
    view! {
        <li
            data-event=row.event_id.clone()
            data-stream=row.stream.0.clone()
            data-partition=row.partition.0.to_string()
            data-offset=row.offset.0.to_string()
            data-status=row.status.as_str()
            title=format!("{} / {}", row.order_id, row.order_line)
        >
            <time datetime=row.event_time.to_string()>{time}</time>
            <span class="what">{row.product_name.clone()}</span>
            <span class="amount" data-figure="amount" data-value=row.amount.amount.to_string()>
                {format::money(language, &row.amount)}
            </span>
            <span class="status">
                {icon(status_icon(row.status))}
                {words::status(language, row.status)}
            </span>
            <span class="where">{place}</span>
        </li>
    }
}

fn status_icon(status: Status) -> &'static str {
    match status {
        Status::Approved => CHECK,
        Status::Declined => CROSS,
        Status::Pending => CLOCK,
        Status::Refunded => BACK,
    }
}
