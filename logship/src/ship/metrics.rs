//! What is counted for Prometheus. Names and meanings are in this crate's README.

use super::board::Board;
use crate::seal::SealCounters;
use comptoir_config::clock;
use comptoir_model::api::logs::{LogSource, ShipState};
use jiff::Timestamp;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// HDFS on one machine needs less than a millisecond; the lake's time limit is 10 s by default.
const DURATION_BUCKETS_S: [f64; 9] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.25, 1.0, 10.0];

#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    hsyncs: Histogram,
    failures: Counter,
    pub(crate) seal: SealCounters,
}

impl Metrics {
    pub(crate) fn new(board: Arc<Board>) -> Self {
        let hsyncs = Histogram::new(DURATION_BUCKETS_S);
        let failures = Counter::default();
        let mut registry = Registry::default();
        registry.register(
            "comptoir_build",
            "The version that runs",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        registry.register(
            "comptoir_logship_hsync_duration_seconds",
            "To make copied bytes durable",
            hsyncs.clone(),
        );
        registry.register(
            "comptoir_logship_failures",
            "Times that shipping began again because the lake or the source failed",
            failures.clone(),
        );
        let seal = SealCounters::default();
        registry.register(
            "comptoir_logship_sealed_bytes",
            "Bytes of the source in segments that were verified and signed",
            seal.sealed_bytes.clone(),
        );
        registry.register(
            "comptoir_logship_seal_failures",
            "Times that sealing has to be tried again",
            seal.failures.clone(),
        );
        registry.register_collector(Box::new(SourceMetrics(board)));
        Self {
            registry,
            hsyncs,
            failures,
            seal,
        }
    }

    pub(crate) fn synced(&self, duration: Duration) {
        self.hsyncs.observe(duration.as_secs_f64());
    }

    pub(crate) fn failed(&self) {
        self.failures.inc();
    }

    pub(crate) fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// The board in numbers: of all logs together, then each by its name.
#[derive(Debug)]
struct SourceMetrics(Arc<Board>);

/// Of one log.
type Value = fn(&LogSource, Timestamp) -> u64;

const TOTALS: [(&str, &str, Value); 6] = [
    (
        "comptoir_logship_lag_bytes",
        "Bytes of all logs that are not durable in the lake",
        |source, _| source.lag_bytes,
    ),
    (
        "comptoir_logship_bytes_at_risk",
        "Bytes that are lost if the files they stand in are: written, and not durable in the lake",
        |source, _| source.lag_bytes,
    ),
    (
        "comptoir_logship_pieces_open",
        "Pieces being written or closed",
        |source, _| source.pieces_open,
    ),
    (
        "comptoir_logship_pieces_closed",
        "Closed pieces in the archives",
        |source, _| source.pieces_closed,
    ),
    (
        "comptoir_logship_gaps",
        "Gap records in the archives",
        |source, _| source.gaps,
    ),
    (
        "comptoir_logship_gap_bytes",
        "Bytes that gap records say are lost",
        |source, _| source.gap_bytes,
    ),
];

const COUNTED: [(&str, &str, Value); 2] = [
    (
        "comptoir_logship_archived_bytes",
        "Durable bytes of the whole archives",
        |source, _| source.bytes,
    ),
    (
        "comptoir_logship_archived_lines",
        "Durable lines of the whole archives",
        |source, _| source.lines,
    ),
];

const BY_SOURCE: [(&str, &str, Value); 5] = [
    (
        "comptoir_logship_source_up",
        "1 while bytes that are written to this log are shipped",
        is_up,
    ),
    (
        "comptoir_logship_source_lag_bytes",
        "Bytes of this log that are not durable in the lake",
        |source, _| source.lag_bytes,
    ),
    (
        "comptoir_logship_source_lag_seconds",
        "For how long bytes of this log have been waiting to become durable",
        lag_seconds,
    ),
    (
        "comptoir_logship_source_archived_bytes",
        "Durable bytes of this log's archive",
        |source, _| source.bytes,
    ),
    (
        "comptoir_logship_source_gaps",
        "Gap records in this log's archive",
        |source, _| source.gaps,
    ),
];

fn is_up(source: &LogSource, _: Timestamp) -> u64 {
    u64::from(source.state == ShipState::Shipping)
}

/// For how long bytes have been waiting.
pub fn lag_seconds(source: &LogSource, now: Timestamp) -> u64 {
    let waiting = source
        .behind_since
        .map(|since| now.duration_since(since).as_secs());
    waiting.map_or(0, |seconds| u64::try_from(seconds).unwrap_or(0))
}

impl Collector for SourceMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let now = clock::now();
        let sources = self.0.sources();
        let sum = |value: Value| sources.iter().map(|source| value(source, now)).sum();
        let is_up = !sources.is_empty() && sources.iter().all(|source| is_up(source, now) == 1);
        let gauge = gauge_of(u64::from(is_up));
        let help = "1 while bytes that are written to any log are shipped";
        gauge.encode(encoder.encode_descriptor(
            "comptoir_logship_up",
            help,
            None,
            MetricType::Gauge,
        )?)?;
        for (name, help, value) in TOTALS {
            let gauge = gauge_of(sum(value));
            gauge.encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)?;
        }
        for (name, help, value) in COUNTED {
            let counter = ConstCounter::new(sum(value));
            counter.encode(encoder.encode_descriptor(name, help, None, MetricType::Counter)?)?;
        }
        for (name, help, value) in BY_SOURCE {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for source in &sources {
                let labels = [("source", source.name.as_str())];
                gauge_of(value(source, now)).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}

fn gauge_of(value: u64) -> ConstGauge<i64> {
    ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX))
}
