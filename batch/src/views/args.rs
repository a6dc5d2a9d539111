//! The flags of `comptoir-batch views`.

use crate::cli::EXIT_CODES;
use clap::Subcommand;
use comptoir_config::{Key, Sources};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  # all views, each after those it reads; the line for cron, after the imports
  comptoir-batch views run

  # the live figures' batch side alone, and what is new; every few minutes
  comptoir-batch views run live
  comptoir-batch views run --if-changed

  # clean, typed and enriched sales in the lake; from the beginning, whatever is there
  comptoir-batch views run live silver_transactions silver_customers
  comptoir-batch views run silver_transactions --full

  # one of your own, from a directory of .sql files
  comptoir-batch views run my_view --views /etc/comptoir/views

  # what it would read and answer; nothing is changed
  comptoir-batch views plan customer_value

  # what was published last, and how old it is
  comptoir-batch views ls
  comptoir-batch views show top_customers --limit 10

A view that fails keeps its last good result, and what reads it is skipped; the others go on.
batch/VIEWS.md has the format of the files, the SQL and the shipped views.";

#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Try --help for examples and the exit codes.",
    after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"),
)]
pub struct ViewsArgs {
    #[command(subcommand)]
    pub action: ViewsAction,

    /// Your own views, a .sql file each, beside the shipped ones [default: `views.dir`]
    #[arg(long, value_name = "DIR", global = true, help_heading = "Settings")]
    pub views: Option<PathBuf>,
}

#[derive(Clone, Debug, Subcommand)]
pub enum ViewsAction {
    /// Compute views and publish their results
    Run {
        /// Which ones [default: all]
        #[arg(value_name = "NAME")]
        names: Vec<String>,

        /// Leave out views of which neither the query nor what they read has changed, and those that
        /// have nothing to read yet
        #[arg(long)]
        if_changed: bool,

        /// Compute incremental views from the beginning, not only the days with news
        #[arg(long, conflicts_with = "if_changed")]
        full: bool,

        /// One object of JSON a view, instead of a line
        #[arg(long)]
        json: bool,
    },
    /// Say what a view reads and answers, and change nothing
    Plan {
        /// Which ones [default: all]
        #[arg(value_name = "NAME")]
        names: Vec<String>,

        /// One object of JSON a view: its query, and the files of what it reads and of its result,
        /// for another engine
        #[arg(long)]
        json: bool,
    },
    /// List the views, and how old their results are
    Ls {
        /// One object of JSON a view, instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Print a published result
    Show {
        /// The view
        #[arg(value_name = "NAME")]
        name: String,

        /// How many rows at most
        #[arg(long, value_name = "N")]
        limit: Option<usize>,

        /// One object of JSON a row, instead of a table
        #[arg(long, conflicts_with = "csv")]
        json: bool,

        /// CSV with a header, instead of a table; NULL is an empty field
        #[arg(long)]
        csv: bool,
    },
}

impl ViewsArgs {
    /// Adds what the flags set to where the settings come from.
    pub fn add_to(&self, sources: Sources) -> Sources {
        let directory = self.views.as_ref().map(|path| path.display());
        sources.flag(Key::ViewsDir, "--views", directory)
    }
}
