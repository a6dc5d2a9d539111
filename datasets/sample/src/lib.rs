//! The seeded generator of `sales_data_sample.csv`: a wholesaler's order lines over 29 months.
//!
//! Everything is invented, and everything follows from the seed: no clock, no environment, and
//! draws that do not depend on the version of a random library (`random::Draw`). A customer, a
//! product and an order are the same in all their lines.

mod atlas;
mod catalog;
mod customers;
mod orders;
mod random;
mod row;

pub use catalog::Product;
pub use customers::Customer;
pub use orders::Order;
pub use random::Draw;
pub use row::{SampleRow, write_csv};

/// The seed of the committed file.
pub const DEFAULT_SEED: u64 = 20_260_531;

/// All order lines, by order number and line number.
pub fn generate(seed: u64) -> Vec<SampleRow> {
    let mut draw = Draw::new(seed);
    let customers = customers::invent(&mut draw);
    let products = catalog::invent(&mut draw);
    let orders = orders::place(&mut draw, &customers);
    orders
        .iter()
        .flat_map(|order| orders::fill(&mut draw, order, &products))
        .collect()
}
