//! Whole text files, compressed and decompressed as their bytes come.

use super::hadoop_snappy;
use comptoir_model::file_format::TextCompression;
use std::io::{Error, Result, Write};

/// Compresses what it is given; memory does not grow with the file.
pub struct Compressor(Compress);

enum Compress {
    None,
    Gzip(flate2::write::GzEncoder<Vec<u8>>),
    Bzip2(bzip2::write::BzEncoder<Vec<u8>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
    Snappy(hadoop_snappy::Compressor),
}

impl Compressor {
    pub fn new(compression: TextCompression) -> Result<Self> {
        Ok(Self(match compression {
            TextCompression::None => Compress::None,
            TextCompression::Gzip => Compress::Gzip(flate2::write::GzEncoder::new(
                Vec::new(),
                flate2::Compression::default(),
            )),
            TextCompression::Bzip2 => Compress::Bzip2(bzip2::write::BzEncoder::new(
                Vec::new(),
                bzip2::Compression::default(),
            )),
            TextCompression::Zstd => Compress::Zstd(zstd::stream::write::Encoder::new(
                Vec::new(),
                zstd::DEFAULT_COMPRESSION_LEVEL,
            )?),
            TextCompression::Snappy => Compress::Snappy(hadoop_snappy::Compressor::default()),
        }))
    }

    /// Whether the bytes stay as they are.
    pub fn is_none(&self) -> bool {
        matches!(self.0, Compress::None)
    }

    /// Takes bytes of the file, and appends to `out` what is compressed by now.
    pub fn append(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
        match &mut self.0 {
            Compress::None => out.extend_from_slice(bytes),
            Compress::Gzip(encoder) => {
                encoder.write_all(bytes)?;
                out.append(encoder.get_mut());
            }
            Compress::Bzip2(encoder) => {
                encoder.write_all(bytes)?;
                out.append(encoder.get_mut());
            }
            Compress::Zstd(encoder) => {
                encoder.write_all(bytes)?;
                out.append(encoder.get_mut());
            }
            Compress::Snappy(compressor) => compressor.append(bytes, out)?,
        }
        Ok(())
    }

    /// Appends the end of the file.
    pub fn finish(self, out: &mut Vec<u8>) -> Result<()> {
        match self.0 {
            Compress::None => {}
            Compress::Gzip(encoder) => out.append(&mut encoder.finish()?),
            Compress::Bzip2(encoder) => out.append(&mut encoder.finish()?),
            Compress::Zstd(encoder) => out.append(&mut encoder.finish()?),
            Compress::Snappy(compressor) => compressor.finish(out)?,
        }
        Ok(())
    }
}

/// The inverse of [`Compressor`]; reads files of Hadoop's codecs too.
pub struct Decompressor(Decompress);

enum Decompress {
    None,
    Gzip(Box<flate2::write::MultiGzDecoder<Vec<u8>>>),
    Bzip2(bzip2::write::BzDecoder<Vec<u8>>),
    Zstd(ZstdFrames),
    Snappy(hadoop_snappy::Decompressor),
}

/// Counts what is missing of the last frame, which the decoder itself does not tell.
struct ZstdFrames {
    decoder: zstd::stream::raw::Decoder<'static>,
    unfinished: bool,
}

impl Decompressor {
    pub fn new(compression: TextCompression) -> Result<Self> {
        Ok(Self(match compression {
            TextCompression::None => Decompress::None,
            TextCompression::Gzip => {
                Decompress::Gzip(Box::new(flate2::write::MultiGzDecoder::new(Vec::new())))
            }
            TextCompression::Bzip2 => Decompress::Bzip2(bzip2::write::BzDecoder::new(Vec::new())),
            TextCompression::Zstd => Decompress::Zstd(ZstdFrames {
                decoder: zstd::stream::raw::Decoder::new()?,
                unfinished: false,
            }),
            TextCompression::Snappy => Decompress::Snappy(hadoop_snappy::Decompressor::default()),
        }))
    }

