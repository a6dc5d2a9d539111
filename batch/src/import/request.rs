//! What is to be imported, from where, and what came of it.

use super::columns::Rendering;
use super::incremental::{IncrementalOutcome, IncrementalReport, IncrementalRequest};
use super::rate::MaxRate;
use super::snapshot::SnapshotMode;
use crate::database::Login;
use crate::encode::Conversion;
use crate::quality::{Rules, RulesError};
use crate::verify::DriftPolicy;
use comptoir_config::{DatabaseUrl, ErpSettings, ImportSettings, SecretError, read_secret_file};
use comptoir_lake::{LakeError, LakePath};
use comptoir_model::file_format::FileFormat;
use comptoir_model::ids::RunId;
use comptoir_model::quality::RuleOutcome;
use comptoir_model::text_format::TextFormat;
use jiff::Timestamp;
use std::fmt;
use std::num::{NonZeroU32, NonZeroU64};

/// A database and who logs in.
#[derive(Clone, Debug)]
pub struct Source {
    pub url: DatabaseUrl,
    pub login: Login,
}

/// Rows of one source into one directory.
#[derive(Clone, Debug)]
pub struct ImportRequest {
    pub selection: Selection,
    pub target: LakePath,
    pub existing: Existing,
    /// How many ranges, and at most how many workers.
    pub mappers: NonZeroU32,
    pub split: SplitRequest,
    /// How fast the source may be read at most.
    pub max_rate: Option<MaxRate>,
    pub snapshot: SnapshotMode,
    pub files: FileFormat,
    /// Of values, where the files are Avro or Parquet.
    pub conversion: Conversion,
    pub format: TextFormat,
    pub rendering: Rendering,
    pub validation: Validation,
    /// What other columns than those of the last run lead to.
    pub schema_drift: DriftPolicy,
    /// Those for this table; none are no rules.
    pub quality: Rules,
    /// `None`: all rows.
    pub incremental: Option<IncrementalRequest>,
    /// For the manifest: the command line, without secrets.
    pub arguments: Vec<String>,
}

/// Which rows and columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    Table {
        name: String,
        /// `None`: all.
        columns: Option<Vec<String>>,
        /// A condition in SQL, as the user wrote it.
        filter: Option<String>,
    },
    /// A SELECT with [`CONDITIONS`] in its WHERE.
    Query(String),
}

/// What a query has where the range of a part goes.
pub const CONDITIONS: &str = "$CONDITIONS";

/// What becomes of what lies in the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Existing {
    /// An import of ours is replaced, all or nothing; anything else is left alone.
    ReplaceOurs,
    /// `--delete-target-dir`: whatever it is, it is replaced, all or nothing, and kept for 24 h.
    ReplaceAll,
    /// As Sqoop without a flag: only a new or empty directory is taken.
    Refuse,
    /// `--append`: it stays, whoever wrote it, and parts are added, all or none.
    Append,
    /// `--merge-key`: rows take the places of those with the same value in this column, all or
    /// none.
    MergeBy(String),
}

impl Existing {
    /// Whether a second run may follow one of which nobody knows whether it was published.
    pub(super) fn bears_repeating(&self) -> bool {
        match self {
            Self::ReplaceOurs | Self::ReplaceAll => true,
            Self::Refuse | Self::Append | Self::MergeBy(_) => false,
        }
    }
}

/// How the ranges are found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SplitRequest {
    pub method: SplitMethod,
    /// `None`: the primary key.
    pub column: Option<String>,
    /// A query for the smallest and the largest value; rows beyond are left out.
    pub boundary_query: Option<String>,
    /// The widest range, in integers or seconds.
    pub limit: Option<NonZeroU64>,
    pub without_key: WithoutKey,
    pub text: TextSplits,
}

/// Where a table is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum SplitMethod {
    /// Into ranges of equal width, where Sqoop cuts
    #[default]
    Sqoop,
    /// Into ranges of about as many rows each, more of them than workers
    Balanced,
}

/// What becomes of a table without a column to cut it by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WithoutKey {
    #[default]
    Refuse,
    /// `--autoreset-to-one-mapper`
    OnePart,
}

/// Whether a text column may cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TextSplits {
    #[default]
    Refuse,
    /// `-Dorg.apache.sqoop.splitter.allow_text_splitter=true`
    Allow,
}

/// What is checked before anything is published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Validation {
    #[default]
    None,
    /// `--validate`: the server counts the rows inside the snapshot as well, and the parts are read
    /// back: their rows must give the checksum of what the server sent.
    ReadBack,
}

/// A finished import. `Display` is one line for a mail from cron.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportReport {
    pub run: RunId,
    /// When the snapshot was opened.
    pub imported_at: Timestamp,
    pub rows: u64,
    pub bytes: u64,
    pub parts: usize,
    pub ambiguous_rows: u64,
    /// Rows that quality rules set aside: they are not among `rows`.
    pub quarantined_rows: u64,
    /// What came of the quality rules that were not kept.
    pub broken_rules: Vec<RuleOutcome>,
    /// The published directory, as a URL.
    pub location: String,
    /// Of an incremental import.
    pub incremental: Option<IncrementalReport>,
}

