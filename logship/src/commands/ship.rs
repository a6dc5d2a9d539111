//! `comptoir-logship ship`.

use crate::cli::{Outcome, PlaceArgs};
use crate::ship::{Runs, ShipRequest, Shipper};
use crate::sources::{Source, SourcesError, SourcesFile, is_sources_file};
use comptoir_config::{Key, Settings, Sources, host_name, stopped};
use comptoir_lake::{Lake, LakeOptions};
use rustix::process::{Resource, getrlimit, setrlimit};
use std::path::{Path, PathBuf};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing::{error, info};

/// Ship logs and their rotated siblings into the lake, until Ctrl-C
///
/// Every byte is archived once, through rotation, restarts and kill -9. The lake being away is
/// waited for. What can't be had any more (a file deleted or cut off before it was shipped) becomes
/// a gap record. Another shipper of the same log takes over, and ends this one.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Signals: SIGTERM and Ctrl-C make durable and close what was begun; SIGHUP reads the file of sources again

Exit codes: 0 stopped by Ctrl-C or SIGTERM (with --once: all is archived), 1 failed (with --once: not all is archived, or what is due can't be sealed), 2 wrong arguments or settings, 3 another shipper has taken over

Examples:
  comptoir-logship ship
      ships the platform's own log into the lake of .comptoir
  comptoir-logship ship --lake hdfs://namenode:8020 --source /var/log/shop/app.log
      ships another log to HDFS
  comptoir-logship ship --sources logship.toml
      ships all logs that the file lists; `--config logship.toml` means the same
  comptoir-logship ship --sources logship.toml --once
      from cron: ships what is there, seals what is due, and ends
  curl http://127.0.0.1:8082/api/v1/logs/summary
      asks how far it is, and for the newest lines"
)]
pub struct ShipArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// Where to serve the newest lines and metrics; port 0 takes a free one [default: 127.0.0.1:8082]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Where to keep the head of the chain of sealed segments as well: a directory, local or
    /// hdfs://…, that the archive's user can't change [default: `logship.anchor_dir`]
    #[arg(long, value_name = "DIR")]
    anchor: Option<String>,
    /// The file that lists what is shipped, and where to
    #[arg(long, value_name = "FILE", conflicts_with_all = ["source", "target_dir"])]
    sources: Option<PathBuf>,
    /// Ship what is there, seal what is due, and end
    #[arg(long)]
    once: bool,
}

impl ShipArgs {
    pub(crate) fn add_to(&self, sources: Sources) -> Sources {
        (self.place.add_to(sources))
            .flag(Key::LogshipListen, "--listen", self.listen.as_ref())
            .flag(Key::LogshipAnchorDir, "--anchor", self.anchor.as_ref())
    }

    /// `--config` may name a file of sources too: then it is none of settings.
    pub(crate) fn take_config(&mut self, config: &mut Option<PathBuf>) {
        let is_ours = |path: &PathBuf| {
            std::fs::read_to_string(path).is_ok_and(|contents| is_sources_file(&contents))
        };
        if self.sources.is_none() && config.as_ref().is_some_and(is_ours) {
            self.sources = config.take();
        }
    }

    fn request(&self, settings: &Settings) -> anyhow::Result<ShipRequest> {
        let request = match &self.sources {
            Some(path) => ShipRequest::of_file(settings, SourcesFile::read(path, &host_name())?)?,
            None => ShipRequest::of(settings)?,
        };
        Ok(ShipRequest {
            runs: if self.once {
                Runs::Once
            } else {
                Runs::UntilStopped
            },
            ..request
        })
    }
}

pub(crate) async fn run(args: &ShipArgs, settings: &Settings) -> anyhow::Result<Outcome> {
    let shutdown = stopped()?;
    raise_open_files();
    let request = args.request(settings)?;
    let lake = open(settings)?;
    let address = settings.logship.listen;
    let listener = (TcpListener::bind(address).await).map_err(|error| {
        anyhow::anyhow!("can't listen on {address}: {error}\nhint: give another port with --listen")
    })?;
    let address = listener.local_addr()?;
    for source in &request.sources {
        let location = lake.url_of(&source.directory);
        info!(
            "shipping {} to {location}, listening on http://{address}",
            source.name
        );
    }
    let shipper = Shipper::new(request, lake)?;
    let reloading = reload(args.sources.as_deref(), shipper.sources());
    let shipping = Box::pin(shipper.run(listener, shutdown));
    tokio::select! {
        ended = shipping => ended?,
        failed = reloading => failed?,
    }
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

/// Each file that is being shipped stays open, so that it can be deleted meanwhile: as many as the
/// system allows.
fn raise_open_files() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        info!("the number of open files stays limited: {error}");
    }
}

/// Reads the file of sources again at each SIGHUP. One that is wrong changes nothing.
async fn reload(file: Option<&Path>, sources: watch::Sender<Vec<Source>>) -> std::io::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    while hangup.recv().await.is_some() {
        let Some(file) = file else {
            info!("there is no file of sources to read again");
            continue;
        };
        match read(file) {
            Ok(read) => drop(sources.send_replace(read)),
            Err(wrong) => error!("the sources stay as they were: {wrong}"),
        }
    }
    Ok(())
}

fn read(file: &Path) -> Result<Vec<Source>, SourcesError> {
    Ok(SourcesFile::read(file, &host_name())?.sources)
}
