//! Files of the lake, open for reading or writing.

use crate::error::{LakeError, Result};
use crate::lake::{Backend, Create, Lake};
use crate::path::LakePath;
use crate::{hdfs, local};
use bytes::{Bytes, BytesMut};
use std::fmt;
use std::ops::Range;

/// How much one call reads or writes at most, so that each stays well within the time limit.
const CHUNK: usize = 4 << 20;

/// A file as it was when it was opened. It stays readable when its name is renamed or given to
/// another file; once deleted, HDFS takes its blocks away within seconds.
#[derive(Clone)]
pub struct LakeReader {
    path: LakePath,
    source: Source,
    position: u64,
}

#[derive(Clone)]
enum Source {
    Hdfs(hdfs::Reader),
    Local(local::Reader),
}

impl LakeReader {
    pub(crate) async fn open(lake: &Lake, path: &LakePath) -> Result<Self> {
        let source = match lake.backend() {
            Backend::Hdfs(hdfs) => Source::Hdfs(hdfs::Reader::open(hdfs, path).await?),
            Backend::Local(local) => Source::Local(local::Reader::open(local, path).await?),
        };
        Ok(Self {
            path: path.clone(),
            source,
            position: 0,
        })
    }

    pub fn path(&self) -> &LakePath {
        &self.path
    }

    /// The file's length in bytes when it was opened.
    #[expect(clippy::len_without_is_empty, reason = "a file is no collection")]
    pub fn len(&self) -> u64 {
        match &self.source {
            Source::Hdfs(reader) => reader.length(),
            Source::Local(reader) => reader.length(),
        }
    }

    /// The next bytes, at most 4 MiB; `None` at the end.
    pub async fn next_chunk(&mut self) -> Result<Option<Bytes>> {
        let rest = self.len() - self.position;
        if rest == 0 {
            return Ok(None);
        }
        let length = usize::try_from(rest).map_or(CHUNK, |rest| rest.min(CHUNK));
        let bytes = self.read_at(self.position, length).await?;
        self.position += length as u64;
        Ok(Some(bytes))
    }

    /// The bytes of `range` that the file has, wherever [`LakeReader::next_chunk`] stands.
    pub async fn read_range(&self, range: Range<u64>) -> Result<Bytes> {
        let end = range.end.min(self.len());
        let mut at = range.start;
        let mut bytes = BytesMut::new();
        while at < end {
            let length = usize::try_from(end - at).map_or(CHUNK, |rest| rest.min(CHUNK));
            let chunk = self.read_at(at, length).await?;
            at += length as u64;
            if at == end && bytes.is_empty() {
                return Ok(chunk);
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    }

    /// Exactly `length` bytes.
    async fn read_at(&self, offset: u64, length: usize) -> Result<Bytes> {
        match &self.source {
            Source::Hdfs(reader) => reader.read_at(offset, length).await,
            Source::Local(reader) => reader.read_at(offset, length).await,
        }
    }
}

impl fmt::Debug for LakeReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        write!(
            f,
            "LakeReader({path}, {} of {} bytes)",
            self.position,
            self.len()
        )
    }
}

/// A new file being written. Nothing is durable, or certain to arrive, before
/// [`LakeWriter::hsync`] or [`LakeWriter::close`] succeeded. After a failed or timed-out call the
/// writer is dead: [`Lake::recover_lease`] closes the file on HDFS with a prefix of what was
/// written. Dropping it without `close` leaves the same behind.
pub struct LakeWriter {
    path: LakePath,
    state: State,
    length: u64,
}

enum State {
    Open(Sink),
    Closed,
    Dead(String),
}

enum Sink {
    Hdfs(hdfs::Writer),
    Local(local::Writer),
}

impl LakeWriter {
    pub(crate) async fn create(lake: &Lake, path: &LakePath, create: Create) -> Result<Self> {
        let sink = match lake.backend() {
            Backend::Hdfs(hdfs) => Sink::Hdfs(hdfs::Writer::create(hdfs, path, create).await?),
            Backend::Local(local) => Sink::Local(local::Writer::create(local, path, create).await?),
        };
        Ok(Self {
            path: path.clone(),
            state: State::Open(sink),
            length: 0,
        })
    }

    pub fn path(&self) -> &LakePath {
        &self.path
    }

    /// The bytes taken so far, durable or not.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Takes bytes; HDFS only buffers them.
    pub async fn write(&mut self, mut bytes: Bytes) -> Result<()> {
        let mut sink = self.take_sink()?;
        while !bytes.is_empty() {
            let chunk = bytes.split_to(bytes.len().min(CHUNK));
            let length = chunk.len() as u64;
            let written = match &mut sink {
                Sink::Hdfs(writer) => writer.write(chunk).await,
                Sink::Local(writer) => writer.write(chunk).await,
            };
            self.survive(written)?;
            self.length += length;
        }
        self.state = State::Open(sink);
        Ok(())
    }

    /// Makes everything written so far durable, on every replica, and visible to `stat`.
    pub async fn hsync(&mut self) -> Result<()> {
        let mut sink = self.take_sink()?;
        let synced = match &mut sink {
            Sink::Hdfs(writer) => writer.hsync().await,
            Sink::Local(writer) => writer.hsync().await,
        };
        self.survive(synced)?;
        self.state = State::Open(sink);
        Ok(())
    }

    /// Makes everything durable and the file complete. Closing a closed writer does nothing.
    pub async fn close(&mut self) -> Result<()> {
        if matches!(self.state, State::Closed) {
            return Ok(());
        }
        let mut sink = self.take_sink()?;
        let closed = match &mut sink {
            Sink::Hdfs(writer) => writer.close(self.length).await,
            Sink::Local(writer) => writer.hsync().await,
        };
        self.survive(closed)?;
        self.state = State::Closed;
        Ok(())
    }

    /// Takes the sink out, so that a call that is cancelled leaves a dead writer behind.
    fn take_sink(&mut self) -> Result<Sink> {
        let cancelled = State::Dead("a call on it was cancelled".to_owned());
        let reason = match std::mem::replace(&mut self.state, cancelled) {
            State::Open(sink) => return Ok(sink),
            State::Closed => {
                self.state = State::Closed;
                "the file is complete".to_owned()
            }
            State::Dead(reason) => {
                self.state = State::Dead(reason.clone());
                reason
            }
        };
        Err(LakeError::WriterClosed {
            path: self.path.clone(),
            reason,
        })
    }

    fn survive(&mut self, result: Result<()>) -> Result<()> {
        if let Err(error) = &result {
            self.state = State::Dead(error.to_string());
        }
        result
    }
}

impl fmt::Debug for LakeWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LakeWriter({}, {} bytes)", self.path, self.length)
    }
}
