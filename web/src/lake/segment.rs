//! What the manifest of a log's segment says of it (logship/FORMAT.md).

use super::directory::size_check;
use super::roots::Root;
use comptoir_lake::{Entry, Lake, LakeError, LakePath};
use comptoir_model::api::lake::{LakeSegment, SegmentFacts};
use jiff::Timestamp;
use serde::Deserialize;

/// That of a segment of 128 MiB has 128 frames of some 300 bytes.
const MANIFEST_BYTES_MAX: u64 = 4 << 20;

/// The digits of `segment-<number>-<attempt>.zst`; `None` of any other name.
pub(super) fn number(name: &str) -> Option<&str> {
    let (number, attempt) = (name.strip_prefix("segment-")?)
        .strip_suffix(".zst")?
        .split_once('-')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    let is_hex = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_hexdigit());
    (is_number(number) && is_hex(attempt)).then_some(number)
}

/// `None` of what is no segment.
pub(super) async fn look(
    lake: &Lake,
    root: &Root,
    entry: &Entry,
) -> Result<Option<LakeSegment>, LakeError> {
    let Some(number) = number(entry.name()) else {
        return Ok(None);
    };
    let nameless = LakeSegment {
        manifest: None,
        facts: None,
        size: None,
    };
    // It lies in the log's directory, or in one of times below that.
    let mut at = entry.path.parent();
    while let Some(directory) = at {
        let path = directory.join(&format!("manifest-{number}"))?;
        if let Some(body) = body(lake, &path).await? {
            return Ok(Some(match body.of(&entry.path) {
                Some((facts, bytes)) => LakeSegment {
                    manifest: Some(path.to_string()),
                    facts: Some(facts),
                    size: Some(size_check(bytes, entry.length)),
                },
                None => nameless,
            }));
        }
        at = (directory != root.path)
            .then(|| directory.parent())
            .flatten();
    }
    Ok(Some(nameless))
}

/// The first line of a manifest; the second one is its signature.
#[derive(Deserialize)]
struct Body {
    source: Source,
    sealed_at: Timestamp,
    entry: SealedEntry,
}

#[derive(Deserialize)]
struct Source {
    name: String,
}

/// What entries of other kinds have not is left out.
#[derive(Deserialize)]
struct SealedEntry {
    start: u64,
    end: u64,
    lines: u64,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    segment: Option<Segment>,
}

#[derive(Deserialize)]
struct Segment {
    name: String,
    bytes: u64,
    sha256: String,
}

/// `None` where there is no such manifest, or none that seals a segment.
async fn body(lake: &Lake, path: &LakePath) -> Result<Option<Body>, LakeError> {
    let bytes = match lake.read_range(path, 0..MANIFEST_BYTES_MAX).await {
        Ok(bytes) => bytes,
        Err(LakeError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let line = bytes.split(|byte| *byte == b'\n').next();
    Ok(line.and_then(|line| serde_json::from_slice(line).ok()))
}

impl Body {
    /// What it says of the segment of this path, and how large that is; `None` where it names
    /// another one.
    fn of(self, path: &LakePath) -> Option<(SegmentFacts, u64)> {
        let segment = self.entry.segment?;
        let is_it = segment.name.rsplit('/').next() == path.file_name();
        let facts = SegmentFacts {
            log: self.source.name,
            start: self.entry.start,
            end: self.entry.end,
            lines: self.entry.lines,
            from: self.entry.from,
            to: self.entry.to,
            sealed_at: self.sealed_at,
            sha256: segment.sha256,
        };
        is_it.then_some((facts, segment.bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn a_segment_is_known_by_its_name() {
        assert_eq!(number("segment-00000002-1f2e3d4c.zst"), Some("00000002"));
        for name in [
            "_segment-00000002-1f2e3d4c.zst",
            "segment-00000002.zst",
            "segment-x-1f.zst",
            "segment--1f.zst",
            "segment-1-.zst",
            "segment-1-1f",
        ] {
            assert_eq!(number(name), None, "{name}");
        }
    }
}
