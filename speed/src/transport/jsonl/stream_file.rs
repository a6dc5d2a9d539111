//! The file that makes a directory one life of a topic.

use super::JsonlTransport;
use crate::transport::error::TransportError;
use crate::transport::topic::StreamInfo;
use comptoir_config::clock;
use comptoir_model::ids::{Partition, StreamId};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;

pub(super) const STREAM_FILE: &str = "stream";

#[derive(Serialize, Deserialize)]
struct Contents {
    stream: StreamId,
    /// The one of replays included.
    partitions: u32,
}

pub(super) fn read_stream(transport: &JsonlTransport) -> Result<StreamInfo, TransportError> {
    let path = transport.directory.join(STREAM_FILE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(TransportError::NoTopic {
                topic: transport.topic.clone(),
                place: format!("in {}", transport.directory.display()),
            });
        }
        Err(cause) => {
            let what = "can't read";
            return Err(TransportError::File { what, path, cause });
        }
    };
    match serde_json::from_str(&text) {
        Ok(Contents { stream, partitions }) if partitions > 0 => Ok(StreamInfo {
            id: stream,
            topic: transport.topic.clone(),
            partitions,
        }),
        other => {
            let reason = other.err().map_or_else(
                || "it has no partitions".to_owned(),
                |error| error.to_string(),
            );
            Err(TransportError::Damaged { path, reason })
        }
    }
}

/// The whole directory is made under another name and then renamed: it is there as a whole, or not.
pub(super) fn create(
    transport: &JsonlTransport,
    partitions: u32,
) -> Result<StreamInfo, TransportError> {
    match read_stream(transport) {
        Err(TransportError::NoTopic { .. }) => {}
        found => return found,
    }
    make(transport, partitions).map_err(|cause| TransportError::File {
        what: "can't create the topic in",
        path: transport.directory.clone(),
        cause,
    })?;
    read_stream(transport)
}

fn make(transport: &JsonlTransport, partitions: u32) -> io::Result<()> {
    let parent = (transport.directory.parent()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    let made = parent.join(format!(".{}.{:08x}", transport.topic, clock::random_u32()));
    fs::create_dir(&made)?;
    let contents = Contents {
        stream: StreamId(random_uuid()),
        partitions: partitions + 1,
    };
    for partition in (0..contents.partitions).map(Partition) {
        File::create_new(made.join(format!("{}.jsonl", partition.0)))?;
    }
    fs::write(
        made.join(STREAM_FILE),
        serde_json::to_string(&contents)? + "\n",
    )?;
    File::open(made.join(STREAM_FILE))?.sync_all()?;
    File::open(&made)?.sync_all()?;
    match fs::rename(&made, &transport.directory) {
        Ok(()) => File::open(parent)?.sync_all(),
        // Another process was first: a directory that is not empty is not replaced.
        Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => fs::remove_dir_all(&made),
        Err(error) => {
            fs::remove_dir_all(&made)?;
            Err(error)
        }
    }
}

/// Version 4.
fn random_uuid() -> String {
    let [a, b, c, d] = [(); 4].map(|()| clock::random_u32());
    let version = (b & 0x0fff) | 0x4000;
    let variant = (c >> 16 & 0x3fff) | 0x8000;
    format!(
        "{a:08x}-{:04x}-{version:04x}-{variant:04x}-{:04x}{d:08x}",
        b >> 16,
        c & 0xffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_are_version_4_and_differ() {
        let uuid = random_uuid();
        assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"));
        assert!("89ab".contains(&uuid[19..20]), "{uuid}");
        assert_ne!(uuid, random_uuid());
    }
}
