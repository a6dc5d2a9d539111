//! The numbers of a chart as a table.

use crate::figures::Figure;
use crate::format;
use crate::history::HistoryFilters;
use crate::points::Point;
use crate::settings::use_language;
use comptoir_model::history::Dimension;
use leptos::prelude::*;

/// Whether a table compares each group with the year before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compare {
    YearBefore,
    Nothing,
}

const COLUMNS: [Figure; 7] = [
    Figure::Sales,
    Figure::CancelledSales,
    Figure::NetSales,
    Figure::Orders,
    Figure::Lines,
    Figure::Customers,
    Figure::AverageBasket,
];

#[component]
pub(crate) fn GroupTable(
    dimension: Signal<Dimension>,
    #[prop(into)] points: Signal<Vec<Point>>,
    filters: Memo<HistoryFilters>,
    compare: Compare,
) -> impl IntoView {
    let language = use_language();
    view! {
        <table>
            <thead>
                <tr>
                    <th scope="col">{move || language.get().text().dimension(dimension.get())}</th>
                    {COLUMNS.map(|figure| view! {
                        <th scope="col" class="number">
                            {move || figure.text(language.get()).label}
                        </th>
                    })}
                    {(compare == Compare::YearBefore).then(|| view! {
                        <th scope="col" class="number">
                            {move || language.get().text().year_before}
                        </th>
                    })}
                </tr>
            </thead>
            <tbody>
                {move || points.with(|points| {
                    let (filters, dimension) = (filters.get(), dimension.get());
                    let narrower = |point: &Point| filters.with(dimension, &point.key).address();
                    let rows = points.iter().map(|point| row(point, narrower(point), compare));
                    rows.collect_view()
                })}
            </tbody>
        </table>
    }
}

/// `href` shows the lines of this group.
fn row(point: &Point, href: String, compare: Compare) -> impl IntoView + use<> {
    let language = use_language().get();
    let cells = COLUMNS.map(|figure| {
        let value = figure.value(&point.figures);
        view! {
            <td class="number" data-figure=figure.name() data-value=value.exact()>
                {value.shown(language)}
            </td>
        }
    });
    let year_before = (compare == Compare::YearBefore).then(|| {
        let exact = point.year_before.map(|sales| sales.amount.to_string());
        let shown = point
            .year_before
            .map(|sales| format::money(language, &sales));
        view! {
            <td class="number" data-figure="year_before" data-value=exact.unwrap_or_default()>
                {shown.unwrap_or_else(|| "–".to_owned())}
            </td>
        }
    });
    view! {
        <tr data-group=point.key.clone()>
            <th scope="row"><a href=href>{point.label(language)}</a></th>
            {cells}
            {year_before}
        </tr>
    }
}
