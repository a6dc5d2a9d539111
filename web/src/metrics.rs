//! What is counted for Prometheus. Names and meanings are in this crate's README.

use crate::history::sight::Sight;
use crate::live::Live;
use crate::watched::WatchedMetrics;
use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use comptoir_config::clock;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Answers come from memory: fine below a millisecond, and up to the limit of an answer.
const DURATION_BUCKETS_S: [f64; 10] = [
    0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.25, 1.0, 5.0,
];

/// Paths that are no route: the page's files, and what does not exist.
const OTHER_ROUTE: &str = "other";

#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram>,
    lake_read_errors: Counter,
    live_reads: Histogram,
    live_read_errors: Counter,
    cut_off: Counter,
}

/// Routes as patterns, so that there are few of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

impl Metrics {
    pub(crate) fn new(
        sight: watch::Receiver<Sight>,
        live: Arc<Live>,
        watched: WatchedMetrics,
    ) -> Self {
        let requests = Family::default();
        let durations: Family<RouteLabels, Histogram> =
            Family::new_with_constructor(|| Histogram::new(DURATION_BUCKETS_S));
        let lake_read_errors = Counter::default();
        let live_reads = Histogram::new(DURATION_BUCKETS_S);
        let live_read_errors = Counter::default();
        let cut_off = Counter::default();
        let mut registry = Registry::default();
        registry.register(
            "comptoir_build",
            "The version that runs",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        registry.register(
            "comptoir_http_requests",
            "Answers by route and status",
            requests.clone(),
        );
        registry.register(
            "comptoir_http_request_duration_seconds",
            "From the head of a request to the head of its answer",
            durations.clone(),
        );
        registry.register(
            "comptoir_lake_read_errors",
            "Looks at the lake that failed, and imports that could not be read",
            lake_read_errors.clone(),
        );
        registry.register(
            "comptoir_live_read_duration_seconds",
            "Reads of what changed in the warehouse, those that failed too",
            live_reads.clone(),
        );
        registry.register(
            "comptoir_live_read_errors",
            "Reads of the warehouse that failed",
            live_read_errors.clone(),
        );
        registry.register(
            "comptoir_connections_cut_off",
            "Connections whose client stopped reading",
            cut_off.clone(),
        );
        registry.register_collector(Box::new(HistoryMetrics(sight)));
        registry.register_collector(Box::new(LiveMetrics(live)));
        registry.register_collector(Box::new(watched));
        Self {
            registry,
            requests,
            durations,
            lake_read_errors,
            live_reads,
            live_read_errors,
            cut_off,
        }
    }

    pub(crate) fn count_lake_read_error(&self) {
        self.lake_read_errors.inc();
    }

    pub(crate) fn observe_live_read(&self, duration: Duration) {
        self.live_reads.observe(duration.as_secs_f64());
    }

    pub(crate) fn count_live_read_error(&self) {
        self.live_read_errors.inc();
    }

    /// To be counted by whoever cuts clients off.
    pub(crate) fn cut_off(&self) -> &Counter {
        &self.cut_off
    }

    /// All of them, in Prometheus' text format.
    pub(crate) fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }

    fn observe(&self, route: String, status: StatusCode, duration: Duration) {
        self.durations
            .get_or_create(&RouteLabels {
                route: route.clone(),
            })
            .observe(duration.as_secs_f64());
        let status = status.as_u16();
        self.requests
            .get_or_create(&RequestLabels { route, status })
            .inc();
    }
}

/// Counts and times every answer.
pub(crate) async fn observe(
    State(metrics): State<Arc<Metrics>>,
    request: Request,
    next: Next,
) -> Response {
    let start = clock::instant();
    let route = (request.extensions().get())
        .map_or(OTHER_ROUTE, |path: &MatchedPath| path.as_str())
        .to_owned();
    let called = format!("{} {}", request.method(), request.uri().path());
    let response = next.run(request).await;
    let duration = start.elapsed();
    tracing::debug!("{called}: {} in {duration:?}", response.status());
    metrics.observe(route, response.status(), duration);
    response
}

/// What the served view says about itself; without a view there is no figure, not a zero.
#[derive(Debug)]
struct HistoryMetrics(watch::Receiver<Sight>);

impl Collector for HistoryMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let mut gauge = |name, help, value: i64| {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)
        };
        let sight = self.0.borrow();
        let Some((view, checked_at)) = sight.view() else {
            return Ok(());
        };
        let import = view.import();
        gauge(
            "comptoir_history_rows",
            "Rows of the import that is served",
            i64::try_from(import.rows).unwrap_or(i64::MAX),
        )?;
        gauge(
            "comptoir_history_imported_at_seconds",
            "When the served import read its source",
            import.imported_at.as_second(),
        )?;
        gauge(
            "comptoir_history_checked_at_seconds",
            "When the lake was last seen to hold the served import as its newest",
            checked_at.as_second(),
        )
    }
}

/// How the live figures stand.
#[derive(Debug)]
struct LiveMetrics(Arc<Live>);

impl Collector for LiveMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let mut gauge = |name, help, value: i64| {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)
        };
        let streams = i64::try_from(self.0.open_streams()).unwrap_or(i64::MAX);
        gauge(
            "comptoir_live_streams",
            "Live streams that are open",
            streams,
        )?;
        let Some(source) = self.0.source() else {
            return Ok(());
        };
        if let Some(fresh) = source.fresh_through {
            gauge(
                "comptoir_live_fresh_through_seconds",
                "The event time up to which every partition has been seen",
                fresh.as_second(),
            )?;
        }
        gauge(
            "comptoir_live_dead_letters",
            "Records that could not be used",
            i64::try_from(source.dead_letters.total).unwrap_or(i64::MAX),
        )
    }
}
