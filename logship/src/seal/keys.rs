//! The signing key's files: the private key (mode 0600), beside it the public one (`.pub`), and what
//! earlier keys signed of later ones (`.endorsements`). None of them is ever put into the lake.

use super::error::KeyError;
use crate::archive::manifest::{Endorsement, SignedEndorsement};
use crate::archive::records::VERSION;
use crate::archive::signature::{PublicKey, Purpose, SigningKey, private_pem};
use comptoir_config::clock;
use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Where the files of a key lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFiles {
    private: PathBuf,
}

impl KeyFiles {
    /// `private` is the private key's file; the others lie beside it.
    pub fn new(private: PathBuf) -> Self {
        Self { private }
    }

    pub fn private(&self) -> &Path {
        &self.private
    }

    pub fn public(&self) -> PathBuf {
        self.beside(".pub")
    }

    fn endorsements_file(&self) -> PathBuf {
        self.beside(".endorsements")
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut path: OsString = self.private.clone().into();
        path.push(suffix);
        path.into()
    }

    /// `None` where there is no such file.
    pub fn load(&self) -> Result<Option<SigningKey>, KeyError> {
        let failed = self.failed("reading");
        let file = match File::open(&self.private) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file.map_err(&failed)?,
        };
        let shown = || self.private.display().to_string();
        if file.metadata().map_err(&failed)?.mode() & 0o077 != 0 {
            return Err(KeyError::Readable { path: shown() });
        }
        let text = io::read_to_string(file).map_err(&failed)?;
        let key = SigningKey::from_pem(&text);
        key.map(Some)
            .ok_or_else(|| KeyError::NoKey { path: shown() })
    }

    /// Makes a key. One that is there stays, and making fails.
    pub fn create(&self) -> Result<PublicKey, KeyError> {
        if let Some(directory) = self.private.parent() {
            fs::create_dir_all(directory).map_err(self.failed("creating the directory of"))?;
        }
        let (seed, key) = draw()?;
        let temporary = self.write_temporary(private_pem(&seed).as_bytes())?;
        // A link never overwrites.
        let linked = fs::hard_link(&temporary, &self.private);
        fs::remove_file(&temporary).map_err(self.failed("writing"))?;
        match linked {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                return Err(KeyError::Exists {
                    path: self.private.display().to_string(),
                });
            }
            linked => linked.map_err(self.failed("writing"))?,
        }
        self.write_public(key.public_key())?;
        Ok(key.public_key())
    }

    /// Puts a new key in the place of the one that is there, which signs it before it goes.
    pub fn rotate(&self, now: Timestamp) -> Result<(PublicKey, PublicKey), KeyError> {
        let old = self.load()?.ok_or_else(|| KeyError::NoKey {
            path: self.private.display().to_string(),
        })?;
        let (seed, new) = draw()?;
        let endorsement = Endorsement {
            version: VERSION,
            new_key: new.public_key(),
            endorsed_at: now,
        };
        let signed = old.sign(Purpose::Endorsement, &endorsement);
        let text = signed.map_err(|error| io::Error::other(error.to_string()));
        let text = text.and_then(|bytes| String::from_utf8(bytes).map_err(io::Error::other));
        let mut endorsements = self.endorsements()?;
        endorsements.push(SignedEndorsement(text.map_err(self.failed("signing for"))?));
        let json = serde_json::to_vec_pretty(&endorsements).map_err(io::Error::other);
        let json = json.map_err(self.failed("signing for"))?;
        // The old key goes only once what it signed is durable.
        self.replace(&self.endorsements_file(), &json)?;
        self.replace(&self.private, private_pem(&seed).as_bytes())?;
        self.write_public(new.public_key())?;
        Ok((old.public_key(), new.public_key()))
    }

    /// The oldest first.
    pub fn endorsements(&self) -> Result<Vec<SignedEndorsement>, KeyError> {
        let path = self.endorsements_file();
        let json = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            json => json.map_err(self.failed("reading what was signed for"))?,
        };
        serde_json::from_slice(&json).map_err(|error| KeyError::Endorsements {
            path: path.display().to_string(),
            reason: error.to_string(),
        })
    }

    fn write_public(&self, key: PublicKey) -> Result<(), KeyError> {
        fs::write(self.public(), key.to_pem()).map_err(self.failed("writing the public half of"))
    }

    fn replace(&self, path: &Path, contents: &[u8]) -> Result<(), KeyError> {
        let temporary = self.write_temporary(contents)?;
        fs::rename(temporary, path).map_err(self.failed("writing"))?;
        let directory = path.parent().unwrap_or(Path::new("."));
        let synced = File::open(directory).and_then(|directory| directory.sync_all());
        synced.map_err(self.failed("writing"))
    }

    /// Durable, and for its owner alone.
    fn write_temporary(&self, contents: &[u8]) -> Result<PathBuf, KeyError> {
        let path = self.beside(&format!(".{:08x}.tmp", clock::random_u32()));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let write = || {
            let mut file = options.open(&path)?;
            file.write_all(contents)?;
            file.sync_all()
        };
        write().map_err(self.failed("writing"))?;
        Ok(path)
    }

    fn failed(&self, doing: &'static str) -> impl Fn(io::Error) -> KeyError {
        let path = self.private.display().to_string();
        move |cause| KeyError::Io {
            doing,
            path: path.clone(),
            cause,
        }
    }
}

fn draw() -> Result<([u8; 32], SigningKey), KeyError> {
    let mut seed = [0; 32];
    SystemRandom::new()
        .fill(&mut seed)
        .map_err(|_| KeyError::NoRandom)?;
    let key = SigningKey::from_seed(&seed).ok_or(KeyError::NoRandom)?;
    Ok((seed, key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::manifest::leads;
    use std::os::unix::fs::PermissionsExt;

    fn files(directory: &tempfile::TempDir) -> KeyFiles {
        KeyFiles::new(directory.path().join("keys/signing-key.pem"))
    }

    #[test]
    fn a_key_is_for_its_owner_alone_and_is_not_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let files = files(&directory);
        assert!(files.load().unwrap().is_none());
        let public = files.create().unwrap();
        assert_eq!(files.load().unwrap().unwrap().public_key(), public);
        let mode = |mode| fs::Permissions::from_mode(mode);
        let metadata = fs::metadata(files.private()).unwrap();
        assert_eq!(metadata.mode() & 0o777, 0o600);
        let error = files.create().unwrap_err().to_string();
        assert!(error.contains("exists already\nhint: "), "{error}");
        assert_eq!(files.load().unwrap().unwrap().public_key(), public);
        fs::set_permissions(files.private(), mode(0o644)).unwrap();
        let error = files.load().unwrap_err().to_string();
        assert!(error.contains("hint: `chmod 600"), "{error}");
        let pem = fs::read_to_string(files.public()).unwrap();
        assert_eq!(PublicKey::from_pem(&pem), Some(public));
        // Nothing else is left behind.
        let left = fs::read_dir(directory.path().join("keys")).unwrap();
        assert_eq!(left.count(), 2);
    }

    #[test]
    fn the_old_key_vouches_for_the_new_one_over_several_rotations() {
        let directory = tempfile::tempdir().unwrap();
        let files = files(&directory);
        let first = files.create().unwrap();
        files.rotate(Timestamp::UNIX_EPOCH).unwrap();
        let (_, third) = files.rotate(Timestamp::UNIX_EPOCH).unwrap();
        let endorsements = files.endorsements().unwrap();
        assert!(leads(&endorsements, first, third));
        assert!(!leads(&endorsements, third, first));
        assert!(!leads(&endorsements[1..], first, third));
    }
}
