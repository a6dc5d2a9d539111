//! `comptoir-logship ship`.

use crate::cli::{Outcome, PlaceArgs};
use crate::ship::{self, ShipRequest};
use comptoir_config::{Key, Settings, Sources};
use comptoir_lake::{Lake, LakeOptions};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;

/// Ship a log and its rotated siblings into the lake, until Ctrl-C
///
/// Every byte is archived once, through rotation, restarts and kill -9. The lake being away is
/// waited for. What can't be had any more (a file deleted or cut off before it was shipped) becomes
/// a gap record. Another shipper of the same log takes over, and ends this one.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 stopped by Ctrl-C or SIGTERM, 1 failed, 2 wrong arguments or settings, 3 another shipper has taken over

Examples:
  comptoir-logship ship
      ships the platform's own log into the lake of .comptoir
  comptoir-logship ship --lake hdfs://namenode:8020 --source /var/log/shop/app.log
      ships another log to HDFS
  curl http://127.0.0.1:8082/api/v1/logs/summary
      asks how far it is, and for the newest lines"
)]
pub struct ShipArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// Where to serve the newest lines and metrics; port 0 takes a free one [default: 127.0.0.1:8082]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
}

impl ShipArgs {
    pub(crate) fn add_to(&self, sources: Sources) -> Sources {
        (self.place.add_to(sources)).flag(Key::LogshipListen, "--listen", self.listen.as_ref())
    }
}

pub(crate) async fn run(settings: &Settings) -> anyhow::Result<Outcome> {
    let shutdown = stopped()?;
    let request = ShipRequest::of(settings)?;
    let lake = open(settings)?;
    let address = settings.logship.listen;
    let listener = (TcpListener::bind(address).await).map_err(|error| {
        anyhow::anyhow!("can't listen on {address}: {error}\nhint: give another port with --listen")
    })?;
    let address = listener.local_addr()?;
    info!(
        "shipping {} to {}, listening on http://{address}",
        request.source.display(),
        lake.url_of(&request.target_dir)
    );
    ship::run(request, lake, listener, shutdown).await?;
    info!("stopped");
    Ok(Outcome::Fine)
}

pub(crate) fn open(settings: &Settings) -> anyhow::Result<Lake> {
    let options = LakeOptions {
        timeout: settings.lake.timeout,
        hadoop_conf_dir: settings.lake.hadoop_conf_dir.clone(),
    };
    Ok(Lake::open(&settings.lake.url.to_string(), options)?)
}

/// Ctrl-C, or the signal of `kill` and of containers.
fn stopped() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
