//! A file of the lake for readers that know no waiting. For threads that may block.

use bytes::{Buf, Bytes};
use comptoir_lake::{LakeError, LakeReader};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use std::io::{self, Read};
use std::sync::{Arc, Mutex};
use tokio::runtime::Handle;

/// How much is read ahead at a time where a reader wants a stream.
const AHEAD: u64 = 1024 * 1024;

#[derive(Clone)]
pub(crate) struct LakeBytes {
    reader: LakeReader,
    runtime: Handle,
    /// The lake's own error: the readers above would make a text of it.
    failure: Arc<Mutex<Option<LakeError>>>,
}

/// From a place in the file to its end.
pub(crate) struct Stream {
    bytes: LakeBytes,
    position: u64,
    ahead: Bytes,
}

impl LakeBytes {
    /// To be called inside the runtime that reads.
    pub(crate) fn new(reader: LakeReader) -> Self {
        Self {
            reader,
            runtime: Handle::current(),
            failure: Arc::default(),
        }
    }

    /// What the lake said, if it was the lake that failed.
    pub(crate) fn take_failure(&self) -> Option<LakeError> {
        let mut failure = self.failure.lock();
        failure.as_mut().ok().and_then(|failure| failure.take())
    }

    pub(crate) fn stream(&self, position: u64) -> Stream {
        Stream {
            bytes: self.clone(),
            position,
            ahead: Bytes::new(),
        }
    }

    fn read(&self, start: u64, length: u64) -> io::Result<Bytes> {
        let range = start..start.saturating_add(length);
        let read = self.runtime.block_on(self.reader.read_range(range));
        read.map_err(|error| {
            let said = io::Error::other(error.to_string());
            if let Ok(mut failure) = self.failure.lock() {
                *failure = Some(error);
            }
            said
        })
    }
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.ahead.is_empty() {
            self.ahead = self.bytes.read(self.position, AHEAD)?;
            self.position += self.ahead.len() as u64;
        }
        let length = into.len().min(self.ahead.len());
        self.ahead.copy_to_slice(&mut into[..length]);
        Ok(length)
    }
}

impl Length for LakeBytes {
    fn len(&self) -> u64 {
        self.reader.len()
    }
}

impl ChunkReader for LakeBytes {
    type T = Stream;

    fn get_read(&self, start: u64) -> Result<Stream, ParquetError> {
        Ok(self.stream(start))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let bytes = self.read(start, length as u64)?;
        if bytes.len() == length {
            Ok(bytes)
        } else {
            Err(ParquetError::EOF(format!(
                "the file ends at byte {}, inside what it says to be at byte {start}",
                self.len()
            )))
        }
    }
}
