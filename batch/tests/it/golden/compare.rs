//! Whether two targets hold the same: text by its bytes, everything else by its decoded content.

use super::corpus::Case;
use bytes::Bytes;
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::collections::BTreeMap;
use std::io::Read;

/// What came of a case.
pub(crate) struct Outcome {
    pub(crate) exit_code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// What lies in the target; empty where there is none.
    pub(crate) files: BTreeMap<String, Bytes>,
}

/// What is different, for people; `None` where nothing is.
pub(crate) fn difference(case: &Case, outcome: &Outcome) -> Option<String> {
    if (case.exit_code == 0) != (outcome.exit_code == 0) {
        let (theirs, ours) = (case.exit_code, outcome.exit_code);
        return Some(format!(
            "exit code {ours} instead of {theirs}: {}",
            outcome.stderr.trim()
        ));
    }
    if let Some(stdout) = case
        .stdout
        .as_ref()
        .filter(|_| case.name == "tool_list_tables")
    {
        let sorted = |text: &str| {
            let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        let (theirs, ours) = (sorted(stdout.trim()), sorted(outcome.stdout.trim()));
        return (theirs != ours).then(|| format!("{ours:?} instead of {theirs:?}"));
    }
    // Of a Parquet target the names are random, and the metadata is Kite's own.
    let is_parquet = case.files.keys().any(|name| is(name, "parquet"));
    let theirs: Vec<_> = case
        .files
        .iter()
        .filter(|(name, _)| !name.starts_with('.'))
        .collect();
    let ours: Vec<_> = outcome
        .files
        .iter()
        .filter(|(name, _)| !(name.starts_with("_manifest") || is_parquet && *name == "_SUCCESS"))
        .collect();
    let names_of = |names: Vec<&String>| {
        names
            .into_iter()
            .map(|name| {
                if is(name, "parquet") {
                    "*.parquet".to_owned()
                } else {
                    name.clone()
                }
            })
            .collect::<Vec<_>>()
    };
    let their_names = names_of(theirs.iter().map(|(name, _)| *name).collect());
    let our_names = names_of(ours.iter().map(|(name, _)| *name).collect());
    if their_names != our_names {
        return Some(format!("{our_names:?} instead of {their_names:?}"));
    }
    theirs
        .into_iter()
        .zip(ours)
        .find_map(|((name, theirs), (_, ours))| {
            let theirs = theirs.as_deref().unwrap_or_default();
            in_file(name, theirs, ours)
        })
}

fn is(name: &str, extension: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, found)| found == extension)
}

fn in_file(name: &str, theirs: &[u8], ours: &[u8]) -> Option<String> {
    if is(name, "avro") || is(name, "parquet") {
        let (theirs, ours) = (rows(name, theirs), rows(name, ours));
        let differing = theirs
            .iter()
            .zip(&ours)
            .find(|(theirs, ours)| theirs != ours);
        return match differing {
            Some((theirs, ours)) => Some(format!("{name}: {ours} instead of {theirs}")),
            None if theirs.len() != ours.len() => Some(format!(
                "{name}: {} rows instead of {}",
                ours.len(),
                theirs.len()
            )),
            None => None,
        };
    }
    let (theirs, ours) = (decompressed(name, theirs), decompressed(name, ours));
    if theirs == ours {
        return None;
    }
    let at = theirs
        .iter()
        .zip(&ours)
        .take_while(|(one, other)| one == other)
        .count();
    let line = theirs[..at].split(|byte| *byte == b'\n').count();
    let around = |bytes: &[u8]| {
        let from = at.saturating_sub(20);
        String::from_utf8_lossy(&bytes[from..bytes.len().min(at + 30)]).into_owned()
    };
    Some(format!(
        "{name}:{line}: {:?} instead of {:?}",
        around(&ours),
        around(&theirs)
    ))
}

fn decompressed(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    if is(name, "gz") {
        flate2::read::MultiGzDecoder::new(bytes)
            .read_to_end(&mut out)
            .unwrap();
    } else if is(name, "bz2") {
        bzip2::read::MultiBzDecoder::new(bytes)
            .read_to_end(&mut out)
            .unwrap();
    } else {
        out.extend_from_slice(bytes);
    }
    out
}

/// Each row as text, with the types of its values.
fn rows(name: &str, bytes: &[u8]) -> Vec<String> {
    if is(name, "avro") {
        let reader = apache_avro::Reader::new(bytes).unwrap();
        return reader.map(|row| format!("{:?}", row.unwrap())).collect();
    }
    let reader = SerializedFileReader::new(Bytes::copy_from_slice(bytes));
    let reader = reader.unwrap();
    reader
        .get_row_iter(None)
        .unwrap()
        .map(|row| format!("{:?}", row.unwrap()))
        .collect()
}
