//! Signed files of the archive: one line of JSON, and below it a line with the public key and the
//! Ed25519 signature of the first line's bytes. FORMAT.md gives both byte by byte.

use super::digest::{NotHex, from_hex};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// What a signed file is. It is signed along, so that one kind can't stand in for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Manifest,
    /// An old key vouches for a new one.
    Endorsement,
    /// The head of a chain, kept where the archive's user can't change it.
    Anchor,
}

impl Purpose {
    fn context(self) -> &'static str {
        match self {
            Self::Manifest => "comptoir-logship/manifest/1\n",
            Self::Endorsement => "comptoir-logship/endorsement/1\n",
            Self::Anchor => "comptoir-logship/anchor/1\n",
        }
    }

    fn message(self, body: &[u8]) -> Vec<u8> {
        [self.context().as_bytes(), body].concat()
    }
}

/// Whose signatures are believed. Shown as its 32 bytes in hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

/// Before the 32 bytes of a public key in its DER form (RFC 8410).
const PUBLIC_KEY_DER: &[u8] = &[
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];
/// Before the 32 bytes of a private key's seed in its DER form (RFC 8410).
const PRIVATE_KEY_DER: &[u8] = &[
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

impl PublicKey {
    /// As `openssl pkey -pubout` writes it.
    pub fn to_pem(self) -> String {
        pem("PUBLIC KEY", &[PUBLIC_KEY_DER, &self.0].concat())
    }

    /// `None` where the text is not an Ed25519 public key in PEM.
    pub fn from_pem(text: &str) -> Option<Self> {
        let der = from_pem("PUBLIC KEY", text)?;
        let bytes = der.strip_prefix(PUBLIC_KEY_DER)?;
        bytes.try_into().ok().map(Self)
    }

    pub fn has_signed(self, purpose: Purpose, body: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0)
            .verify(&purpose.message(body), signature)
            .is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PublicKey {
    type Err = NotHex;

    fn from_str(text: &str) -> Result<Self, NotHex> {
        from_hex(text).map(Self)
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A private key. It is nowhere shown.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// `None` where the 32 bytes are refused.
    pub fn from_seed(seed: &[u8; 32]) -> Option<Self> {
        Ed25519KeyPair::from_seed_unchecked(seed).ok().map(Self)
    }

    /// As `openssl genpkey -algorithm ed25519` writes it; `None` where the text is none.
    pub fn from_pem(text: &str) -> Option<Self> {
        let der = from_pem("PRIVATE KEY", text)?;
        let seed = der.strip_prefix(PRIVATE_KEY_DER)?;
        Self::from_seed(seed.try_into().ok()?)
    }

    pub fn public_key(&self) -> PublicKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.0.public_key().as_ref());
        PublicKey(bytes)
    }

    /// The signature of an HTML page, for a file beside it. A page begins with `<`, and so is no
    /// message of any [`Purpose`].
    pub fn sign_page(&self, page: &[u8]) -> Vec<u8> {
        self.0.sign(page).as_ref().to_vec()
    }

    /// The bytes of a signed file.
    pub fn sign(
        &self,
        purpose: Purpose,
        body: &impl Serialize,
    ) -> Result<Vec<u8>, serde_json::Error> {
        let mut file = serde_json::to_vec(body)?;
        let seal = Seal {
            public_key: self.public_key(),
            signature: hex::encode(self.0.sign(&purpose.message(&file))),
        };
        file.push(b'\n');
        serde_json::to_writer(&mut file, &seal)?;
        file.push(b'\n');
        Ok(file)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(of {})", self.public_key())
    }
}

/// The private key in PEM, of a seed that nobody else has.
pub fn private_pem(seed: &[u8; 32]) -> String {
    pem("PRIVATE KEY", &[PRIVATE_KEY_DER, seed].concat())
}

/// The second line.
#[derive(Serialize, Deserialize)]
struct Seal {
    public_key: PublicKey,
    signature: String,
}

/// A signed file, taken apart and not yet believed.
#[derive(Clone, Debug)]
pub struct SignedFile<'a> {
    pub body: &'a [u8],
    pub public_key: PublicKey,
    signature: Vec<u8>,
}

/// It has not the two lines of a signed file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it has not the form of a signed file: {0}")]
pub struct NotSigned(String);

impl<'a> SignedFile<'a> {
    pub fn parse(bytes: &'a [u8]) -> Result<Self, NotSigned> {
        let broken = |reason: &str| NotSigned(reason.to_owned());
        let lines = bytes
            .strip_suffix(b"\n")
            .ok_or_else(|| broken("no newline at its end"))?;
        let at = lines.iter().position(|byte| *byte == b'\n');
        let at = at.ok_or_else(|| broken("one line only"))?;
        let (body, seal) = (&lines[..at], &lines[at + 1..]);
        let seal: Seal =
            serde_json::from_slice(seal).map_err(|error| NotSigned(error.to_string()))?;
        let signature = hex::decode(&seal.signature).map_err(|_| broken("its signature"))?;
        Ok(Self {
            body,
            public_key: seal.public_key,
            signature,
        })
    }

    /// Whether the key that it names signed it. Whether that key is to be believed is another
    /// question.
    pub fn is_genuine(&self, purpose: Purpose) -> bool {
        self.public_key
            .has_signed(purpose, self.body, &self.signature)
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}

fn from_pem(label: &str, text: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (text, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let text: String = text.split_whitespace().collect();
    STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_genuine_for_its_purpose_alone_and_no_bit_may_change() {
        let key = SigningKey::from_seed(&[7; 32]).unwrap();
        let file = key.sign(Purpose::Manifest, &"body").unwrap();
        let signed = SignedFile::parse(&file).unwrap();
        assert_eq!(signed.public_key, key.public_key());
        assert!(signed.is_genuine(Purpose::Manifest));
        assert!(!signed.is_genuine(Purpose::Anchor));
        for at in 0..file.len() * 8 {
            let mut damaged = file.clone();
            damaged[at / 8] ^= 1 << (at % 8);
            let is_genuine = SignedFile::parse(&damaged)
                .is_ok_and(|signed| signed.is_genuine(Purpose::Manifest));
            // The signature's hexadecimal digits may change their case, the names of the second
            // line are not signed: the chain's hash covers them.
            let body_and_key = damaged[..file.len() - 150] == file[..file.len() - 150];
            assert!(!is_genuine || body_and_key, "bit {at}");
        }
    }

    #[test]
    fn keys_survive_their_pem() {
        let seed = [9; 32];
        let key = SigningKey::from_pem(&private_pem(&seed)).unwrap();
        let public = PublicKey::from_pem(&key.public_key().to_pem()).unwrap();
        assert_eq!(public, key.public_key());
        assert!(PublicKey::from_pem(&private_pem(&seed)).is_none());
        assert!(!format!("{key:?}").contains(&hex::encode(seed)));
    }

    /// The first test vector of RFC 8032.
    #[test]
    fn is_ed25519() {
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let key = SigningKey::from_seed(&from_hex(seed).unwrap()).unwrap();
        assert_eq!(
            key.public_key().to_string(),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        );
    }
}
