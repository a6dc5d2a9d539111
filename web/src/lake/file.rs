//! The beginning of a file, where it is text and nobody writes it.

use super::roots::Root;
use super::{parquet_rows, segment};
use axum::body::Bytes;
use comptoir_lake::{Entry, Lake, LakeError};
use comptoir_model::api::lake::{LakeFile, LakeTable, NotRead};
use jiff::Timestamp;
use std::io::Read;

/// As much as a person reads.
const TEXT_BYTES_MAX: usize = 64 << 10;
const LINES_MAX: usize = 200;
/// Packed text of a segment, for at least as much unpacked.
const PACKED_BYTES_MAX: u64 = 1 << 20;

pub(super) async fn look(
    lake: &Lake,
    root: &Root,
    entry: &Entry,
    now: Timestamp,
) -> Result<LakeFile, LakeError> {
    let below = entry.path.as_str().strip_prefix(root.path.as_str());
    let preview = if may_be_open(below.unwrap_or_default()) {
        Preview::not_read(NotRead::MayBeOpen)
    } else if is_parquet(entry.name()) {
        match parquet_rows::look(lake, entry, now).await? {
            Ok(table) => Preview {
                table: Some(table),
                ..Preview::default()
            },
            Err(why) => Preview::not_read(why),
        }
    } else {
        read(lake, entry).await?
    };
    Ok(LakeFile {
        path: entry.path.to_string(),
        root: root.path.to_string(),
        bytes: entry.length,
        modified: entry.modified,
        owner: entry.owner.clone(),
        text: preview.text,
        is_whole: preview.is_whole,
        table: preview.table,
        not_read: preview.not_read,
        segment: segment::look(lake, root, entry).await?,
    })
}

fn is_parquet(name: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, extension)| extension == "parquet")
}

/// Whether somebody may be writing it, by its path below the root. Reading a block of HDFS just
/// while it is closed once lost it, and all that is written first has such a name.
fn may_be_open(below: &str) -> bool {
    let name = below.rsplit('/').next().unwrap_or_default();
    let unfinished = ["_piece-", "_segment-", "_part-"];
    below.split('/').any(|name| name.starts_with('.'))
        || unfinished.iter().any(|prefix| name.starts_with(prefix))
}

#[derive(Default)]
struct Preview {
    text: Option<String>,
    is_whole: bool,
    table: Option<LakeTable>,
    not_read: Option<NotRead>,
}

impl Preview {
    fn not_read(why: NotRead) -> Self {
        Self {
            not_read: Some(why),
            ..Self::default()
        }
    }
}

async fn read(lake: &Lake, entry: &Entry) -> Result<Preview, LakeError> {
    let is_packed = segment::number(entry.name()).is_some();
    let limit = if is_packed {
        PACKED_BYTES_MAX
    } else {
        TEXT_BYTES_MAX as u64
    };
    let bytes = lake.read_range(&entry.path, 0..limit).await?;
    let is_all = bytes.len() as u64 == entry.length;
    let (bytes, is_all) = if is_packed {
        match unpacked(&bytes) {
            Some((text, ended)) => (Bytes::from(text), ended && is_all),
            None => return Ok(Preview::not_read(NotRead::Binary)),
        }
    } else {
        (bytes, is_all)
    };
    Ok(text(&bytes, is_all))
}

/// The beginning of what is packed, and whether that is all; `None` of what is not packed so.
fn unpacked(bytes: &[u8]) -> Option<(Vec<u8>, bool)> {
    let mut text = Vec::new();
    let reader = zstd::stream::read::Decoder::with_buffer(bytes).ok()?;
    let read = reader
        .take(TEXT_BYTES_MAX as u64 + 1)
        .read_to_end(&mut text);
    let ended = read.is_ok() && text.len() <= TEXT_BYTES_MAX;
    text.truncate(TEXT_BYTES_MAX);
    // The packed bytes end within a frame where there are more.
    (read.is_ok() || !text.is_empty()).then_some((text, ended))
}

fn text(bytes: &[u8], is_all: bool) -> Preview {
    if bytes.contains(&0) {
        return Preview::not_read(NotRead::Binary);
    }
    let whole = match std::str::from_utf8(bytes) {
        // Cut within a letter.
        Err(error) if !is_all && error.error_len().is_none() => &bytes[..error.valid_up_to()],
        _ => bytes,
    };
    let mut ends = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    let end = ends
        .nth(LINES_MAX - 1)
        .map_or(whole.len(), |(at, _)| at + 1);
    Preview {
        text: Some(String::from_utf8_lossy(&whole[..end]).into_owned()),
        is_whole: is_all && end == bytes.len(),
        ..Preview::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_written_is_left_alone() {
        for below in [
            "/app.log/_piece-000001-00000000000000000000-e00000001",
            "/app.log/_segment-00000001-00000000.zst",
            "/.comptoir/sales/run-1/part-m-00000",
            "/sales/._manifest-2.x.tmp",
            "/sales/_part-m-00000.run",
        ] {
            assert!(may_be_open(below), "{below}");
        }
        for below in [
            "/sales/part-m-00000",
            "/sales/_manifest-1",
            "/sales/_SUCCESS",
            "/_delta_log/00000000000000000000.json",
            "/app.log/segment-00000001-00000000.zst",
        ] {
            assert!(!may_be_open(below), "{below}");
        }
    }

    #[test]
    fn a_beginning_says_that_it_is_one() {
        let preview = text(b"one\ntwo\n", true);
        assert_eq!(preview.text.as_deref(), Some("one\ntwo\n"));
        assert!(preview.is_whole);
        // `é` is cut in half.
        let preview = text(b"caf\xc3", false);
        assert_eq!(preview.text.as_deref(), Some("caf"));
        assert!(!preview.is_whole);
        let preview = text(b"caf\xe9 latin\n", true);
        assert_eq!(preview.text.as_deref(), Some("caf\u{fffd} latin\n"));
        let many = "line\n".repeat(LINES_MAX + 1);
        let preview = text(many.as_bytes(), true);
        assert_eq!(
            preview.text.map(|text| text.lines().count()),
            Some(LINES_MAX)
        );
        assert!(!preview.is_whole);
        assert_eq!(text(b"PAR1\0", true).not_read, Some(NotRead::Binary));
    }

    #[test]
    fn a_segment_is_unpacked_as_far_as_it_was_read() {
        let lines = "a line of a log\n".repeat(20_000);
        let packed = zstd::bulk::compress(lines.as_bytes(), 3).unwrap();
        let (text, ended) = unpacked(&packed).unwrap();
        assert_eq!((text.len(), ended), (TEXT_BYTES_MAX, false));
        assert!(lines.as_bytes().starts_with(&text));
        let packed = zstd::bulk::compress(b"short\n", 3).unwrap();
        assert_eq!(unpacked(&packed).unwrap(), (b"short\n".to_vec(), true));
        assert_eq!(unpacked(b"not packed"), None);
    }
}
