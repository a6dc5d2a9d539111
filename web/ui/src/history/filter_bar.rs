//! What the History page can be narrowed down by, and the filters that are set.

use super::filters::{Filters, shown};
use super::period::{Preset, day};
use crate::browser;
use crate::chips::Chips;
use crate::i18n::filters as words;
use crate::route::Route;
use crate::settings::use_language;
use crate::state::Snapshot;
use comptoir_model::history::Dimension;
use leptos::prelude::*;
use std::sync::Arc;

/// Months are reached through days, and by a click on one.
const OFFERED: [Dimension; 5] = [
    Dimension::ProductLine,
    Dimension::Country,
    Dimension::Territory,
    Dimension::Status,
    Dimension::DealSize,
];

#[component]
pub(super) fn FilterBar(
    snapshot: Signal<Arc<Snapshot>>,
    #[prop(into)] filters: Signal<Filters>,
) -> impl IntoView {
    let language = use_language();
    let text = move || words::text(language.get());
    let chips = Memo::new(move |_| filters.with(|filters| filters.chips(language.get())));
    view! {
        <section class="filters" id="filters" aria-label=move || text().filters>
            <div class="search">
                <PeriodChoice snapshot filters />
                {OFFERED.map(|dimension| view! { <Values dimension snapshot filters /> })}
            </div>
            <Chips chips none=Route::History.hash() />
        </section>
    }
}

/// A list of presets, and two days.
#[component]
fn PeriodChoice(snapshot: Signal<Arc<Snapshot>>, filters: Signal<Filters>) -> impl IntoView {
    let language = use_language();
    let text = move || words::text(language.get());
    let days = Memo::new(move |_| filters.with(Filters::days));
    let data = Memo::new(move |_| snapshot.with(|shown| shown.data_period()));
    let chosen = Memo::new(move |_| {
        let data = data.get()?;
        Preset::ALL
            .iter()
            .position(|it| it.days(data) == days.get())
    });
    let choose = move |event: web_sys::Event| {
        let number: Option<usize> = event_target_value(&event).parse().ok();
        let preset = number.and_then(|number| Preset::ALL.get(number));
        if let (Some(preset), Some(data)) = (preset, data.get_untracked()) {
            let (from, to) = preset.days(data);
            go(&filters.with_untracked(|filters| filters.between(from, to)));
        }
    };
    let options =
        move || {
            let chosen = chosen.get();
            let named = text().presets.iter().enumerate().map(|(number, name)| view! {
            <option value=number.to_string() selected=chosen == Some(number)>{*name}</option>
        });
            let other = chosen.is_none().then(|| {
                view! {
                    <option value="" selected=true>{text().other_period}</option>
                }
            });
            view! { {other} {named.collect_view()} }.into_any()
        };
    let change = move |is_start: bool| {
        move |event: web_sys::Event| {
            let value = day(&event_target_value(&event));
            // A year that is still being typed.
            if value.is_some_and(|day| day.year() < 1000) {
                return;
            }
            let (from, to) = days.get_untracked();
            let (from, to) = if is_start { (value, to) } else { (from, value) };
            go(&filters.with_untracked(|filters| filters.between(from, to)));
        }
    };
    let date = move |name: &'static str, is_start: bool| {
        let value = move || {
            let (from, to) = days.get();
            let day = if is_start { from } else { to };
            day.map_or_else(String::new, |day| day.to_string())
        };
        let said = move || if is_start { text().from } else { text().to };
        view! {
            <label>
                <span>{said}</span>
                <input type="date" name=name prop:value=value on:change=change(is_start) />
            </label>
        }
    };
    view! {
        <label>
            <span>{move || text().period}</span>
            <select name="period" on:change=choose>{options}</select>
        </label>
        {date("from", true)}
        {date("to", false)}
    }
}

/// The groups of a dimension that can be added.
#[component]
fn Values(
    dimension: Dimension,
    snapshot: Signal<Arc<Snapshot>>,
    filters: Signal<Filters>,
) -> impl IntoView {
    let language = use_language();
    let keys = Memo::new(move |_| {
        let mut keys = snapshot.with(|shown| shown.all_keys(dimension));
        filters.with(|filters| keys.retain(|key| !filters.takes(dimension, key)));
        keys
    });
    let choose = move |event: web_sys::Event| {
        // The first one is the name of the list.
        let number: usize = event_target_value(&event).parse().unwrap_or_default();
        let key = keys.with_untracked(|keys| keys.get(number.checked_sub(1)?).cloned());
        if let Some(key) = key {
            go(&filters.with_untracked(|filters| filters.with(dimension, &key)));
        }
    };
    let options = move || {
        let language = language.get();
        keys.with(|keys| {
            let named = keys.iter().enumerate().map(|(number, key)| view! {
                <option value={(number + 1).to_string()}>{shown(language, dimension, key)}</option>
            });
            view! { <option value="0" selected=true>"–"</option> {named.collect_view()} }.into_any()
        })
    };
    view! {
        <label>
            <span>{move || language.get().text().dimension(dimension)}</span>
            <select name=dimension.as_str() on:change=choose>{options}</select>
        </label>
    }
}

fn go(filters: &Filters) {
    browser::set_hash(&filters.address());
}
