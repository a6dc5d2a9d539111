//! `comptoir-speed topic`.

use crate::cli::{Outcome, TransportArgs};
use comptoir_config::{Settings, Sources};

/// Create the topic, or describe it
#[derive(Debug, clap::Args)]
pub struct TopicArgs {
    #[command(flatten)]
    transport: TransportArgs,
}

impl TopicArgs {
    pub(crate) fn add_to(&self, sources: Sources) -> Sources {
        self.transport.add_to(sources)
    }
}

#[expect(clippy::unused_async, reason = "written right now")]
pub(crate) async fn run(_args: &TopicArgs, _settings: &Settings) -> anyhow::Result<Outcome> {
    anyhow::bail!("not there yet")
}
