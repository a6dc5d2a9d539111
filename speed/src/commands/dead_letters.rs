//! `comptoir-speed dead-letters`.

use crate::cli::{Outcome, TransportArgs};
use comptoir_config::{Settings, Sources};

/// List, show, export and replay what could not be counted
#[derive(Debug, clap::Args)]
pub struct DeadLettersArgs {
    #[command(flatten)]
    transport: TransportArgs,
}

impl DeadLettersArgs {
    pub(crate) fn add_to(&self, sources: Sources) -> Sources {
        self.transport.add_to(sources)
    }
}

#[expect(clippy::unused_async, reason = "written right now")]
pub(crate) async fn run(_args: &DeadLettersArgs, _settings: &Settings) -> anyhow::Result<Outcome> {
    anyhow::bail!("not there yet")
}
