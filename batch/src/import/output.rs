//! The way of a file's bytes into the lake: collected, hashed, written.

use bytes::Bytes;
use comptoir_lake::{LakeError, LakeWriter};
use sha2::{Digest, Sha256};

/// What is collected before it goes to the lake.
const CHUNK: usize = 1024 * 1024;

pub(super) struct Output {
    writer: LakeWriter,
    /// Not written yet.
    pub(super) buffer: Vec<u8>,
    /// Of what was written.
    sha256: Sha256,
    bytes: u64,
}

/// A file with all its bytes, and what the manifest says of them.
pub(super) struct Unclosed {
    pub(super) writer: LakeWriter,
    pub(super) bytes: u64,
    /// Lower-case hexadecimal.
    pub(super) sha256: String,
}

impl Output {
    pub(super) fn new(writer: LakeWriter) -> Self {
        Self {
            writer,
            buffer: Vec::with_capacity(CHUNK),
            sha256: Sha256::new(),
            bytes: 0,
        }
    }

    /// To be awaited between rows: it keeps the buffer small. Says whether it went into the lake.
    pub(super) async fn flush_if_full(&mut self) -> Result<bool, LakeError> {
        if self.buffer.len() < CHUNK {
            return Ok(false);
        }
        self.flush().await?;
        Ok(true)
    }

    /// What came so far, written or not.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes + self.buffer.len() as u64
    }

    pub(super) async fn finish(mut self) -> Result<Unclosed, LakeError> {
        self.flush().await?;
        Ok(Unclosed {
            writer: self.writer,
            bytes: self.bytes,
            sha256: hex::encode(self.sha256.finalize()),
        })
    }

    async fn flush(&mut self) -> Result<(), LakeError> {
        let chunk = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK));
        let chunk = Bytes::from(chunk);
        self.sha256.update(&chunk);
        self.bytes += chunk.len() as u64;
        if chunk.is_empty() {
            return Ok(());
        }
        self.writer.write(chunk).await
    }
}

impl Unclosed {
    /// Makes the file durable. HDFS takes up to half a second for it.
    pub(super) async fn close(mut self) -> Result<(), LakeError> {
        self.writer.hsync().await?;
        self.writer.close().await
    }
}
