//! `-D NAME=VALUE`: Hadoop's properties, of which a few mean something here. Pure.

use super::columns::DecimalNotation;
use super::request::TextSplits;

/// What the properties of a command line say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SqoopProperties {
    pub(super) text_splits: TextSplits,
    pub(super) decimals: DecimalNotation,
    /// Avro's decimals are decimals instead of text.
    pub(super) avro_decimals: bool,
    /// Parquet's decimals are decimals instead of text.
    pub(super) parquet_decimals: bool,
    /// A line for each property that has no effect.
    pub(super) notices: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PropertyError {
    #[error("-D `{0}` is not NAME=VALUE")]
    Syntax(String),
    #[error("-D {name}={value}: `true` or `false` is expected")]
    NotBoolean { name: String, value: String },
    #[error("-D {name} can't be honoured: {reason}\nhint: {cure}")]
    Refused {
        name: String,
        reason: &'static str,
        cure: &'static str,
    },
}

/// Settings of a JVM and its cluster, which have no say in what is imported.
const WITHOUT_EFFECT: &[&str] = &[
    "hadoop.",
    "mapred.",
    "mapreduce.",
    "yarn.",
    "java.",
    "tez.",
    "dfs.",
    "ipc.",
    "oozie.",
    "user.timezone",
    "sqoop.export.",
    "sqoop.metastore.",
    "sqoop.test.",
    "sqoop.mysql.",
];

pub(super) fn parse(properties: &[String]) -> Result<SqoopProperties, PropertyError> {
    let mut parsed = SqoopProperties::default();
    for property in properties {
        let (name, value) = property
            .split_once('=')
            .ok_or_else(|| PropertyError::Syntax(property.clone()))?;
        let boolean = || match value.trim() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(PropertyError::NotBoolean {
                name: name.to_owned(),
                value: value.to_owned(),
            }),
        };
        let refused = |reason, cure| {
            Err(PropertyError::Refused {
                name: name.to_owned(),
                reason,
                cure,
            })
        };
        match name {
            "org.apache.sqoop.splitter.allow_text_splitter" => {
                parsed.text_splits = if boolean()? {
                    TextSplits::Allow
                } else {
                    TextSplits::Refuse
                };
            }
            "sqoop.bigdecimal.format.string" => {
                parsed.decimals = if boolean()? {
                    DecimalNotation::Plain
                } else {
                    DecimalNotation::Scientific
                };
            }
            "sqoop.avro.logical_types.decimal.enable" => parsed.avro_decimals = boolean()?,
            "sqoop.parquet.logical_types.decimal.enable" => parsed.parquet_decimals = boolean()?,
            "fs.defaultFS" | "fs.default.name" => {
                return refused(
                    "the lake has a flag of its own",
                    "say --lake hdfs://HOST:PORT",
                );
            }
            "mapreduce.output.fileoutputformat.compress" | "mapred.output.compress"
                if boolean()? =>
            {
                return refused(
                    "compression has flags of its own",
                    "say --compress or --compression-codec",
                );
            }
            "hadoop.security.credential.provider.path" => {
                return refused(
                    "Java's credential stores are not read",
                    "write the password into a file (chmod 600), and give that with --password-file",
                );
            }
            name if WITHOUT_EFFECT.iter().any(|prefix| name.starts_with(prefix)) => {
                let notice =
                    format!("-D {name} has no effect here: there is no Java and no MapReduce");
                parsed.notices.push(notice);
            }
            _ => {
                return refused(
                    "it is not known",
                    "leave it out, if it does not change what is imported",
                );
            }
        }
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(properties: &[&str]) -> Result<SqoopProperties, PropertyError> {
        let properties: Vec<_> = properties.iter().map(ToString::to_string).collect();
        parse(&properties)
    }

    #[test]
    fn knows_what_changes_the_result() {
        let known = parsed(&[
            "org.apache.sqoop.splitter.allow_text_splitter=true",
            "sqoop.bigdecimal.format.string=false",
        ])
        .unwrap();
        assert_eq!(known.text_splits, TextSplits::Allow);
        assert_eq!(known.decimals, DecimalNotation::Scientific);
    }

    #[test]
    fn says_what_has_no_effect() {
        let without = parsed(&["mapreduce.job.queuename=etl"]).unwrap();
        assert_eq!(without.notices.len(), 1);
    }

    #[test]
    fn refuses_what_it_does_not_know_or_can_not_honour() {
        for (property, part) in [
            (
                "frobnicate=1",
                "-D frobnicate can't be honoured: it is not known",
            ),
            ("x", "is not NAME=VALUE"),
            (
                "sqoop.bigdecimal.format.string=yes",
                "`true` or `false` is expected",
            ),
            ("mapred.output.compress=true", "--compress"),
            ("fs.defaultFS=hdfs://h", "--lake"),
        ] {
            let error = parsed(&[property]).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
