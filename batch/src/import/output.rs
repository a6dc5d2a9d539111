//! The way of a file's bytes into the lake: collected, hashed, written.

use bytes::Bytes;
use comptoir_lake::{LakeError, LakeWriter};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;

/// What is collected before it goes to the lake.
const CHUNK: usize = 1024 * 1024;

pub(super) struct Output {
    writer: LakeWriter,
    /// Not written yet.
    pub(super) buffer: Vec<u8>,
    /// What was written last: HDFS holds a chunk until its `DataNode`s have it. Then its room is
    /// used again.
    sent: VecDeque<Bytes>,
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
            sent: VecDeque::new(),
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
        if self.buffer.is_empty() {
            return Ok(());
        }
        let room = self.room();
        let chunk = Bytes::from(std::mem::replace(&mut self.buffer, room));
        self.sha256.update(&chunk);
        self.bytes += chunk.len() as u64;
        self.sent.push_back(chunk.clone());
        self.writer.write(chunk).await
    }

    /// For the next chunk: that of the oldest one, if nobody holds it any more. What comes from the
    /// system instead costs a page fault for each 4 KiB.
    fn room(&mut self) -> Vec<u8> {
        let oldest = self.sent.pop_front_if(|chunk| chunk.is_unique());
        match oldest.map(Bytes::try_into_mut) {
            Some(Ok(mut room)) => {
                room.clear();
                room.into()
            }
            _ => Vec::with_capacity(CHUNK),
        }
    }
}

impl Unclosed {
    /// Makes the file durable. HDFS takes up to half a second for it.
    pub(super) async fn close(mut self) -> Result<(), LakeError> {
        self.writer.hsync().await?;
        self.writer.close().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptoir_lake::{Create, Lake, LakeOptions, LakePath};

    #[tokio::test]
    async fn the_room_of_a_chunk_that_was_written_is_used_again() {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("file://{}", directory.path().display());
        let lake = Lake::open(&url, LakeOptions::default()).unwrap();
        let path = LakePath::parse("/part").unwrap();
        let mut output = Output::new(lake.create(&path, Create::Exclusive).await.unwrap());
        let mut rooms = Vec::new();
        for byte in 0..4 {
            rooms.push(output.buffer.as_ptr());
            output.buffer.resize(CHUNK, byte);
            assert!(output.flush_if_full().await.unwrap());
        }
        assert_eq!(rooms[2..], rooms[..2]);
        let file = output.finish().await.unwrap();
        assert_eq!(file.bytes, 4 * CHUNK as u64);
        file.close().await.unwrap();
        let written = lake.read(&path).await.unwrap();
        assert!((written.chunks(CHUNK).zip(0..)).all(|(chunk, byte)| chunk == vec![byte; CHUNK]));
    }
}
