//! Sealing at the end of a run from cron: nobody else would, where no shipper stays.

use super::error::SealError;
use super::{PAUSE, Sealer, Worked};
use crate::archive::names::Epoch;
use std::time::Duration;
use tracing::{info, warn};

/// Of one log; what is not sealed by then is left to the next run.
const LONGEST: Duration = Duration::from_mins(5);
/// In all, before it gives up.
const FAILURES_MAX: u32 = 3;

impl Sealer {
    /// Seals what is due, and says so.
    pub(crate) async fn finish(&mut self, epoch: Epoch) -> Result<(), SealError> {
        let location = self.store.lake.url_of(&self.store.directory);
        let ended = tokio::time::timeout(LONGEST, self.seal_all(epoch)).await;
        if self.segments > 0 {
            info!("{} segments of {location} were sealed", self.segments);
        }
        match ended {
            Ok(Err(SealError::Superseded)) => {
                info!("another shipper has taken over {location}: it seals the rest");
            }
            Ok(ended) => ended?,
            Err(_) => warn!(
                "sealing {location} takes longer than {} minutes: the rest is left to the next run",
                LONGEST.as_secs() / 60
            ),
        }
        Ok(())
    }

    async fn seal_all(&mut self, epoch: Epoch) -> Result<(), SealError> {
        let mut failures = 0;
        loop {
            match self.work(epoch).await {
                Ok(Worked::Something) => {}
                Ok(Worked::Nothing) => return Ok(()),
                Err(SealError::Superseded) => return Err(SealError::Superseded),
                Err(error) => {
                    failures += 1;
                    if failures == FAILURES_MAX {
                        return Err(error);
                    }
                    tokio::time::sleep(PAUSE.min(self.settings.limits.every)).await;
                }
            }
        }
    }
}
