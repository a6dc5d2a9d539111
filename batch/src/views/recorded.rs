//! What a run says of itself inside the table that it made, and what the next one makes of it. Pure.

use super::error::Back;
use comptoir_model::ids::{Offset, Partition, RunId, StreamId};
use comptoir_model::merge::{Coverage, Covered, GenerationNumber, PartitionKey, Span};
use comptoir_model::view_result::{SourceRun, ViewAbout};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Kept with the rows, in one commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Recorded {
    pub(super) run: RunId,
    pub(super) about: ViewAbout,
    /// Which events were read, of a view that goes on from there. The archive's retention waits
    /// for it (`comptoir_bronze::taken_by_run`).
    #[serde(default)]
    covered: Vec<CoveredPartition>,
    /// Days before it may be without events that the archive had forgotten when they were asked
    /// for, or that came later and could not be added; `None`: no day is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) whole_from: Option<Date>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct CoveredPartition {
    stream: StreamId,
    partition: Partition,
    through: u64,
    end: u64,
    set_aside: BTreeSet<u64>,
}

impl Recorded {
    pub(super) fn new(run: RunId, about: ViewAbout, coverage: Option<&Coverage>) -> Self {
        let covered = coverage.into_iter().flat_map(|coverage| &coverage.0);
        let covered = covered.map(|(key, covered)| CoveredPartition {
            stream: key.stream.clone(),
            partition: key.partition,
            through: covered.through.0,
            end: covered.end.0,
            set_aside: covered.set_aside.iter().map(|number| number.0).collect(),
        });
        Self {
            run,
            about,
            covered: covered.collect(),
            whole_from: None,
        }
    }

    /// `None` where another program, or another version of this one, has written it.
    pub(super) fn parse(facts: &str) -> Option<Self> {
        serde_json::from_str(facts).ok()
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::json!(self).to_string()
    }

    /// Where events lie that this run did not read, if the days of all others would come out as
    /// they are: by the same query, over the same runs of all other sources, and a coverage that
    /// only grew.
    pub(super) fn news(
        &self,
        sha256: &str,
        sources: &[SourceRun],
        events: &str,
        coverage: &Coverage,
    ) -> Option<Vec<(PartitionKey, Span)>> {
        let others = |sources: &[SourceRun]| -> Vec<_> {
            let others = sources.iter().filter(|source| source.name != events);
            let of = |run: &SourceRun| (run.name.clone(), run.location.clone(), run.run.clone());
            others.map(of).collect()
        };
        let same = self.about.sha256 == sha256 && others(&self.about.sources) == others(sources);
        if !same {
            return None;
        }
        let before = self.coverage();
        let is_kept = |(key, before): (&PartitionKey, &Covered)| {
            coverage.0.get(key).is_some_and(|now| went_on(before, now))
        };
        (before.0.iter().all(is_kept)).then(|| behind(&before, coverage))
    }

    /// Where events lie that this run did not read, whatever else has changed since; `None` where
    /// it does not say which it read.
    pub(super) fn unread(
        &self,
        coverage: &Coverage,
    ) -> Option<Result<Vec<(PartitionKey, Span)>, Back>> {
        if self.covered.is_empty() {
            return None;
        }
        let before = self.coverage();
        let end = |key: &PartitionKey| coverage.0.get(key).map_or(Offset(0), |now| now.end);
        let back = (before.0.iter()).find(|(key, before)| end(key) < before.end);
        Some(match back {
            Some((key, before)) => Err(Back {
                key: key.clone(),
                taken: before.end,
                covered: end(key),
            }),
            None => Ok(behind(&before, coverage)),
        })
    }

    fn coverage(&self) -> Coverage {
        let covered = self.covered.iter().map(|of| {
            let key = PartitionKey {
                stream: of.stream.clone(),
                partition: of.partition,
            };
            let covered = Covered {
                through: GenerationNumber(of.through),
                end: Offset(of.end),
                set_aside: of.set_aside.iter().copied().map(GenerationNumber).collect(),
            };
            (key, covered)
        });
        Coverage(covered.collect())
    }
}

/// What is covered now, behind what was covered before.
fn behind(before: &Coverage, now: &Coverage) -> Vec<(PartitionKey, Span)> {
    let behind = now.0.iter().filter_map(|(key, now)| {
        let from = before.0.get(key).map_or(Offset(0), |before| before.end);
        Some((key.clone(), Span::new(from, now.end)?))
    });
    behind.collect()
}

