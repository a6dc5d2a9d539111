//! Sales by month as columns.

use super::axis::Axis;
use super::cursor::Cursor;
use super::{HATCH, text_width};
use crate::browser;
use crate::format::{self, Unit};
use crate::i18n::{Language, sentences};
use crate::points::Point;
use crate::settings::use_language;
use leptos::html::Div;
use leptos::prelude::*;
use rust_decimal::Decimal;

const FONT: f64 = 12.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 42.0;
const STEPS: u32 = 4;

/// Where everything of the chart stands, in CSS pixels.
#[derive(Clone, Debug, PartialEq)]
struct Layout {
    width: f64,
    height: f64,
    left: f64,
    ticks: Vec<(f64, String)>,
    columns: Vec<Column>,
    years: Vec<(f64, i16)>,
}

#[derive(Clone, Debug, PartialEq)]
struct Column {
    /// Of the whole band, which also takes the pointer.
    x: f64,
    width: f64,
    /// Each from the axis outwards: y and height.
    net: (f64, f64),
    cancelled: (f64, f64),
    year_before: Option<f64>,
    label: Option<String>,
}

impl Column {
    /// The bar within its band.
    fn bar(&self) -> (f64, f64) {
        let width = (self.width * 0.72).max(0.5);
        (self.x + (self.width - width) / 2.0, width)
    }

    fn middle(&self) -> f64 {
        self.x + self.width / 2.0
    }
}

fn layout(points: &[Point], width: f64, language: Language) -> Layout {
    let height = if width < 560.0 { 240.0 } else { 300.0 };
    let values = points.iter().flat_map(|point| {
        let before = point.year_before.map(|sales| sales.amount);
        [point.figures.sales.amount, point.figures.net_sales.amount].into_iter().chain(before)
    });
    let axis = Axis::over(values, STEPS);
    let unit = Unit::of(axis.reach());
    let y = |value: Decimal| TOP + (1.0 - axis.position(value)) * (height - TOP - BOTTOM);
    let ticks: Vec<_> = axis
        .ticks
        .iter()
        .map(|tick| {
            let label = points.first().map_or_else(String::new, |point| {
                format::tick(language, *tick, point.figures.sales.currency, unit)
            });
            (y(*tick), label)
        })
        .collect();
    let left = 10.0
        + ticks.iter().map(|(_, label)| text_width(label, FONT)).fold(0.0, f64::max);
    #[expect(clippy::cast_precision_loss, reason = "there are few months")]
    let band = (width - left).max(0.0) / points.len().max(1) as f64;
    let span = |from: Decimal, to: Decimal| {
        let (from, to) = (y(from), y(to));
        (from.min(to), (from - to).abs())
    };
    let mut x = left;
    let mut columns = Vec::with_capacity(points.len());
    let mut years: Vec<(f64, i16)> = Vec::new();
    let year_gap = text_width("2000", FONT) + 10.0;
    for point in points {
        let (net, sales) = (point.figures.net_sales.amount, point.figures.sales.amount);
        if let Some(month) = point.month {
            let starts = month.is_january() || years.is_empty();
            let room = years.last().is_none_or(|(at, _)| x - at >= year_gap);
            if starts && room {
                years.push((x, month.year()));
            }
        }
        columns.push(Column {
            x,
            width: band,
            net: span(Decimal::ZERO, net),
            cancelled: span(net, sales),
            year_before: point.year_before.map(|sales| y(sales.amount)),
            label: month_label(point, band, language),
        });
        x += band;
    }
    Layout { width, height, left, ticks, columns, years }
}

/// As much of a month's name as its band has room for.
fn month_label(point: &Point, band: f64, language: Language) -> Option<String> {
    let month = point.month?;
    match band {
        36.0.. => Some(month.short_name(language).to_owned()),
        13.0.. => Some(month.initial(language)),
        _ => None,
    }
}

/// Everything about one month, as the line above the chart and a screen reader say it.
fn description(point: &Point, language: Language) -> String {
    let figures = &point.figures;
    let mut text = format!(
        "{}{} {}",
        point.label(language),
        match language {
            Language::English => ":",
            Language::French => "\u{a0}:",
        },
        format::money(language, &figures.sales)
    );
    let mut add = |detail: String| {
        text.push_str(" · ");
        text.push_str(&detail);
    };
    if !figures.cancelled_sales.amount.is_zero() {
        let cancelled = format::money(language, &figures.cancelled_sales);
        add(sentences::of_which_cancelled(language, &cancelled));
    }
    let orders = format::integer(language, figures.orders);
    add(sentences::orders(language, figures.orders, &orders));
    if let Some(before) = &point.year_before {
        add(sentences::a_year_before(language, &format::money(language, before)));
    }
    text
}

