//! The last question before an import is published.

use super::error::ImportError;
use comptoir_warehouse::JobLock;
use futures::FutureExt;

/// Whether somebody can still say no.
///
/// The lock of a job keeps two of its runs apart as long as both live. A run that was paused for so
/// long that another one took over finds out here, and leaves the other one's work alone. Should it
/// be paused between this question and the publication, the publication itself stops it: the other
/// run swept its parts when it began ([`comptoir_lake::publish`]).
#[derive(Clone, Copy)]
pub enum Permit<'a> {
    /// Nobody is asked: the publication alone decides between two runs.
    Unasked,
    /// The run publishes only while it holds its job.
    Of(&'a JobLock),
}

impl Permit<'_> {
    pub(super) async fn ask(self) -> Result<(), ImportError> {
        match self {
            Self::Unasked => Ok(()),
            // Boxed: the compiler can't see of the future itself that it may move between threads.
            Self::Of(lock) => Ok(lock.confirm().boxed().await?),
        }
    }
}
