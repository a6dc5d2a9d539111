//! What the warehouse says now, beside the last look that saw the log and the archive too. Pure.

use super::{DifferenceInfo, ReconcileReport, ReconciledPartition};
use jiff::{SignedDuration, Timestamp, Unit};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Differences that only a look at the log and the archive can find.
const OF_FULL_LOOKS: [&str; 4] = ["archive_file", "archive_position", "log_end", "log_start"];

/// What a look may take, and a clock be off.
const GRACE: SignedDuration = SignedDuration::from_mins(1);

/// The last look at everything: the warehouse, the archive and the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FullLook {
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    pub age_s: i64,
    /// Longer ago than two turns, or nobody looks regularly.
    pub is_too_old: bool,
    pub verdict: String,
    pub complete: bool,
    /// Of all kinds, as they were then.
    pub differences: Vec<DifferenceInfo>,
}

/// What is on record of looks at everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FullLooks {
    /// Of the newest that came to its end.
    pub report: Option<ReconcileReport>,
    /// When the newest one began, and why it did not come to its end.
    pub failure: Option<(Timestamp, String)>,
}

impl ReconcileReport {
    /// Adds what the last full look saw of the log and the archive, and says in `unchecked` what
    /// nobody looked at, or too long ago. `every` is the time from one look to the next.
    #[must_use]
    pub fn beside(mut self, looks: &FullLooks, every: Option<Duration>) -> Self {
        self.unchecked.clear();
        match &looks.report {
            None => self.unchecked.push(format!(
                "the log and the archive: nobody has looked at them yet, {}",
                who_looks(every)
            )),
            Some(report) => self.add(report, every),
        }
        if let Some((at, why)) = &looks.failure {
            let at = at.round(Unit::Second).unwrap_or(*at);
            self.unchecked.push(format!(
                "the log and the archive: the look of {at} failed: {why}"
            ));
        }
        self.summed_up()
    }

    fn add(&mut self, full: &Self, every: Option<Duration>) {
        let at = full.as_of.time;
        let age = self.as_of.time.duration_since(at);
        let is_too_old = every.is_none_or(|every| {
            let turn = SignedDuration::try_from(every).unwrap_or(SignedDuration::MAX);
            age > turn.saturating_add(turn).saturating_add(GRACE)
        });
        if is_too_old {
            self.unchecked.push(format!(
                "the log and the archive since {}: that was the last look, {}",
                at.round(Unit::Second).unwrap_or(at),
                who_looks(every)
            ));
        }
        self.unchecked.extend(full.unchecked.iter().cloned());
        for partition in &mut self.partitions {
            let is_it = |other: &&ReconciledPartition| {
                other.stream == partition.stream && other.partition == partition.partition
            };
            if let Some(then) = full.partitions.iter().find(is_it) {
                (partition.archived, partition.log) = (then.archived, then.log);
            }
        }
        let found = (full.differences.iter())
            .filter(|difference| OF_FULL_LOOKS.contains(&difference.kind.as_str()));
        for difference in found {
            self.add_difference(difference.clone());
        }
        self.full = Some(FullLook {
            at,
            age_s: age.as_secs(),
            is_too_old,
            verdict: full.verdict.clone(),
            complete: full.complete,
            differences: full.differences.clone(),
        });
    }

    /// Counts it at its partition, too.
    pub fn add_difference(&mut self, difference: DifferenceInfo) {
        let its = (self.partitions.iter_mut()).find(|partition| {
            difference.stream.as_ref() == Some(&partition.stream)
                && difference.partition == Some(partition.partition)
        });
        if let Some(partition) = its {
            partition.differences += 1;
        }
        self.differences.push(difference);
    }
}

