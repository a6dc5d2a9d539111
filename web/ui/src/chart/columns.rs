//! Sales by month as columns.

mod layout;

use super::HATCH;
use super::cursor::tab_index;
use super::mark::Mark;
use super::plot::{Plot, Sheet};
use crate::format;
use crate::i18n::{Language, sentences};
use crate::points::Point;
use layout::{BOTTOM, Layout, TOP};
use leptos::prelude::*;

/// Everything about one month, as the line above the chart and a screen reader say it.
fn description(point: &Point, language: Language) -> String {
    let figures = &point.figures;
    let mut text = format!(
        "{}{} {}",
        capitalised(&point.label(language)),
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
        add(sentences::a_year_before(
            language,
            &format::money(language, before),
        ));
    }
    text
}

/// French months begin small, sentences do not.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

#[component]
pub(crate) fn Columns(
    #[prop(into)] points: Signal<Vec<Point>>,
    #[prop(optional)] choose: Option<Callback<usize>>,
) -> impl IntoView {
    view! {
        <Plot
            points
            describe=description
            hint=|language| language.text().month_hint
            draw=drawing
            choose
        />
    }
}

fn drawing(points: &[Point], sheet: Sheet) -> Mark {
    let Sheet {
        language,
        stop,
        role,
        ..
    } = sheet;
    let layout = Layout::of(points, sheet.width, language);
    let (width, height) = (layout.width, layout.height);
    let years = layout.years.iter().flat_map(|(x, year)| {
        let mark = Mark::new("line").with("class", "year-mark");
        let mark = mark.at("x1", *x).at("x2", *x);
        let mark = mark.at("y1", height - BOTTOM + 22.0).at("y2", height);
        let year = Mark::text("year", x + 5.0, height - 5.0, "start", year.to_string());
        [mark, year]
    });
    let months = layout.columns.iter().map(|column| {
        let label = column.label.clone().unwrap_or_default();
        let (x, y) = (column.middle(), height - BOTTOM + 16.0);
        Mark::text("tick", x, y, "middle", label)
    });
    let columns = points.iter().zip(&layout.columns).enumerate();
    let columns = columns.map(|(index, (point, column))| {
        let (x, bar) = column.bar();
        let (before_x, before_width) = column.before();
        let mut marks = vec![
            Mark::rect("band", column.x, TOP, column.width, height - TOP - BOTTOM),
            Mark::rect("bar", x, column.net.0, bar, column.net.1),
            Mark::rect("cancelled", x, column.cancelled.0, bar, column.cancelled.1)
                .with("fill", HATCH),
        ];
        let before = column.year_before.iter();
        marks.extend(
            before.map(|(y, height)| Mark::rect("before", before_x, *y, before_width, *height)),
        );
        Mark::new("g")
            .with("class", "point")
            .with("data-point", "")
            .with("data-group", &point.key)
            .with("data-value", point.figures.sales.amount.to_string())
            .with(
                "data-hatched",
                point.figures.cancelled_sales.amount.to_string(),
            )
            .with("role", role)
            .with("aria-label", description(point, language))
            .with("tabindex", tab_index(index, stop))
            .holding(marks)
    });
    Mark::new("svg")
        .with("class", "columns")
        .at("width", width)
        .at("height", height)
        .with("role", "group")
        .with("aria-label", language.text().sales_by_month)
        .holding(vec![
            Mark::grid(&layout.ticks, layout.left, width),
            Mark::group(years),
            Mark::group(columns),
            Mark::captions(months.collect()),
        ])
}

#[cfg(test)]
mod tests {
    use super::layout::tests::two_years;
    use super::*;

    #[test]
    fn says_everything_about_a_month() {
        let points = two_years();
        assert_eq!(
            description(&points[0], Language::English),
            "November 2003: €200.00 · of which €100.00 cancelled · 1 order"
        );
        assert_eq!(
            description(points.last().unwrap(), Language::French),
            "Novembre 2004\u{a0}: −50,00\u{a0}€ · 1 commande · 200,00\u{a0}€ un an plus tôt"
        );
    }
}
