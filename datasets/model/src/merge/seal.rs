//! Closing generations, so that the batch side has ends to speak for.

use super::{Generation, Open, PartitionKey, Position, Span};
use crate::ids::Offset;
use std::collections::{BTreeMap, BTreeSet};

/// One partition's seal: the generation that ends, and the sink's row after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal<C> {
    pub sealed: Generation<C>,
    pub row: Position<C>,
}

/// Seals each partition where its sink stands, whether or not anybody runs it.
///
/// One transaction locks all `rows`, in their order, and writes all seals: a batch is in the
/// sealed generation or in the next one, never in both. A partition that has not moved since its
/// last seal has no new one, so no generation is empty.
pub fn seal<C: Clone + Default>(
    rows: &BTreeMap<PartitionKey, Position<C>>,
) -> BTreeMap<PartitionKey, Seal<C>> {
    let seal = |row: &Position<C>| {
        let span = Span::new(row.open.start, row.next)?;
        Some(Seal {
            sealed: Generation {
                number: row.open.number,
                span,
                control: row.open.control.clone(),
            },
            row: Position {
                next: row.next,
                open: Open {
                    number: row.open.number.next(),
                    start: row.next,
                    control: C::default(),
                },
            },
        })
    };
    rows.iter()
        .filter_map(|(key, row)| Some((key.clone(), seal(row)?)))
        .collect()
}

/// The partitions whose last seal the archive has not passed yet: what a run waits for, up to its
/// deadline. A partition that the archive does not know stands at 0.
pub fn behind<'a>(
    last_seals: &'a BTreeMap<PartitionKey, Offset>,
    archived: &BTreeMap<PartitionKey, Offset>,
) -> BTreeSet<&'a PartitionKey> {
    last_seals
        .iter()
        .filter(|(key, end)| archived.get(key).is_none_or(|next| next < end))
        .map(|(key, _)| key)
        .collect()
}

/// How a stream that ended is closed in one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Where both sinks stand afterwards.
    pub end: Offset,
    /// What the views sink can never read any more: a hole of its own.
    pub lost_to_views: Option<Span>,
    /// The same for the archive.
    pub lost_to_archive: Option<Span>,
}

/// Moves both sinks to the higher of their positions.
///
/// The hole of the views sink is a [`super::Batch`] without records, the hole of the archive a
/// commit of its own that starts at `archive_next`; both are fenced as any other, and a crash
/// between them leaves what the next run does. It is done by every run before its seal, because
/// an owner that was paused while the stream ended may still commit what it had read.
pub fn end_of_stream(views_next: Offset, archive_next: Offset) -> Ending {
    let end = views_next.max(archive_next);
    Ending {
        end,
        lost_to_views: Span::new(views_next, end),
        lost_to_archive: Span::new(archive_next, end),
    }
}
