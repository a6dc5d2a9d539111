//! Corrected records that are sent in the place of dead letters.

use crate::dead_letters::DeadLetterKey;
use crate::error::Result;
use crate::warehouse::Warehouse;
use comptoir_model::ids::{Offset, Partition};
use jiff::Timestamp;

/// One dead letter's replay. It is planned before anything is sent, so that a crash leaves what to
/// look for: the corrected record lies at or behind `ends`, or nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    pub letter: DeadLetterKey,
    pub state: ReplayState,
    /// Where the topic's partitions ended before it was sent.
    pub ends: Vec<(Partition, Offset)>,
    /// The corrected record.
    pub replacement: Vec<u8>,
    pub transactional_id: String,
    pub created_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayState {
    Planned,
    Done { at: Timestamp },
}

impl Warehouse {
    /// Records a plan. Where there is one for this letter already, that one stands and is given
    /// back: carry it on.
    pub async fn plan_replay(&self, replay: &Replay) -> Result<Replay> {
        let _ = replay;
        unimplemented!()
    }

    /// Records that the corrected record is in the topic. Changes nothing where it is recorded.
    pub async fn finish_replay(&self, letter: &DeadLetterKey, now: Timestamp) -> Result<()> {
        let _ = (letter, now);
        unimplemented!()
    }

    pub async fn replay(&self, letter: &DeadLetterKey) -> Result<Option<Replay>> {
        let _ = letter;
        unimplemented!()
    }

    /// All that are planned and not done, oldest first.
    pub async fn open_replays(&self) -> Result<Vec<Replay>> {
        unimplemented!()
    }
}
