//! `comptoir-logship audit report`.

use super::verify::{CheckArgs, check};
use super::{Places, WhereArgs};
use crate::audit::report::{Preface, page};
use crate::cli::Outcome;
use crate::seal::keys::KeyFiles;
use anyhow::Context;
use comptoir_config::{Settings, clock, host_name};
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Verify, and write what was found as a signed page that can be printed
///
/// The page (HTML, A4) needs nothing but itself. Beside it comes FILE.sig: the Ed25519 signature of its
/// bytes by the given key, which may be the auditor's own (`keygen --key auditor.pem`). It is checked by
///   openssl pkeyutl -verify -pubin -inkey auditor.pem.pub -rawin -in FILE -sigfile FILE.sig
#[derive(Debug, clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Exit codes: 0 nothing is wrong, 1 something is (the page says what), or it failed

Examples:
  comptoir-logship audit report --output audit.html --public-key signing-key.pem.pub --key auditor.pem
  comptoir-logship audit report --output november.html --from 2026-11-01T00:00:00Z --to 2026-11-30T23:59:59Z"
)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    pub(super) place: WhereArgs,
    #[command(flatten)]
    check: CheckArgs,
    /// The page; it must not exist yet
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// The private key that signs the page [default: `logship.signing_key_file`]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

pub(super) async fn run(
    args: &ReportArgs,
    settings: &Settings,
    places: &Places,
) -> anyhow::Result<Outcome> {
    let file = args.key.as_ref();
    let files = KeyFiles::new(file.unwrap_or(&settings.logship.signing_key_file).clone());
    let key = files.load()?.with_context(|| {
        let path = files.private().display();
        format!("there is no key {path}\nhint: `comptoir-logship keygen --key {path}` makes one")
    })?;
    let signature_file = with_suffix(&args.output, ".sig");
    for path in [&args.output, &signature_file] {
        anyhow::ensure!(
            !path.exists(),
            "{} exists already\nhint: a report is never replaced; give another --output",
            path.display()
        );
    }
    let options = args.check.options(settings)?;
    let mut reports = Vec::new();
    for directory in &places.directories {
        reports.push(check(places, directory, &options).await?);
    }
    let preface = Preface {
        made_at: clock::now(),
        made_on: host_name(),
        from: options.from,
        to: options.to,
        public_key: options.public_key,
        signed_by: key.public_key(),
    };
    let page = page(&preface, &reports);
    write(&signature_file, &key.sign_page(page.as_bytes()))?;
    write(&args.output, page.as_bytes())?;
    let findings: usize = reports.iter().map(|report| report.findings.len()).sum();
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}: {findings} findings", args.output.display())?;
    Ok(match findings {
        0 => Outcome::Fine,
        _ => Outcome::Damaged,
    })
}

/// Under another name first: the page is there as a whole, or not at all.
fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let temporary = with_suffix(path, ".tmp");
    let written = || {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    written().with_context(|| format!("{} can't be written", path.display()))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut path: OsString = path.into();
    path.push(suffix);
    path.into()
}
