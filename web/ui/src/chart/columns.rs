//! Sales by month as columns.

mod layout;

use super::HATCH;
use super::cursor::tab_index;
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

fn drawing(points: &[Point], sheet: Sheet) -> AnyView {
    let Sheet {
        language,
        stop,
        role,
        ..
    } = sheet;
    let layout = Layout::of(points, sheet.width, language);
    let (width, height, left) = (layout.width, layout.height, layout.left);
    let grid = layout.ticks.iter().map(|(y, label)| {
        view! {
            <line class="grid" x1=left x2=width y1=*y y2=*y />
            <text class="tick" x=left - 8.0 y=*y + 4.0 text-anchor="end">{label.clone()}</text>
        }
    });
    let years = layout.years.iter().map(|(x, year)| {
        view! {
            <line class="year-mark" x1=*x x2=*x y1=height - BOTTOM + 22.0 y2=height />
            <text class="year" x=*x + 5.0 y=height - 5.0>{year.to_string()}</text>
        }
    });
    let columns = points.iter().zip(&layout.columns).enumerate().map(|(index, (point, column))| {
        let (x, bar) = column.bar();
        let (before_x, before_width) = column.before();
        let before = column.year_before.map(|(y, height)| view! {
            <rect class="before" x=before_x y=y width=before_width height=height />
        });
        view! {
            <g
                class="point"
                data-point=""
                data-group=point.key.clone()
                data-value=point.figures.sales.amount.to_string()
                data-hatched=point.figures.cancelled_sales.amount.to_string()
                role=role
                aria-label=description(point, language)
                tabindex=tab_index(index, stop)
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
    .into_any()
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
