//! Passwords and random secrets, and what is kept of them: hashes.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use comptoir_config::Secret;
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

pub(crate) const PASSWORD_CHARACTERS_MIN: usize = 12;
pub(crate) const PASSWORD_BYTES_MAX: usize = 1024;

/// What OWASP asks for at least: 19 MiB, twice.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const HASH_BYTES: usize = 32;

/// An argon2id hash with what it was made with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordHash {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: Hex<16>,
    hash: Hex<HASH_BYTES>,
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl PasswordHash {
    /// Takes tens of milliseconds, on purpose.
    pub(crate) fn of(password: &Secret) -> Self {
        let mut new = Self {
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            lanes: LANES,
            salt: Hex(random()),
            hash: Hex([0; HASH_BYTES]),
        };
        new.hash.0 = (new.hash_of(password)).expect("the parameters are constants that fit");
        new
    }

    /// For users who are not there: as much work, and no password is the right one.
    pub(crate) fn of_nobody() -> Self {
        Self {
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            lanes: LANES,
            salt: Hex([0; 16]),
            hash: Hex(random()),
        }
    }

    /// Takes as long for a wrong password as for the right one.
    pub(crate) fn is_of(&self, password: &Secret) -> bool {
        (self.hash_of(password)).is_ok_and(|hash| bool::from(hash.ct_eq(&self.hash.0)))
    }

    fn hash_of(&self, password: &Secret) -> Result<[u8; HASH_BYTES], argon2::Error> {
        let (memory, passes, lanes) = (self.memory_kib, self.passes, self.lanes);
        let parameters = Params::new(memory, passes, lanes, Some(HASH_BYTES))?;
        let mut room = vec![Block::default(); parameters.block_count()];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters);
        let mut hash = [0; HASH_BYTES];
        argon2.hash_password_into_with_memory(
            password.expose().as_bytes(),
            &self.salt.0,
            &mut hash,
            &mut room,
        )?;
        Ok(hash)
    }

    /// Tells this password from the next one of the same user, and says nothing about it.
    pub(crate) fn mark(&self) -> Fingerprint {
        Fingerprint::of_bytes(&[self.salt.0.as_slice(), self.hash.0.as_slice()].concat())
    }
}

/// What is wrong with a new password, if anything is.
pub(crate) fn weakness(password: &Secret) -> Option<String> {
    let text = password.expose();
    if text.chars().count() < PASSWORD_CHARACTERS_MIN {
        return Some(format!(
            "a password has at least {PASSWORD_CHARACTERS_MIN} characters; four words do well"
        ));
    }
    (text.len() > PASSWORD_BYTES_MAX)
        .then(|| format!("a password has at most {PASSWORD_BYTES_MAX} bytes"))
}

/// 256 random bits, for a cookie or a token.
pub(crate) fn new_secret() -> Secret {
    Secret::new(hex::encode(random::<32>()))
}

/// For names that only have to differ.
pub(crate) fn new_id() -> String {
    hex::encode(random::<16>())
}

/// SHA-256 of a random secret. That is enough of a hash for what nobody can guess, and looking one
/// up in a map tells nothing about the secret by the time it takes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Fingerprint(Hex<32>);

impl Fingerprint {
    pub(crate) fn of(secret: &str) -> Self {
        Self::of_bytes(secret.as_bytes())
    }

    fn of_bytes(bytes: &[u8]) -> Self {
        Self(Hex(Sha256::digest(bytes).into()))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Bytes that a file holds as hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct Hex<const N: usize>([u8; N]);

impl<const N: usize> From<Hex<N>> for String {
    fn from(bytes: Hex<N>) -> Self {
        hex::encode(bytes.0)
    }
}

impl<const N: usize> TryFrom<String> for Hex<N> {
    type Error = hex::FromHexError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut bytes = [0; N];
        hex::decode_to_slice(text, &mut bytes)?;
        Ok(Self(bytes))
    }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // Nothing secret can be made without it, and the system always has some once it has started.
    (SystemRandom::new().fill(&mut bytes)).expect("the system has random numbers");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_itself_fits_its_hash() {
        let password = Secret::new("correct horse battery");
        let hash = PasswordHash::of(&password);
        assert!(hash.is_of(&password));
        assert!(!hash.is_of(&Secret::new("correct horse batterz")));
        assert!(!PasswordHash::of_nobody().is_of(&password));
        let again = PasswordHash::of(&password);
        assert!(again.mark() != hash.mark() && again != hash);
        let stored = serde_json::to_string(&hash).unwrap();
        assert!(!stored.contains("horse"), "{stored}");
        assert_eq!(serde_json::from_str::<PasswordHash>(&stored).unwrap(), hash);
    }

    #[test]
    fn short_and_huge_passwords_are_refused() {
        assert!(weakness(&Secret::new("elevenchars")).is_some());
        assert!(weakness(&Secret::new("twelve chars")).is_none());
        assert!(weakness(&Secret::new("x".repeat(1025))).is_some());
    }
}
