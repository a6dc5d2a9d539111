//! The flags of `comptoir-batch merge`, spelled as Sqoop spells them.

use crate::cli::EXIT_CODES;
use comptoir_config::{Key, Sources};

const EXAMPLES: &str = "\
Examples:
  comptoir-batch merge --new-data /user/sqoop/orders_today --onto /user/sqoop/orders \\
      --target-dir /user/sqoop/orders_merged --merge-key id

Rows of --new-data take the places of those in --onto with the same key; neither directory is
changed. Both have to be imports of this program, as text, with the same columns. Their manifests
say what the columns are, so --jar-file and --class-name are accepted and not read.";

#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub struct MergeArgs {
    /// The directory with the newer rows
    #[arg(long, value_name = "DIR")]
    pub new_data: String,

    /// The directory with the older rows
    #[arg(long, value_name = "DIR")]
    pub onto: String,

    /// The directory for the result; it may not exist yet
    #[arg(long, value_name = "DIR")]
    pub target_dir: String,

    /// The column whose values tell which rows are the same
    #[arg(long, value_name = "COLUMN")]
    pub merge_key: String,

    /// Accepted: the manifests say what the columns are
    #[arg(long, value_name = "FILE")]
    pub jar_file: Option<String>,

    /// Accepted: the manifests say what the columns are
    #[arg(long, value_name = "NAME")]
    pub class_name: Option<String>,

    #[arg(
        long,
        alias = "fs",
        help = "The lake: hdfs://HOST:PORT, hdfs://NAMESERVICE or file:///DIR [default: `lake.url`]",
        value_name = "URL"
    )]
    pub lake: Option<String>,

    /// Sort by the key's text, as Sqoop does: 10 before 2
    #[arg(long)]
    pub sqoop_compat: bool,

    /// Say more
    #[arg(long)]
    pub verbose: bool,
}

impl MergeArgs {
    pub fn add_to(&self, sources: Sources) -> Sources {
        let directories = [&self.target_dir, &self.onto, &self.new_data];
        let named = || {
            directories
                .iter()
                .find_map(|directory| crate::import::lake_of(directory))
        };
        let sources = sources.flag(Key::LakeUrl, "--lake", self.lake.clone().or_else(named));
        sources.flag(Key::LogLevel, "--verbose", self.verbose.then_some("debug"))
    }
}
