//! `comptoir-batch import-all-tables`: each table into a directory of its name.

use super::args::ImportArgs;
use super::command::{CommandError, Run, facts, open_lake, user};
use super::compose::{self, UsageError};
use super::credentials;
use super::permit::Permit;
use crate::cli::EXIT_CODES;
use crate::database::{Access, Database, Limits};
use crate::quality::Rules;
use crate::report::RunSummary;
use crate::tools;
use comptoir_config::{Settings, Sources};
use indicatif::ProgressBar;

const EXAMPLES: &str = "\
Examples:
  comptoir-batch import-all-tables --connect jdbc:mysql://db.shop:3306/erp \\
      --username comptoir --password-file /etc/comptoir/erp.password \\
      --exclude-tables audit,sessions --warehouse-dir /user/sqoop --autoreset-to-one-mapper

Each table is an import of its own, of a moment of its own. One that fails is told, and the others
go on.";

#[derive(Clone, Debug, Default, clap::Args)]
#[command(
    after_help = "Try --help for examples and the exit codes.",
    after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"),
)]
pub struct ImportAllArgs {
    #[command(flatten)]
    pub import: ImportArgs,

    /// Tables that are left out
    #[arg(long, value_name = "NAME,NAME…", help_heading = "Source")]
    pub exclude_tables: Option<String>,
}

impl ImportAllArgs {
    pub fn add_to(&self, sources: Sources) -> Sources {
        self.of_table(String::new()).add_to(sources)
    }

    fn of_table(&self, table: String) -> ImportArgs {
        let mut args = self.import.clone();
        args.source.table = Some(table);
        args
    }

    /// Flags that are of one table only.
    fn refuse_those_of_one_table(&self) -> Result<(), UsageError> {
        let (source, split, target) =
            (&self.import.source, &self.import.split, &self.import.target);
        let of_one = [
            (source.table.is_some(), "--table"),
            (source.query.is_some(), "--query"),
            (source.columns.is_some(), "--columns"),
            (source.filter.is_some(), "--where"),
            (split.split_by.is_some(), "--split-by"),
            (split.boundary_query.is_some(), "--boundary-query"),
            (target.target_dir.is_some(), "--target-dir"),
            (
                self.import.incremental.incremental.is_some(),
                "--incremental",
            ),
        ];
        match of_one.into_iter().find(|(given, _)| *given) {
            None => Ok(()),
            Some((_, flag)) => Err(UsageError::OneTable { flag }),
        }
    }
}

/// Imports all tables but those that are left out; what came of each is told to `tell` at once.
pub async fn run_all(
    args: &ImportAllArgs,
    settings: &Settings,
    line: &[String],
    progress: &ProgressBar,
    mut tell: impl FnMut(RunSummary),
) -> Result<(), CommandError> {
    args.refuse_those_of_one_table()?;
    let lake = open_lake(settings)?;
    let source = credentials::source(&args.import.password, &settings.erp, &lake).await?;
    let limits = Limits::default();
    let connecting = Database::connect(&source.url, &source.login, Access::Read, limits);
    let mut database = connecting.await.map_err(super::ImportError::from)?;
    let tables = tools::tables(&mut database)
        .await
        .map_err(super::ImportError::from)?;
    database.close().await;
    let excluded = args.exclude_tables.as_deref().unwrap_or_default();
    let excluded: Vec<_> = excluded.split(',').map(str::trim).collect();
    let is_excluded = |table: &String| excluded.iter().any(|name| name.eq_ignore_ascii_case(table));
    let tables: Vec<_> = (tables.into_iter())
        .filter(|table| !is_excluded(table))
        .collect();
    let quality = args.import.source.quality.as_deref().map(Rules::read);
    let quality = quality.transpose()?.unwrap_or_default();
    quality.ensure_all_used(&tables)?;
    let user = user();
    let run = Run {
        source: &source,
        lake: &lake,
        retries: &args.import.retries,
        permit: Permit::Unasked,
    };
    let mut has_noticed = false;
    for table in tables {
        let facts = facts(settings, &user, line.iter().cloned());
        let mut composed = compose::compose(&args.of_table(table.clone()), facts)?;
        composed.request.quality = quality.of_table(&table);
        composed.request.ensure_rules_fit()?;
        if !has_noticed {
            composed
                .notices
                .iter()
                .for_each(|notice| tracing::info!("{notice}"));
            has_noticed = true;
        }
        tell(run.carry_out(table, &composed.request, progress).await);
    }
    Ok(())
}
