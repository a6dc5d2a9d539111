//! History figures: totals over order lines, as a whole and by one dimension.
//!
//! An order is not a line and a cancelled line is not revenue:
//! - `lines` counts rows, `orders` distinct order numbers, `customers` distinct names;
//! - `sales` adds every line, `cancelled_sales` those whose status is `Cancelled`, and
//!   `net_sales = sales - cancelled_sales`;
//! - `average_basket = net_sales / orders that have a line that is not cancelled`, rounded half to
//!   even at two decimals.

mod lines;

pub use lines::{FilteredGroups, HistoryFilter, HistoryLines};

use crate::api::{HistoryFigures, HistoryGroup, Period};
use crate::ids::OrderNumber;
use crate::money::{Currency, Money, MoneyError};
use crate::sales::SalesLine;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::hash::Hash;
use std::str::FromStr;

/// What the history can be broken down by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    Month,
    ProductLine,
    Country,
    Territory,
    Status,
    DealSize,
}

impl Dimension {
    pub const ALL: [Self; 6] = [
        Self::Month,
        Self::ProductLine,
        Self::Country,
        Self::Territory,
        Self::Status,
        Self::DealSize,
    ];

    /// As it is spelled in the API's paths.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::ProductLine => "product_line",
            Self::Country => "country",
            Self::Territory => "territory",
            Self::Status => "status",
            Self::DealSize => "deal_size",
        }
    }

    /// The group a line belongs to; a month is `YYYY-MM`.
    fn key(self, line: &SalesLine) -> String {
        match self {
            Self::Month => line.date.strftime("%Y-%m").to_string(),
            Self::ProductLine => line.product_line.clone(),
            Self::Country => line.country.clone(),
            Self::Territory => line.territory.clone(),
            Self::Status => line.status.clone(),
            Self::DealSize => line.deal_size.clone(),
        }
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is no dimension.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a dimension: use month, product_line, country, territory, status or deal_size"
)]
pub struct UnknownDimension(pub String);

impl FromStr for Dimension {
    type Err = UnknownDimension;

    fn from_str(text: &str) -> Result<Self, UnknownDimension> {
        Self::ALL
            .into_iter()
            .find(|dimension| dimension.as_str() == text)
            .ok_or_else(|| UnknownDimension(text.to_owned()))
    }
}

/// Every history figure of one published import.
#[derive(Clone, Debug)]
pub struct History {
    summary: Totals<String>,
    period: Option<Period>,
    groups: BTreeMap<Dimension, BTreeMap<String, Totals<String>>>,
}

impl History {
    pub fn new(currency: Currency) -> Self {
        Self {
            summary: Totals::new(currency),
            period: None,
            groups: Dimension::ALL
                .map(|dimension| (dimension, BTreeMap::new()))
                .into(),
        }
    }

    pub fn add(&mut self, line: &SalesLine) -> Result<(), MoneyError> {
        let count = |totals: &mut Totals<String>| {
            totals.add(line.order, &line.customer, line.sales, line.is_cancelled())
        };
        count(&mut self.summary)?;
        self.period = Some(Period::with(self.period, line.date));
        for (dimension, groups) in &mut self.groups {
            let group = groups.entry(dimension.key(line));
            count(group.or_insert_with(|| Totals::new(line.sales.currency)))?;
        }
        Ok(())
    }

    pub fn summary(&self) -> HistoryFigures {
        self.summary.figures()
    }

    /// The first and the last order date; `None` without lines.
    pub fn period(&self) -> Option<Period> {
        self.period
    }

    /// The groups of a dimension, ordered by key.
    pub fn by(&self, dimension: Dimension) -> Vec<HistoryGroup> {
        self.groups[&dimension]
            .iter()
            .map(|(key, totals)| HistoryGroup {
                key: key.clone(),
                figures: totals.figures(),
            })
            .collect()
    }
}

/// `C` tells customers apart.
#[derive(Clone, Debug)]
struct Totals<C> {
    lines: u64,
    orders: HashSet<OrderNumber>,
    revenue_orders: HashSet<OrderNumber>,
    customers: HashSet<C>,
    net_sales: Money,
    cancelled_sales: Money,
}

