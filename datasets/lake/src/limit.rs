//! The time limit round every call to the lake.

use crate::error::{LakeError, Result};
use std::time::Duration;

/// How long one call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Limit(pub(crate) Duration);

impl Limit {
    /// Runs `call` up to the limit; after it, the outcome is unknown.
    pub(crate) async fn run<T>(
        self,
        what: impl FnOnce() -> String,
        call: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        match tokio::time::timeout(self.0, call).await {
            Ok(result) => result,
            Err(_) => Err(LakeError::TimedOut {
                what: what(),
                limit: self.0,
            }),
        }
    }
}
