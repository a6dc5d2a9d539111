//! What the list of transactions can be narrowed down by.

use super::Scope;
use super::filters::{Filters, NAMES, label, shown};
use super::state::Picture;
use crate::browser;
use crate::i18n::{Language, filters as words};
use crate::settings::use_language;
use comptoir_model::api::live::{LiveDimension, TopKind, WindowName};
use comptoir_model::event::{Channel, Status};
use comptoir_model::money::Currency;
use leptos::prelude::*;

#[component]
pub(super) fn FilterForm(scope: Scope, filters: Memo<Filters>) -> impl IntoView {
    let language = use_language();
    // What is offered changes with each message: it is looked up when somebody opens it.
    let offered = RwSignal::new(false);
    let toggled = move |event: web_sys::Event| {
        let details = event_target::<web_sys::Element>(&event);
        offered.set(details.has_attribute("open"));
    };
    let fields = move || {
        let language = language.get();
        offered.get().then(|| {
            let currency = scope.currency.get_untracked();
            let fields = NAMES.map(|name| {
                let known = scope.picture.with_untracked(|it| known(it, name, currency));
                field(name, &known, filters, language)
            });
            view! { <div class="search">{fields}</div> }.into_any()
        })
    };
    view! {
        <details class="made" id="transaction-filters" on:toggle=toggled>
            <summary>{move || words::text(language.get()).filters}</summary>
            {fields}
        </details>
    }
}

/// A list where there are few values; else a text, which known values complete.
fn field(
    name: &'static str,
    known: &[String],
    filters: Memo<Filters>,
    language: Language,
) -> AnyView {
    let choose = move |event: web_sys::Event| {
        let value = event_target_value(&event).trim().to_owned();
        let narrower = filters.with_untracked(|filters| filters.with(name, value));
        browser::set_hash(&narrower.address());
    };
    let value = move || filters.with(|filters| filters.value(name).to_owned());
    let list = format!("known-{name}");
    let is_set = move |value: String| move || filters.with(|it| it.value(name) == value);
    let options = known.iter().map(|known| {
        let shown = shown(language, name, known);
        view! { <option value=known.clone() prop:selected=is_set(known.clone())>{shown}</option> }
    });
    let options = options.collect_view();
    let control = match name {
        "status" | "channel" => view! {
            <select name=name on:change=choose>
                <option value="" prop:selected=is_set(String::new())>"–"</option>
                {options}
            </select>
        }
        .into_any(),
        _ => view! {
            <input name=name list=list.clone() autocomplete="off" prop:value=value on:change=choose />
            <datalist id=list>{options}</datalist>
        }
        .into_any(),
    };
    view! { <label><span>{label(language, name)}</span>{control}</label> }.into_any()
}

/// Values that the page has seen.
fn known(picture: &Picture, name: &str, currency: Currency) -> Vec<String> {
    let groups = |dimension| {
        let groups = picture.groups(WindowName::Today, dimension);
        groups.map_or(&[][..], |groups| &groups.groups).iter()
    };
    let top = |kind| {
        let rows = picture
            .top(kind, currency)
            .map_or(&[][..], |list| &list.rows);
        rows.iter().map(|row| row.key.clone()).collect()
    };
    let mut known: Vec<String> = match name {
        "status" => return Status::WORDS.iter().copied().map(str::to_owned).collect(),
        "channel" => return Channel::WORDS.iter().copied().map(str::to_owned).collect(),
        "category" => groups(LiveDimension::Category)
            .map(|it| it.key.clone())
            .collect(),
        "city" => groups(LiveDimension::City)
            .map(|it| it.key.clone())
            .collect(),
        "country" => groups(LiveDimension::City)
            .filter_map(|it| it.country.clone())
            .collect(),
        "merchant" => top(TopKind::Merchant),
        "product_id" => top(TopKind::Product),
        _ => top(TopKind::Customer),
    };
    known.sort();
    known.dedup();
    known
}