fn who_looks(every: Option<Duration>) -> String {
    match every {
        Some(every) => format!(
            "`comptoir-speed archive` looks every {} s where it runs",
            every.as_secs()
        ),
        None => "`reconcile.every_s` is never: `comptoir-speed reconcile` looks".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::AsOf;
    use crate::api::reconcile::LogBounds;
    use crate::ids::{Offset, Partition, StreamId};

    const TURN: Option<Duration> = Some(Duration::from_mins(5));

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + seconds).unwrap()
    }

    fn report(seconds: i64) -> ReconcileReport {
        let partition = ReconciledPartition {
            stream: StreamId("till".to_owned()),
            partition: Partition(0),
            next: Offset(10),
            archived: None,
            log: None,
            covered: Offset(0),
            sealed_generations: 0,
            accepted: 10,
            rejected: 0,
            dead_letters: 0,
            duplicates: 0,
            differences: 0,
        };
        ReconcileReport {
            verdict: String::new(),
            complete: false,
            fresh_through: None,
            records: 10,
            differences: Vec::new(),
            partitions: vec![partition],
            gaps: Vec::new(),
            unchecked: vec!["replaced".to_owned()],
            full: None,
            as_of: AsOf {
                time: at(seconds),
                offsets: Vec::new(),
            },
        }
    }

    fn difference(kind: &str) -> DifferenceInfo {
        DifferenceInfo {
            kind: kind.to_owned(),
            stream: Some(StreamId("till".to_owned())),
            partition: Some(Partition(0)),
            detail: kind.to_owned(),
        }
    }

    /// A look at second 0 that found two differences, one of which the warehouse finds by itself.
    fn looks() -> FullLooks {
        let mut full = report(0);
        full.unchecked.clear();
        full.differences = vec![difference("dead_letters"), difference("log_end")];
        full.partitions[0].archived = Some(Offset(7));
        full.partitions[0].log = Some(LogBounds {
            start: Offset(1),
            end: Offset(9),
        });
        FullLooks {
            report: Some(full.summed_up()),
            failure: None,
        }
    }

    #[test]
    fn a_recent_look_is_part_of_the_answer() {
        let answer = report(300).beside(&looks(), TURN);
        assert_eq!(answer.unchecked, [] as [&str; 0]);
        assert_eq!(answer.differences, [difference("log_end")]);
        assert!(!answer.complete);
        assert!(
            answer.verdict.ends_with("1 difference"),
            "{}",
            answer.verdict
        );
        let partition = &answer.partitions[0];
        assert_eq!(
            (partition.archived, partition.differences),
            (Some(Offset(7)), 1)
        );
        assert_eq!(partition.log.unwrap().end, Offset(9));
        let full = answer.full.unwrap();
        assert_eq!((full.age_s, full.is_too_old, full.at), (300, false, at(0)));
        assert_eq!(full.differences.len(), 2);
    }

    #[test]
    fn a_look_that_is_too_old_or_failed_is_told() {
        let at_the_limit = report(660).beside(&looks(), TURN);
        assert_eq!(at_the_limit.unchecked, [] as [&str; 0]);
        let late = report(661).beside(&looks(), TURN);
        assert!(late.full.is_some_and(|full| full.is_too_old));
        assert!(late.unchecked[0].starts_with("the log and the archive since 20"));
        // What was found then is not forgotten.
        assert_eq!(late.differences, [difference("log_end")]);
        let never = report(1).beside(&looks(), None);
        assert!(never.unchecked[0].contains("`reconcile.every_s` is never"));
        let failed = FullLooks {
            failure: Some((at(299), "no lake".to_owned())),
            ..looks()
        };
        let failed = report(300).beside(&failed, TURN);
        assert_eq!(failed.unchecked.len(), 1);
        assert!(
            failed.unchecked[0].ends_with("Z failed: no lake"),
            "{:?}",
            failed.unchecked
        );
    }

    #[test]
    fn where_nobody_looked_it_says_who_would() {
        let answer = report(0).beside(&FullLooks::default(), TURN);
        assert!(answer.complete && answer.full.is_none());
        assert_eq!(answer.unchecked.len(), 1);
        assert!(
            answer.unchecked[0].contains("every 300 s"),
            "{:?}",
            answer.unchecked
        );
    }
}
