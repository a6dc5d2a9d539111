//! The newest transactions overall, read again only where there are newer ones.

use super::{LivePartition, NewEvents};
use crate::error::Result;
use crate::session::Session;
use crate::transactions::{self, StoredTransaction};
use crate::views::PartitionId;
use comptoir_model::ids::Offset;
use std::collections::BTreeMap;
use std::ops::Range;

/// Of each partition those with the highest offsets.
#[derive(Default)]
pub(super) struct Newest(BTreeMap<PartitionId, Known>);

/// What a partition had at a position.
struct Known {
    next: Offset,
    /// How many were wanted.
    max: usize,
    /// Newest first.
    rows: Vec<StoredTransaction>,
}

impl Newest {
    /// Takes in all that came between two positions, where the first one is what is known.
    pub(super) fn add(&mut self, new: &NewEvents, between: Range<Offset>) {
        if let Some(known) = self.0.get_mut(&new.partition)
            && known.next == between.start
        {
            let rows = new.events.iter().rev().take(known.max).cloned();
            known.rows.splice(..0, rows);
            known.rows.truncate(known.max);
            known.next = between.end;
        }
    }

    /// The newest by event time of those with the highest offsets.
    pub(super) async fn of_all(
        &mut self,
        session: &mut Session,
        partitions: &[LivePartition],
        max: usize,
    ) -> Result<Vec<StoredTransaction>> {
        for LivePartition { id, next, .. } in partitions {
            let known = self.0.get(id);
            if known.is_none_or(|known| (known.next, known.max) != (*next, max)) {
                let rows = transactions::newest_of(session, *id, max).await?;
                let next = *next;
                self.0.insert(*id, Known { next, max, rows });
            }
        }
        let known = partitions
            .iter()
            .filter_map(|partition| self.0.get(&partition.id));
        let mut newest: Vec<_> = known.flat_map(|known| &known.rows).collect();
        newest.sort_by(|a, b| {
            let order = |of: &StoredTransaction| (of.event.event_time, of.offset);
            (order(b).cmp(&order(a))).then_with(|| a.partition.cmp(&b.partition))
        });
        newest.truncate(max);
        Ok(newest.into_iter().cloned().collect())
    }
}
