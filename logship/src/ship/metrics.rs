//! What is counted for Prometheus. Names and meanings are in this crate's README.

use comptoir_model::api::logs::{LogSource, ShipState};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use std::fmt;
use std::time::Duration;
use tokio::sync::watch;

/// HDFS on one machine needs less than a millisecond; the lake's time limit is 10 s by default.
const DURATION_BUCKETS_S: [f64; 9] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.25, 1.0, 10.0];

#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    hsyncs: Histogram,
    failures: Counter,
}

impl Metrics {
    pub(crate) fn new(source: watch::Receiver<LogSource>) -> Self {
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
        registry.register_collector(Box::new(SourceMetrics(source)));
        Self {
            registry,
            hsyncs,
            failures,
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

#[derive(Debug)]
struct SourceMetrics(watch::Receiver<LogSource>);

impl Collector for SourceMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let source = self.0.borrow().clone();
        let mut gauge = |name, help, value: u64| {
            let value = i64::try_from(value).unwrap_or(i64::MAX);
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)
        };
        gauge(
            "comptoir_logship_up",
            "1 while bytes that are written are shipped",
            u64::from(source.state == ShipState::Shipping),
        )?;
        gauge(
            "comptoir_logship_lag_bytes",
            "Bytes of the source that are not durable in the lake",
            source.lag_bytes,
        )?;
        gauge(
            "comptoir_logship_pieces_open",
            "Pieces being written or closed",
            source.pieces_open,
        )?;
        gauge(
            "comptoir_logship_pieces_closed",
            "Closed pieces in the archive",
            source.pieces_closed,
        )?;
        gauge(
            "comptoir_logship_gaps",
            "Gap records in the archive",
            source.gaps,
        )?;
        gauge(
            "comptoir_logship_gap_bytes",
            "Bytes that gap records say are lost",
            source.gap_bytes,
        )?;
        let mut counter = |name, help, value: u64| {
            let counter = ConstCounter::new(value);
            counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)
        };
        counter(
            "comptoir_logship_archived_bytes",
            "Durable bytes of the whole archive",
            source.bytes,
        )?;
        counter(
            "comptoir_logship_archived_lines",
            "Durable lines of the whole archive",
            source.lines,
        )
    }
}
