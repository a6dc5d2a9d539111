//! The views sink and the dead letters, against real transports and warehouses.

mod crashes;
mod dead_letters;
mod figures;
mod gaps;
mod outages;
mod owners;
mod poison;
mod recomputed;
mod reconcile;
mod serving;
mod till;
mod world;
