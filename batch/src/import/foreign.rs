//! Sqoop's flags that are not ours: refused with the reason and what to do, or accepted because
//! they ask for nothing that could change the result. None is ignored in silence. Pure.

use clap::{Arg, ArgAction, ArgMatches, Command};

/// What a flag of Sqoop comes to here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It steers Sqoop's Java and has no bearing on what is imported.
    Meaningless(&'static str),
    /// It asks for something that is not done, for this reason; the second text is the cure.
    Refused(&'static str, &'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Nothing,
    Value,
}

use Takes::{Nothing, Value};
use Verdict::{Meaningless, Refused};

const NO_JAVA: &str = "there is no generated Java class";
const NO_JVM: &str = "there is no Java and no MapReduce";
const ONE_DRIVER: &str = "the URL alone says which database it is";
const ONE_PATH: &str = "there is one path, and it is the fast one";
const NO_HIVE: Verdict = Refused(
    "no Hive metastore is written",
    "import into a directory, and point an external table at it",
);
const NO_HBASE: Verdict = Refused(
    "HBase is no target",
    "import into a directory, and load that with HBase's ImportTsv",
);
const NO_ACCUMULO: Verdict = Refused(
    "Accumulo is no target",
    "import into a directory, and load that from there",
);
const NO_HCATALOG: Verdict = Refused(
    "no HCatalog table is written",
    "import into a directory, and point an external table at it",
);
const READING: &str = "it tells a generated class how to read text, and there is none";
const COUNTS: &str = "--validate compares exact counts, and fails when they differ";

const FLAGS: &[(&str, Takes, Verdict)] = &[
    (
        "as-sequencefile",
        Nothing,
        Refused(
            "SequenceFiles hold instances of a generated Java class",
            "use --as-avrodatafile or --as-parquetfile",
        ),
    ),
    (
        "password-alias",
        Value,
        Refused(
            "Java's credential stores are not read",
            "write the password into a file (chmod 600), and give that with --password-file",
        ),
    ),
    (
        "connection-param-file",
        Value,
        Refused(
            "properties of a Java driver are not read from a file",
            "put them behind the `?` of the --connect URL",
        ),
    ),
    ("throw-on-error", Nothing, Meaningless(NO_JVM)),
    (
        "temporary-rootdir",
        Value,
        Meaningless("unfinished parts lie beside the target, in .comptoir"),
    ),
    (
        "relaxed-isolation",
        Nothing,
        Meaningless("the snapshot takes no locks on rows"),
    ),
    ("direct-split-size", Value, Meaningless(ONE_PATH)),
    (
        "inline-lob-limit",
        Value,
        Meaningless("long values always lie in their row"),
    ),
    ("driver", Value, Meaningless(ONE_DRIVER)),
    ("connection-manager", Value, Meaningless(ONE_DRIVER)),
    ("hadoop-home", Value, Meaningless(NO_JVM)),
    ("hadoop-mapred-home", Value, Meaningless(NO_JVM)),
    ("skip-dist-cache", Nothing, Meaningless(NO_JVM)),
    ("mapreduce-job-name", Value, Meaningless(NO_JVM)),
    ("bindir", Value, Meaningless(NO_JAVA)),
    ("outdir", Value, Meaningless(NO_JAVA)),
    ("class-name", Value, Meaningless(NO_JAVA)),
    ("package-name", Value, Meaningless(NO_JAVA)),
    ("jar-file", Value, Meaningless(NO_JAVA)),
    ("escape-mapping-column-names", Value, Meaningless(NO_JAVA)),
    ("oracle-escaping-disabled", Value, Meaningless(ONE_DRIVER)),
    (
        "parquet-configurator-implementation",
        Value,
        Meaningless("there is one writer of Parquet"),
    ),
    (
        "schema",
        Value,
        Refused(
            "schemas are of PostgreSQL and SQL Server",
            "name the database in the --connect URL",
        ),
    ),
    (
        "table-hints",
        Value,
        Refused("hints are of SQL Server", "write the statement as --query"),
    ),
    ("validator", Value, Meaningless(COUNTS)),
    ("validation-threshold", Value, Meaningless(COUNTS)),
    ("validation-failurehandler", Value, Meaningless(COUNTS)),
    ("input-fields-terminated-by", Value, Meaningless(READING)),
    ("input-lines-terminated-by", Value, Meaningless(READING)),
    ("input-enclosed-by", Value, Meaningless(READING)),
    ("input-optionally-enclosed-by", Value, Meaningless(READING)),
    ("input-escaped-by", Value, Meaningless(READING)),
    ("hive-import", Nothing, NO_HIVE),
    ("hive-home", Value, NO_HIVE),
    ("hive-overwrite", Nothing, NO_HIVE),
    ("create-hive-table", Nothing, NO_HIVE),
    ("hive-table", Value, NO_HIVE),
    ("hive-database", Value, NO_HIVE),
    ("hive-partition-key", Value, NO_HIVE),
    ("hive-partition-value", Value, NO_HIVE),
    ("map-column-hive", Value, NO_HIVE),
    ("external-table-dir", Value, NO_HIVE),
    ("hs2-url", Value, NO_HIVE),
    ("hs2-user", Value, NO_HIVE),
    ("hs2-keytab", Value, NO_HIVE),
    ("hbase-table", Value, NO_HBASE),
    ("column-family", Value, NO_HBASE),
    ("hbase-row-key", Value, NO_HBASE),
    ("hbase-create-table", Nothing, NO_HBASE),
    ("hbase-bulkload", Nothing, NO_HBASE),
    ("hbase-null-incremental-mode", Value, NO_HBASE),
    ("accumulo-table", Value, NO_ACCUMULO),
    ("accumulo-column-family", Value, NO_ACCUMULO),
    ("accumulo-create-table", Nothing, NO_ACCUMULO),
    ("accumulo-row-key", Value, NO_ACCUMULO),
    ("accumulo-visibility", Value, NO_ACCUMULO),
    ("accumulo-batch-size", Value, NO_ACCUMULO),
    ("accumulo-max-latency", Value, NO_ACCUMULO),
    ("accumulo-zookeepers", Value, NO_ACCUMULO),
    ("accumulo-instance", Value, NO_ACCUMULO),
    ("accumulo-user", Value, NO_ACCUMULO),
    ("accumulo-password", Value, NO_ACCUMULO),
    ("hcatalog-table", Value, NO_HCATALOG),
    ("hcatalog-database", Value, NO_HCATALOG),
    ("hcatalog-home", Value, NO_HCATALOG),
    ("hcatalog-partition-keys", Value, NO_HCATALOG),
    ("hcatalog-partition-values", Value, NO_HCATALOG),
    ("hcatalog-storage-stanza", Value, NO_HCATALOG),
    ("create-hcatalog-table", Nothing, NO_HCATALOG),
    ("drop-and-create-hcatalog-table", Nothing, NO_HCATALOG),
    ("files", Value, Meaningless(NO_JVM)),
    ("libjars", Value, Meaningless(NO_JVM)),
    ("archives", Value, Meaningless(NO_JVM)),
    ("jt", Value, Meaningless(NO_JVM)),
    (
        "conf",
        Value,
        Refused(
            "a file of Hadoop's settings is found by its directory",
            "set HADOOP_CONF_DIR, or lake.hadoop_conf_dir",
        ),
    ),
];

/// Those of the flags that a command line has, in the order of the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForeignFlags(Vec<&'static str>);

/// A flag that can't be honoured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("--{flag} can't be honoured: {reason}\nhint: {cure}")]
pub struct RefusedFlag {
    pub flag: &'static str,
    pub reason: &'static str,
    pub cure: &'static str,
}

impl ForeignFlags {
    /// A line for each flag that has no meaning here; an error for the first that is refused.
    pub(super) fn judge(&self) -> Result<Vec<String>, RefusedFlag> {
        let mut notices = Vec::new();
        for (flag, _, verdict) in FLAGS {
            match verdict {
                _ if !self.0.contains(flag) => {}
                Meaningless(reason) => {
                    notices.push(format!("--{flag} has no effect here: {reason}"));
                }
                Refused(reason, cure) => return Err(RefusedFlag { flag, reason, cure }),
            }
        }
        Ok(notices)
    }
}

impl clap::FromArgMatches for ForeignFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = |flag: &&str| match matches.value_source(flag) {
            Some(source) => source == clap::parser::ValueSource::CommandLine,
            None => false,
        };
        let flags = FLAGS.iter().map(|(flag, ..)| *flag);
        Ok(Self(flags.filter(given).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl clap::Args for ForeignFlags {
    fn augment_args(command: Command) -> Command {
        command.args(FLAGS.iter().map(|(flag, takes, _)| {
            let arg = Arg::new(*flag).long(*flag).hide(true);
            match takes {
                Nothing => arg.action(ArgAction::SetTrue),
                // Twice is no error: nobody reads it.
                Value => arg.action(ArgAction::Append).allow_hyphen_values(true),
            }
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_without_meaning_is_said_to_have_none() {
        let notices = ForeignFlags(vec!["outdir", "driver"]).judge().unwrap();
        assert_eq!(notices.len(), 2);
        assert!(
            notices[0].starts_with("--driver has no effect here"),
            "{notices:?}"
        );
    }

    #[test]
    fn a_refusal_names_the_flag_the_reason_and_the_cure() {
        let refused = ForeignFlags(vec!["outdir", "hbase-table"])
            .judge()
            .unwrap_err();
        assert_eq!(
            refused.to_string(),
            "--hbase-table can't be honoured: HBase is no target\nhint: import into a directory, and load that with HBase's ImportTsv"
        );
    }
}
