//! What the live run covers, and what it would cover next: nothing is changed.

use super::archived::positions;
use crate::views::error::ViewError;
use comptoir_bronze::{Snapshot, Table};
use comptoir_model::ids::Offset;
use comptoir_model::merge::due;
use comptoir_warehouse::Warehouse;

/// A line a partition.
pub(in crate::views) async fn plan(
    table: &Table,
    warehouse: &Warehouse,
) -> Result<Vec<String>, ViewError> {
    let Some(snapshot) = Snapshot::newest(table).await? else {
        return Ok(vec![format!(
            "nothing is archived in {table} yet (hint: comptoir-speed archive fills it)"
        )]);
    };
    let facts = warehouse.batch_facts().await?;
    let archived = positions(&snapshot, facts.partitions.keys()).await?;
    let mut lines = Vec::new();
    for (key, recorded) in &facts.partitions {
        let covered = recorded.current.as_ref();
        let archived = archived.get(key).copied().unwrap_or(Offset(0));
        let due = due(covered, &recorded.sealed, archived).count();
        let set_aside = match covered.map_or(0, |covered| covered.set_aside.len()) {
            0 => String::new(),
            count => format!(", {count} generations set aside"),
        };
        lines.push(format!(
            "{key}: covered up to offset {}{set_aside}; {due} sealed generations more are archived; \
             the archive is at {}, the views sink at {}",
            covered.map_or(0, |covered| covered.end.0),
            archived.0,
            facts.positions.get(key).map_or(0, |position| position.0),
        ));
    }
    Ok(lines)
}
