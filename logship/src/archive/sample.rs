//! Entries of a chain for tests: only what a test is about has to be said.

use super::digest::Digest;
use super::facts::Carry;
use super::manifest::{ChainEntry, Entry, Frame, Manifest, Sealed, SealedFile, Segment};
use super::names::{ChainNumber, Epoch, LifeNumber, SegmentId};
use super::records::{FileId, Head, VERSION};
use super::segment_path::SegmentPath;
use super::signature::SigningKey;
use super::source_id::SourceId;
use jiff::Timestamp;

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// Sealed at second 1000; no hash of it is a real one.
pub(crate) fn entry(number: ChainNumber, entry: Entry) -> ChainEntry {
    ChainEntry {
        manifest: Manifest {
            version: VERSION,
            number,
            previous: None,
            source: SourceId {
                host: "till".to_owned(),
                name: "app.log".to_owned(),
            },
            epoch: Epoch::default(),
            sealed_at: at(1000),
            entry,
        },
        sha256: Digest::of(&number.0.to_le_bytes()),
        public_key: SigningKey::from_seed(&[1; 32]).unwrap().public_key(),
    }
}

/// Ten bytes of a life, whose lines are of these seconds.
pub(crate) fn sealed(number: u64, life: u64, (from, to): (i64, i64)) -> Sealed {
    let frame = Frame {
        at: 0,
        stored: 20,
        start: number * 10,
        bytes: 10,
        lines: 1,
        from: Some(at(from)),
        to: Some(at(to)),
        levels: [].into(),
        carry: Carry::default(),
    };
    Sealed {
        life: LifeNumber(life),
        file: SealedFile {
            name: "app.log".to_owned(),
            file: FileId {
                device: 1,
                inode: 1,
            },
            head: Head::of(b""),
            first: 0,
            found_at: at(0),
        },
        start: frame.start,
        end: frame.start + frame.bytes,
        lines: frame.lines,
        from: frame.from,
        to: frame.to,
        raw_sha256: Digest::of(&number.to_le_bytes()),
        segment: Some(Segment {
            name: SegmentPath::beside(SegmentId {
                number: ChainNumber(number),
                attempt: 7,
            }),
            bytes: frame.stored,
            sha256: Digest::of(b"stored"),
            frames: vec![frame],
        }),
        carry: Carry::default(),
        gaps: Vec::new(),
        ended: None,
    }
}
