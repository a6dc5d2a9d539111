//! The newest transactions, a quiet column.

use super::Scope;
use crate::i18n::{Language, live as words};
use crate::icons::{BACK, CHECK, CLOCK, CROSS, icon};
use crate::settings::use_language;
use crate::{browser, dates, format};
use comptoir_model::api::live::Transaction;
use comptoir_model::event::Status;
use jiff::Timestamp;
use leptos::prelude::*;
use std::sync::Arc;

/// As many as an eye follows; the API has more.
const SHOWN_MAX: usize = 20;

#[component]
pub(super) fn Transactions(scope: Scope) -> impl IntoView {
    let language = use_language();
    let picture = scope.picture;
    let text = move || &language.get().text().live;
    let is_paused = RwSignal::new(false);
    // A list that stands still says of when it is.
    let shown = Memo::new(
        move |before: Option<&(Timestamp, Arc<Vec<Transaction>>)>| match before {
            Some(before) if is_paused.get() => before.clone(),
            _ => picture.with(|picture| (picture.as_of().time, picture.transactions())),
        },
    );
    let rows = Memo::new(move |_| {
        shown.with(|(_, all)| all.iter().take(SHOWN_MAX).cloned().collect::<Vec<_>>())
    });
    let paused_at = move || {
        let time = shown.with(|(time, _)| *time);
        let time = dates::time_of_day(browser::local(time));
        format!("{} · {time}", text().paused)
    };
    view! {
        <section class="panel" id="transactions" aria-labelledby="transactions-heading">
            <header class="panel-head">
                <h2 id="transactions-heading">{move || capitalised(text().transactions)}</h2>
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
            <Show when=move || rows.with(Vec::is_empty)>
                <p class="nothing">{move || text().no_transactions_yet}</p>
            </Show>
            <ol class="transactions">
                {move || rows.with(|rows| {
                    rows.iter().map(|row| row_view(row, language.get())).collect_view()
                })}
            </ol>
        </section>
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
