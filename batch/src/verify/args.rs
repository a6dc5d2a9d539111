//! The flags of `comptoir-batch verify`.

use crate::cli::{DatabaseArgs, EXIT_CODES};
use comptoir_config::{Key, Sources};

const EXAMPLES: &str = "\
Examples:
  # is what lies there still what was imported?
  comptoir-batch verify /user/sqoop/sales

  # and is that what stands in the table now?
  comptoir-batch verify /user/sqoop/sales --against-source \\
      --connect mysql://db.shop:3306/erp --username comptoir \\
      --password-file /etc/comptoir/erp.password

Each part is read back whole: its length, its SHA-256, the number of its rows and their checksum
must be what the manifest says. Nothing is written.";

#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Try --help for examples and the exit codes.",
    after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"),
)]
pub struct VerifyArgs {
    /// The published directory in the lake
    #[arg(value_name = "DIR")]
    pub directory: String,

    /// Compare the rows and their checksum with the table, or what was asked for of it, as it is now
    #[arg(long)]
    pub against_source: bool,

    #[command(flatten)]
    pub database: DatabaseArgs,

    #[arg(
        long,
        help = "The lake: hdfs://HOST:PORT, hdfs://NAMESERVICE or file:///DIR [default: `lake.url`]",
        value_name = "URL",
        help_heading = "Target"
    )]
    pub lake: Option<String>,
}

impl VerifyArgs {
    /// Adds what the flags set to where the settings come from.
    pub fn add_to(&self, sources: Sources) -> Sources {
        (self.database.add_to(sources)).flag(Key::LakeUrl, "--lake", self.lake.as_ref())
    }
}
