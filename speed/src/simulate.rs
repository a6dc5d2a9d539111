//! Made-up events: what the tills of a shop would send.
//!
//! [`Generator`] and [`Pace`] are pure: the same seed, start and catalog give the same records at
//! the same moments. [`run`] sends them.

mod catalog;
mod generator;
mod malformed;
mod order;
mod pace;
mod record;
mod run;
mod shares;
mod weights;

pub use catalog::{Catalog, CatalogError, ErpCatalog, payments};
pub use generator::{Draft, Generator};
pub use pace::{InvalidRate, Pace, Rate, Shape};
pub use run::{
    CatalogChoice, Extent, Hurry, SimulateError, SimulateRequest, Simulated, load_catalog, print,
    run,
};
pub use shares::{InvalidShare, Share, Shares};

#[cfg(test)]
mod tests;
