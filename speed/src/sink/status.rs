//! What the sink says of itself: to the heartbeat, to `/metrics` and to `/readyz`.

use super::WarehouseRole;
use comptoir_model::ids::Offset;
use comptoir_model::merge::PartitionKey;
use comptoir_warehouse::{PartitionId, ProcessPhase, Progress};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Shared by the threads of the partitions and whoever asks.
#[derive(Debug, Default)]
pub(crate) struct Status(Mutex<Sight>);

#[derive(Debug, Default)]
pub(crate) struct Sight {
    /// Why the transport does not answer.
    pub(crate) transport: Option<String>,
    /// Why the warehouse does not, as the heartbeat sees it.
    pub(crate) warehouse: Option<String>,
    pub(crate) topic_found: bool,
    pub(crate) partitions: BTreeMap<PartitionKey, PartitionSight>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct PartitionSight {
    pub(crate) state: PartitionState,
    pub(crate) id: Option<PartitionId>,
    /// Everything below counts.
    pub(crate) next: Option<Offset>,
    pub(crate) progress: Option<Progress>,
    /// Whether the warehouse has not been told of `progress`.
    pub(crate) to_be_noted: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum PartitionState {
    /// Asks for its position, or reads the ids within reach again.
    #[default]
    Opening,
    Live,
    /// For a neighbour; goes on by itself.
    Waiting(String),
    /// Needs somebody's help.
    Stopped(String),
}

impl PartitionState {
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Live => "live",
            Self::Waiting(_) => "waiting",
            Self::Stopped(_) => "stopped",
        }
    }
}

impl Status {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Sight> {
        // Nothing in it is ever half written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set(&self, key: &PartitionKey, state: PartitionState) {
        self.lock().partitions.entry(key.clone()).or_default().state = state;
    }

    pub(crate) fn remove(&self, key: &PartitionKey) {
        self.lock().partitions.remove(key);
    }
}

impl Sight {
    /// The worst of it, in words.
    pub(crate) fn phase(&self, role: WarehouseRole) -> (ProcessPhase, String) {
        let with = |wanted: &dyn Fn(&PartitionState) -> Option<String>| {
            self.partitions.iter().find_map(|(key, partition)| {
                let why = wanted(&partition.state)?;
                Some(format!("partition {}: {why}", key.partition.0))
            })
        };
        let stopped = with(&|state| match state {
            PartitionState::Stopped(why) => Some(why.clone()),
            _ => None,
        });
        let waiting = with(&|state| match state {
            PartitionState::Waiting(why) => Some(why.clone()),
            _ => None,
        });
        if let Some(why) = stopped {
            return (ProcessPhase::Failed, why);
        }
        let needed = self.warehouse.clone();
        if let Some(why) = needed.filter(|_| role == WarehouseRole::Store) {
            return (
                ProcessPhase::Waiting,
                format!("waiting for the warehouse: {why}"),
            );
        }
        if let Some(why) = self.transport.clone() {
            return (
                ProcessPhase::Waiting,
                format!("waiting for the transport: {why}"),
            );
        }
        if let Some(why) = waiting {
            return (ProcessPhase::Waiting, why);
        }
        if !self.topic_found {
            return (ProcessPhase::Waiting, "waiting for the topic".to_owned());
        }
        let detail = match self.partitions.len() {
            0 => "no partition is assigned to this process".to_owned(),
            1 => "1 partition".to_owned(),
            count => format!("{count} partitions"),
        };
        (ProcessPhase::Running, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptoir_model::ids::{Partition, StreamId};

    #[test]
    fn says_the_worst_of_what_is_wrong() {
        let status = Status::default();
        let key = |partition| PartitionKey {
            stream: StreamId("s".to_owned()),
            partition: Partition(partition),
        };
        let phase = |status: &Status| status.lock().phase(WarehouseRole::Store);
        assert_eq!(phase(&status).0, ProcessPhase::Waiting);
        status.lock().topic_found = true;
        status.set(&key(0), PartitionState::Live);
        assert_eq!(
            phase(&status),
            (ProcessPhase::Running, "1 partition".to_owned())
        );
        status.set(&key(1), PartitionState::Waiting("a lock".to_owned()));
        assert_eq!(
            phase(&status),
            (ProcessPhase::Waiting, "partition 1: a lock".to_owned())
        );
        status.lock().transport = Some("gone".to_owned());
        assert_eq!(phase(&status).1, "waiting for the transport: gone");
        status.set(&key(2), PartitionState::Stopped("the tail".to_owned()));
        assert_eq!(
            phase(&status),
            (ProcessPhase::Failed, "partition 2: the tail".to_owned())
        );
        status.remove(&key(2));
        assert_eq!(phase(&status).0, ProcessPhase::Waiting);
        status.remove(&key(1));
        status.lock().transport = None;
        status.lock().warehouse = Some("gone".to_owned());
        assert_eq!(phase(&status).1, "waiting for the warehouse: gone");
        let registered = status.lock().phase(WarehouseRole::Register);
        assert_eq!(registered.0, ProcessPhase::Running);
    }
}
