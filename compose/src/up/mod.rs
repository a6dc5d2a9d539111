//! `comptoir up`: the sample, the imports and the page in one process, until it is told to stop.

mod browser;
mod importer;
mod pace;
mod sample;

use crate::lake_tool;
use crate::terminal::Terminal;
use anyhow::{Context, Result};
use comptoir_batch::import::{ImportRequest, Source};
use comptoir_config::Settings;
use importer::Importer;
use sample::Sample;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

/// How long the page's address waits for the first import, so that people find figures there.
const FIRST_IMPORT_WAIT: Duration = Duration::from_secs(8);

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  comptoir up
  comptoir up --port 9000 --no-browser
  COMPTOIR_ERP_URL=mysql://erp.shop.example/erp COMPTOIR_LAKE_URL=hdfs://shop comptoir up

Loads the sample into an embedded ERP without sales, imports the ERP's sales into the lake at the
start and then every import.every_s seconds, and serves the page. The page's address is printed to
stdout. A failed import is logged and tried again; the page goes on showing the last one.
Ctrl-C or SIGTERM ends it within 5 s.")]
pub struct UpArgs {
    /// Where to serve the page, on the configured address; 0 takes a free port [default: 8080]
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,

    /// Do not open the page in a browser
    #[arg(long)]
    pub no_browser: bool,

    /// Load the sample into the configured ERP too, where its table is missing or empty
    #[arg(long)]
    pub sample: bool,
}

pub async fn run(settings: &Settings, args: &UpArgs, terminal: &Terminal) -> Result<()> {
    let stopped = stopped()?;
    let lake = lake_tool::open(&settings.lake)?;
    let importer = Importer {
        source: Source::of(&settings.erp)?,
        lake: lake.clone(),
        request: ImportRequest::shipped(&settings.import)?,
        sample: Sample::of(settings, args.sample),
        every: settings.import.every,
        terminal: terminal.clone(),
    };
    let mut address = settings.web.listen;
    address.set_port(args.port.unwrap_or(address.port()));
    let listener = listen(address).await?;
    let page = page_at(listener.local_addr()?);

    let target = importer.request.target.clone();
    let (tried, first_try) = oneshot::channel();
    let server = comptoir_web::serve(listener, lake, target, settings.shop.currency, stopped);
    let others = async {
        let announced = announce(&page, first_try, args);
        let (announced, never) = tokio::join!(announced, importer.run(tried));
        announced.map(|()| match never {})
    };
    tokio::select! {
        served = server => served?,
        others = others => others?,
    }
    tracing::info!("stopped");
    Ok(())
}

async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("can't serve the page on {address}\nhint: stop what uses that port (comptoir doctor tells), or choose another with --port")
    })
}

/// Ctrl-C, or the signal of `kill` and of containers.
fn stopped() -> Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT can't be heard")?;
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM can't be heard")?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// The page's address for this machine.
fn page_at(listening: SocketAddr) -> String {
    let ip = match listening.ip() {
        ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        ip => ip,
    };
    format!("http://{}/", SocketAddr::new(ip, listening.port()))
}

/// Tells where the page is once there is something on it, or once that takes long.
async fn announce(page: &str, first_try: oneshot::Receiver<()>, args: &UpArgs) -> Result<()> {
    if tokio::time::timeout(FIRST_IMPORT_WAIT, first_try)
        .await
        .is_err()
    {
        tracing::info!("the first import is still running");
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{page}")
        .and_then(|()| out.flush())
        .context("can't print the page's address")?;
    if !args.no_browser {
        browser::open(page);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_can_be_opened_wherever_the_server_listens() {
        assert_eq!(
            page_at("0.0.0.0:80".parse().unwrap()),
            "http://127.0.0.1:80/"
        );
        assert_eq!(page_at("[::1]:8080".parse().unwrap()), "http://[::1]:8080/");
    }
}
