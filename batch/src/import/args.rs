//! The flags of `comptoir-batch import`, spelled as Sqoop spells them.

use crate::cli::{DatabaseArgs, EXIT_CODES};
use comptoir_config::{Key, Sources};

const EXAMPLES: &str = "\
Examples:
  # what comptoir.toml says: its [erp], [lake] and [import]
  comptoir-batch import

  # one table, four parts
  comptoir-batch import --connect mysql://db.shop:3306/erp \\
      --username comptoir --password-file /etc/comptoir/erp.password \\
      --table sales --target-dir /user/sqoop/sales -m 4

  # text that every reader can split again
  comptoir-batch import --table sales --target-dir /user/sqoop/sales \\
      --escaped-by '\\\\' --null-string '\\\\N' --null-non-string '\\\\N'

All parts are read inside one consistent snapshot of the database. Readers see the whole old
import or the whole new one; a run that is killed leaves the old one as it was.

Without --table the parts are written in a format that can always be read back (`\\` escapes, NULL
is `\\N`). With it the format is Sqoop's: `,` and newline, NULL is `null`, nothing escaped; rows
that hold a delimiter are then counted and warned about.";

#[derive(Clone, Debug, Default, clap::Args)]
#[command(
    after_help = "Try --help for examples, the format and the exit codes.",
    after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"),
)]
pub struct ImportArgs {
    #[command(flatten)]
    pub database: DatabaseArgs,

    /// The table or view; --target-dir must say where it goes [default: `import.table`]
    #[arg(
        long,
        value_name = "NAME",
        requires = "target_dir",
        help_heading = "Source"
    )]
    pub table: Option<String>,

    /// The integer column whose ranges make the parts [default: the primary key]
    #[arg(long, value_name = "COLUMN", help_heading = "Source")]
    pub split_by: Option<String>,

    /// How many parts at most, 1 to 64 [default: `import.mappers`]
    #[arg(short = 'm', long, value_name = "N", help_heading = "Source")]
    pub num_mappers: Option<u32>,

    /// The directory in the lake, whose former import is replaced [default: `import.target_dir`]
    #[arg(long, value_name = "DIR", help_heading = "Target")]
    pub target_dir: Option<String>,

    #[arg(
        long,
        help = "The lake: hdfs://HOST:PORT, hdfs://NAMESERVICE or file:///DIR [default: `lake.url`]",
        value_name = "URL",
        help_heading = "Target"
    )]
    pub lake: Option<String>,

    #[command(flatten)]
    pub format: FormatArgs,
}

/// Delimiters as Sqoop takes them: one character, `\t` and its like, `\0001` octal, `\0x01`
/// hexadecimal.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Format (as Sqoop's, needs --table)")]
#[group(id = "format", multiple = true, requires = "table")]
pub struct FormatArgs {
    /// Between two fields [default: ,]
    #[arg(long, value_name = "CHAR", allow_hyphen_values = true)]
    pub fields_terminated_by: Option<String>,

    /// After each row [default: \n]
    #[arg(long, value_name = "CHAR", allow_hyphen_values = true)]
    pub lines_terminated_by: Option<String>,

    /// Around every field
    #[arg(
        long,
        value_name = "CHAR",
        conflicts_with = "optionally_enclosed_by",
        allow_hyphen_values = true
    )]
    pub enclosed_by: Option<String>,

    /// Around fields that hold a delimiter
    #[arg(long, value_name = "CHAR", allow_hyphen_values = true)]
    pub optionally_enclosed_by: Option<String>,

    /// Before a character that would mean something else
    #[arg(long, value_name = "CHAR", allow_hyphen_values = true)]
    pub escaped_by: Option<String>,

    /// NULL in text columns [default: null]
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub null_string: Option<String>,

    /// NULL in all other columns [default: null]
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub null_non_string: Option<String>,

    /// As `mysql` itself: `,` newline, escaped by `\`, optionally enclosed by `'`
    #[arg(
        long,
        conflicts_with_all = ["fields_terminated_by", "lines_terminated_by", "enclosed_by", "optionally_enclosed_by", "escaped_by"]
    )]
    pub mysql_delimiters: bool,
}

impl ImportArgs {
    /// Adds what the flags set to where the settings come from.
    pub fn add_to(&self, sources: Sources) -> Sources {
        (self.database.add_to(sources))
            .flag(Key::ImportTable, "--table", self.table.as_ref())
            .flag(Key::ImportMappers, "--num-mappers", self.num_mappers)
            .flag(
                Key::ImportTargetDir,
                "--target-dir",
                self.target_dir.as_ref(),
            )
            .flag(Key::LakeUrl, "--lake", self.lake.as_ref())
    }
}
