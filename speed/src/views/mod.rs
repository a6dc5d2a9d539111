//! The views sink: counts the topic's records into the warehouse, each once.

mod gaps;
mod plan;
