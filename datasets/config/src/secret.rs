//! Secrets come from files, never from arguments or the environment, and are never shown.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A password. `Debug` shows `***`, and there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Why a secret can't be had.
#[derive(Debug, thiserror::Error)]
#[error(
    "can't read the password file {path}: {source}\nhint: write the password into it, and make it readable by this user only (chmod 600)"
)]
pub struct SecretError {
    pub path: PathBuf,
    pub source: std::io::Error,
}

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for the one call that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Reads a password file: the whole text, without one line end at its end, because editors add
/// one and `echo -n` does not.
///
/// A file that every user can read is logged as a warning, not refused: Docker mounts its secrets
/// that way.
pub fn read_secret_file(path: &Path) -> Result<Secret, SecretError> {
    read(path).map_err(|source| SecretError {
        path: path.to_owned(),
        source,
    })
}

fn read(path: &Path) -> std::io::Result<Secret> {
    let mut file = File::open(path)?;
    if file.metadata()?.permissions().mode() & 0o004 != 0 {
        tracing::warn!(path = %path.display(), "every user of this machine can read the password file: chmod 600 cures it");
    }
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(Secret::new(text.strip_suffix('\r').unwrap_or(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_one_line_end_off() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("password");
        for (text, secret) in [
            ("a b", "a b"),
            ("a\n", "a"),
            ("a\r\n", "a"),
            ("a\n\n", "a\n"),
        ] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(read_secret_file(&path).unwrap().expose(), secret);
        }
    }

    #[test]
    fn names_the_file_that_is_not_there() {
        let error = read_secret_file(Path::new("/nowhere/password")).unwrap_err();
        assert!(error.to_string().contains("/nowhere/password"), "{error}");
    }

    #[test]
    fn is_never_shown() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "***");
    }
}
