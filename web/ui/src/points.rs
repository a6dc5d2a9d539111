//! The groups of a breakdown in the order and with the company that a chart needs.

use crate::dates::Month;
use crate::i18n::Language;
use comptoir_model::api::{HistoryFigures, HistoryGroup};
use comptoir_model::money::Money;
use std::cmp::Reverse;

/// Beyond this, a date far off (a year typed wrong) would stretch the axis for nothing.
const MOST_EMPTY_MONTHS: usize = 60;

/// One group of a chart and of its table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    /// As the API spells it.
    pub(crate) key: String,
    /// Of a chart by month.
    pub(crate) month: Option<Month>,
    pub(crate) figures: HistoryFigures,
    /// Sales of the same month of the year before, where the history reaches back that far.
    pub(crate) year_before: Option<Money>,
}

impl Point {
    pub(crate) fn label(&self, language: Language) -> String {
        match self.month {
            Some(month) => month.long(language),
            None if self.key.is_empty() => language.text().no_group_name.to_owned(),
            None => self.key.clone(),
        }
    }
}

/// Months in their order. A month without orders between two others is there, with zeros.
pub(crate) fn by_month(groups: &[HistoryGroup]) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::with_capacity(groups.len());
    for group in groups {
        let month = Month::parse(&group.key);
        if let (Some(last), Some(month)) = (points.last(), month) {
            points.extend(empty_months(last, month));
        }
        points.push(Point {
            key: group.key.clone(),
            month,
            figures: group.figures.clone(),
            year_before: None,
        });
    }
    let sales: Vec<_> = points
        .iter()
        .filter_map(|point| Some((point.month?, point.figures.sales)))
        .collect();
    for point in &mut points {
        let before = point.month.map(Month::a_year_before);
        let found = sales.iter().find(|(month, _)| Some(*month) == before);
        point.year_before = found.map(|(_, sales)| *sales);
    }
    points
}

/// Any other breakdown: largest sales first, equal ones by name.
pub(crate) fn by_size(groups: &[HistoryGroup]) -> Vec<Point> {
    let mut points: Vec<_> = groups
        .iter()
        .map(|group| Point {
            key: group.key.clone(),
            month: None,
            figures: group.figures.clone(),
            year_before: None,
        })
        .collect();
    points.sort_by_key(|point| Reverse(point.figures.sales.amount));
    points
}

/// The months after `last` and before `end`; none where they are too many to be meant.
fn empty_months(last: &Point, end: Month) -> Vec<Point> {
    let Some(start) = last.month else {
        return Vec::new();
    };
    let nothing = Money::zero(last.figures.sales.currency);
    let figures = HistoryFigures {
        lines: 0,
        orders: 0,
        customers: 0,
        sales: nothing,
        net_sales: nothing,
        cancelled_sales: nothing,
        average_basket: None,
    };
    let months: Vec<_> = std::iter::successors(Some(start.next()), |month| Some(month.next()))
        .take_while(|month| *month < end)
        .take(MOST_EMPTY_MONTHS + 1)
        .map(|month| Point {
            key: month.key(),
            month: Some(month),
            figures: figures.clone(),
            year_before: None,
        })
        .collect();
    if months.len() > MOST_EMPTY_MONTHS {
        Vec::new()
    } else {
        months
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use comptoir_model::money::Currency;

    pub(crate) fn group(key: &str, net: &str, cancelled: &str) -> HistoryGroup {
        let money = |text| Money::parse(text, Currency::EUR).unwrap();
        HistoryGroup {
            key: key.to_owned(),
            figures: HistoryFigures {
                lines: 1,
                orders: 1,
                customers: 1,
                sales: money(net).checked_add(money(cancelled)).unwrap(),
                net_sales: money(net),
                cancelled_sales: money(cancelled),
                average_basket: Some(money(net)),
            },
        }
    }

    fn keys(points: &[Point]) -> Vec<&str> {
        points.iter().map(|point| point.key.as_str()).collect()
    }

    #[test]
    fn a_month_without_orders_is_there_with_zeros() {
        let points = by_month(&[group("2003-11", "1", "0"), group("2004-02", "2", "0")]);
        assert_eq!(keys(&points), ["2003-11", "2003-12", "2004-01", "2004-02"]);
        assert!(points[1].figures.sales.amount.is_zero());
    }

    #[test]
    fn a_date_far_off_does_not_stretch_the_axis() {
        let points = by_month(&[group("0203-11", "1", "0"), group("2004-02", "2", "0")]);
        assert_eq!(keys(&points), ["0203-11", "2004-02"]);
    }

    #[test]
    fn knows_the_same_month_of_the_year_before() {
        let points = by_month(&[group("2003-02", "1", "3"), group("2004-02", "2", "0")]);
        assert_eq!(points[0].year_before, None);
        assert_eq!(
            points.last().unwrap().year_before,
            Some(points[0].figures.sales)
        );
    }

    #[test]
    fn other_groups_come_largest_first() {
        let points = by_size(&[
            group("a", "1", "0"),
            group("b", "9", "0"),
            group("c", "1", "0"),
        ]);
        assert_eq!(keys(&points), ["b", "a", "c"]);
    }
}
