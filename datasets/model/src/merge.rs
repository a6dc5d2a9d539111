//! One answer from two sides: what the batch views counted from the archive, and what the views
//! sink counted since, each record once.
//!
//! The views sink adds every record to the buckets of the *open generation* of its partition
//! ([`commit`]). A batch-view run closes the generations ([`seal`]), waits until the archive has
//! passed them, decides how far it may speak for the buckets ([`cover`]), loads its rows, and
//! becomes current ([`switch`]). From then on a generation is counted by exactly one side
//! ([`Coverage::side_of`]); buckets that no longer count are deleted ([`prune`]), and readers add
//! both sides ([`serve`]).
//!
//! Everything here decides; a shell executes. What it must do in one transaction is said at each
//! function. The rules are proved by `histories`, a model of the warehouse and the archive in
//! which owners pause, crash and act on what they read long ago.
//!
//! # What "counted so far" means
//! - A record without a gap around it counts from the moment the views sink has committed a
//!   position beyond it, for ever.
//! - A record lost to the archive alone counts the same: its generation is set aside, so its
//!   buckets stay.
//! - A record lost to the views sink alone counts from the moment a current run covers its
//!   generation, for ever, unless the same generation also touches a gap of the archive: then the
//!   buckets stay and the record is missing, as the two recorded gaps say.
//! - A record lost to both is never counted.
//! - Where one sink judged without knowing all ids before (see [`Gaps`]), a duplicate may pass as
//!   accepted. Its generation goes by the same rules, so the verdict of the other sink counts: at
//!   once if that is the views sink, from coverage on if it is the archive.

mod candidate;
mod cover;
mod fence;
mod generation;
mod run;
mod seal;
mod serve;
mod totals;

#[cfg(test)]
mod histories;
#[cfg(test)]
mod tests;

pub use crate::live::Overflow;
pub use candidate::{Archived, Candidate, Recorded};
pub use cover::{Cover, Gaps, PartitionFacts, Stop, cover, due};
pub use fence::{Batch, Commit, commit};
pub use generation::{Generation, GenerationNumber, Open, PartitionKey, Position, Span};
pub use run::{Coverage, Covered, Refusal, RunState, Side, prune, switch};
pub use seal::{Ending, Seal, behind, end_of_stream, seal};
pub use serve::serve;

use std::collections::BTreeMap;

/// Totals that can be added in any order and grouping with the same result; `Default` is zero.
///
/// Equal totals must be equal values: a map in which a zero entry differs from a missing one
/// makes [`cover`] see a difference where there is none.
pub trait Additive: Clone + Default {
    /// Adds `other`; on overflow the value is unspecified and the whole sum has to be given up.
    fn add(&mut self, other: &Self) -> Result<(), Overflow>;
}

impl Additive for u64 {
    fn add(&mut self, other: &Self) -> Result<(), Overflow> {
        *self = self.checked_add(*other).ok_or(Overflow)?;
        Ok(())
    }
}

impl<K: Clone + Ord, T: Additive> Additive for BTreeMap<K, T> {
    fn add(&mut self, other: &Self) -> Result<(), Overflow> {
        for (key, total) in other {
            match self.get_mut(key) {
                Some(sum) => sum.add(total)?,
                None => {
                    self.insert(key.clone(), total.clone());
                }
            }
        }
        Ok(())
    }
}
