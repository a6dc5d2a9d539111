//! What the simulated tills sell, to whom and where.

mod erp;
mod payments;

pub use erp::{CatalogError, ErpCatalog};
pub use payments::payments;

use super::weights::Weights;
use comptoir_model::event::{CustomerId, Label, ProductId};
use comptoir_model::money::Currency;
use std::ops::Range;

/// The most of a kind that is kept: an import may be of any size, the simulator may not.
const PRODUCTS_MAX: usize = 10_000;
const CUSTOMERS_MAX: usize = 50_000;

/// Everything that events are drawn from.
///
/// The texts stand in it as the JSON they become, so that an event is put together without
/// escaping anything again.
#[derive(Debug)]
pub struct Catalog {
    pub(super) currency: Currency,
    /// Those of one category stand together.
    pub(super) products: Vec<Product>,
    pub(super) product_weights: Weights,
    pub(super) customers: Vec<Customer>,
    pub(super) customer_weights: Weights,
    pub(super) merchants: Vec<Merchant>,
    pub(super) merchant_weights: Weights,
    /// What a line may come to.
    pub(super) line_cents: PriceRange,
    /// Orders in a thousand whose customer is not known.
    pub(super) unknown_customers_per_mille: u32,
}

#[derive(Debug)]
pub(super) struct Product {
    /// Its id, name and category, as fields of an event.
    pub(super) json: Box<str>,
    pub(super) price_cents: PriceRange,
}

/// From the lowest to the highest price, both included.
#[derive(Clone, Copy, Debug)]
pub(super) struct PriceRange {
    pub(super) lowest: u32,
    pub(super) highest: u32,
}

#[derive(Debug)]
pub(super) struct Customer {
    /// Id and name, as fields of an event.
    pub(super) json: Box<str>,
    /// Country and city, as fields of an event.
    pub(super) place_json: Box<str>,
}

#[derive(Debug)]
pub(super) struct Merchant {
    pub(super) json: Box<str>,
    pub(super) kind: MerchantKind,
    /// What it sells.
    pub(super) products: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MerchantKind {
    /// Sells in its stores, on its own site and by telephone.
    Shop,
    /// Sells on the marketplace only.
    Seller,
}

impl Product {
    fn new(id: &str, name: &str, category: &str, price_cents: PriceRange) -> Option<Self> {
        let fits = ProductId::parse(id).is_ok() && is_label(name) && is_label(category);
        let json = fields(&[
            ("product_id", id),
            ("product_name", name),
            ("category", category),
        ]);
        fits.then_some(Self { json, price_cents })
    }
}

impl Customer {
    fn new(id: &str, name: &str, country: &str, city: &str) -> Option<Self> {
        let fits =
            CustomerId::parse(id).is_ok() && is_label(name) && is_label(country) && is_label(city);
        fits.then(|| Self {
            json: fields(&[("customer_id", id), ("customer_name", name)]),
            place_json: fields(&[("country", country), ("city", city)]),
        })
    }
}

impl Merchant {
    fn new(name: &str, kind: MerchantKind, products: Range<usize>) -> Self {
        Self {
            json: fields(&[("merchant", name)]),
            kind,
            products,
        }
    }
}

fn is_label(text: &str) -> bool {
    Label::parse(text).is_ok()
}

/// `"name":"text",…` without braces.
fn fields(pairs: &[(&str, &str)]) -> Box<str> {
    let field =
        |(name, text): &(&str, &str)| format!("\"{name}\":{}", serde_json::Value::from(*text));
    let fields: Vec<String> = pairs.iter().map(field).collect();
    fields.join(",").into()
}
