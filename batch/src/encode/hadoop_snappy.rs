//! The files of Hadoop's `SnappyCodec` (`BlockCompressorStream`): blocks of at most 256 KiB, each
//! with its length before and after compression, both as 4 bytes, big-endian.

use super::compress::ends_early;
use std::io::{Error, ErrorKind, Result};

/// Hadoop's buffer is 256 KiB, of which it leaves room for bytes that can't be compressed.
const BLOCK: usize = 256 * 1024 - (256 * 1024 / 6 + 32);

/// A block that claims to be bigger is none: Hadoop's own are 256 KiB by default, and nobody sets
/// more than some MiB.
const BLOCK_MAX: usize = 64 * 1024 * 1024;

#[derive(Default)]
pub(super) struct Compressor {
    pending: Vec<u8>,
}

impl Compressor {
    pub(super) fn append(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
        self.pending.extend_from_slice(bytes);
        let whole = self.pending.len() / BLOCK * BLOCK;
        for block in self.pending[..whole].chunks(BLOCK) {
            compress(block, out)?;
        }
        self.pending.drain(..whole);
        Ok(())
    }

    pub(super) fn finish(self, out: &mut Vec<u8>) -> Result<()> {
        if !self.pending.is_empty() {
            compress(&self.pending, out)?;
        }
        Ok(())
    }
}

fn compress(block: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let compressed = (snap::raw::Encoder::new().compress_vec(block)).map_err(Error::other)?;
    for length in [block.len(), compressed.len()] {
        let length = u32::try_from(length).map_err(Error::other)?;
        out.extend_from_slice(&length.to_be_bytes());
    }
    out.extend_from_slice(&compressed);
    Ok(())
}

/// A block may be compressed in several pieces, each with a length of its own.
#[derive(Default)]
pub(super) struct Decompressor {
    pending: Vec<u8>,
    /// What is still to come of the current block, decompressed.
    rest_of_block: usize,
}

impl Decompressor {
    pub(super) fn append(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
        self.pending.extend_from_slice(bytes);
        let mut at = 0;
        while let Some(length) = self.length_at(at)? {
            if self.rest_of_block == 0 {
                self.rest_of_block = length;
                at += 4;
                continue;
            }
            let Some(piece) = self.pending.get(at + 4..at + 4 + length) else {
                break;
            };
            let piece = (snap::raw::Decoder::new().decompress_vec(piece)).map_err(Error::other)?;
            self.rest_of_block = (self.rest_of_block.checked_sub(piece.len()))
                .filter(|_| !piece.is_empty())
                .ok_or_else(|| invalid("a block is longer than it says"))?;
            out.extend_from_slice(&piece);
            at += 4 + length;
        }
        self.pending.drain(..at);
        Ok(())
    }

    /// The length that stands at `at`, if it is there yet.
    fn length_at(&self, at: usize) -> Result<Option<usize>> {
        let Some(bytes) = self.pending.get(at..at + 4) else {
            return Ok(None);
        };
        let length = bytes
            .iter()
            .fold(0, |length, byte| length << 8 | usize::from(*byte));
        if length > BLOCK_MAX {
            return Err(invalid("it is not a file of Hadoop's SnappyCodec"));
        }
        Ok(Some(length))
    }

    pub(super) fn finish(self) -> Result<()> {
        if self.pending.is_empty() && self.rest_of_block == 0 {
            Ok(())
        } else {
            Err(ends_early())
        }
    }
}

fn invalid(reason: &str) -> Error {
    Error::new(ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_blocks_of_hadoop() {
        let mut out = Vec::new();
        let mut compressor = Compressor::default();
        compressor.append(b"aaaaaaaaaaaaaaaa", &mut out).unwrap();
        compressor.finish(&mut out).unwrap();
        let (lengths, piece) = out.split_at(8);
        assert_eq!(
            lengths,
            [0, 0, 0, 16, 0, 0, 0, u8::try_from(piece.len()).unwrap()]
        );
        let text = snap::raw::Decoder::new().decompress_vec(piece).unwrap();
        assert_eq!(text, b"aaaaaaaaaaaaaaaa");
    }

    #[test]
    fn reads_a_block_in_several_pieces() {
        let piece = |text: &[u8]| {
            let piece = snap::raw::Encoder::new().compress_vec(text).unwrap();
            [
                &u32::try_from(piece.len()).unwrap().to_be_bytes()[..],
                &piece,
            ]
            .concat()
        };
        let file = [&[0, 0, 0, 5][..], &piece(b"abc"), &piece(b"de")].concat();
        let mut out = Vec::new();
        let mut decompressor = Decompressor::default();
        decompressor.append(&file, &mut out).unwrap();
        decompressor.finish().unwrap();
        assert_eq!(out, b"abcde");
    }
}
