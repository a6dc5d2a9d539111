//! A rotated sibling that was compressed meanwhile, read as the bytes that it was.

use super::files::read_up_to;
use crate::archive::records::HEAD_BYTES_MAX;
use flate2::read::MultiGzDecoder;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom, copy, sink};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Who compresses a file gives it the old one's time at the end: one that was not written to for so
/// long is whole, and its last bytes say how long it was.
const WHOLE_AFTER: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub(crate) struct Gzip {
    stamp: Stamp,
    /// Of what was compressed.
    pub(crate) size: u64,
    pub(crate) head: Vec<u8>,
    /// All of it, once somebody needed it.
    plain: Option<Arc<File>>,
}

/// Tells whether a compressed file is still the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self {
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
        }
    }
}

impl Gzip {
    /// Fails where the file is not compressed, or not wholly so far.
    pub(crate) fn open(file: &File, now: SystemTime) -> io::Result<Self> {
        let stamp = Stamp::of(&file.metadata()?);
        let mut head = Vec::new();
        decoder(file)?
            .take(HEAD_BYTES_MAX as u64)
            .read_to_end(&mut head)?;
        let idle = stamp
            .modified
            .and_then(|modified| now.duration_since(modified).ok());
        let size = if idle.is_some_and(|idle| idle >= WHOLE_AFTER) {
            let last = read_up_to(file, stamp.bytes.saturating_sub(4), 4)?;
            let last: [u8; 4] = last.try_into().map_err(|_| io::ErrorKind::UnexpectedEof)?;
            u64::from(u32::from_le_bytes(last))
        } else {
            copy(&mut decoder(file)?, &mut sink())?
        };
        Ok(Self {
            stamp,
            size,
            head,
            plain: None,
        })
    }

    pub(crate) fn is_still(&self, metadata: &Metadata) -> bool {
        self.stamp == Stamp::of(metadata)
    }

    /// All of it, in a file without a name in `directory`.
    pub(crate) fn plain(&mut self, file: &File, directory: &Path) -> io::Result<Arc<File>> {
        if let Some(plain) = &self.plain {
            return Ok(Arc::clone(plain));
        }
        fs::create_dir_all(directory)?;
        let mut unpacked = tempfile::tempfile_in(directory)?;
        self.size = copy(&mut decoder(file)?, &mut unpacked)?;
        let plain = Arc::new(unpacked);
        self.plain = Some(Arc::clone(&plain));
        Ok(plain)
    }
}

fn decoder(file: &File) -> io::Result<MultiGzDecoder<&File>> {
    let mut file = file;
    file.seek(SeekFrom::Start(0))?;
    Ok(MultiGzDecoder::new(file))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    #[test]
    fn is_read_as_it_was_and_refused_while_it_is_not_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("app.log.1.gz");
        let text: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&text).unwrap();
        let packed = encoder.finish().unwrap();
        fs::write(&path, &packed).unwrap();
        let file = File::open(&path).unwrap();
        let written = file.metadata().unwrap().modified().unwrap();
        for now in [written, written + 2 * WHOLE_AFTER] {
            let mut gzip = Gzip::open(&file, now).unwrap();
            assert_eq!(gzip.size, text.len() as u64);
            assert_eq!(gzip.head, text[..HEAD_BYTES_MAX]);
            let plain = gzip.plain(&file, directory.path()).unwrap();
            assert_eq!(read_up_to(&plain, 0, text.len() + 1).unwrap(), text);
        }
        fs::write(&path, &packed[..packed.len() / 2]).unwrap();
        assert!(Gzip::open(&File::open(&path).unwrap(), written).is_err());
        fs::write(&path, "not compressed").unwrap();
        assert!(Gzip::open(&File::open(&path).unwrap(), written).is_err());
    }
}