#[component]
pub(crate) fn Columns(#[prop(into)] points: Signal<Vec<Point>>) -> impl IntoView {
    let language = use_language();
    let place = NodeRef::<Div>::new();
    let width = browser::width_of(place);
    let cursor = Cursor::new();
    let readout = move || {
        let language = language.get();
        cursor
            .pointed()
            .and_then(|index| points.with(|points| Some(description(points.get(index)?, language))))
            .unwrap_or_else(|| language.text().month_hint.to_owned())
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
                let language = language.get();
                drawing(points, &layout(points, width.get(), language), cursor, language)
            })}
        </div>
    }
}

fn drawing(
    points: &[Point],
    layout: &Layout,
    cursor: Cursor,
    language: Language,
) -> impl IntoView + use<> {
    let (width, height, left) = (layout.width, layout.height, layout.left);
    let count = points.len();
    let grid = layout.ticks.iter().map(|(y, label)| view! {
        <line class="grid" x1=left x2=width y1=*y y2=*y />
        <text class="tick" x=left - 8.0 y=*y + 4.0 text-anchor="end">{label.clone()}</text>
    });
    let years = layout.years.iter().map(|(x, year)| view! {
        <line class="year-mark" x1=*x x2=*x y1=height - BOTTOM + 22.0 y2=height />
        <text class="year" x=*x + 5.0 y=height - 5.0>{year.to_string()}</text>
    });
    let columns = points.iter().zip(&layout.columns).enumerate().map(|(index, (point, column))| {
        let (x, bar) = column.bar();
        let before = column.year_before.map(|y| view! {
            <line class="before" x1=x - 1.0 x2=x + bar + 1.0 y1=y y2=y />
        });
        view! {
            <g
                class="point"
                class:at=move || cursor.is_at(index)
                data-point=""
                data-group=point.key.clone()
                data-value=point.figures.sales.amount.to_string()
                data-cancelled=point.figures.cancelled_sales.amount.to_string()
                role="img"
                aria-label=description(point, language)
                tabindex=move || cursor.tab_index(index, count).to_string()
                on:focus=move |_| cursor.focus(index)
                on:blur=move |_| cursor.leave()
                on:pointerenter=move |_| cursor.point_at(index)
            >
                <rect class="band" x=column.x y=TOP width=column.width height=height - TOP - BOTTOM />
                <rect class="bar" x=x y=column.net.0 width=bar height=column.net.1 />
                <rect class="cancelled" fill=HATCH x=x y=column.cancelled.0 width=bar height=column.cancelled.1 />
                {before}
                <text class="tick" x=column.middle() y=height - BOTTOM + 16.0 text-anchor="middle">
                    {column.label.clone()}
                </text>
            </g>
        }
    });
    view! {
        <svg
            class="columns"
            width=width
            height=height
            role="group"
            aria-label=language.text().sales_by_month
        >
            {grid.collect_view()}
            {years.collect_view()}
            {columns.collect_view()}
        </svg>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::points::by_month;
    use crate::points::tests::group;

    fn two_years() -> Vec<Point> {
        by_month(&[group("2003-11", "100", "100"), group("2004-02", "0", "0"), group("2004-11", "-50", "0")])
    }

    #[test]
    fn bars_stand_on_zero_and_cancelled_on_top_of_net() {
        let layout = layout(&two_years(), 800.0, Language::English);
        let zero = layout.ticks.iter().find(|(_, label)| label == "0").unwrap().0;
        let first = &layout.columns[0];
        assert!((first.net.0 + first.net.1 - zero).abs() < 1e-6);
        assert!((first.cancelled.0 + first.cancelled.1 - first.net.0).abs() < 1e-6);
        assert!((first.cancelled.1 - first.net.1).abs() < 1e-6, "as much cancelled as kept");
        let refunds = layout.columns.last().unwrap();
        assert!((refunds.net.0 - zero).abs() < 1e-6, "a negative month hangs below zero");
    }

    #[test]
    fn names_each_year_once_where_it_starts() {
        let layout = layout(&two_years(), 800.0, Language::English);
        assert_eq!(layout.years.iter().map(|(_, year)| *year).collect::<Vec<_>>(), [2003, 2004]);
        assert!((layout.years[1].0 - layout.columns[2].x).abs() < 1e-6);
    }

    #[test]
    fn columns_fill_the_width_and_labels_yield_to_it() {
        for (width, label) in [(1200.0, Some("Nov")), (360.0, Some("N")), (200.0, None)] {
            let layout = layout(&two_years(), width, Language::English);
            let last = layout.columns.last().unwrap();
            assert!((last.x + last.width - width).abs() < 1e-6);
            assert_eq!(layout.columns[0].label.as_deref(), label, "{width}");
        }
    }

    #[test]
    fn says_everything_about_a_month() {
        let points = two_years();
        assert_eq!(
            description(&points[0], Language::English),
            "November 2003: €200.00 · of which €100.00 cancelled · 1 order"
        );
        assert_eq!(
            description(points.last().unwrap(), Language::French),
            "novembre 2004\u{a0}: −50,00\u{a0}€ · 1 commande · 200,00\u{a0}€ un an plus tôt"
        );
    }
}
