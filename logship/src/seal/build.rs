//! Makes a segment out of pieces, and reads it back. Holds a few MiB, however long it is.

use super::error::SealError;
use super::plan::Run;
use crate::archive::contents::Listing;
use crate::archive::facts::{Carry, newlines};
use crate::archive::manifest;
use crate::archive::names::{Name, PieceEnd, PieceId, SegmentId};
use crate::archive::segment::{Built, SegmentBuilder};
use crate::archive::segment_path::{SegmentDirectory, SegmentPath};
use crate::archive::store::Store;
use crate::archive::sums::read_sums;
use comptoir_lake::{Create, LakeWriter};
use std::io;

/// Read of a piece at once.
const CHUNK_BYTES: u64 = 1 << 20;

/// A segment that is written, under its open name.
pub(super) struct Segment {
    id: SegmentId,
    pub(super) built: Built,
}

impl Segment {
    /// A run without pieces becomes no file.
    pub(super) async fn write(
        store: &Store,
        listing: &Listing,
        run: &Run,
        id: SegmentId,
        carry: Carry,
    ) -> Result<Self, SealError> {
        let mut builder = SegmentBuilder::new(run.start, carry).map_err(SealError::Compress)?;
        if run.pieces.is_empty() {
            let (_, built) = builder.finish().map_err(SealError::Compress)?;
            return Ok(Self { id, built });
        }
        let path = store.path(Name::OpenSegment(id))?;
        let mut writer = store.lake.create(&path, Create::Exclusive).await?;
        for (piece, end) in &run.pieces {
            builder = append(store, listing, *piece, *end, builder, &mut writer).await?;
        }
        let (rest, built) = blocking(move || builder.finish()).await?;
        writer.write(rest.into()).await?;
        writer.hsync().await?;
        writer.close().await?;
        Ok(Self { id, built })
    }

    /// Both sums of what lies in the lake now.
    pub(super) async fn read_back(&self, store: &Store) -> Result<(), SealError> {
        let path = store.path(Name::OpenSegment(self.id))?;
        let wrong = |reason: String| SealError::ReadBack {
            segment: store.lake.url_of(&path),
            reason,
        };
        let reader = store.lake.open_read(&path).await?;
        if reader.len() != self.built.stored_bytes {
            return Err(wrong(format!("it has {} bytes", reader.len())));
        }
        let sums = read_sums(&reader, &self.built.frames).await?;
        if (sums.stored, sums.raw) == (self.built.stored_sha256, self.built.raw_sha256) {
            Ok(())
        } else {
            Err(wrong("its SHA-256 is another".to_owned()))
        }
    }

    /// As its manifest describes it.
    pub(super) fn stored(self, directory: Option<SegmentDirectory>) -> manifest::Segment {
        manifest::Segment {
            name: SegmentPath {
                directory,
                id: self.id,
            },
            bytes: self.built.stored_bytes,
            sha256: self.built.stored_sha256,
            frames: self.built.frames,
        }
    }
}

/// The bytes of one piece, which must be what its name says.
async fn append(
    store: &Store,
    listing: &Listing,
    id: PieceId,
    end: PieceEnd,
    mut builder: SegmentBuilder,
    writer: &mut LakeWriter,
) -> Result<SegmentBuilder, SealError> {
    let reader = store.open_piece(listing, id, end).await?;
    let wrong = |reason: String| SealError::Piece {
        piece: store.lake.url_of(reader.path()),
        reason,
    };
    let length = end.end - id.start;
    let read = |at: u64| reader.read_range(at..length.min(at + CHUNK_BYTES));
    let (mut at, mut lines) = (0, 0);
    let mut next = read(at).await?;
    while at < length {
        let bytes = next;
        if bytes.is_empty() {
            return Err(wrong(format!("it has {at} bytes instead of {length}")));
        }
        at += bytes.len() as u64;
        let pushing = blocking(move || {
            let ready = builder.push(&bytes)?;
            Ok((builder, newlines(&bytes), ready))
        });
        // The next bytes are read while these are compressed.
        let (read, pushed) = tokio::join!(read(at), pushing);
        next = read?;
        let (back, counted, ready) = pushed?;
        builder = back;
        lines += counted;
        writer.write(ready.into()).await?;
    }
    if lines == end.lines {
        Ok(builder)
    } else {
        Err(wrong(format!(
            "it has {lines} newlines instead of {}",
            end.lines
        )))
    }
}

/// Compressing takes the processor for some milliseconds.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, SealError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(io::Error::other)
        .flatten()
        .map_err(SealError::Compress)
}
