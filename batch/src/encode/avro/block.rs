//! The container: a header with the schema, then blocks of compressed rows.

use super::super::error::EncodeError;
use super::{bytes, long};
use comptoir_model::file_format::AvroCodec;
use std::io::Write;
use xxhash_rust::xxh3::xxh3_128;

pub(super) struct Blocks {
    codec: AvroCodec,
    /// Stands behind the header and each block, so that a reader can begin anywhere.
    sync: [u8; 16],
    /// `None` once it is written.
    header: Option<Vec<u8>>,
    compressed: Vec<u8>,
}

impl Blocks {
    pub(super) fn new(schema: &str, codec: AvroCodec, file: &str) -> Self {
        let sync = xxh3_128(format!("{file}\n{schema}").as_bytes()).to_be_bytes();
        let mut header = b"Obj\x01".to_vec();
        long(&mut header, 2);
        for (key, value) in [("avro.schema", schema), ("avro.codec", codec.name())] {
            bytes(&mut header, key.as_bytes());
            bytes(&mut header, value.as_bytes());
        }
        long(&mut header, 0);
        header.extend_from_slice(&sync);
        Self {
            codec,
            sync,
            header: Some(header),
            compressed: Vec::new(),
        }
    }

    /// Appends a block; of no rows, the header alone if it is still to be written.
    pub(super) fn append(
        &mut self,
        rows: u64,
        block: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        out.extend(self.header.take().into_iter().flatten());
        if rows == 0 {
            return Ok(());
        }
        self.compress(block)?;
        long(out, i64::try_from(rows).unwrap_or(i64::MAX));
        bytes(out, &self.compressed);
        out.extend_from_slice(&self.sync);
        Ok(())
    }

    fn compress(&mut self, block: &[u8]) -> Result<(), EncodeError> {
        self.compressed.clear();
        let out = &mut self.compressed;
        match self.codec {
            AvroCodec::Null => out.extend_from_slice(block),
            AvroCodec::Deflate => {
                let mut encoder =
                    flate2::write::DeflateEncoder::new(out, flate2::Compression::default());
                encoder.write_all(block)?;
                encoder.finish()?;
            }
            AvroCodec::Snappy => {
                out.resize(snap::raw::max_compress_len(block.len()), 0);
                let length = snap::raw::Encoder::new().compress(block, out)?;
                out.truncate(length);
                let mut checksum = flate2::Crc::new();
                checksum.update(block);
                out.extend_from_slice(&checksum.sum().to_be_bytes());
            }
            AvroCodec::Bzip2 => {
                let mut encoder = bzip2::write::BzEncoder::new(out, bzip2::Compression::default());
                encoder.write_all(block)?;
                encoder.finish()?;
            }
            AvroCodec::Zstd => {
                zstd::stream::copy_encode(block, out, zstd::DEFAULT_COMPRESSION_LEVEL)?;
            }
        }
        Ok(())
    }
}
