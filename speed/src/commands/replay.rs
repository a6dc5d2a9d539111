//! `comptoir-speed replay`.

use crate::cli::{Outcome, TransportArgs};
use comptoir_config::{Settings, Sources};

/// Send the rows of a CSV file as events
#[derive(Debug, clap::Args)]
pub struct ReplayArgs {
    #[command(flatten)]
    transport: TransportArgs,
}

impl ReplayArgs {
    pub(crate) fn add_to(&self, sources: Sources) -> Sources {
        self.transport.add_to(sources)
    }
}

#[expect(clippy::unused_async, reason = "written right now")]
pub(crate) async fn run(_args: &ReplayArgs, _settings: &Settings) -> anyhow::Result<Outcome> {
    anyhow::bail!("not there yet")
}
