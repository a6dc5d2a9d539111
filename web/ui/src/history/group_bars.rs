//! Sales of groups as bars.

use crate::chart::bars::Bar;
use crate::format;
use crate::i18n::{Language, sentences};
use crate::points::Point;
use rust_decimal::Decimal;

pub(super) fn bars(points: &[Point], language: Language) -> Vec<Bar> {
    points
        .iter()
        .map(|point| Bar {
            key: point.key.clone(),
            name: point.label(language),
            value: point.figures.sales,
            kept: point.figures.net_sales.amount,
            whole: point.figures.sales.amount,
            share: share(point, points),
            description: description(point, points, language),
        })
        .collect()
}

/// A group's part of all sales, in percent.
pub(super) fn share(point: &Point, points: &[Point]) -> Option<Decimal> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::points::by_size;
    use crate::points::tests::group;

    #[test]
    fn nothing_sold_has_no_share() {
        let points = by_size(&[group("a", "0", "0")]);
        assert_eq!(share(&points[0], &points), None);
    }

    #[test]
    fn says_everything_about_a_group() {
        let points = by_size(&[group("Ships", "75", "0"), group("Trains", "15", "10")]);
        assert_eq!(
            bars(&points, Language::English)[1].description,
            "Trains: €25.00 · 25.0% of sales · of which €10.00 cancelled · 1 order"
        );
    }
}