    /// Takes bytes of a compressed file, and appends to `out` what they hold.
    pub fn append(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
        match &mut self.0 {
            Decompress::None => out.extend_from_slice(bytes),
            Decompress::Gzip(decoder) => {
                decoder.write_all(bytes)?;
                out.append(decoder.get_mut());
            }
            Decompress::Bzip2(decoder) => {
                decoder.write_all(bytes)?;
                out.append(decoder.get_mut());
            }
            Decompress::Zstd(frames) => frames.append(bytes, out)?,
            Decompress::Snappy(decompressor) => decompressor.append(bytes, out)?,
        }
        Ok(())
    }

    /// Appends the rest; an error where the file ends too early.
    pub fn finish(self, out: &mut Vec<u8>) -> Result<()> {
        match self.0 {
            Decompress::Zstd(frames) if frames.unfinished => return Err(ends_early()),
            Decompress::None | Decompress::Zstd(_) => {}
            Decompress::Gzip(decoder) => out.append(&mut decoder.finish()?),
            Decompress::Bzip2(mut decoder) => out.append(&mut decoder.finish()?),
            Decompress::Snappy(decompressor) => decompressor.finish()?,
        }
        Ok(())
    }
}

impl ZstdFrames {
    fn append(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
        use zstd::stream::raw::Operation;
        const ROOM: usize = 128 * 1024;
        let mut room = vec![0; ROOM];
        while !bytes.is_empty() {
            let status = self.decoder.run_on_buffers(bytes, &mut room)?;
            bytes = &bytes[status.bytes_read..];
            out.extend_from_slice(&room[..status.bytes_written]);
            // 0: a frame ended here.
            self.unfinished = status.remaining != 0;
            // What the decoder still holds, where the room was too small for it.
            let mut written = status.bytes_written;
            while written == ROOM {
                let status = self.decoder.run_on_buffers(&[], &mut room)?;
                written = status.bytes_written;
                out.extend_from_slice(&room[..written]);
                self.unfinished = status.remaining != 0;
            }
        }
        Ok(())
    }
}

pub(super) fn ends_early() -> Error {
    Error::new(
        std::io::ErrorKind::UnexpectedEof,
        "the compressed file ends too early",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) const ALL: [TextCompression; 5] = [
        TextCompression::None,
        TextCompression::Gzip,
        TextCompression::Bzip2,
        TextCompression::Zstd,
        TextCompression::Snappy,
    ];

    fn compressed(compression: TextCompression, pieces: &[Vec<u8>]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut compressor = Compressor::new(compression).unwrap();
        for piece in pieces {
            compressor.append(piece, &mut out).unwrap();
        }
        compressor.finish(&mut out).unwrap();
        out
    }

    fn decompressed(compression: TextCompression, bytes: &[u8], cut: usize) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        let mut decompressor = Decompressor::new(compression)?;
        for piece in bytes.chunks(cut) {
            decompressor.append(piece, &mut out)?;
        }
        decompressor.finish(&mut out)?;
        Ok(out)
    }

    #[test]
    fn a_file_that_ends_too_early_is_an_error() {
        let text: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        for compression in ALL.into_iter().filter(|c| *c != TextCompression::None) {
            let whole = compressed(compression, std::slice::from_ref(&text));
            assert_eq!(decompressed(compression, &whole, 1000).unwrap(), text);
            for kept in [whole.len() - 1, whole.len() / 2, 5] {
                let cut = decompressed(compression, &whole[..kept], 1000);
                assert!(cut.is_err(), "{compression:?} cut to {kept}");
            }
        }
    }

    #[test]
    fn an_empty_file_decompresses_to_nothing() {
        for compression in ALL {
            let empty = compressed(compression, &[]);
            assert_eq!(decompressed(compression, &empty, 7).unwrap(), b"");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn what_was_compressed_is_read_back(
            pieces in proptest::collection::vec(proptest::collection::vec(0_u8..8, 0..5000), 0..20),
            cut in 1_usize..10_000,
        ) {
            let text = pieces.concat();
            for compression in ALL {
                let file = compressed(compression, &pieces);
                prop_assert_eq!(&decompressed(compression, &file, cut).unwrap(), &text);
            }
        }
    }
}
