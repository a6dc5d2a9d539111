//! Where everything of a column chart stands.

use crate::chart::axis::Axis;
use crate::chart::text_width;
use crate::format::{self, Unit};
use crate::i18n::Language;
use crate::points::Point;
use rust_decimal::Decimal;

const FONT: f64 = 12.0;
pub(super) const TOP: f64 = 8.0;
pub(super) const BOTTOM: f64 = 42.0;
const STEPS: u32 = 4;

/// Where everything of the chart stands, in CSS pixels.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) left: f64,
    pub(super) ticks: Vec<(f64, String)>,
    pub(super) columns: Vec<Column>,
    pub(super) years: Vec<(f64, i16)>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    /// Of the whole band, which also takes the pointer.
    pub(super) x: f64,
    pub(super) width: f64,
    /// Each from the axis outwards: y and height.
    pub(super) net: (f64, f64),
    pub(super) cancelled: (f64, f64),
    pub(super) year_before: Option<(f64, f64)>,
    pub(super) label: Option<String>,
}

impl Column {
    /// x and width of the bar within its band.
    pub(super) fn bar(&self) -> (f64, f64) {
        (self.x + self.width * 0.26, self.width * 0.6)
    }

    /// x and width of the thin line of the year before, to the left of the bar.
    pub(super) fn before(&self) -> (f64, f64) {
        let width = (self.width * 0.12).clamp(1.0, 4.0);
        (self.x + self.width * 0.2 - width, width)
    }

    pub(super) fn middle(&self) -> f64 {
        self.x + self.width / 2.0
    }
}

impl Layout {
    pub(super) fn of(points: &[Point], width: f64, language: Language) -> Self {
        let height = if width < 560.0 { 240.0 } else { 300.0 };
        let values = points.iter().flat_map(|point| {
            let before = point.year_before.map(|sales| sales.amount);
            [point.figures.sales.amount, point.figures.net_sales.amount]
                .into_iter()
                .chain(before)
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
            + ticks
                .iter()
                .map(|(_, label)| text_width(label, FONT))
                .fold(0.0, f64::max);
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
                year_before: point
                    .year_before
                    .map(|sales| span(Decimal::ZERO, sales.amount)),
                label: month_label(point, band, language),
            });
            x += band;
        }
        Self {
            width,
            height,
            left,
            ticks,
            columns,
            years,
        }
    }
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

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::points::by_month;
    use crate::points::tests::group;

    pub(in crate::chart::columns) fn two_years() -> Vec<Point> {
        by_month(&[
            group("2003-11", "100", "100"),
            group("2004-02", "0", "0"),
            group("2004-11", "-50", "0"),
        ])
    }

    #[test]
    fn bars_stand_on_zero_and_cancelled_on_top_of_net() {
        let layout = Layout::of(&two_years(), 800.0, Language::English);
        let zero = layout
            .ticks
            .iter()
            .find(|(_, label)| label == "0")
            .unwrap()
            .0;
        let first = &layout.columns[0];
        assert!((first.net.0 + first.net.1 - zero).abs() < 1e-6);
        assert!((first.cancelled.0 + first.cancelled.1 - first.net.0).abs() < 1e-6);
        assert!(
            (first.cancelled.1 - first.net.1).abs() < 1e-6,
            "as much cancelled as kept"
        );
        let refunds = layout.columns.last().unwrap();
        assert!(
            (refunds.net.0 - zero).abs() < 1e-6,
            "a negative month hangs below zero"
        );
    }

    #[test]
    fn names_each_year_once_where_it_starts() {
        let layout = Layout::of(&two_years(), 800.0, Language::English);
        assert_eq!(
            layout
                .years
                .iter()
                .map(|(_, year)| *year)
                .collect::<Vec<_>>(),
            [2003, 2004]
        );
        assert!((layout.years[1].0 - layout.columns[2].x).abs() < 1e-6);
    }

    #[test]
    fn columns_fill_the_width_and_labels_yield_to_it() {
        for (width, label) in [(1200.0, Some("Nov")), (360.0, Some("N")), (200.0, None)] {
            let layout = Layout::of(&two_years(), width, Language::English);
            let last = layout.columns.last().unwrap();
            assert!((last.x + last.width - width).abs() < 1e-6);
            assert_eq!(layout.columns[0].label.as_deref(), label, "{width}");
        }
    }
}