/// Whether nothing has changed of what was covered before.
fn went_on(before: &Covered, now: &Covered) -> bool {
    let of_then = |number: &&GenerationNumber| **number <= before.through;
    let set_aside: BTreeSet<_> = now.set_aside.iter().filter(of_then).copied().collect();
    before.through <= now.through && before.end <= now.end && before.set_aside == set_aside
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn key(partition: u32) -> PartitionKey {
        PartitionKey {
            stream: StreamId("s".to_owned()),
            partition: Partition(partition),
        }
    }

    fn coverage(ends: &[(u32, u64, u64, &[u64])]) -> Coverage {
        let covered = ends.iter().map(|(partition, through, end, set_aside)| {
            let covered = Covered {
                through: GenerationNumber(*through),
                end: Offset(*end),
                set_aside: set_aside.iter().copied().map(GenerationNumber).collect(),
            };
            (key(*partition), covered)
        });
        Coverage(covered.collect())
    }

    fn source(name: &str, run: &str) -> SourceRun {
        SourceRun {
            name: name.to_owned(),
            location: format!("/{name}"),
            run: RunId::parse(run).unwrap(),
            rows: 1,
            time: Timestamp::UNIX_EPOCH,
        }
    }

    fn recorded(coverage: &Coverage) -> Recorded {
        let about = ViewAbout {
            description: String::new(),
            columns: Vec::new(),
            sources: vec![source("events", "live-1"), source("products", "files-1")],
            as_of: Timestamp::UNIX_EPOCH,
            sha256: "a".to_owned(),
            lake: None,
            unknown: Vec::new(),
            broken: Vec::new(),
        };
        let recorded = Recorded::new(RunId::parse("r-1").unwrap(), about, Some(coverage));
        let read = Recorded::parse(&recorded.to_json());
        assert_eq!(read.as_ref(), Some(&recorded));
        // The archive's retention reads as much of it.
        let ends = (coverage.0.iter()).map(|(key, covered)| (key.clone(), covered.end));
        let taken = comptoir_bronze::taken_by_run(&recorded.to_json());
        assert_eq!(taken.unwrap_or_default(), ends.collect());
        recorded
    }

    #[test]
    fn news_are_the_offsets_behind_the_recorded_coverage() {
        let before = coverage(&[(0, 2, 20, &[1])]);
        let now = coverage(&[(0, 4, 40, &[1, 3]), (1, 1, 5, &[])]);
        let sources = [source("events", "live-2"), source("products", "files-1")];
        let news = recorded(&before).news("a", &sources, "events", &now);
        let span = |from, to| Span::new(Offset(from), Offset(to)).unwrap();
        assert_eq!(
            news,
            Some(vec![(key(0), span(20, 40)), (key(1), span(0, 5))])
        );
        let none = recorded(&before).news("a", &sources, "events", &before);
        assert_eq!(none, Some(Vec::new()));
    }

    #[test]
    fn what_was_computed_counts_no_more_where_anything_else_has_changed() {
        let before = coverage(&[(0, 2, 20, &[1])]);
        let recorded = recorded(&before);
        let sources = [source("events", "live-2"), source("products", "files-1")];
        let mended = [source("events", "live-2"), source("products", "files-2")];
        assert_eq!(recorded.news("b", &sources, "events", &before), None);
        assert_eq!(recorded.news("a", &mended, "events", &before), None);
        for other in [
            coverage(&[]),
            coverage(&[(0, 1, 10, &[1])]),
            coverage(&[(0, 3, 30, &[])]),
            coverage(&[(0, 3, 30, &[1, 2])]),
        ] {
            assert_eq!(
                recorded.news("a", &sources, "events", &other),
                None,
                "{other:?}"
            );
        }
    }

    #[test]
    fn events_are_unread_behind_what_was_read_whatever_else_has_changed() {
        let recorded = recorded(&coverage(&[(0, 2, 20, &[1])]));
        // As it is once the warehouse was filled again.
        let now = coverage(&[(0, 1, 40, &[]), (1, 1, 5, &[])]);
        let span = |from, to| Span::new(Offset(from), Offset(to)).unwrap();
        let unread = vec![(key(0), span(20, 40)), (key(1), span(0, 5))];
        assert_eq!(recorded.unread(&now), Some(Ok(unread)));
        // Events that it read would be added again.
        for (older, covered) in [(coverage(&[(0, 1, 10, &[])]), 10), (coverage(&[]), 0)] {
            let back = Back {
                key: key(0),
                taken: Offset(20),
                covered: Offset(covered),
            };
            assert_eq!(recorded.unread(&older), Some(Err(back)));
        }
        let of_no_events = Recorded::new(recorded.run.clone(), recorded.about.clone(), None);
        assert_eq!(of_no_events.unread(&now), None);
    }
}
