//! One file of the page and its compressed copies.

use anyhow::Context;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use std::io::Write;

/// Enough to tell two builds apart.
const HASH_HEX_DIGITS: usize = 16;

pub(crate) struct Asset {
    pub(crate) name: String,
    pub(crate) content: Vec<u8>,
}

impl Asset {
    /// Named by its content, so that browsers may keep it for ever: `app-<hash>.js`.
    pub(crate) fn hashed(stem: &str, ending: &str, content: Vec<u8>) -> Self {
        let hash = hex::encode(Sha256::digest(&content));
        Self {
            name: format!("{stem}-{}{ending}", &hash[..HASH_HEX_DIGITS]),
            content,
        }
    }

    pub(crate) fn named(name: &str, content: Vec<u8>) -> Self {
        Self {
            name: name.to_owned(),
            content,
        }
    }

    /// At the highest level: it is made once and served often.
    pub(crate) fn brotli(&self) -> anyhow::Result<Vec<u8>> {
        let mut compressed = Vec::new();
        let parameters = brotli::enc::BrotliEncoderParams {
            quality: 11,
            lgwin: 22,
            ..Default::default()
        };
        brotli::BrotliCompress(&mut self.content.as_slice(), &mut compressed, &parameters)
            .with_context(|| format!("compress {}", self.name))?;
        Ok(compressed)
    }

    /// Without a time stamp, so that equal content gives equal bytes.
    pub(crate) fn gzip(&self) -> anyhow::Result<Vec<u8>> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&self.content)?;
        encoder
            .finish()
            .with_context(|| format!("compress {}", self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn another_content_has_another_name() {
        let name = |content: &str| Asset::hashed("app", ".js", content.as_bytes().to_vec()).name;
        assert_eq!(name("a"), "app-ca978112ca1bbdca.js");
        assert_ne!(name("a"), name("b"));
    }

    #[test]
    fn copies_decompress_to_the_content() {
        let asset = Asset::named("x", b"the same words, the same words".to_vec());
        let mut from_gzip = Vec::new();
        let gzip = asset.gzip().unwrap();
        flate2::read::GzDecoder::new(gzip.as_slice())
            .read_to_end(&mut from_gzip)
            .unwrap();
        let mut from_brotli = Vec::new();
        brotli::BrotliDecompress(&mut asset.brotli().unwrap().as_slice(), &mut from_brotli)
            .unwrap();
        assert_eq!((&from_gzip, &from_brotli), (&asset.content, &asset.content));
    }
}
