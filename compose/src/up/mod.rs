//! `comptoir up`: every part of the platform in one process, until it is told to stop.

mod batch_views;
mod browser;
mod importer;
mod keep;
mod pace;
mod parts;
mod port;
mod sample;

use crate::terminal::Terminal;
use anyhow::{Context, Result};
use comptoir_config::{Settings, Sources, stopped};
use comptoir_web::AccessRequest;
use parts::Parts;
use port::Port;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long the page's address waits for the first import, so that people find figures there.
const FIRST_IMPORT_WAIT: Duration = Duration::from_secs(8);
/// For the parts to finish what they are at; the promise is to end within 5 s.
const DRAIN: Duration = Duration::from_millis(4_700);

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  comptoir up
  comptoir up --port 9000 --no-browser
  comptoir up --rate 0       with tills of your own, that send to transport.url
  COMPTOIR_ERP_URL=mysql://erp.shop.example/erp COMPTOIR_LAKE_URL=hdfs://shop comptoir up

Loads the sample into an embedded ERP without sales, imports the ERP's sales into the lake at the
start and then every import.every_s seconds, sends made-up transactions and counts them with all
others into the warehouse, ships the platform's log into the lake, serves the page, and runs the
jobs that somebody asks for there. The page's address is printed to stdout. A part that fails is
logged and started again, and the others go on. Ctrl-C or SIGTERM ends it within 5 s.")]
pub struct UpArgs {
    /// Where to serve the page, on the configured address; 0 takes a free port [default: 8080]
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,

    /// Made-up transactions a second; 0 sends none
    #[arg(long, value_name = "N", default_value = "10", value_parser = clap::value_parser!(u32).range(..=100_000))]
    pub rate: u32,

    /// Do not open the page in a browser
    #[arg(long)]
    pub no_browser: bool,

    /// Load the sample into the configured ERP too, where its table is missing or empty
    #[arg(long)]
    pub sample: bool,
}

/// `sources` are those of the settings.
pub async fn run(
    settings: &Settings,
    sources: &Sources,
    args: &UpArgs,
    terminal: &Terminal,
) -> Result<()> {
    let stopped = stopped().context("signals can't be heard")?;
    let mut address = settings.web.listen;
    address.set_port(args.port.unwrap_or(address.port()));
    AccessRequest::of(settings).check(address)?;
    let page = Port::of_the_page(address)?;
    let scheme = match settings.web.tls_certificate {
        Some(_) => "https",
        None => "http",
    };
    let shown = page_at(scheme, page.address);
    let stop = CancellationToken::new();
    let parts = Parts::new(settings, sources, args, page, terminal)?;
    let first_import = parts.first_import();
    let mut running = parts.start(&stop);
    let until_stopped = async {
        announce(&shown, &first_import, args).await?;
        std::future::pending().await
    };
    let ended = tokio::select! {
        failed = until_stopped => failed,
        () = stopped => Ok(()),
    };
    stop.cancel();
    let all_ended = async { while running.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN, all_ended).await.is_err() {
        tracing::warn!("not everything ended in time; the next start goes on from what is stored");
    }
    tracing::info!("stopped");
    ended
}

/// The page's address for this machine.
fn page_at(scheme: &str, listening: SocketAddr) -> String {
    let ip = match listening.ip() {
        ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        ip => ip,
    };
    format!("{scheme}://{}/", SocketAddr::new(ip, listening.port()))
}

/// Tells where the page is once there is something on it, or once that takes long.
async fn announce(page: &str, first_import: &CancellationToken, args: &UpArgs) -> Result<()> {
    if !ends_soon(first_import).await {
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

/// Whether the first import was tried before people have waited too long for it.
async fn ends_soon(first_import: &CancellationToken) -> bool {
    let waited = tokio::time::timeout(FIRST_IMPORT_WAIT, first_import.cancelled());
    waited.await.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_can_be_opened_wherever_the_server_listens() {
        assert_eq!(
            page_at("http", "0.0.0.0:80".parse().unwrap()),
            "http://127.0.0.1:80/"
        );
        assert_eq!(
            page_at("https", "[::1]:8080".parse().unwrap()),
            "https://[::1]:8080/"
        );
    }
}
