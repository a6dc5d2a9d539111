//! The catalog of the ERP's sales table: the same products, customers, cities and countries.

use super::{
    CUSTOMERS_MAX, Catalog, Customer, Merchant, MerchantKind, PRODUCTS_MAX, PriceRange, Product,
};
use crate::simulate::weights::Weights;
use comptoir_model::money::Currency;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// What is in the catalog beside the ERP's own data, which knows no sellers: the shop, and who
/// sells on its marketplace, each with its weight.
const MERCHANTS: [(&str, MerchantKind, u32); 4] = [
    ("Comptoir", MerchantKind::Shop, 90),
    ("Atelier des Quais", MerchantKind::Seller, 5),
    ("Maison Verdier & Fils", MerchantKind::Seller, 3),
    ("Blue Harbour Trading", MerchantKind::Seller, 2),
];
const PRICE_MAX: u32 = 100_000;

/// Why no events can be drawn from a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    #[error(
        "the imported table has no column {0} (hint: import the flat `sales` table of datasets/README.md, or simulate with --catalog payments)"
    )]
    MissingColumn(&'static str),
    #[error(
        "none of the imported table's {rows} rows has a product and a customer that an event can name (hint: load and import the sales table, or simulate with --catalog payments)"
    )]
    Empty { rows: u64 },
}

/// Gathers a catalog from the rows of the sales table, in the order of the table.
///
/// A customer's id is its number in order of first appearance, as in the ERP's table `customers`.
/// Who ordered often buys often, and what was ordered often sells often. Prices are the suggested
/// retail prices.
#[derive(Debug)]
pub struct ErpCatalog {
    columns: Columns,
    rows: u64,
    products: HashMap<String, FoundProduct>,
    customers: HashMap<String, FoundCustomer>,
}

#[derive(Debug)]
struct Columns {
    product: usize,
    category: usize,
    price: usize,
    customer: usize,
    city: usize,
    country: usize,
}

#[derive(Debug)]
struct FoundProduct {
    category: String,
    price: u32,
    lines: u32,
}

#[derive(Debug)]
struct FoundCustomer {
    number: usize,
    city: String,
    country: String,
    lines: u32,
}

impl ErpCatalog {
    /// The columns may stand in any order, among others.
    pub fn of<S: AsRef<str>>(columns: &[S]) -> Result<Self, CatalogError> {
        let find = |name: &'static str| {
            columns
                .iter()
                .position(|column| column.as_ref().eq_ignore_ascii_case(name))
                .ok_or(CatalogError::MissingColumn(name))
        };
        Ok(Self {
            columns: Columns {
                product: find("PRODUCTCODE")?,
                category: find("PRODUCTLINE")?,
                price: find("MSRP")?,
                customer: find("CUSTOMERNAME")?,
                city: find("CITY")?,
                country: find("COUNTRY")?,
            },
            rows: 0,
            products: HashMap::new(),
            customers: HashMap::new(),
        })
    }

    /// Adds a row. One that lacks what an event needs adds nothing: the ERP may hold more than the
    /// tills sell.
    pub fn add<S: AsRef<[u8]>>(&mut self, row: &[Option<S>]) {
        self.rows += 1;
        let text = |at: usize| {
            let value = row.get(at)?.as_ref()?.as_ref();
            std::str::from_utf8(value).ok().map(str::trim)
        };
        let columns = &self.columns;
        if let (Some(code), Some(category), Some(price)) = (
            text(columns.product),
            text(columns.category),
            text(columns.price).and_then(whole_price),
        ) {
            let found = || FoundProduct {
                category: category.to_owned(),
                price,
                lines: 0,
            };
            if let Some(product) = within(&mut self.products, code, PRODUCTS_MAX, found) {
                product.lines = product.lines.saturating_add(1);
            }
        }
        if let (Some(name), Some(city), Some(country)) = (
            text(columns.customer),
            text(columns.city),
            text(columns.country),
        ) {
            let number = self.customers.len() + 1;
            let found = || FoundCustomer {
                number,
                city: city.to_owned(),
                country: country.to_owned(),
                lines: 0,
            };
            if let Some(customer) = within(&mut self.customers, name, CUSTOMERS_MAX, found) {
                customer.lines = customer.lines.saturating_add(1);
            }
        }
    }

    pub fn finish(self, currency: Currency) -> Result<Catalog, CatalogError> {
        let empty = CatalogError::Empty { rows: self.rows };
        // In an order of their own: that of a map differs from run to run.
        let mut products: Vec<_> = self.products.into_iter().collect();
        products.sort_unstable_by(|(code, a), (other, b)| {
            (&a.category, code).cmp(&(&b.category, other))
        });
        let (products, product_lines): (Vec<_>, Vec<_>) = products
            .into_iter()
            .filter_map(|(code, found)| Some((found.product(&code)?, found.lines)))
            .unzip();
        let mut customers: Vec<_> = self.customers.into_iter().collect();
        customers.sort_unstable_by_key(|(_, found)| found.number);
        let (customers, customer_lines): (Vec<_>, Vec<_>) = customers
            .into_iter()
            .filter_map(|(name, found)| Some((found.customer(&name)?, found.lines)))
            .unzip();
        if products.is_empty() || customers.is_empty() {
            return Err(empty);
        }
        let everything = 0..products.len();
        let merchant = |(name, kind, _): (&str, MerchantKind, u32)| {
            Merchant::new(name, kind, everything.clone())
        };
        Ok(Catalog {
            currency,
            product_weights: Weights::new(product_lines.into_iter()),
            products,
            customer_weights: Weights::new(customer_lines.into_iter()),
            customers,
            merchants: MERCHANTS.map(merchant).into(),
            merchant_weights: Weights::new(MERCHANTS.map(|(_, _, weight)| weight).into_iter()),
            line_cents: PriceRange {
                lowest: 1,
                highest: u32::MAX,
            },
            unknown_customers_per_mille: 20,
        })
    }
}

impl FoundProduct {
    fn product(&self, code: &str) -> Option<Product> {
        let cents = self.price * 100;
        let price = PriceRange {
            lowest: cents,
            highest: cents,
        };
        let name = format!("{} {code}", self.category);
        Product::new(code, &name, &self.category, price)
    }
}

impl FoundCustomer {
    fn customer(&self, name: &str) -> Option<Customer> {
        Customer::new(&self.number.to_string(), name, &self.country, &self.city)
    }
}

/// The whole units of a price that makes sense, as `95` or `95.70`.
fn whole_price(text: &str) -> Option<u32> {
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    let price = whole.parse().ok()?;
    (1..=PRICE_MAX).contains(&price).then_some(price)
}

/// The value of a key, made where it is missing and there is room.
fn within<'m, T>(
    map: &'m mut HashMap<String, T>,
    key: &str,
    max: usize,
    make: impl FnOnce() -> T,
) -> Option<&'m mut T> {
    let full = map.len() >= max;
    match map.entry(key.to_owned()) {
        Entry::Occupied(entry) => Some(entry.into_mut()),
        Entry::Vacant(_) if full => None,
        Entry::Vacant(entry) => Some(entry.insert(make())),
    }
}
