//! Dead letters that have been kept for their time go from the warehouse.

use crate::sink::{SinkError, Upkeep};
use comptoir_config::clock;
use comptoir_warehouse::Warehouse;
use std::time::Duration;

/// From the start of one turn to that of the next, at most.
pub(super) const EVERY_MAX: Duration = Duration::from_hours(1);

pub(super) struct OldLetters {
    pub(super) warehouse: Warehouse,
    /// How long they stay.
    pub(super) keep: Duration,
}

impl Upkeep for OldLetters {
    const JOB: &'static str = "dead_letters.upkeep";

    async fn turn(&self) -> Result<String, SinkError> {
        let before = clock::now() - self.keep;
        let mut removed = 0;
        loop {
            match self.warehouse.remove_dead_letters_chunk(before).await? {
                0 => break,
                more => removed += more,
            }
        }
        Ok(format!(
            "removed {removed} dead letters from before {before:.0}"
        ))
    }
}
