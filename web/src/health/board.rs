//! The last finding of every part, and since when it is so.

use super::finding::Finding;
use comptoir_model::api::health::{Health, PartHealth, PartKind, PartState};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tracing::{info, warn};

/// Shared by the probes, each of which writes its own parts, and by requests.
#[derive(Debug, Default)]
pub(crate) struct Board(Mutex<BTreeMap<(PartKind, String), Entry>>);

#[derive(Debug)]
struct Entry {
    probe: usize,
    part: PartHealth,
}

impl Board {
    /// What is configured, before anybody has looked.
    pub(crate) fn expect(&self, probe: usize, parts: &[Finding], now: Timestamp) {
        let mut entries = self.entries();
        for part in parts {
            let part = part.clone().unknown(None);
            let entry = Entry {
                probe,
                part: as_part(part, now, None),
            };
            entries.insert((entry.part.kind, entry.part.id.clone()), entry);
        }
    }

    /// The parts of one probe as it found them; those that it does not name are no more.
    pub(crate) fn learn(&self, probe: usize, found: Vec<Finding>, now: Timestamp) {
        let mut entries = self.entries();
        let named: HashSet<_> = (found.iter())
            .map(|finding| (finding.kind, finding.id.clone()))
            .collect();
        entries.retain(|key, entry| entry.probe != probe || named.contains(key));
        for finding in found {
            let key = (finding.kind, finding.id.clone());
            let before = entries.get(&key).map(|entry| &entry.part);
            report(before, &finding);
            let same = before.filter(|part| part.state == finding.state);
            let since = same.map_or(now, |part| part.since);
            let part = as_part(finding, since, Some(now));
            entries.insert(key, Entry { probe, part });
        }
    }

    /// The parts of one probe, as they were found last.
    pub(crate) fn parts(&self, probe: usize) -> Vec<Finding> {
        let entries = self.entries();
        let own = entries.values().filter(|entry| entry.probe == probe);
        (own.map(|entry| &entry.part))
            .map(|part| Finding {
                kind: part.kind,
                id: part.id.clone(),
                name: part.name.clone(),
                state: part.state,
                cause: part.cause,
                detail: part.detail.clone(),
                facts: part.facts.clone(),
            })
            .collect()
    }

    pub(crate) fn health(&self, now: Timestamp) -> Health {
        let entries = self.entries();
        Health {
            time: now,
            parts: entries.values().map(|entry| entry.part.clone()).collect(),
        }
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<(PartKind, String), Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn as_part(finding: Finding, since: Timestamp, checked_at: Option<Timestamp>) -> PartHealth {
    PartHealth {
        id: finding.id,
        kind: finding.kind,
        name: finding.name,
        state: finding.state,
        since,
        checked_at,
        cause: finding.cause,
        detail: finding.detail,
        facts: finding.facts,
    }
}

/// Once for each change: a part that is down is looked at every other second.
fn report(before: Option<&PartHealth>, finding: &Finding) {
    let was = before.map_or(PartState::Unknown, |part| part.state);
    if was == finding.state {
        return;
    }
    let name = &finding.name;
    let detail = finding.detail.as_deref().unwrap_or_default();
    match finding.state {
        PartState::Up if was == PartState::Unknown => {}
        PartState::Up => info!("{name} is up again"),
        PartState::Degraded => warn!("{name} is degraded: {detail}"),
        PartState::Down => warn!("{name} is down: {detail}"),
        PartState::Restricted => info!("{name} does not let us look: {detail}"),
        PartState::Unknown => info!("{name} is not known: {detail}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptoir_model::api::health::Cause;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn broker(number: u32) -> Finding {
        let id = format!("kafka-broker-{number}");
        Finding::up(PartKind::KafkaBroker, id, "a:9092")
    }

    #[test]
    fn says_since_when_a_part_is_in_its_state() {
        let board = Board::default();
        board.expect(1, &[broker(1)], at(1));
        let part = |board: &Board| board.health(at(9)).parts[0].clone();
        assert_eq!(
            (part(&board).state, part(&board).checked_at),
            (PartState::Unknown, None)
        );
        board.learn(1, vec![broker(1)], at(2));
        board.learn(1, vec![broker(1)], at(3));
        let up = part(&board);
        assert_eq!(
            (up.state, up.since, up.checked_at),
            (PartState::Up, at(2), Some(at(3)))
        );
        let down = |why: &str| vec![broker(1).down(Cause::Unreachable, why)];
        board.learn(1, down("refused"), at(4));
        board.learn(1, down("no answer"), at(5));
        let down = part(&board);
        assert_eq!(
            (down.since, down.detail.as_deref()),
            (at(4), Some("no answer"))
        );
    }

    #[test]
    fn a_probe_changes_its_own_parts_only() {
        let board = Board::default();
        let lake = || Finding::up(PartKind::Lake, "lake", "file:///lake");
        board.learn(2, vec![lake()], at(1));
        board.learn(1, vec![broker(1), broker(2)], at(1));
        board.learn(1, vec![broker(2)], at(2));
        let ids: Vec<_> = (board.health(at(3)).parts.into_iter())
            .map(|part| part.id)
            .collect();
        assert_eq!(ids, ["kafka-broker-2", "lake"]);
        assert_eq!(board.parts(2), [lake()]);
    }
}
