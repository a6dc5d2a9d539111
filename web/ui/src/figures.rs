//! The figures of a history: what each is called, its exact value, and how it was made.

use crate::browser;
use crate::dates;
use crate::format;
use crate::i18n::{FigureText, Language, sentences};
use crate::settings::use_language;
use crate::state::Snapshot;
use comptoir_model::api::HistoryFigures;
use comptoir_model::money::Money;
use leptos::prelude::*;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Figure {
    NetSales,
    Sales,
    CancelledSales,
    AverageBasket,
    Orders,
    Lines,
    Customers,
}

impl Figure {
    /// As the API names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NetSales => "net_sales",
            Self::Sales => "sales",
            Self::CancelledSales => "cancelled_sales",
            Self::AverageBasket => "average_basket",
            Self::Orders => "orders",
            Self::Lines => "lines",
            Self::Customers => "customers",
        }
    }

    pub(crate) fn text(self, language: Language) -> &'static FigureText {
        let text = language.text();
        match self {
            Self::NetSales => &text.net_sales,
            Self::Sales => &text.sales,
            Self::CancelledSales => &text.cancelled_sales,
            Self::AverageBasket => &text.average_basket,
            Self::Orders => &text.orders,
            Self::Lines => &text.lines,
            Self::Customers => &text.customers,
        }
    }

    pub(crate) fn value(self, figures: &HistoryFigures) -> Value {
        match self {
            Self::NetSales => Value::Money(figures.net_sales),
            Self::Sales => Value::Money(figures.sales),
            Self::CancelledSales => Value::Money(figures.cancelled_sales),
            Self::AverageBasket => figures.average_basket.map_or(Value::Nothing, Value::Money),
            Self::Orders => Value::Count(figures.orders),
            Self::Lines => Value::Count(figures.lines),
            Self::Customers => Value::Count(figures.customers),
        }
    }
}

/// A figure's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Count(u64),
    Money(Money),
    /// An average over nothing.
    Nothing,
}

impl Value {
    /// A plain decimal for programs; empty where there is no value.
    pub(crate) fn exact(self) -> String {
        match self {
            Self::Count(count) => count.to_string(),
            Self::Money(money) => money.amount.to_string(),
            Self::Nothing => String::new(),
        }
    }

    pub(crate) fn shown(self, language: Language) -> String {
        match self {
            Self::Count(count) => format::integer(language, count),
            Self::Money(money) => format::money(language, &money),
            Self::Nothing => "–".to_owned(),
        }
    }
}

/// The most important figure first, the largest on the page.
const TILES: [Figure; 7] = [
    Figure::NetSales,
    Figure::Sales,
    Figure::CancelledSales,
    Figure::AverageBasket,
    Figure::Orders,
    Figure::Lines,
    Figure::Customers,
];

#[component]
pub(crate) fn Tiles(#[prop(into)] snapshot: Signal<Arc<Snapshot>>) -> impl IntoView {
    let language = use_language();
    view! {
        <section class="tiles" aria-label=move || language.get().text().figures>
            {TILES.map(|figure| view! { <Tile figure snapshot /> })}
        </section>
    }
}

#[component]
fn Tile(figure: Figure, snapshot: Signal<Arc<Snapshot>>) -> impl IntoView {
    let language = use_language();
    let value = Memo::new(move |_| snapshot.with(|shown| figure.value(&shown.summary.figures)));
    let text = move || figure.text(language.get());
    let cancelled_share = Memo::new(move |_| {
        snapshot.with(|shown| {
            let figures = &shown.summary.figures;
            format::tenths_of_percent(figures.cancelled_sales.amount, figures.sales.amount)
        })
    });
    let share_note = move || {
        let language = language.get();
        let share = cancelled_share
            .get()
            .map(|share| format::percent(language, share));
        sentences::cancelled_share(language, &share.unwrap_or_default())
    };
    let as_of = move || {
        let time = snapshot.with(|shown| shown.summary.as_of.time);
        sentences::as_of(
            language.get(),
            &dates::moment(language.get(), browser::local(time)),
        )
    };
    let heading = format!("figure-{}", figure.name());
    view! {
        <article class="tile" class:main=figure == Figure::NetSales aria-labelledby=heading>
            <h2 id=heading.clone()>{move || text().label}</h2>
            <p class="value" data-figure=figure.name() data-value=move || value.get().exact()>
                {move || value.get().shown(language.get())}
                <Show when=move || value.get() == Value::Nothing>
                    <span class="spoken">{move || language.get().text().no_value}</span>
                </Show>
            </p>
            <Show
                when=move || figure == Figure::CancelledSales && cancelled_share.get().is_some()
                fallback=move || view! { <p class="note">{move || text().note}</p> }
            >
                <p
                    class="note"
                    data-figure="cancelled_share"
                    data-value=move || cancelled_share.get().map(|share| share.to_string())
                >
                    {share_note}
                </p>
            </Show>
            <p class="as-of">{as_of}</p>
            <Made figure snapshot />
        </article>
    }
}

/// How a figure is made: its formula and everything it was computed from.
#[component]
fn Made(figure: Figure, snapshot: Signal<Arc<Snapshot>>) -> impl IntoView {
    let language = use_language();
    let text = move || language.get().text();
    let imported_at = move || {
        let time = snapshot.with(|shown| shown.summary.import.imported_at);
        let moment = dates::moment(language.get(), browser::local(time));
        format!("{moment} ({})", browser::time_zone())
    };
    let read_from = move || {
        snapshot.with(|shown| {
            let import = &shown.summary.import;
            let size = format::size(language.get(), import.bytes);
            sentences::parts(language.get(), import.parts.len(), &size)
        })
    };
    let to_lake = |event: web_sys::MouseEvent| {
        event.prevent_default();
        browser::go_to("lake");
    };
    view! {
        <details class="made">
            <summary>{move || text().how_is_this_made}</summary>
            <dl>
                <dt>{move || text().formula}</dt>
                <dd>{move || figure.text(language.get()).formula}</dd>
                <dt>{move || text().source_table}</dt>
                <dd><code>{move || snapshot.with(|shown| shown.summary.import.table.clone())}</code></dd>
                <dt>{move || text().imported_at}</dt>
                <dd>{imported_at}</dd>
                <dt>{move || text().run}</dt>
                <dd><code>{move || snapshot.with(|shown| shown.summary.import.run.to_string())}</code></dd>
                <dt>{move || text().read_from}</dt>
                <dd>
                    {read_from} ", "
                    <a href="#lake" on:click=to_lake><code>
                        {move || snapshot.with(|shown| shown.summary.import.location.clone())}
                    </code></a>
                </dd>
            </dl>
        </details>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::points::tests::group;

    #[test]
    fn an_exact_value_has_no_grouping_and_no_unit() {
        let figures = group("a", "1234567.50", "0").figures;
        let value = Figure::NetSales.value(&figures);
        assert_eq!(value.exact(), "1234567.50");
        assert_eq!(value.shown(Language::English), "€1,234,567.50");
    }

    #[test]
    fn no_average_is_a_dash_and_not_a_zero() {
        let figures = HistoryFigures {
            average_basket: None,
            ..group("a", "0", "0").figures
        };
        let value = Figure::AverageBasket.value(&figures);
        assert_eq!(
            (
                value.exact().as_str(),
                value.shown(Language::French).as_str()
            ),
            ("", "–")
        );
    }
}
