//! The views sink's transaction: a batch counts in the open generation, once, or not at all.

use super::{Additive, GenerationNumber, Open, Overflow, Position, Span};
use crate::ids::Offset;

/// What an owner read and wants to commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch<C> {
    /// From where the owner believed the sink to stand to its consumer's position after the last
    /// record. It includes offsets that hold no record and offsets that are lost.
    pub span: Span,
    pub control: C,
}

/// What the transaction does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Commit<C> {
    /// Add the batch to the buckets of `generation` and write `row`.
    Apply {
        generation: GenerationNumber,
        row: Position<C>,
    },
    /// Another owner has been here: roll back and give up the partition.
    GiveUp { found: Offset },
}

/// Whether `batch` may be committed over `row`.
///
/// `row` is read and locked by the same transaction that writes buckets, dead letters, gaps and
/// the new row. As SQL this is `update … set next = :end where … and next = :start`, exactly one
/// row changed, before the generation is read: the update takes the lock, so a seal lies wholly
/// before or wholly after the batch, and the batch never lands in a sealed generation.
pub fn commit<C: Additive>(row: &Position<C>, batch: &Batch<C>) -> Result<Commit<C>, Overflow> {
    if row.next != batch.span.start() {
        return Ok(Commit::GiveUp { found: row.next });
    }
    let mut control = row.open.control.clone();
    control.add(&batch.control)?;
    Ok(Commit::Apply {
        generation: row.open.number,
        row: Position {
            next: batch.span.end(),
            open: Open {
                control,
                ..row.open.clone()
            },
        },
    })
}
