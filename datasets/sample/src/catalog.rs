//! What is sold: 109 products in 7 lines.

use crate::random::Draw;
use std::sync::Arc;

/// A product as every one of its order lines shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    pub code: String,
    pub line: &'static str,
    /// The suggested retail price, in whole units of the currency.
    pub msrp: u32,
    /// How often it is ordered, against the others.
    pub(crate) popularity: u32,
}

struct ProductLine {
    name: &'static str,
    prefix: &'static str,
    products: u32,
    msrp_first: u32,
    msrp_last: u32,
}

const LINES: [ProductLine; 7] = [
    line("Cookware", "COO", 26, 48, 210),
    line("Tableware", "TAB", 22, 32, 150),
    line("Lighting", "LIG", 17, 60, 215),
    line("Linen and Textiles", "LIN", 15, 38, 140),
    line("Garden", "GAR", 13, 42, 170),
    line("Stationery", "STA", 9, 29, 80),
    line("Wooden Toys", "TOY", 7, 35, 120),
];

const fn line(
    name: &'static str,
    prefix: &'static str,
    products: u32,
    msrp_first: u32,
    msrp_last: u32,
) -> ProductLine {
    ProductLine {
        name,
        prefix,
        products,
        msrp_first,
        msrp_last,
    }
}

pub(crate) fn invent(draw: &mut Draw) -> Vec<Arc<Product>> {
    let mut products = Vec::new();
    for line in &LINES {
        let mut number = 1000;
        for _ in 0..line.products {
            number += draw.between(3, 96);
            products.push(Arc::new(Product {
                code: format!("{}-{number}", line.prefix),
                line: line.name,
                msrp: draw.between(line.msrp_first, line.msrp_last),
                popularity: draw.between(6, 14),
            }));
        }
    }
    products
}
