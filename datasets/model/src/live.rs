//! What the views sink keeps of the live transactions: additive totals, and what does not add.
//!
//! A [`Tally`] is the pure result of one batch of judged records of one (stream, partition,
//! generation). The sink adds it to the warehouse in one transaction with its offsets. All of it
//! adds up in any order and grouping: the tally of a whole is the sum of the tallies of its parts.
//!
//! What counts as what:
//! - `transactions` counts accepted events of every status;
//! - `gross` is what was paid, `refunds` what was paid back, `net = gross - refunds`;
//! - distinct orders and customers are those with an `APPROVED` event, so that net sales over
//!   orders is a basket, and a declined card is not a customer.

mod amount_bucket;
mod bucket;
mod control;
mod distinct;
mod hundredths;
mod newest;
mod tally;
mod texts;
mod time;
mod top;

pub use amount_bucket::{AmountBucket, UnknownBucket};
pub use bucket::{BucketKey, BucketSums};
pub use control::{ControlTotals, Counted};
pub use distinct::{DISTINCT_ERROR, Distinct, DistinctSketch, SketchError};
pub use hundredths::{Hundredths, Overflow};
pub use tally::{DeadLetter, RECENT_MAX, Recent, Tally};
pub use time::{Minute, QuarterHour};
pub use top::{SubjectKind, TopKey, TopSums};

#[cfg(test)]
mod tests;
