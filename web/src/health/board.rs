//! The last finding of every part, and since when it is so.

use super::finding::Finding;
use comptoir_model::api::health::{Health, PartHealth, PartKind, PartState, PastState};
use jiff::{SignedDuration, Timestamp};
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

/// How long a state is remembered.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);
/// Of one part; a part that comes and goes forgets sooner.
const PAST_MAX: usize = 500;

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
            let past = before.map_or(&[][..], |part| &part.past);
            let part = PartHealth {
                past: remembered(past, finding.state, now),
                ..as_part(finding, since, Some(now))
            };
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
        past: Vec::new(),
    }
}

/// What is over for longer than is remembered goes.
fn remembered(past: &[PastState], state: PartState, now: Timestamp) -> Vec<PastState> {
    let mut past = past.to_vec();
    if past.last().is_none_or(|last| last.state != state) {
        past.push(PastState { state, since: now });
    }
    let is_over = |next: &PastState| now.duration_since(next.since) > REMEMBERED;
    let forgotten = past.iter().skip(1).take_while(|next| is_over(next)).count();
    past.drain(..forgotten.max(past.len().saturating_sub(PAST_MAX)));
    past
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
    fn the_states_of_a_day_are_remembered() {
        let board = Board::default();
        let look = |finding, second| board.learn(1, vec![finding], at(second));
        let past = || {
            let past = board.health(at(0)).parts[0].past.clone();
            let past = past.iter().map(|past| (past.state, past.since.as_second()));
            past.collect::<Vec<_>>()
        };
        let down = || broker(1).down(Cause::Unreachable, "refused");
        look(broker(1), 1);
        look(broker(1), 2);
        look(down(), 100);
        look(broker(1), 200);
        let (up, down) = (PartState::Up, PartState::Down);
        assert_eq!(past(), [(up, 1), (down, 100), (up, 200)]);
        // What was over a day ago goes; the state that the day began with stays.
        look(broker(1), 86_400 + 150);
        assert_eq!(past(), [(down, 100), (up, 200)]);
        look(broker(1), 86_400 + 201);
        assert_eq!(past(), [(up, 200)]);
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
