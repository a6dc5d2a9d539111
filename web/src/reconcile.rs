//! `/api/v1/reconcile`: whether what is served equals what was counted.

use crate::http::answer::json;
use crate::http::problem::{Refused, told};
use crate::routes::Server;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use comptoir_config::clock;
use comptoir_model::api::ProblemKind;
use comptoir_model::api::reconcile::ReconcileReport;
use comptoir_warehouse::Warehouse;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// It adds up all that is served: who asks sooner gets the same answer again.
const KEPT: Duration = Duration::from_secs(5);
const ASK_MAX: Duration = Duration::from_mins(1);

/// Reconciles once for all who ask at the same time.
pub(crate) struct Reconciler {
    warehouse: Warehouse,
    /// From one look at the log and the archive to the next, which others do.
    every: Option<Duration>,
    now: fn() -> Timestamp,
    last: Mutex<Option<(Instant, ReconcileReport)>>,
}

impl Reconciler {
    pub(crate) fn new(
        warehouse: Warehouse,
        every: Option<Duration>,
        now: fn() -> Timestamp,
    ) -> Self {
        Self {
            warehouse,
            every,
            now,
            last: Mutex::default(),
        }
    }

    async fn report(&self) -> Result<ReconcileReport, String> {
        let mut last = self.last.lock().await;
        if let Some((at, report)) = &*last
            && at.elapsed() < KEPT
        {
            return Ok(report.clone());
        }
        let asked = self.look();
        let Ok(report) = tokio::time::timeout(ASK_MAX, asked).await else {
            return Err(format!(
                "the warehouse did not add everything up within {} s\n\
                 hint: look for long queries there",
                ASK_MAX.as_secs()
            ));
        };
        let report = report.map_err(|error| error.to_string())?;
        *last = Some((clock::instant(), report.clone()));
        Ok(report)
    }

    /// The warehouse now, and what the last full look saw besides.
    async fn look(&self) -> comptoir_warehouse::Result<ReconcileReport> {
        let looks = self.warehouse.full_looks().await?;
        let report = self.warehouse.reconcile((self.now)()).await?;
        Ok(report.beside(&looks, self.every))
    }
}

pub(crate) async fn reconcile(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let report = server
        .reconciler
        .report()
        .await
        .map_err(|trouble| Refused(told(ProblemKind::WarehouseUnavailable, &trouble)))?;
    Ok(json(&headers, &report))
}
