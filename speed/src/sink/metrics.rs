//! What is counted for Prometheus. Names and meanings are in this crate's README.

use super::BatchCounts;
use super::status::Status;
use comptoir_model::merge::PartitionKey;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, text::encode};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A commit on a local disk takes milliseconds, one of a full batch a second, and one that waits
/// for a lock longer.
const DURATION_BUCKETS_S: [f64; 10] = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 20.0];
const RECORDS_BUCKETS: [f64; 7] = [1.0, 10.0, 100.0, 1_000.0, 10_000.0, 30_000.0, 100_000.0];

#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    /// What the sink writes to.
    store: &'static str,
    records: Family<Verdict, Counter>,
    rejections: Family<Reason, Counter>,
    errors: Family<Kind, Counter>,
    commits: Family<Outcome, Counter>,
    durations: Histogram,
    sizes: Histogram,
    rows: Counter,
    holes: Counter,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Verdict {
    verdict: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PartitionLabel {
    stream: String,
    partition: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabel {
    state: &'static str,
}

/// Where an error came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    Transport,
    Store,
    /// Records came that were judged before.
    OutOfOrder,
    Overflow,
    Encoding,
}

impl Metrics {
    /// Of the sink `name`, whose metrics are called `comptoir_<name>_…`.
    pub(crate) fn new(name: &'static str, store: &'static str, status: Arc<Status>) -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            store,
            records: Family::default(),
            rejections: Family::default(),
            errors: Family::default(),
            commits: Family::default(),
            durations: Histogram::new(DURATION_BUCKETS_S),
            sizes: Histogram::new(RECORDS_BUCKETS),
            rows: Counter::default(),
            holes: Counter::default(),
        };
        let registry = &mut metrics.registry;
        let info = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("comptoir_build", "The version that runs", info);
        let registry = registry.sub_registry_with_prefix(format!("comptoir_{name}"));
        registry.register(
            "records",
            "Records that were committed, by verdict",
            metrics.records.clone(),
        );
        registry.register(
            "rejections",
            "Records that were rejected, by reason",
            metrics.rejections.clone(),
        );
        registry.register(
            "errors",
            "Calls that failed, by what was called",
            metrics.errors.clone(),
        );
        registry.register(
            "commits",
            "Batches by what became of them",
            metrics.commits.clone(),
        );
        registry.register(
            "batch_duration_seconds",
            "From the begin of a commit to its answer",
            metrics.durations.clone(),
        );
        registry.register("batch_records", "Records of a batch", metrics.sizes.clone());
        registry.register(
            "rows",
            "Rows that batches wrote or added to",
            metrics.rows.clone(),
        );
        registry.register(
            "holes",
            "Runs of offsets that were gone before they could be read",
            metrics.holes.clone(),
        );
        metrics
            .registry
            .register_collector(Box::new(StatusMetrics { name, status }));
        metrics
    }

    pub(crate) fn count_batch(&self, counts: &BatchCounts, took: Duration) {
        for (verdict, count) in [
            ("accepted", counts.accepted),
            ("rejected", counts.rejected),
            ("duplicate", counts.duplicates),
        ] {
            self.records
                .get_or_create(&Verdict { verdict })
                .inc_by(count);
        }
        for reason in &counts.reasons {
            self.rejections.get_or_create(&Reason { reason }).inc();
        }
        self.durations.observe(took.as_secs_f64());
        let records = counts.accepted + counts.rejected + counts.duplicates;
        #[expect(
            clippy::cast_precision_loss,
            reason = "a batch is far smaller than 2^52"
        )]
        self.sizes.observe(records as f64);
        self.rows.inc_by(counts.rows);
    }

    pub(crate) fn count_commit(&self, outcome: &'static str) {
        self.commits.get_or_create(&Outcome { outcome }).inc();
    }

    pub(crate) fn count_hole(&self) {
        self.holes.inc();
    }

    pub(crate) fn count_error(&self, kind: ErrorKind) {
        let kind = match kind {
            ErrorKind::Transport => "transport",
            ErrorKind::Store => self.store,
            ErrorKind::OutOfOrder => "out_of_order",
            ErrorKind::Overflow => "overflow",
            ErrorKind::Encoding => "encoding",
        };
        self.errors.get_or_create(&Kind { kind }).inc();
    }

    /// All of them, in Prometheus' text format.
    pub(crate) fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// What holds at the moment of asking.
#[derive(Debug)]
struct StatusMetrics {
    name: &'static str,
    status: Arc<Status>,
}

impl Collector for StatusMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let sight = self.status.lock();
        let [lag_offsets, fresh_through, partitions] =
            ["lag_offsets", "fresh_through_seconds", "partitions"]
                .map(|what| format!("comptoir_{}_{what}", self.name));
        let mut family = encoder.encode_descriptor(
            &lag_offsets,
            "From what is committed to the end of the log; bytes where offsets are bytes",
            None,
            MetricType::Gauge,
        )?;
        for (key, partition) in &sight.partitions {
            if let (Some(next), Some(progress)) = (partition.next, partition.progress) {
                let lag = progress.log_end.0.saturating_sub(next.0);
                let lag = ConstGauge::new(i64::try_from(lag).unwrap_or(i64::MAX));
                lag.encode(family.encode_family(&label(key))?)?;
            }
        }
        let mut family = encoder.encode_descriptor(
            &fresh_through,
            "The moment up to which the partition has been seen",
            None,
            MetricType::Gauge,
        )?;
        for (key, partition) in &sight.partitions {
            let through = partition
                .progress
                .and_then(|progress| progress.fresh_through);
            if let Some(through) = through {
                let through = ConstGauge::new(through.as_second());
                through.encode(family.encode_family(&label(key))?)?;
            }
        }
        let mut family = encoder.encode_descriptor(
            &partitions,
            "Partitions of this process by state; a stopped one needs somebody's help",
            None,
            MetricType::Gauge,
        )?;
        for state in ["opening", "live", "waiting", "stopped"] {
            let count = (sight.partitions.values())
                .filter(|partition| partition.state.as_str() == state)
                .count();
            let count = ConstGauge::new(i64::try_from(count).unwrap_or(i64::MAX));
            count.encode(family.encode_family(&StateLabel { state })?)?;
        }
        Ok(())
    }
}

fn label(key: &PartitionKey) -> PartitionLabel {
    PartitionLabel {
        stream: key.stream.0.clone(),
        partition: key.partition.0,
    }
}
