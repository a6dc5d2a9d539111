//! `comptoir-logship keygen`.

use crate::cli::Outcome;
use crate::seal::keys::KeyFiles;
use comptoir_config::{Key, Settings, Sources, clock};
use std::io::Write;
use std::path::PathBuf;

/// Make the key that signs the archive, or let the one that is there sign a new one
///
/// The shipper makes a key by itself at its first start; this makes one before, or elsewhere. The
/// private key is readable by its owner alone and is never put into the lake. Give auditors the file
/// that ends in `.pub`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  comptoir-logship keygen
      makes logship.signing_key_file, and the public half beside it
  comptoir-logship keygen --rotate
      replaces the key: the old one signs the new one, and is gone then; the shipper notices by itself
  comptoir-logship keygen --key /etc/comptoir/signing-key.pem")]
pub struct KeygenArgs {
    /// The private key's file [default: `logship.signing_key_file`]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Replace the key that is there by one that it signs
    #[arg(long)]
    rotate: bool,
}

impl KeygenArgs {
    pub(crate) fn add_to(&self, sources: Sources) -> Sources {
        sources.flag(
            Key::LogshipSigningKeyFile,
            "--key",
            self.key.as_ref().map(|path| path.display()),
        )
    }
}

pub(crate) fn run(args: &KeygenArgs, settings: &Settings) -> anyhow::Result<Outcome> {
    let files = KeyFiles::new(settings.logship.signing_key_file.clone());
    let mut out = std::io::stdout().lock();
    let public = if args.rotate {
        let (old, new) = files.rotate(clock::now())?;
        writeln!(out, "replaced     {old}")?;
        new
    } else {
        files.create()?
    };
    writeln!(out, "public key   {public}")?;
    writeln!(out, "public file  {}", files.public().display())?;
    writeln!(out, "private file {}", files.private().display())?;
    Ok(Outcome::Fine)
}
