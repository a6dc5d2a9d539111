//! From a Flume agent's configuration to ours: what it says, and what has no equal.

mod agent;
mod pattern;
mod position;
mod properties;

pub use agent::{Imported, ImportedSource, import};
pub use position::{PositionError, Positions};
pub use properties::{Properties, Property};
