//! The views sink and the dead letters, against real transports and warehouses.

mod crashes;
pub(crate) mod dead_letters;
pub(crate) mod fault_steps;
mod figures;
pub(crate) mod gaps;
pub(crate) mod outages;
mod owners;
mod poison;
pub(crate) mod recomputed;
pub(crate) mod reconcile;
mod serving;
pub(crate) mod till;
pub(crate) mod world;
