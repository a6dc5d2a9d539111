//! Amounts of named groups as horizontal bars, each with its name and value above it.

use super::axis::Axis;
use super::cursor::tab_index;
use super::mark::Mark;
use super::plot::{Plot, Sheet};
use super::{HATCH, text_width};
use crate::format;
use comptoir_model::money::Money;
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

/// One bar: solid up to what was kept, hatched from there to the whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bar {
    /// As the API spells it.
    pub(crate) key: String,
    pub(crate) name: String,
    /// What the label says: the kept part, or the whole.
    pub(crate) value: Money,
    pub(crate) kept: Decimal,
    pub(crate) whole: Decimal,
    /// Of the sum of all values, in percent.
    pub(crate) share: Option<Decimal>,
    /// What the line above the chart and a screen reader say.
    pub(crate) description: String,
}

#[derive(Clone, Debug, PartialEq)]
struct Layout {
    height: f64,
    /// Of one column.
    width: f64,
    places: Vec<Place>,
}

/// Where one bar stands, and the x and width of its parts from there.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Place {
    left: f64,
    top: f64,
    kept: (f64, f64),
    hatched: (f64, f64),
}

/// All bars share an axis from zero that ends at the largest one.
fn layout(bars: &[Bar], width: f64) -> Layout {
    let columns = if width >= TWO_COLUMNS_WIDTH && bars.len() >= TWO_COLUMNS_COUNT {
        2
    } else {
        1
    };
    let width = if columns == 2 {
        (width - GUTTER) / 2.0
    } else {
        width
    };
    let rows = bars.len().div_ceil(columns);
    let values = || bars.iter().flat_map(|bar| [bar.whole, bar.kept]);
    let low = values().fold(Decimal::ZERO, Decimal::min);
    let high = values().fold(Decimal::ZERO, Decimal::max);
    let axis = Axis::between(low, high);
    let x = |value: Decimal| axis.position(value) * width;
    let span = |from: Decimal, to: Decimal| {
        let (from, to) = (x(from), x(to));
        (from.min(to), (to - from).abs())
    };
    let places = bars.iter().enumerate().map(|(index, bar)| Place {
        left: if index < rows { 0.0 } else { width + GUTTER },
        top: rows_high(index % rows),
        kept: span(Decimal::ZERO, bar.kept),
        hatched: span(bar.kept, bar.whole),
    });
    Layout {
        height: rows_high(rows),
        width,
        places: places.collect(),
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

#[component]
pub(crate) fn Bars(
    #[prop(into)] bars: Signal<Vec<Bar>>,
    #[prop(into)] label: Signal<String>,
    #[prop(optional)] choose: Option<Callback<usize>>,
) -> impl IntoView {
    view! {
        <Plot
            points=bars
            describe=|bar, _| bar.description.clone()
            hint=|_| ""
            draw=move |bars, sheet| drawing(bars, sheet, label.get())
            choose
        />
    }
}

fn drawing(bars: &[Bar], sheet: Sheet, label: String) -> Mark {
    let Sheet {
        width,
        language,
        stop,
        role,
    } = sheet;
    let layout = layout(bars, width);
    let rows = bars.iter().zip(&layout.places).enumerate();
    let mut captions = Vec::new();
    let mut points = Vec::new();
    for (index, (bar, place)) in rows {
        let (left, right) = (place.left, place.left + layout.width);
        let (base, y) = (place.top + TEXT_BASE, place.top + BAR_TOP);
        let value = format::money(language, &bar.value);
        let percent = bar.share.map(|share| format::percent(language, share));
        let percent = percent.unwrap_or_default();
        let value_width = text_width(&value, FONT) + text_width(&percent, FONT) + 2.0 * SPACE;
        let name = fitted(&bar.name, layout.width - value_width);
        let (kept, hatched) = (place.kept, place.hatched);
        let point = Mark::new("g")
            .with("class", "point")
            .with("data-point", "")
            .with("data-group", &bar.key)
            .with("data-value", bar.value.amount.to_string())
            .with("data-hatched", (bar.whole - bar.kept).to_string())
            .with("role", role)
            .with("aria-label", &bar.description)
            .with("tabindex", tab_index(index, stop));
        let point = match bar.share {
            Some(share) => point.with("data-share", share.to_string()),
            None => point,
        };
        points.push(point.holding(vec![
            Mark::rect("band", left, place.top, layout.width, ROW),
            Mark::rect("track", left, y, layout.width, BAR),
            Mark::rect("bar", left + kept.0, y, kept.1, BAR),
            Mark::rect("cancelled", left + hatched.0, y, hatched.1, BAR).with("fill", HATCH),
        ]));
        captions.push(Mark::text("name", left, base, "start", name));
        captions.push(
            Mark::text("value", right, base, "end", String::new()).holding(vec![
                Mark::new("tspan")
                    .with("data-shown", &bar.key)
                    .saying(value),
                Mark::new("tspan")
                    .with("class", "share")
                    .at("dx", SPACE)
                    .saying(percent),
            ]),
        );
    }
    Mark::new("svg")
        .with("class", "bars")
        .at("width", width)
        .at("height", layout.height)
        .with("role", "group")
        .with("aria-label", label)
        .holding(vec![
            Mark::new("g").holding(points),
            Mark::captions(captions),
        ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptoir_model::money::Currency;

    fn bar(key: &str, kept: i64, whole: i64) -> Bar {
        Bar {
            key: key.to_owned(),
            name: key.to_owned(),
            value: Money::zero(Currency::EUR),
            kept: kept.into(),
            whole: whole.into(),
            share: None,
            description: String::new(),
        }
    }

    #[test]
    fn the_largest_group_takes_the_whole_width() {
        let places = layout(&[bar("a", 60, 80), bar("b", 40, 40)], 400.0).places;
        assert_eq!(
            (places[0].kept, places[0].hatched),
            ((0.0, 300.0), (300.0, 100.0))
        );
        assert_eq!(
            (places[1].kept, places[1].hatched),
            ((0.0, 200.0), (200.0, 0.0))
        );
    }

    #[test]
    fn nothing_sold_has_no_bars() {
        assert_eq!(layout(&[bar("a", 0, 0)], 400.0).places[0].kept, (0.0, 0.0));
        assert_eq!(layout(&[], 400.0).places, []);
    }

    #[test]
    fn many_groups_take_two_columns_where_there_is_room() {
        let bars: Vec<_> = (0..11).map(|key| bar(&key.to_string(), 1, 1)).collect();
        let wide = layout(&bars, 1048.0);
        assert_eq!((wide.height, wide.width), (6.0 * ROW, 500.0));
        assert_eq!((wide.places[5].left, wide.places[5].top), (0.0, 5.0 * ROW));
        assert_eq!((wide.places[6].left, wide.places[6].top), (548.0, 0.0));
        let narrow = layout(&bars, 500.0);
        assert_eq!((narrow.height, narrow.width), (11.0 * ROW, 500.0));
    }

    #[test]
    fn a_long_name_yields_to_its_value() {
        assert_eq!(fitted("Linen and Textiles", 200.0), "Linen and Textiles");
        assert_eq!(fitted("Linen and Textiles", 90.0), "Linen and…");
        assert_eq!(fitted("Linen", 0.0), "L…");
    }
}
