//! How a judged batch gets into the warehouse, once.

use super::super::metrics::ErrorKind;
use super::super::plan::{Outcome, Step};
use super::super::status::PartitionState;
use super::{Again, GIVEN_UP, Worker};
use crate::transport::PartitionReader;
use comptoir_config::clock;
use comptoir_model::merge::Span;
use comptoir_warehouse::{Committed, NewName, Retry, ViewsBatch, WarehouseError};
use tracing::{debug, warn};

impl Worker {
    pub(super) fn commit_counted(&mut self, reader: &mut PartitionReader, span: Span) {
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
                let Some(partition) = self.store.partition() else {
                    return self.plan.close();
                };
                let batch = self.counting.batch();
                let names: Vec<_> = (batch.names.iter())
                    .map(|named| NewName {
                        kind: named.kind,
                        id: &named.id,
                        name: &named.name,
                    })
                    .collect();
                let committed = self.store.commit(&ViewsBatch {
                    partition,
                    span,
                    tally: &batch.tally,
                    lost: &gaps.lost,
                    blind: &gaps.blind,
                    progress,
                    names: &names,
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
                    let tally = &self.counting.batch().tally;
                    self.shared.metrics.count_batch(tally, took);
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
                        "another owner may have counted {} from {} on: opening it anew",
                        self.key,
                        span.start().0
                    );
                    self.set_waiting("another process counts it");
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

    fn outcome(&self, committed: Result<Committed, WarehouseError>) -> Outcome {
        match committed {
            Ok(Committed::Applied { .. }) => Outcome::Applied,
            Ok(Committed::GivenUp { .. }) => Outcome::GivenUp,
            Err(error) => {
                self.shared.metrics.count_error(ErrorKind::Warehouse);
                self.set_waiting(&error.to_string());
                match error.retry() {
                    Retry::Unknown => Outcome::Unknown,
                    // Somebody has to help, and can do so while we wait.
                    Retry::CanHelp | Retry::CanNot => Outcome::NotApplied,
                }
            }
        }
    }

    /// A commit of unknown outcome is read back, for as long as the warehouse takes to answer.
    fn resolve(
        &mut self,
        reader: &PartitionReader,
        outcome: Outcome,
        again: &mut Again,
    ) -> Outcome {
        while let Step::ReadBack { span } = self.plan.step(clock::instant()) {
            match self.store.position(&self.key) {
                Ok(position) => {
                    let outcome = self.plan.read_back(position.next);
                    debug!(
                        "whether {} up to {} was committed is known again: {outcome:?}",
                        self.key,
                        span.end().0
                    );
                    return outcome;
                }
                Err(error) => {
                    self.shared.metrics.count_error(ErrorKind::Warehouse);
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