impl Source {
    /// Reads the password file.
    pub fn of(settings: &ErpSettings) -> Result<Self, SecretError> {
        let password = settings.password_file.as_deref().map(read_secret_file);
        Ok(Self {
            url: settings.url.clone(),
            login: Login {
                username: settings.username.clone(),
                password: password.transpose()?,
            },
        })
    }
}

impl ImportRequest {
    /// A whole table, in a format that can always be read back, in place of the import before.
    pub fn of_table(table: &str, target: LakePath, mappers: NonZeroU32) -> Self {
        Self {
            selection: Selection::Table {
                name: table.to_owned(),
                columns: None,
                filter: None,
            },
            target,
            existing: Existing::ReplaceOurs,
            mappers,
            split: SplitRequest::default(),
            max_rate: None,
            snapshot: SnapshotMode::default(),
            files: FileFormat::default(),
            conversion: Conversion::default(),
            format: TextFormat::lossless(),
            rendering: Rendering::default(),
            validation: Validation::default(),
            schema_drift: DriftPolicy::default(),
            quality: Rules::default(),
            incremental: None,
            arguments: vec!["import".to_owned()],
        }
    }

    /// The shipped job: what the settings say.
    pub fn shipped(settings: &ImportSettings) -> Result<Self, LakeError> {
        let target = LakePath::parse(&settings.target_dir)?;
        // The settings refuse a 0.
        let mappers = NonZeroU32::new(settings.mappers).unwrap_or(NonZeroU32::MIN);
        Ok(Self::of_table(&settings.table, target, mappers))
    }
}

impl ImportRequest {
    /// What quality rules call the import: the table, or the target directory of a query.
    pub fn rules_name(&self) -> &str {
        match &self.selection {
            Selection::Table { name, .. } => name,
            Selection::Query(_) => self.target.file_name().unwrap_or_default(),
        }
    }

    /// Refuses rules for whole imports where rows are added to others.
    pub(crate) fn ensure_rules_fit(&self) -> Result<(), RulesError> {
        match self.existing {
            Existing::Append | Existing::MergeBy(_) => self.quality.ensure_for_added_rows(),
            Existing::Refuse | Existing::ReplaceOurs | Existing::ReplaceAll => Ok(()),
        }
    }
}

impl Selection {
    /// For people: the table, or "the query".
    pub fn name(&self) -> &str {
        match self {
            Self::Table { name, .. } => name,
            Self::Query(_) => "the query",
        }
    }
}

/// The command line as it may be kept: what a URL carries besides the database is left out, and so
/// is a password.
pub(super) fn arguments(line: impl IntoIterator<Item = String>, url: &DatabaseUrl) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for argument in line {
        let shown = match (argument.split_once('='), kept.last().map(String::as_str)) {
            (_, Some("--connect")) => url.to_string(),
            (_, Some("--password")) => "***".to_owned(),
            (Some(("--connect", _)), _) => format!("--connect={url}"),
            (Some(("--password", _)), _) => "--password=***".to_owned(),
            _ => argument,
        };
        kept.push(shown);
    }
    kept
}

impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            rows,
            bytes,
            parts,
            location,
            run,
            quarantined_rows,
            incremental,
            ..
        } = self;
        if let Some(report) = incremental
            && report.outcome == IncrementalOutcome::NothingNew
        {
            return write!(f, "no new rows for {location}; next: {report}");
        }
        let plural = |count: u64| if count == 1 { "" } else { "s" };
        write!(
            f,
            "imported {} row{}, {} byte{} in {parts} part{} to {location} (run {run})",
            thousands(*rows),
            plural(*rows),
            thousands(*bytes),
            plural(*bytes),
            plural(*parts as u64),
        )?;
        if *quarantined_rows > 0 {
            write!(f, "; {} set aside", thousands(*quarantined_rows))?;
        }
        match incremental {
            None => Ok(()),
            Some(report) => write!(f, "; next: {report}"),
        }
    }
}

/// `2823` as `2,823`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_in_one_line() {
        let report = ImportReport {
            run: RunId::parse("r1").unwrap(),
            imported_at: Timestamp::UNIX_EPOCH,
            rows: 2823,
            bytes: 1,
            parts: 4,
            ambiguous_rows: 0,
            quarantined_rows: 0,
            broken_rules: Vec::new(),
            location: "hdfs://h:8020/user/sqoop/sales".to_owned(),
            incremental: None,
        };
        assert_eq!(
            report.to_string(),
            "imported 2,823 rows, 1 byte in 4 parts to hdfs://h:8020/user/sqoop/sales (run r1)"
        );
    }

    #[test]
    fn groups_digits_by_three() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(thousands(number), text);
        }
    }

    #[test]
    fn the_manifest_keeps_no_properties_of_a_url() {
        let url = "jdbc:mysql://h/erp?trustCertificateKeyStorePassword=hunter2";
        let parsed: DatabaseUrl = url.parse().unwrap();
        for line in [
            vec![
                "import",
                "--connect",
                url,
                "-m",
                "1",
                "--password",
                "hunter2",
            ],
            vec!["import", &format!("--connect={url}"), "--password=hunter2"],
        ] {
            let kept = arguments(line.into_iter().map(str::to_owned), &parsed).join(" ");
            assert!(kept.contains("mysql://h:3306/erp"), "{kept}");
            assert!(!kept.contains("hunter2"), "{kept}");
        }
    }
}
