//! Sales of named groups as horizontal bars, each with its name and value above it.

use super::HATCH;
use super::axis::Axis;
use super::cursor::Cursor;
use crate::browser;
use crate::format;
use crate::i18n::{Language, sentences};
use crate::points::Point;
use crate::settings::use_language;
use leptos::html::Div;
use leptos::prelude::*;
use rust_decimal::Decimal;

/// Large enough for a finger.
const ROW: f64 = 44.0;
const BAR: f64 = 10.0;
const BAR_TOP: f64 = 27.0;
const TEXT_BASE: f64 = 19.0;

/// Where the parts of one bar stand: x and width.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bar {
    net: (f64, f64),
    cancelled: (f64, f64),
}

/// All bars share an axis from zero that ends at the largest one.
fn layout(points: &[Point], width: f64) -> Vec<Bar> {
    let values = || {
        points.iter().flat_map(|point| {
            [point.figures.sales.amount, point.figures.net_sales.amount]
        })
    };
    let low = values().fold(Decimal::ZERO, Decimal::min);
    let high = values().fold(Decimal::ZERO, Decimal::max);
    let axis = Axis::between(low, high);
    let x = |value: Decimal| axis.position(value) * width;
    let span = |from: Decimal, to: Decimal| {
        let (from, to) = (x(from), x(to));
        (from.min(to), (to - from).abs())
    };
    points
        .iter()
        .map(|point| Bar {
            net: span(Decimal::ZERO, point.figures.net_sales.amount),
            cancelled: span(point.figures.net_sales.amount, point.figures.sales.amount),
        })
        .collect()
}

/// A group's part of all sales, as text.
pub(crate) fn share(point: &Point, points: &[Point], language: Language) -> Option<String> {
    let all: Decimal = points.iter().map(|point| point.figures.sales.amount).sum();
    format::percent(language, point.figures.sales.amount, all)
}

/// What the bar's label leaves out, as the line above the chart and a screen reader say it.
fn description(point: &Point, points: &[Point], language: Language) -> String {
    let figures = &point.figures;
    let colon = match language {
        Language::English => ":",
        Language::French => "\u{a0}:",
    };
    let mut text = format!(
        "{}{colon} {}",
        point.label(language),
        format::money(language, &figures.sales)
    );
    let cancelled = (!figures.cancelled_sales.amount.is_zero()).then(|| {
        let cancelled = format::money(language, &figures.cancelled_sales);
        sentences::of_which_cancelled(language, &cancelled)
    });
    let share = share(point, points, language)
        .map(|share| sentences::part_of_sales(language, &share));
    let orders = format::integer(language, figures.orders);
    let orders = sentences::orders(language, figures.orders, &orders);
    for detail in share.into_iter().chain(cancelled).chain([orders]) {
        text.push_str(" · ");
        text.push_str(&detail);
    }
    text
}

#[component]
pub(crate) fn Bars(
    #[prop(into)] points: Signal<Vec<Point>>,
    #[prop(into)] label: Signal<String>,
) -> impl IntoView {
    let language = use_language();
    let place = NodeRef::<Div>::new();
    let width = browser::width_of(place);
    let cursor = Cursor::new();
    let readout = move || {
        let language = language.get();
        cursor
            .pointed()
            .and_then(|index| {
                points.with(|points| Some(description(points.get(index)?, points, language)))
            })
            .unwrap_or_else(|| language.text().group_hint.to_owned())
    };
    view! {
        <p class="readout" class:hint=move || cursor.pointed().is_none()>{readout}</p>
        <div
            class="plot"
            node_ref=place
            on:keydown=move |event| cursor.press(&event, points.with_untracked(Vec::len))
            on:pointerleave=move |_| cursor.leave()
        >
            {move || points.with(|points| {
                drawing(points, width.get(), label.get(), cursor, language.get())
            })}
        </div>
    }
}

fn drawing(
    points: &[Point],
    width: f64,
    label: String,
    cursor: Cursor,
    language: Language,
) -> impl IntoView + use<> {
    let count = points.len();
    let mut top = 0.0;
    let rows = points.iter().zip(layout(points, width)).enumerate().map(|(index, (point, bar))| {
        let y = top;
        top += ROW;
        let figures = &point.figures;
        let value = format::money(language, &figures.sales);
        let share = share(point, points, language);
        view! {
            <g
                class="point"
                class:at=move || cursor.is_at(index)
                data-point=""
                data-group=point.key.clone()
                data-value=figures.sales.amount.to_string()
                data-cancelled=figures.cancelled_sales.amount.to_string()
                role="img"
                aria-label=description(point, points, language)
                tabindex=move || cursor.tab_index(index, count).to_string()
                on:focus=move |_| cursor.focus(index)
                on:blur=move |_| cursor.leave()
                on:pointerenter=move |_| cursor.point_at(index)
            >
                <rect class="band" x="0" y=y width=width height=ROW />
                <text class="name" x="0" y=y + TEXT_BASE>{point.label(language)}</text>
                <text class="value" x=width y=y + TEXT_BASE text-anchor="end">
                    <tspan data-shown="">{value}</tspan>
                    <tspan class="share" dx="10">{share}</tspan>
                </text>
                <rect class="track" x="0" y=y + BAR_TOP width=width height=BAR />
                <rect class="bar" x=bar.net.0 y=y + BAR_TOP width=bar.net.1 height=BAR />
                <rect class="cancelled" fill=HATCH x=bar.cancelled.0 y=y + BAR_TOP width=bar.cancelled.1 height=BAR />
            </g>
        }
    });
    let rows = rows.collect_view();
    view! {
        <svg class="bars" width=width height=top role="group" aria-label=label>
            {rows}
        </svg>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::points::by_size;
    use crate::points::tests::group;

    #[test]
    fn the_largest_group_takes_the_whole_width() {
        let points = by_size(&[group("a", "60", "20"), group("b", "40", "0")]);
        let bars = layout(&points, 400.0);
        assert_eq!(bars[0], Bar { net: (0.0, 300.0), cancelled: (300.0, 100.0) });
        assert_eq!(bars[1], Bar { net: (0.0, 200.0), cancelled: (200.0, 0.0) });
    }

    #[test]
    fn nothing_sold_has_no_bars_and_no_share() {
        let points = by_size(&[group("a", "0", "0")]);
        assert_eq!(layout(&points, 400.0)[0].net, (0.0, 0.0));
        assert_eq!(share(&points[0], &points, Language::English), None);
    }

    #[test]
    fn says_everything_about_a_group() {
        let points = by_size(&[group("Ships", "75", "0"), group("Trains", "15", "10")]);
        assert_eq!(
            description(&points[1], &points, Language::English),
            "Trains: €25.00 · 25.0% of sales · of which €10.00 cancelled · 1 order"
        );
    }
}
