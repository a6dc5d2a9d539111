//! When is ordered, by whom and how much: 300 orders over 29 months with a peak in November.

use crate::catalog::Product;
use crate::customers::Customer;
use crate::random::Draw;
use crate::row::SampleRow;
use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday, date};
use rust_decimal::Decimal;
use std::sync::Arc;

/// An order as every one of its lines shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub number: u32,
    pub date: Date,
    pub status: &'static str,
    pub customer: Arc<Customer>,
}

const ORDERS: usize = 300;
const FIRST_NUMBER: u32 = 20_101;
const FIRST_MONTH: Date = date(2024, 1, 1);
const MONTHS: usize = 29;
/// The date of the last order.
const LAST_DATE: Date = date(2026, 5, 29);
/// How much is ordered in each month of a year, January first.
const SEASON: [u32; 12] = [7, 7, 8, 8, 9, 8, 7, 9, 12, 22, 44, 15];
const LINES_MAX: u32 = 18;

/// The orders by date, each with its customer; every customer has at least one.
pub(crate) fn place(draw: &mut Draw, customers: &[Arc<Customer>]) -> Vec<Order> {
    let dates = dates(draw);
    let buyers = buyers(draw, customers);
    (FIRST_NUMBER..)
        .zip(dates.into_iter().zip(buyers))
        .map(|(number, (date, customer))| Order {
            number,
            date,
            status: status(draw, date),
            customer,
        })
        .collect()
}

fn dates(draw: &mut Draw) -> Vec<Date> {
    let months: Vec<Date> = (0..MONTHS)
        .map(|month| FIRST_MONTH + i32::try_from(month).expect("29 months").months())
        .collect();
    let weights: Vec<u32> = (months.iter())
        .map(|month| SEASON[usize::from(month.month().unsigned_abs()) - 1])
        .collect();
    // One for each month, so that none is missing; the season decides on the others.
    let mut dates: Vec<Date> = months.iter().map(|month| workday(draw, *month)).collect();
    while dates.len() < ORDERS - 1 {
        let month = months[draw.weighted(&weights)];
        dates.push(workday(draw, month));
    }
    dates.push(LAST_DATE);
    dates.sort_unstable();
    dates
}

/// A day from Monday to Friday of the month, not after the last date.
fn workday(draw: &mut Draw, month: Date) -> Date {
    loop {
        let day = month + i64::from(draw.below(month.days_in_month().unsigned_abs().into())).days();
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        if !weekend && day <= LAST_DATE {
            return day;
        }
    }
}

fn buyers(draw: &mut Draw, customers: &[Arc<Customer>]) -> Vec<Arc<Customer>> {
    let appetites: Vec<u32> = customers.iter().map(|customer| customer.appetite).collect();
    let mut buyers = customers.to_vec();
    while buyers.len() < ORDERS {
        buyers.push(Arc::clone(&customers[draw.weighted(&appetites)]));
    }
    draw.shuffle(&mut buyers);
    buyers
}

/// The last three weeks are still under way; older orders are mostly done.
fn status(draw: &mut Draw, date: Date) -> &'static str {
    let recent = date >= LAST_DATE - 21.days();
    let weights = if recent {
        [8, 2, 0, 3, 14, 1]
    } else {
        [925, 25, 20, 12, 0, 10]
    };
    let statuses = [
        "Shipped",
        "Cancelled",
        "Resolved",
        "On Hold",
        "In Process",
        "Disputed",
    ];
    statuses[draw.weighted(&weights)]
}

/// The lines of an order: different products, at most [`LINES_MAX`].
pub(crate) fn fill(draw: &mut Draw, order: &Order, products: &[Arc<Product>]) -> Vec<SampleRow> {
    let mut popularity: Vec<u32> = products.iter().map(|product| product.popularity).collect();
    (1..=draw.between(1, LINES_MAX))
        .map(|line| {
            let chosen = draw.weighted(&popularity);
            popularity[chosen] = 0;
            let product = Arc::clone(&products[chosen]);
            // Cents: from 78 % to 112 % of the suggested price.
            let price_cents = product.msrp * draw.between(78, 112) + draw.below(100);
            SampleRow {
                order: order.clone(),
                line,
                quantity: draw.between(18, 54),
                price_each: Decimal::new(price_cents.into(), 2),
                product,
            }
        })
        .collect()
}
