//! The ten products, merchants or customers with the highest net revenue of today.

use super::Scope;
use super::groups::{Row, RowTable};
use crate::chart::bars::Bars;
use crate::chart::panel::ChartPanel;
use crate::i18n::live as words;
use crate::settings::use_language;
use comptoir_model::api::live::{TopKind, TopRow};
use leptos::prelude::*;

const KINDS: [TopKind; 3] = [TopKind::Product, TopKind::Merchant, TopKind::Customer];

impl Row {
    fn of_top(row: &TopRow) -> Self {
        Self {
            key: row.key.clone(),
            name: row.name.clone().unwrap_or_else(|| row.key.clone()),
            transactions: row.transactions,
            approved: row.approved,
            units: row.units,
            revenue: row.revenue,
        }
    }
}

#[component]
pub(super) fn Tops(scope: Scope) -> impl IntoView {
    let language = use_language();
    let Scope {
        picture, currency, ..
    } = scope;
    let kind = RwSignal::new(TopKind::Product);
    let rows = Memo::new(move |_| {
        picture.with(|picture| {
            let list = picture.top(kind.get(), currency.get());
            let rows = list.into_iter().flat_map(|list| &list.rows);
            rows.map(Row::of_top).collect::<Vec<_>>()
        })
    });
    let bars = Memo::new(move |_| {
        rows.with(|rows| {
            let bars = rows.iter().map(|row| row.bar(None, language.get()));
            bars.collect::<Vec<_>>()
        })
    });
    let text = move || &language.get().text().live;
    let heading = Signal::derive(move || text().tops.to_owned());
    view! {
        <ChartPanel
            id="tops"
            heading
            headline=Signal::derive(|| None)
            caption=Signal::derive(move || text().tops_caption)
            is_empty=Signal::derive(move || rows.with(Vec::is_empty))
            nothing=Signal::derive(move || text().no_sales_yet)
            csv=Signal::derive(move || format!("/api/v1/live/by/{}", key(kind.get())))
            table=ViewFn::from(move || {
                let name = Signal::derive(move || words::top(language.get(), kind.get()));
                view! { <RowTable name rows /> }
            })
            choice=ViewFn::from(move || view! { <Choice kind /> })
        >
            <Bars bars label=heading />
        </ChartPanel>
    }
}

#[component]
fn Choice(kind: RwSignal<TopKind>) -> impl IntoView {
    let language = use_language();
    view! {
        <fieldset class="choice">
            <legend class="spoken">{move || language.get().text().live.tops_choice}</legend>
            {KINDS.map(|choice| view! {
                <label>
                    <input
                        type="radio"
                        name="top"
                        value=key(choice)
                        prop:checked=move || kind.get() == choice
                        on:change=move |_| kind.set(choice)
                    />
                    <span>{move || words::top(language.get(), choice)}</span>
                </label>
            })}
        </fieldset>
    }
}

/// As the API's paths spell it.
fn key(kind: TopKind) -> &'static str {
    match kind {
        TopKind::Product => "product",
        TopKind::Merchant => "merchant",
        TopKind::Customer => "customer",
        TopKind::AmountBucket => "amount_bucket",
    }
}
