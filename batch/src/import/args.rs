//! The flags of `comptoir-batch import` as they were given, spelled as Sqoop spells them. What they
//! mean together is decided by `compose`.

use super::foreign::ForeignFlags;
use super::rate::MaxRate;
use super::request::SplitMethod;
use super::retries::RetryArgs;
use super::snapshot::SnapshotMode;
use crate::cli::{DatabaseArgs, EXIT_CODES, PasswordArgs};
use crate::encode::OnLossy;
use crate::report::OutputArgs;
use crate::verify::DriftPolicy;
use comptoir_config::{Key, Sources};
use std::num::NonZeroU64;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  # what comptoir.toml says: its [erp], [lake] and [import]
  comptoir-batch import

  # one table, four parts, in place of what was there
  comptoir-batch import --connect jdbc:mysql://db.shop:3306/erp \\
      --username comptoir --password-file /etc/comptoir/erp.password \\
      --table sales --target-dir /user/sqoop/sales --delete-target-dir -m 4

  # text that every reader can split again
  comptoir-batch import --table sales --target-dir /user/sqoop/sales \\
      --escaped-by '\\\\' --null-string '\\\\N' --null-non-string '\\\\N'

  # a query in three parts
  comptoir-batch import --query 'SELECT o.id, c.name FROM orders o JOIN customers c
      ON c.id = o.customer WHERE $CONDITIONS' --split-by o.id -m 3 --target-dir /user/sqoop/named

  # every hour what is new; the target knows where the last run ended
  comptoir-batch import --table orders --target-dir /user/sqoop/orders -m 1 \\
      --incremental append --check-column id

  # rows that were changed take the places of their old versions
  comptoir-batch import --table customers --target-dir /user/sqoop/customers -m 1 \\
      --incremental lastmodified --check-column updated_at --merge-key id

  # keys with gaps and crowds: ranges of as many rows each
  comptoir-batch import --table sales --target-dir /user/sqoop/sales -m 8 --splits balanced

  # prices below zero are set aside, doubled keys publish nothing (rules: see the README)
  comptoir-batch import --table sales --target-dir /user/sqoop/sales --delete-target-dir \\
      --quality /etc/comptoir/quality.toml

  # flags from a file, one a line, where --options-file stands; # begins a comment
  comptoir-batch import --options-file /etc/comptoir/sales.options --delete-target-dir

All parts are read inside one consistent snapshot of the database. Readers see the whole old
import or the whole new one; a run that is killed leaves the old one as it was.

Without --table or --query the parts are written in a format that can always be read back (`\\`
escapes, NULL is `\\N`). With one of them the format is Sqoop's: `,` and newline, NULL is `null`,
nothing escaped; rows that hold a delimiter are then counted and warned about.";

#[derive(Clone, Debug, Default, clap::Args)]
#[command(
    after_help = "Try --help for examples, the format and the exit codes.",
    after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"),
)]
pub struct ImportArgs {
    #[command(flatten)]
    pub database: DatabaseArgs,
    #[command(flatten)]
    pub password: PasswordArgs,
    #[command(flatten)]
    pub source: SourceArgs,
    #[command(flatten)]
    pub split: SplitArgs,
    #[command(flatten)]
    pub target: TargetArgs,
    #[command(flatten)]
    pub files: FileArgs,
    #[command(flatten)]
    pub format: FormatArgs,
    #[command(flatten)]
    pub incremental: IncrementalArgs,
    #[command(flatten)]
    pub retries: RetryArgs,
    #[command(flatten)]
    pub output: OutputArgs,
    #[command(flatten)]
    pub sqoop: SqoopArgs,
    #[command(flatten)]
    pub foreign: ForeignFlags,
}

#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Source")]
pub struct SourceArgs {
    /// The table or view [default: `import.table`]
    #[arg(long, value_name = "NAME")]
    pub table: Option<String>,

    /// Some columns, in this order [default: all]
    #[arg(long, value_name = "NAME,NAME…")]
    pub columns: Option<String>,

    /// Only the rows for which this is true
    #[arg(long = "where", value_name = "CONDITION", allow_hyphen_values = true)]
    pub filter: Option<String>,

    /// The rows of a SELECT; its WHERE has to hold `$CONDITIONS`
    #[arg(short = 'e', long, value_name = "SELECT")]
    pub query: Option<String>,

    /// Whether all connections read one moment
    #[arg(long, value_enum, value_name = "MODE", default_value = "auto")]
    pub snapshot: SnapshotMode,

    /// Count the rows in the database too and read the parts back; publish nothing if that differs
    #[arg(long)]
    pub validate: bool,

    /// Rules for the data: those that are broken warn, set rows aside or publish nothing
    #[arg(long, value_name = "FILE")]
    pub quality: Option<PathBuf>,

    /// How fast rows are read at most, by all connections together: 20MB/s, 512KiB/s, 5000rows/s
    #[arg(long, value_name = "RATE")]
    pub max_rate: Option<MaxRate>,

    /// Accepted: rows are always taken from the network as they come
    #[arg(long, value_name = "N")]
    pub fetch_size: Option<u32>,

    /// Accepted: there is one path, and it is the fast one
    #[arg(long)]
    pub direct: bool,
}

#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Parts")]
pub struct SplitArgs {
    /// How many parts, and at most 8 connections [default: `import.mappers`]
    #[arg(short = 'm', long, value_name = "N")]
    pub num_mappers: Option<u32>,

    /// The column whose ranges make the parts [default: the primary key]
    #[arg(long, value_name = "COLUMN")]
    pub split_by: Option<String>,

