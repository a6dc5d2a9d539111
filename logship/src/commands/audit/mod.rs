//! `comptoir-logship audit`: one file a command.

mod compare;
mod expire;
mod extract;
mod head;
mod ls;
mod report;
mod search;
mod verify;

use crate::audit;
use crate::cli::Outcome;
use crate::commands::ship::open;
use crate::seal::anchor::Anchor;
use crate::ship::target_dir;
use clap::Subcommand;
use comptoir_config::{Key, Settings, Sources};
use comptoir_lake::{Lake, LakeError, LakeOptions, LakePath};

/// Prove what the archive holds, read it, and let what is too old expire
///
/// Needs to read the lake, or a copy of it in a local directory, and the public key; neither the
/// shipper nor its private key, except to let something expire.
#[derive(Debug, clap::Args)]
pub struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    Verify(verify::VerifyArgs),
    Ls(ls::LsArgs),
    Gaps(ls::GapsArgs),
    Cat(search::CatArgs),
    Search(search::SearchArgs),
    Compare(compare::CompareArgs),
    Head(head::HeadArgs),
    Extract(extract::ExtractArgs),
    Report(report::ReportArgs),
    Expire(expire::ExpireArgs),
}

impl AuditArgs {
    pub(crate) fn add_to(&self, sources: Sources) -> Sources {
        self.place().add_to(sources)
    }

    pub(crate) async fn run(&self, settings: &Settings) -> anyhow::Result<Outcome> {
        if let AuditCommand::Verify(args) = &self.command
            && let Some(extract) = &args.extract
        {
            return extract::verify(extract, args, settings).await;
        }
        let places = self.place().find(settings).await?;
        match &self.command {
            AuditCommand::Verify(args) => verify::run(args, settings, &places).await,
            AuditCommand::Ls(_) => ls::ls(&places).await,
            AuditCommand::Gaps(_) => ls::gaps(&places).await,
            AuditCommand::Cat(args) => search::cat(args, &places).await,
            AuditCommand::Search(args) => search::search(args, &places).await,
            AuditCommand::Compare(args) => compare::run(args, &places).await,
            AuditCommand::Head(_) => head::run(&places).await,
            AuditCommand::Extract(args) => extract::run(args, settings, &places).await,
            AuditCommand::Report(args) => report::run(args, settings, &places).await,
            AuditCommand::Expire(args) => expire::run(args, settings, &places).await,
        }
    }

    fn place(&self) -> &WhereArgs {
        match &self.command {
            AuditCommand::Verify(args) => &args.place,
            AuditCommand::Ls(args) => &args.place,
            AuditCommand::Gaps(args) => &args.place,
            AuditCommand::Cat(args) => &args.place,
            AuditCommand::Search(args) => &args.place,
            AuditCommand::Compare(args) => &args.place,
            AuditCommand::Head(args) => &args.place,
            AuditCommand::Extract(args) => &args.place,
            AuditCommand::Report(args) => &args.place,
            AuditCommand::Expire(args) => &args.place,
        }
    }
}

/// Which archive, and which sources in it.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct WhereArgs {
    /// Only this one of the archive's sources, as `app.log`
    #[arg(long, value_name = "NAME")]
    source: Option<String>,

    #[arg(
        long,
        value_name = "URL",
        help = "The lake: hdfs://HOST:PORT, hdfs://NAMESERVICE or file:///DIRECTORY [default: `lake.url`]"
    )]
    lake: Option<String>,

    /// The directory of all logs in the lake [default: /user/flume/logs]
    #[arg(long, value_name = "PATH")]
    target_dir: Option<String>,
}

/// The sources that were asked for.
pub(crate) struct Places {
    lake: Lake,
    directories: Vec<LakePath>,
}

impl WhereArgs {
    fn add_to(&self, sources: Sources) -> Sources {
        sources
            .flag(Key::LakeUrl, "--lake", self.lake.as_ref())
            .flag(
                Key::LogshipTargetDir,
                "--target-dir",
                self.target_dir.as_ref(),
            )
    }

    async fn find(&self, settings: &Settings) -> anyhow::Result<Places> {
        let lake = open(settings)?;
        let (directory, _) = target_dir(settings)?;
        let names = match &self.source {
            Some(name) => vec![name.clone()],
            None => audit::sources(&lake, &directory).await?,
        };
        anyhow::ensure!(
            !names.is_empty(),
            "{} holds no archive of a log\nhint: --lake and --target-dir say where it is; of a copy, the directory above the source's",
            lake.url_of(&directory)
        );
        let directories = names.iter().map(|name| directory.join(name));
        Ok(Places {
            directories: directories.collect::<Result<_, _>>()?,
            lake,
        })
    }
}

/// The anchor that was asked for, or that of the settings.
fn anchor_of(asked: Option<&String>, settings: &Settings) -> Result<Option<Anchor>, LakeError> {
    let options = LakeOptions {
        timeout: settings.lake.timeout,
        hadoop_conf_dir: settings.lake.hadoop_conf_dir.clone(),
    };
    let place = asked.or(settings.logship.anchor_dir.as_ref());
    place.map(|place| Anchor::open(place, options)).transpose()
}
