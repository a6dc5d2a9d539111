//! `comptoir-web`: the dashboard and its API, alone.

mod commands;

use clap::Parser;
use commands::Command;
use comptoir_config::{ConfigArgs, Key, Settings, init_logging, stopped};
use comptoir_lake::{Lake, LakeOptions};
use comptoir_web::{AccessRequest, ServeRequest};
use std::io::Write;
use std::process::ExitCode;
use tracing::info;

/// Serves the dashboard, the API and the metrics
///
/// Everything is read from the imports in the lake, never from the ERP. Settings come from
/// comptoir.toml, .env, COMPTOIR_* variables and the flags below; later beats earlier.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    #[command(subcommand)]
    command: Option<Command>,

    /// Where to listen; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,

    #[arg(
        long,
        value_name = "URL",
        help = "The lake: hdfs://HOST:PORT, hdfs://NAMESERVICE or file:///DIRECTORY [default: the data directory's]"
    )]
    lake: Option<String>,

    /// The directory in the lake that sales are imported to [default: /user/sqoop/sales]
    #[arg(long, value_name = "PATH")]
    target_dir: Option<String>,

    #[command(flatten)]
    config: ConfigArgs,
}

const EXAMPLES: &str = "\
Examples:
  comptoir-web
      serves the lake of .comptoir on http://127.0.0.1:8080
  comptoir-web --lake hdfs://namenode:8020 --listen 127.0.0.1:9000
      serves imports on HDFS
  comptoir-web user add ada --role viewer && comptoir-web --listen 0.0.0.0:8080
      lets other machines in, and asks who they are
  curl http://127.0.0.1:8080/api/v1/history/by/country
      asks for the sales of each country
Exit codes: 0 stopped by Ctrl-C or SIGTERM, 1 it could not serve, 2 settings or flags are wrong";

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let settings = match settings(&args) {
        Ok(settings) => settings,
        Err(error) => return complain(&error, 2),
    };
    let done = match &args.command {
        Some(command) => commands::run(command, &settings).await,
        None => run(settings).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&error, 1),
    }
}

fn settings(args: &Args) -> anyhow::Result<Settings> {
    let sources = (args.config.sources())
        .flag(Key::WebListen, "--listen", args.listen.as_ref())
        .flag(Key::LakeUrl, "--lake", args.lake.as_ref())
        .flag(
            Key::ImportTargetDir,
            "--target-dir",
            args.target_dir.as_ref(),
        );
    let settings = Settings::load(&sources)?;
    if args.command.is_none() {
        AccessRequest::of(&settings).check(settings.web.listen)?;
    }
    init_logging(&settings.log, "comptoir-web")?;
    Ok(settings)
}

async fn run(settings: Settings) -> anyhow::Result<()> {
    let options = LakeOptions {
        timeout: settings.lake.timeout,
        hadoop_conf_dir: settings.lake.hadoop_conf_dir.clone(),
    };
    let lake = Lake::open(&settings.lake.url.to_string(), options)?;
    let request = ServeRequest::of(&settings, lake)?;
    let shutdown = stopped()?;
    let listener = comptoir_web::listen(settings.web.listen).await?;
    let address = listener.local_addr()?;
    let scheme = if request.tls.is_some() {
        "https"
    } else {
        "http"
    };
    info!(
        "listening on {scheme}://{address}, reading {} and {}",
        request.lake.url_of(&request.sales),
        request.warehouse.url()
    );
    comptoir_web::serve(listener, request, shutdown).await?;
    info!("stopped");
    Ok(())
}

/// Our errors name their causes themselves.
fn complain(error: &anyhow::Error, code: u8) -> ExitCode {
    // Where stderr is closed the exit code still tells.
    writeln!(std::io::stderr(), "error: {error}").ok();
    ExitCode::from(code)
}
