//! The History page: figures, charts, and where the import lies.

mod filter_bar;
mod filters;
mod group_bars;
mod page;
mod period;

pub(crate) use filters::Filters as HistoryFilters;
pub(crate) use page::HistoryPage;

use crate::browser;
use crate::chart::bars::Bars;
use crate::chart::columns::Columns;
use crate::chart::panel::{ChartPanel, Headline};
use crate::chart::table::{Compare, GroupTable};
use crate::dates;
use crate::figures::Tiles;
use crate::format;
use crate::i18n::{Language, sentences};
use crate::lake::Lake;
use crate::points::{Point, by_month, by_size};
use crate::settings::use_language;
use crate::state::Snapshot;
use comptoir_model::history::Dimension;
use filters::Filters;
use group_bars::{bars, share};
use jiff::Timestamp;
use leptos::prelude::*;
use std::sync::Arc;

/// What the last panel can be broken down by.
const CHOICES: [Dimension; 4] = [
    Dimension::Country,
    Dimension::Territory,
    Dimension::Status,
    Dimension::DealSize,
];

#[component]
fn History(#[prop(into)] snapshot: Signal<Arc<Snapshot>>, filters: Memo<Filters>) -> impl IntoView {
    view! {
        <Tiles snapshot />
        <div class="panels">
            <ByMonth snapshot filters />
            <ByProductLine snapshot filters />
            <Breakdown snapshot filters />
            <Lake snapshot />
        </div>
    }
}

/// What the figures are of, and how new they are.
#[component]
fn Freshness(
    #[prop(into)] snapshot: Signal<Arc<Snapshot>>,
    #[prop(into)] checked: Signal<Timestamp>,
    #[prop(into)] now: Signal<Timestamp>,
) -> impl IntoView {
    let language = use_language();
    let imported_at = Memo::new(move |_| snapshot.with(|shown| shown.summary.import.imported_at));
    let age = move || {
        let age = now.get().as_second() - imported_at.get().as_second();
        sentences::imported(language.get(), &dates::age(language.get(), age))
    };
    let moment = move || {
        let moment = dates::moment(language.get(), browser::local(imported_at.get()));
        format!("{moment} ({})", browser::time_zone())
    };
    let last_look = move || {
        let time = dates::time_of_day(browser::local(checked.get()));
        sentences::checked(language.get(), &time)
    };
    view! {
        <p class="freshness">
            <strong>{age}</strong>
            <time
                datetime=move || imported_at.get().to_string()
                data-figure="imported_at"
                data-value=move || imported_at.get().to_string()
            >
                {moment}
            </time>
            <span class="checked">{last_look}</span>
        </p>
    }
}

/// The days that the figures cover.
#[component]
fn PeriodLine(#[prop(into)] snapshot: Signal<Arc<Snapshot>>) -> impl IntoView {
    let language = use_language();
    let period = Memo::new(move |_| snapshot.with(|shown| shown.summary.period));
    move || {
        period.get().map(|period| {
            let language = language.get();
            let (first, last) = (
                dates::day(language, period.first),
                dates::day(language, period.last),
            );
            view! {
                <p
                    class="period"
                    data-figure="period"
                    data-value=format!("{}/{}", period.first, period.last)
                >
                    {sentences::period(language, &first, &last)}
                </p>
            }
        })
    }
}

#[component]
fn ByMonth(snapshot: Signal<Arc<Snapshot>>, filters: Memo<Filters>) -> impl IntoView {
    let language = use_language();
    let text = move || language.get().text();
    let points = Memo::new(move |_| snapshot.with(|shown| by_month(shown.by(Dimension::Month))));
    let headline = move || {
        let language = language.get();
        points.with(|points| {
            let best = points
                .iter()
                .max_by_key(|point| point.figures.sales.amount)?;
            let sales = format::money(language, &best.figures.sales);
            let sentence = sentences::best_month(language, &best.label(language), &sales);
            Some(headline_of(best, "best_month", sentence))
        })
    };
    view! {
        <ChartPanel
            id="by-month"
            heading=Signal::derive(move || text().sales_by_month.to_owned())
            headline=Signal::derive(headline)
            caption=Signal::derive(move || text().month_caption)
            is_empty=Signal::derive(move || points.with(Vec::is_empty))
            nothing=Signal::derive(move || text().no_rows)
            csv=csv(Signal::derive(|| Dimension::Month), filters)
            table=ViewFn::from(move || {
                let dimension = Signal::derive(|| Dimension::Month);
                view! { <GroupTable dimension points filters compare=Compare::YearBefore /> }
            })
        >
            <Columns points choose=choose(points, Signal::derive(|| Dimension::Month), filters) />
        </ChartPanel>
    }
}

