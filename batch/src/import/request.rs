//! What is to be imported, from where, and what came of it.

use super::args::ImportArgs;
use super::delimiters::{self, DelimiterError};
use crate::database::Login;
use comptoir_config::{DatabaseUrl, ErpSettings, ImportSettings, SecretError, read_secret_file};
use comptoir_lake::{LakeError, LakePath};
use comptoir_model::ids::RunId;
use comptoir_model::text_format::TextFormat;
use jiff::Timestamp;
use std::fmt;
use std::num::NonZeroU32;

/// A database and who logs in.
#[derive(Clone, Debug)]
pub struct Source {
    pub url: DatabaseUrl,
    pub login: Login,
}

/// One table into one directory.
#[derive(Clone, Debug)]
pub struct ImportRequest {
    pub table: String,
    pub target: LakePath,
    /// At most this many parts.
    pub mappers: NonZeroU32,
    /// `None`: the primary key.
    pub split_by: Option<String>,
    pub format: TextFormat,
    /// For the manifest: the command line, without secrets.
    pub arguments: Vec<String>,
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
    /// The published directory, as a URL.
    pub location: String,
}

/// A request that can't be meant; nothing was touched.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    #[error(transparent)]
    Delimiter(#[from] DelimiterError),
    #[error("the target directory: {0}")]
    Target(#[from] LakeError),
    #[error(transparent)]
    Password(#[from] SecretError),
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
    /// The shipped job: what the settings say, in a format that can always be read back.
    pub fn shipped(settings: &ImportSettings) -> Result<Self, RequestError> {
        Ok(Self {
            table: settings.table.clone(),
            target: LakePath::parse(&settings.target_dir)?,
            // The settings refuse a 0.
            mappers: NonZeroU32::new(settings.mappers).unwrap_or(NonZeroU32::MIN),
            split_by: None,
            format: TextFormat::lossless(),
            arguments: vec!["import".to_owned()],
        })
    }

    /// What a command line asks for; `settings` hold its flags already. A command line that names
    /// a table gets Sqoop's format, any other runs the shipped job.
    pub fn of(
        args: &ImportArgs,
        settings: &ImportSettings,
        arguments: Vec<String>,
    ) -> Result<Self, RequestError> {
        let mut request = Self::shipped(settings)?;
        if args.table.is_some() {
            request.format = delimiters::format(&args.format)?;
        }
        request.split_by.clone_from(&args.split_by);
        request.arguments = arguments;
        Ok(request)
    }
}

/// The command line as it may be kept: what a URL carries besides the database is left out.
pub(super) fn arguments(line: impl IntoIterator<Item = String>, url: &DatabaseUrl) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for argument in line {
        let shown = match argument.split_once('=') {
            Some(("--connect", _)) => format!("--connect={url}"),
            _ if kept.last().is_some_and(|last| last == "--connect") => url.to_string(),
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
            ..
        } = self;
        let plural = |count: u64| if count == 1 { "" } else { "s" };
        write!(
            f,
            "imported {} row{}, {} byte{} in {parts} part{} to {location} (run {run})",
            thousands(*rows),
            plural(*rows),
            thousands(*bytes),
            plural(*bytes),
            plural(*parts as u64),
        )
    }
}

/// `2823` as `2,823`.
pub(super) fn thousands(number: u64) -> String {
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
            location: "hdfs://h:8020/user/sqoop/sales".to_owned(),
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
            vec!["import", "--connect", url, "-m", "1"],
            vec!["import", &format!("--connect={url}")],
        ] {
            let kept = arguments(line.into_iter().map(str::to_owned), &parsed).join(" ");
            assert!(kept.contains("mysql://h:3306/erp"), "{kept}");
            assert!(!kept.contains("hunter2"), "{kept}");
        }
    }
}
