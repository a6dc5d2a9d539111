//! Sales of named groups as horizontal bars, each with its name and value above it.

use super::axis::Axis;
use super::cursor::Cursor;
use super::{HATCH, text_width};
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
const FONT: f64 = 14.0;
/// Between a name, its value and its part.
const SPACE: f64 = 10.0;

/// Many groups on a wide place stand in two columns, read downwards.
const TWO_COLUMNS_WIDTH: f64 = 640.0;
const TWO_COLUMNS_COUNT: usize = 9;
const GUTTER: f64 = 48.0;

#[derive(Clone, Debug, PartialEq)]
struct Layout {
    height: f64,
    /// Of one column.
    width: f64,
    bars: Vec<Bar>,
}

/// Where one bar stands, and the x and width of its parts from there.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bar {
    left: f64,
    top: f64,
    net: (f64, f64),
    cancelled: (f64, f64),
}

/// All bars share an axis from zero that ends at the largest one.
fn layout(points: &[Point], width: f64) -> Layout {
    let columns = if width >= TWO_COLUMNS_WIDTH && points.len() >= TWO_COLUMNS_COUNT {
        2
    } else {
        1
    };
    let width = if columns == 2 {
        (width - GUTTER) / 2.0
    } else {
        width
    };
    let rows = points.len().div_ceil(columns);
    let values = || {
        points
            .iter()
            .flat_map(|point| [point.figures.sales.amount, point.figures.net_sales.amount])
    };
    let low = values().fold(Decimal::ZERO, Decimal::min);
    let high = values().fold(Decimal::ZERO, Decimal::max);
    let axis = Axis::between(low, high);
    let x = |value: Decimal| axis.position(value) * width;
    let span = |from: Decimal, to: Decimal| {
        let (from, to) = (x(from), x(to));
        (from.min(to), (to - from).abs())
    };
    let bars = points.iter().enumerate().map(|(index, point)| Bar {
        left: if index < rows { 0.0 } else { width + GUTTER },
        top: rows_high(index % rows),
        net: span(Decimal::ZERO, point.figures.net_sales.amount),
        cancelled: span(point.figures.net_sales.amount, point.figures.sales.amount),
    });
    Layout {
        height: rows_high(rows),
        width,
        bars: bars.collect(),
    }
}

/// As much of a name as there is room for.
fn fitted(name: &str, room: f64) -> String {
    let count = name.chars().count();
    (1..count)
        .rev()
        .map(|kept| {
            format!(
                "{}…",
                name.chars().take(kept).collect::<String>().trim_end()
            )
        })
        .fold(name.to_owned(), |shown, shorter| {
            if text_width(&shown, FONT) <= room {
                shown
            } else {
                shorter
            }
        })
}

#[expect(clippy::cast_precision_loss, reason = "there are few rows")]
fn rows_high(rows: usize) -> f64 {
    rows as f64 * ROW
}

/// A group's part of all sales, in percent.
pub(crate) fn share(point: &Point, points: &[Point]) -> Option<Decimal> {
    let all: Decimal = points.iter().map(|point| point.figures.sales.amount).sum();
    format::tenths_of_percent(point.figures.sales.amount, all)
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
    let share = share(point, points)
        .map(|share| sentences::part_of_sales(language, &format::percent(language, share)));
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
            .unwrap_or_default()
    };
    view! {
        <p class="readout">{readout}</p>
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
    let layout = layout(points, width);
    let rows = points.iter().zip(&layout.bars).enumerate().map(|(index, (point, bar))| {
        let figures = &point.figures;
        let (left, right) = (bar.left, bar.left + layout.width);
        let (base, y) = (bar.top + TEXT_BASE, bar.top + BAR_TOP);
        let share = share(point, points);
        let value = format::money(language, &figures.sales);
        let percent = share.map(|share| format::percent(language, share));
        let name = point.label(language);
        let value_width = text_width(&value, FONT)
            + text_width(percent.as_deref().unwrap_or_default(), FONT)
            + 2.0 * SPACE;
        view! {
            <g
                class="point"
                class:at=move || cursor.is_at(index)
                data-point=""
                data-group=point.key.clone()
                data-value=figures.sales.amount.to_string()
                data-cancelled=figures.cancelled_sales.amount.to_string()
                data-share=share.map(|share| share.to_string())
                role="img"
                aria-label=description(point, points, language)
                tabindex=move || cursor.tab_index(index, count).to_string()
                on:focus=move |_| cursor.focus(index)
                on:blur=move |_| cursor.leave()
                on:pointerenter=move |_| cursor.point_at(index)
            >
                <rect class="band" x=left y=bar.top width=layout.width height=ROW />
                <text class="name" x=left y=base>{fitted(&name, layout.width - value_width)}</text>
                <text class="value" x=right y=base text-anchor="end">
                    <tspan data-shown="">{value}</tspan>
                    <tspan class="share" dx=SPACE>{percent}</tspan>
                </text>
                <rect class="track" x=left y=y width=layout.width height=BAR />
                <rect class="bar" x=left + bar.net.0 y=y width=bar.net.1 height=BAR />
                <rect class="cancelled" fill=HATCH x=left + bar.cancelled.0 y=y width=bar.cancelled.1 height=BAR />
            </g>
        }
    });
    view! {
        <svg class="bars" width=width height=layout.height role="group" aria-label=label>
            {rows.collect_view()}
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
        let bars = layout(&points, 400.0).bars;
        assert_eq!(
            (bars[0].net, bars[0].cancelled),
            ((0.0, 300.0), (300.0, 100.0))
        );
        assert_eq!(
            (bars[1].net, bars[1].cancelled),
            ((0.0, 200.0), (200.0, 0.0))
        );
    }

    #[test]
    fn nothing_sold_has_no_bars_and_no_share() {
        let points = by_size(&[group("a", "0", "0")]);
        assert_eq!(layout(&points, 400.0).bars[0].net, (0.0, 0.0));
        assert_eq!(share(&points[0], &points), None);
        assert_eq!(layout(&[], 400.0).bars, []);
    }

    #[test]
    fn many_groups_take_two_columns_where_there_is_room() {
        let groups: Vec<_> = (0..11)
            .map(|key| group(&key.to_string(), "1", "0"))
            .collect();
        let points = by_size(&groups);
        let wide = layout(&points, 1048.0);
        assert_eq!((wide.height, wide.width), (6.0 * ROW, 500.0));
        assert_eq!((wide.bars[5].left, wide.bars[5].top), (0.0, 5.0 * ROW));
        assert_eq!((wide.bars[6].left, wide.bars[6].top), (548.0, 0.0));
        let narrow = layout(&points, 500.0);
        assert_eq!((narrow.height, narrow.width), (11.0 * ROW, 500.0));
    }

    #[test]
    fn a_long_name_yields_to_its_value() {
        assert_eq!(fitted("Linen and Textiles", 200.0), "Linen and Textiles");
        assert_eq!(fitted("Linen and Textiles", 90.0), "Linen and…");
        assert_eq!(fitted("Linen", 0.0), "L…");
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