#[component]
fn ByProductLine(snapshot: Signal<Arc<Snapshot>>, filters: Memo<Filters>) -> impl IntoView {
    let language = use_language();
    let text = move || language.get().text();
    let points =
        Memo::new(move |_| snapshot.with(|shown| by_size(shown.by(Dimension::ProductLine))));
    let drawn = Memo::new(move |_| points.with(|points| bars(points, language.get())));
    let heading = Signal::derive(move || text().sales_by_product_line.to_owned());
    view! {
        <ChartPanel
            id="by-product-line"
            heading
            headline=Signal::derive(move || points.with(|points| leader(points, language.get())))
            caption=Signal::derive(move || text().group_caption)
            is_empty=Signal::derive(move || points.with(Vec::is_empty))
            nothing=Signal::derive(move || text().no_rows)
            csv=csv(Signal::derive(|| Dimension::ProductLine), filters)
            table=ViewFn::from(move || {
                let dimension = Signal::derive(|| Dimension::ProductLine);
                view! { <GroupTable dimension points filters compare=Compare::Nothing /> }
            })
        >
            <Bars
                bars=drawn
                label=heading
                choose=choose(points, Signal::derive(|| Dimension::ProductLine), filters)
            />
        </ChartPanel>
    }
}

#[component]
fn Breakdown(snapshot: Signal<Arc<Snapshot>>, filters: Memo<Filters>) -> impl IntoView {
    let language = use_language();
    let text = move || language.get().text();
    let chosen = RwSignal::new(Dimension::Country);
    let points = Memo::new(move |_| snapshot.with(|shown| by_size(shown.by(chosen.get()))));
    let drawn = Memo::new(move |_| points.with(|points| bars(points, language.get())));
    let heading = Signal::derive(move || {
        let text = text();
        format!(
            "{} {}",
            text.breakdown,
            text.dimension(chosen.get()).to_lowercase()
        )
    });
    view! {
        <ChartPanel
            id="breakdown"
            heading
            headline=Signal::derive(move || points.with(|points| leader(points, language.get())))
            caption=Signal::derive(move || text().group_caption)
            is_empty=Signal::derive(move || points.with(Vec::is_empty))
            nothing=Signal::derive(move || text().no_rows)
            csv=csv(chosen.into(), filters)
            table=ViewFn::from(move || view! {
                <GroupTable dimension=chosen.into() points filters compare=Compare::Nothing />
            })
            choice=ViewFn::from(move || view! { <Choice chosen /> })
        >
            <Bars bars=drawn label=heading choose=choose(points, chosen.into(), filters) />
        </ChartPanel>
    }
}

/// Where the same groups are a file.
fn csv(dimension: Signal<Dimension>, filters: Memo<Filters>) -> Signal<String> {
    Signal::derive(move || {
        let query = filters.with(Filters::query);
        let and = if query.is_empty() { "" } else { "?" };
        format!("/api/v1/history/by/{}{and}{query}", dimension.get())
    })
}

/// A click on a group shows the lines of that group.
fn choose(
    points: Memo<Vec<Point>>,
    dimension: Signal<Dimension>,
    filters: Memo<Filters>,
) -> Callback<usize> {
    Callback::new(move |index: usize| {
        let key = points.with_untracked(|points| points.get(index).map(|point| point.key.clone()));
        if let Some(key) = key {
            let dimension = dimension.get_untracked();
            let narrower = filters.with_untracked(|filters| filters.with(dimension, &key));
            browser::set_hash(&narrower.address());
        }
    })
}

#[component]
fn Choice(chosen: RwSignal<Dimension>) -> impl IntoView {
    let language = use_language();
    view! {
        <fieldset class="choice">
            <legend class="spoken">{move || language.get().text().breakdown_choice}</legend>
            {CHOICES.map(|dimension| view! {
                <label>
                    <input
                        type="radio"
                        name="dimension"
                        value=dimension.as_str()
                        prop:checked=move || chosen.get() == dimension
                        on:change=move |_| chosen.set(dimension)
                    />
                    <span>{move || language.get().text().dimension(dimension)}</span>
                </label>
            })}
        </fieldset>
    }
}

/// The largest group and its part.
fn leader(points: &[Point], language: Language) -> Option<Headline> {
    let first = points.first()?;
    let share = format::percent(language, share(first, points)?);
    let sentence = sentences::leader(language, &first.label(language), &share);
    Some(headline_of(first, "leader", sentence))
}

fn headline_of(point: &Point, figure: &'static str, sentence: String) -> Headline {
    Headline {
        figure,
        group: point.key.clone(),
        value: point.figures.sales.amount.to_string(),
        sentence,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::points::tests::group;

    #[test]
    fn the_headline_names_the_largest_group() {
        let points = by_size(&[group("Ships", "75", "0"), group("Trains", "15", "10")]);
        let headline = leader(&points, Language::English).unwrap();
        assert_eq!(headline.sentence, "Ships leads with 75.0% of sales");
        assert_eq!(leader(&[], Language::English), None);
    }
}