impl<C: Clone + Eq + Hash> Totals<C> {
    fn new(currency: Currency) -> Self {
        Self {
            lines: 0,
            orders: HashSet::new(),
            revenue_orders: HashSet::new(),
            customers: HashSet::new(),
            net_sales: Money::zero(currency),
            cancelled_sales: Money::zero(currency),
        }
    }

    fn add(
        &mut self,
        order: OrderNumber,
        customer: &C,
        sales: Money,
        is_cancelled: bool,
    ) -> Result<(), MoneyError> {
        self.lines += 1;
        self.orders.insert(order);
        if !self.customers.contains(customer) {
            self.customers.insert(customer.clone());
        }
        if is_cancelled {
            self.cancelled_sales = self.cancelled_sales.checked_add(sales)?;
        } else {
            self.revenue_orders.insert(order);
            self.net_sales = self.net_sales.checked_add(sales)?;
        }
        // Their sum is served too: it must fit as well.
        self.net_sales.checked_add(self.cancelled_sales).map(drop)
    }

    fn figures(&self) -> HistoryFigures {
        let sales = self.net_sales.amount + self.cancelled_sales.amount;
        HistoryFigures {
            lines: self.lines,
            orders: self.orders.len() as u64,
            customers: self.customers.len() as u64,
            sales: Money {
                amount: sales,
                currency: self.net_sales.currency,
            },
            net_sales: self.net_sales,
            cancelled_sales: self.cancelled_sales,
            average_basket: self
                .net_sales
                .average_over(self.revenue_orders.len() as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sales::CANCELLED;

    fn line(order: u64, sales: &str, status: &str, day: i8) -> SalesLine {
        SalesLine {
            order: OrderNumber(order),
            line: 1,
            sales: Money::parse(sales, Currency::EUR).unwrap(),
            date: jiff::civil::date(2024, 2, day),
            status: status.to_owned(),
            product_line: "Ships".to_owned(),
            customer: format!("customer {}", order % 2),
            country: "France".to_owned(),
            territory: "EMEA".to_owned(),
            deal_size: "Small".to_owned(),
        }
    }

    fn history(lines: &[SalesLine]) -> History {
        let mut history = History::new(Currency::EUR);
        for line in lines {
            history.add(line).unwrap();
        }
        history
    }

    #[test]
    fn an_order_of_two_lines_counts_once() {
        let figures = history(&[
            line(1, "10.00", "Shipped", 1),
            line(1, "5.50", "Shipped", 1),
            line(2, "4.50", "Shipped", 2),
        ])
        .summary();
        assert_eq!(
            (figures.lines, figures.orders, figures.customers),
            (3, 2, 2)
        );
        assert_eq!(figures.average_basket.unwrap().to_string(), "10.00 EUR");
    }

    #[test]
    fn cancelled_is_visible_and_never_revenue() {
        let figures = history(&[
            line(1, "10.00", "Shipped", 1),
            line(3, "7.00", CANCELLED, 1),
        ])
        .summary();
        assert_eq!(figures.sales.to_string(), "17.00 EUR");
        assert_eq!(figures.net_sales.to_string(), "10.00 EUR");
        assert_eq!(figures.cancelled_sales.to_string(), "7.00 EUR");
        assert_eq!(figures.orders, 2);
        assert_eq!(figures.average_basket.unwrap().to_string(), "10.00 EUR");
    }

    #[test]
    fn every_dimension_adds_up_to_the_summary() {
        let history = history(&[
            line(1, "10.00", "Shipped", 1),
            line(2, "0.01", "On Hold", 29),
            line(3, "7.00", CANCELLED, 3),
        ]);
        for dimension in Dimension::ALL {
            let total = history
                .by(dimension)
                .iter()
                .map(|group| group.figures.sales)
                .reduce(|a, b| a.checked_add(b).unwrap());
            assert_eq!(total, Some(history.summary().sales), "{dimension}");
        }
    }

    #[test]
    fn nothing_has_no_average() {
        assert_eq!(history(&[]).summary().average_basket, None);
    }
}
