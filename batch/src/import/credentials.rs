//! Where the password comes from: a file, here or in the lake; the terminal; or, with a warning,
//! the command line.

use super::place;
use super::request::Source;
use crate::cli::PasswordArgs;
use crate::database::Login;
use comptoir_config::{ErpSettings, Secret, SecretError, read_secret_file};
use comptoir_lake::{Lake, LakeError};
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    #[error(transparent)]
    File(#[from] SecretError),
    #[error("can't read the password file in the lake: {0}")]
    Lake(#[from] LakeError),
    #[error("{path} in the lake holds no text\nhint: write the password into it, in UTF-8")]
    NotText { path: String },
    #[error(
        "can't ask for the password: {source}\nhint: -P needs a terminal; in cron, give a file with --password-file"
    )]
    NoTerminal { source: std::io::Error },
}

/// The database and its login.
///
/// A path is looked up on this machine first and then in the lake, where Sqoop looks for it.
pub(crate) async fn source(
    args: &PasswordArgs,
    settings: &ErpSettings,
    lake: &Lake,
) -> Result<Source, CredentialError> {
    let password = if args.prompt {
        let asked = rpassword::prompt_password("password: ");
        Some(Secret::new(
            asked.map_err(|source| CredentialError::NoTerminal { source })?,
        ))
    } else if let Some(password) = &args.password {
        tracing::warn!(
            "a password on the command line is seen by every user of this machine\nhint: write it into a file (chmod 600) and give that with --password-file"
        );
        Some(password.0.clone())
    } else {
        match &settings.password_file {
            None => None,
            Some(path) => Some(from_file(path.clone(), lake).await?),
        }
    };
    Ok(Source {
        url: settings.url.clone(),
        login: Login {
            username: settings.username.clone(),
            password,
        },
    })
}

async fn from_file(path: PathBuf, lake: &Lake) -> Result<Secret, CredentialError> {
    let text = path.display().to_string();
    // The settings resolve against the working directory; a URL stands behind that.
    let url = ["hdfs:/", "file:/"].iter().find_map(|scheme| {
        let at = text.find(scheme)?;
        Some(text[at..].replacen(":/", "://", usize::from(!text[at..].contains("://"))))
    });
    if let Some(local) = url.as_deref().and_then(|url| url.strip_prefix("file://")) {
        return Ok(read_secret_file(local.as_ref())?);
    }
    if url.is_none() && path.exists() {
        return Ok(read_secret_file(&path)?);
    }
    let in_lake = place::directory(url.as_deref().unwrap_or(&text), "root")?;
    match lake.read(&in_lake).await {
        Ok(bytes) => {
            let text = String::from_utf8(bytes.to_vec()).map_err(|_| CredentialError::NotText {
                path: in_lake.to_string(),
            })?;
            let text = text.strip_suffix('\n').unwrap_or(&text);
            Ok(Secret::new(text.strip_suffix('\r').unwrap_or(text)))
        }
        // Say what is missing here, where most people keep it.
        Err(LakeError::NotFound { .. }) if url.is_none() => Ok(read_secret_file(&path)?),
        Err(error) => Err(error.into()),
    }
}
