//! Batch-view runs: what they cover, their rows, the switch, and what goes afterwards.

mod batch;
mod books;
mod crossing;
mod histories;
mod losses;
mod removal;
