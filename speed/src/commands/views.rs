//! `comptoir-speed views`.

use crate::cli::{Outcome, TransportArgs};
use comptoir_config::{Settings, Sources};

/// Count events into the warehouse, until Ctrl-C
#[derive(Debug, clap::Args)]
pub struct ViewsArgs {
    #[command(flatten)]
    transport: TransportArgs,
}

impl ViewsArgs {
    pub(crate) fn add_to(&self, sources: Sources) -> Sources {
        self.transport.add_to(sources)
    }
}

#[expect(clippy::unused_async, reason = "written right now")]
pub(crate) async fn run(_args: &ViewsArgs, _settings: &Settings) -> anyhow::Result<Outcome> {
    anyhow::bail!("not there yet")
}
