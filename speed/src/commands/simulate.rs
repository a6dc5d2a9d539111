//! `comptoir-speed simulate`.

use crate::cli::{Outcome, TransportArgs};
use comptoir_config::{Settings, Sources};

/// Send made-up events, seeded and deterministic
#[derive(Debug, clap::Args)]
pub struct SimulateArgs {
    #[command(flatten)]
    transport: TransportArgs,
}

impl SimulateArgs {
    pub(crate) fn add_to(&self, sources: Sources) -> Sources {
        self.transport.add_to(sources)
    }
}

#[expect(clippy::unused_async, reason = "written right now")]
pub(crate) async fn run(_args: &SimulateArgs, _settings: &Settings) -> anyhow::Result<Outcome> {
    anyhow::bail!("not there yet")
}
