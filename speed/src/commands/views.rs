//! `comptoir-speed views`.

use crate::cli::{Outcome, TransportArgs, WarehouseArgs};
use crate::views::{self, ViewsRequest};
use comptoir_config::{Key, Settings, Sources, stopped};
use tokio::net::TcpListener;
use tracing::info;

/// Count events into the warehouse, until Ctrl-C
///
/// Each record counts once, through any crash: a batch and the position behind it are one
/// transaction. Several processes share the partitions of the topic. What can't be used becomes a
/// dead letter. A broker or a warehouse that is away is waited for.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  comptoir-speed views
      counts the events of .comptoir/live into .comptoir/warehouse.db
  comptoir-speed views --transport kafka:127.0.0.1:9092 --warehouse mysql://127.0.0.1:3306/warehouse --warehouse-username comptoir --warehouse-password-file password
      counts a Kafka topic into MariaDB
  comptoir-speed views --listen 127.0.0.1:0
      a second process, on a free port: both share the partitions
  curl http://127.0.0.1:8081/metrics
      asks what was counted")]
pub struct ViewsArgs {
    #[command(flatten)]
    transport: TransportArgs,
    #[command(flatten)]
    warehouse: WarehouseArgs,
    /// Where to serve metrics; port 0 takes a free one [default: 127.0.0.1:8081]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Processes of one group share the partitions [default: comptoir-views]
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
}

impl ViewsArgs {
    pub(crate) fn add_to(&self, sources: Sources) -> Sources {
        (self.warehouse.add_to(self.transport.add_to(sources)))
            .flag(Key::SpeedListen, "--listen", self.listen.as_ref())
            .flag(Key::SpeedGroup, "--group", self.group.as_ref())
    }
}

pub(crate) async fn run(_args: &ViewsArgs, settings: &Settings) -> anyhow::Result<Outcome> {
    let request = ViewsRequest::of(settings)?;
    let shutdown = stopped()?;
    let address = settings.speed.listen;
    let listener = (TcpListener::bind(address).await).map_err(|error| {
        anyhow::anyhow!("can't listen on {address}: {error}\nhint: give another port with --listen")
    })?;
    let address = listener.local_addr()?;
    info!(
        "counting topic {} of {} into {}, metrics on http://{address}/metrics",
        settings.transport.topic, settings.transport.url, settings.warehouse.url
    );
    views::run(request, listener, shutdown).await?;
    info!("stopped");
    Ok(Outcome::Fine)
}