    /// Where the parts are cut: `balanced` makes up to four parts for each connection
    #[arg(long, value_enum, value_name = "METHOD", default_value = "sqoop")]
    pub splits: SplitMethod,

    /// The widest range: of integers, or of seconds for dates
    #[arg(long, value_name = "N")]
    pub split_limit: Option<NonZeroU64>,

    /// A SELECT of the smallest and the largest value; rows beyond are left out
    #[arg(long, value_name = "SELECT")]
    pub boundary_query: Option<String>,

    /// One part where there is no primary key
    #[arg(long)]
    pub autoreset_to_one_mapper: bool,
}

#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Target")]
pub struct TargetArgs {
    /// The directory in the lake; a relative one lies in /user/NAME [default: the table's name, or
    /// `import.target_dir` without --table]
    #[arg(long, value_name = "DIR")]
    pub target_dir: Option<String>,

    /// The directory in which a directory of the table's name is the target
    #[arg(long, value_name = "DIR")]
    pub warehouse_dir: Option<String>,

    /// Replace the target, whatever is in it; what it held is kept for 24 hours
    #[arg(long)]
    pub delete_target_dir: bool,

    /// What columns that came, went or changed since the last run lead to
    #[arg(long, value_enum, value_name = "POLICY", default_value = "ignore")]
    pub schema_drift: DriftPolicy,

    /// Add parts to those in the target
    #[arg(long)]
    pub append: bool,

    #[arg(
        long,
        alias = "fs",
        help = "The lake: hdfs://HOST:PORT, hdfs://NAMESERVICE or file:///DIR [default: `lake.url`]",
        value_name = "URL"
    )]
    pub lake: Option<String>,
}

#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Files")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags as they are given; `compose` makes one choice of them"
)]
pub struct FileArgs {
    /// Delimited text [default]
    #[arg(long, conflicts_with_all = ["as_parquetfile", "as_avrodatafile"])]
    pub as_textfile: bool,

    /// Parquet
    #[arg(long, conflicts_with = "as_avrodatafile")]
    pub as_parquetfile: bool,

    /// Avro
    #[arg(long)]
    pub as_avrodatafile: bool,

    /// Compress, with gzip unless --compression-codec says otherwise
    #[arg(short = 'z', long)]
    pub compress: bool,

    /// gzip, bzip2, zstd, snappy, or the name of Hadoop's class for it
    #[arg(long, value_name = "NAME")]
    pub compression_codec: Option<String>,

    /// What becomes of values that Avro and Parquet can't hold, such as 0000-00-00
    #[arg(long, value_enum, value_name = "WHAT", default_value = "refuse")]
    pub on_lossy: OnLossy,
}

/// Delimiters as Sqoop takes them: one character, `\t` and its like, `\0001` octal, `\0x01`
/// hexadecimal.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Text (as Sqoop's, needs --table or --query)")]
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

    /// Leave out `\n`, `\r` and `\001` from text columns
    #[arg(long, conflicts_with = "hive_delims_replacement")]
    pub hive_drop_import_delims: bool,

    /// Put this in the place of each `\n`, `\r` and `\001` in text columns
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub hive_delims_replacement: Option<String>,

    /// How columns are read: id=String,price=Double
    #[arg(long, value_name = "COLUMN=TYPE,…")]
    pub map_column_java: Option<String>,
}

#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Incremental")]
pub struct IncrementalArgs {
    /// Only what is new: append (a column that grows) or lastmodified (the time of the last change)
    #[arg(long, value_name = "MODE")]
    pub incremental: Option<String>,

    /// The column that tells which rows are new
    #[arg(long, value_name = "COLUMN")]
    pub check_column: Option<String>,

    /// Begin behind this value [default: where the last run into this target ended]
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    pub last_value: Option<String>,

    /// The column by which changed rows take the place of old ones
    #[arg(long, value_name = "COLUMN")]
    pub merge_key: Option<String>,
}

#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "As Sqoop")]
pub struct SqoopArgs {
    /// Sqoop's bytes and exit codes, also where it loses data
    #[arg(long)]
    pub sqoop_compat: bool,

    /// Say more
    #[arg(long)]
    pub verbose: bool,

    /// A property of Hadoop, of which a few mean something here
    #[arg(short = 'D', value_name = "NAME=VALUE", allow_hyphen_values = true)]
    pub property: Vec<String>,
}

impl ImportArgs {
    /// Whether it asks for a table or query of its own instead of the shipped job.
    pub fn names_a_source(&self) -> bool {
        self.source.table.is_some() || self.source.query.is_some()
    }

    /// Adds what the flags set to where the settings come from.
    pub fn add_to(&self, sources: Sources) -> Sources {
        let sources = self.database.add_to(sources);
        let sources = sources.flag(Key::LakeUrl, "--lake", self.lake());
        let sources = self.output.add_to(sources);
        let level = self.sqoop.verbose.then_some("debug");
        let sources = sources.flag(Key::LogLevel, "--verbose", level);
        if self.names_a_source() {
            return sources;
        }
        sources.flag(Key::ImportMappers, "--num-mappers", self.split.num_mappers)
    }

    /// The lake that is named, by itself or in the URL of a directory.
    fn lake(&self) -> Option<String> {
        let directories = [&self.target.target_dir, &self.target.warehouse_dir];
        let mut directories = directories.into_iter().flatten();
        let named = || directories.find_map(|directory| super::place::lake_of(directory));
        self.target.lake.clone().or_else(named)
    }
}
