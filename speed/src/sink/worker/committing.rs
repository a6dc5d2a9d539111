//! How a judged batch gets into the store, once.

use super::super::metrics::ErrorKind;
use super::super::plan::{Outcome, Step};
use super::super::status::PartitionState;
use super::super::{Commit, Committed, PartitionSink, StoreFault};
use super::{Again, GIVEN_UP, Worker};
use crate::transport::PartitionReader;
use comptoir_config::clock;
use comptoir_model::merge::Span;
use tracing::{debug, warn};

impl<P: PartitionSink> Worker<P> {
    pub(crate) fn commit_collected(&mut self, reader: &mut PartitionReader, span: Span) {
        let gaps = self.plan.gaps();
        let mut again = Again::default();
        loop {
            let now = clock::now();
            let log_end = reader.log_bounds().map(|bounds| bounds.end);
            let progress = self.freshness.progress(span.end(), log_end, now);
            let began = clock::instant();
            let outcome = if let Err(error) = reader.make_durable() {
                self.shared.metrics.count_error(ErrorKind::Transport);
                self.set_waiting(&error.to_string());
                Outcome::NotApplied
            } else {
                let committed = self.sink.commit(&Commit {
                    span,
                    gaps: &gaps,
                    progress,
                    now,
                });
                self.outcome(committed)
            };
            let ended = clock::instant();
            self.plan.committed(outcome, began, ended);
            let outcome = self.resolve(reader, outcome, &mut again);
            match outcome {
                Outcome::Applied => {
                    self.shared.metrics.count_commit("applied");
                    let took = ended.saturating_duration_since(began);
                    self.shared.metrics.count_batch(&self.sink.counts(), took);
                    reader.advise_committed(span.end());
                    let mut sight = self.shared.status.lock();
                    let partition = sight.partitions.entry(self.key.clone()).or_default();
                    partition.state = PartitionState::Live;
                    partition.next = Some(span.end());
                    partition.progress = Some(progress);
                    partition.to_be_noted = false;
                    return;
                }
                Outcome::GivenUp => {
                    self.shared.metrics.count_commit("given_up");
                    warn!(
                        "another owner may have taken {} from {} on: opening it anew",
                        self.key,
                        span.start().0
                    );
                    self.set_waiting("another process has taken it");
                    return self.rest(GIVEN_UP);
                }
                Outcome::NotApplied | Outcome::Unknown => {}
            }
            if self.is_over() || reader.is_revoked() {
                debug!(
                    "{} up to {} is left to the next owner",
                    self.key,
                    span.end().0
                );
                return self.plan.close();
            }
            self.rest(again.after_failure());
        }
    }

    fn outcome(&mut self, committed: Result<Committed, StoreFault>) -> Outcome {
        match committed {
            Ok(Committed::Applied) => Outcome::Applied,
            Ok(Committed::GivenUp) => Outcome::GivenUp,
            Err(fault) => {
                self.shared.metrics.count_error(ErrorKind::Store);
                self.set_waiting(&fault.to_string());
                match fault {
                    StoreFault::Unknown(_) => Outcome::Unknown,
                    // Somebody has to help, and can do so while we wait.
                    StoreFault::NotDone(_) => Outcome::NotApplied,
                }
            }
        }
    }

    /// A commit of unknown outcome is read back, for as long as the store takes to answer.
    fn resolve(
        &mut self,
        reader: &PartitionReader,
        outcome: Outcome,
        again: &mut Again,
    ) -> Outcome {
        while let Step::ReadBack { span } = self.plan.step(clock::instant()) {
            match self.sink.position() {
                Ok(next) => {
                    let outcome = self.plan.read_back(next);
                    debug!(
                        "whether {} up to {} was committed is known again: {outcome:?}",
                        self.key,
                        span.end().0
                    );
                    return outcome;
                }
                Err(error) => {
                    self.shared.metrics.count_error(ErrorKind::Store);
                    self.set_waiting(&error.to_string());
                }
            }
            if self.is_over() || reader.is_revoked() {
                self.plan.close();
                return Outcome::Unknown;
            }
            self.rest(again.after_failure());
        }
        outcome
    }
}
