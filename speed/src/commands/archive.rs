//! `comptoir-speed archive`.

mod upkeep;

use crate::archive::{self, ArchiveRequest};
use crate::cli::{Outcome, TableArgs, TransportArgs, WarehouseArgs};
use comptoir_config::{Key, Settings, Sources, stopped};
use tokio::net::TcpListener;
use tracing::info;

/// Keep every event in the lake's Delta table, until Ctrl-C
///
/// Each record is kept once, through any crash: its row and the position behind it are one commit.
/// What can't be used is kept too, with its bytes and the reason. Several processes share the
/// partitions of the topic. A broker or a lake that is away is waited for.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  comptoir-speed archive
      keeps the events of .comptoir/live in .comptoir/lake/bronze/transactions
  comptoir-speed archive --transport kafka:127.0.0.1:9092 --lake hdfs://127.0.0.1:8020
      keeps a Kafka topic in HDFS
  comptoir-speed archive --every 60 --records 500000
      fewer and bigger files: a minute, or half a million records of a partition
  comptoir-speed archive history
      shows what was committed
  curl http://127.0.0.1:8083/metrics
      asks what was archived")]
pub struct ArchiveArgs {
    #[command(subcommand)]
    upkeep: Option<upkeep::Upkeep>,
    #[command(flatten)]
    transport: TransportArgs,
    #[command(flatten)]
    warehouse: WarehouseArgs,
    #[command(flatten)]
    table: TableArgs,
    /// How long records wait to be committed together [default: 10]
    #[arg(long, value_name = "SECONDS", help_heading = "Archive")]
    every: Option<String>,
    /// So many records of a partition don't wait [default: 400000]
    #[arg(long, value_name = "COUNT", help_heading = "Archive")]
    records: Option<String>,
    /// Where to serve metrics; port 0 takes a free one [default: 127.0.0.1:8083]
    #[arg(long, value_name = "ADDRESS:PORT", help_heading = "Archive")]
    listen: Option<String>,
    /// Processes of one group share the partitions [default: comptoir-archive]
    #[arg(long, value_name = "NAME", help_heading = "Archive")]
    group: Option<String>,
}

impl ArchiveArgs {
    pub(crate) fn add_to(&self, sources: Sources) -> Sources {
        let sources = self.warehouse.add_to(self.transport.add_to(sources));
        (self.table.add_to(sources))
            .flag(Key::ArchiveEveryS, "--every", self.every.as_ref())
            .flag(Key::ArchiveRecords, "--records", self.records.as_ref())
            .flag(Key::ArchiveListen, "--listen", self.listen.as_ref())
            .flag(Key::ArchiveGroup, "--group", self.group.as_ref())
    }
}

pub(crate) async fn run(args: &ArchiveArgs, settings: &Settings) -> anyhow::Result<Outcome> {
    if let Some(upkeep) = &args.upkeep {
        return upkeep::run(upkeep, settings).await;
    }
    let request = ArchiveRequest::of(settings)?;
    let shutdown = stopped()?;
    let address = settings.archive.listen;
    let listener = (TcpListener::bind(address).await).map_err(|error| {
        anyhow::anyhow!("can't listen on {address}: {error}\nhint: give another port with --listen")
    })?;
    let address = listener.local_addr()?;
    info!(
        "archiving topic {} of {} in {}, metrics on http://{address}/metrics",
        settings.transport.topic, settings.transport.url, request.table
    );
    archive::run(request, listener, shutdown).await?;
    info!("stopped");
    Ok(Outcome::Fine)
}
