//! What the files of a directory should be, by the manifest of an import or by their own names, and
//! what of it is not so. Sizes are compared, nothing is read but the manifest.

use super::parse;
use crate::entry::Entry;
use crate::error::{LakeError, Result};
use crate::lake::Lake;
use crate::path::LakePath;
use comptoir_model::manifest::Manifest;
use std::collections::HashMap;

/// Larger ones are not read for a look: that of 64 parts has some kilobytes.
const MANIFEST_BYTES_MAX: u64 = 8 << 20;

/// What a file should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    pub bytes: u64,
    /// Lines of a piece of a log; `None` where nobody counted.
    pub rows: Option<u64>,
}

/// What the manifest with the highest number says of the files beside it.
#[derive(Clone, Debug)]
pub struct Described {
    /// The name of the manifest's file.
    pub name: String,
    /// `None` where it can't be read: `differences` says why.
    pub manifest: Option<Manifest>,
    /// By the names that the files have.
    pub files: HashMap<String, Expected>,
    /// Parts that are missing or have another size, each in a sentence.
    pub differences: Vec<String>,
}

/// `None` where no manifest lies among the entries of a directory.
async fn describe(lake: &Lake, entries: &[Entry]) -> Result<Option<Described>> {
    let numbered =
        (entries.iter()).filter_map(|entry| Some((Manifest::number_of(entry.name())?, entry)));
    let Some((_, newest)) = numbered.max_by_key(|(number, _)| *number) else {
        return Ok(None);
    };
    let unreadable = |why: String| Described {
        name: newest.name().to_owned(),
        manifest: None,
        files: HashMap::new(),
        differences: vec![why],
    };
    if newest.length > MANIFEST_BYTES_MAX {
        let why = format!("{} is too large to be looked at", newest.path);
        return Ok(Some(unreadable(why)));
    }
    let bytes = lake.read(&newest.path).await?;
    Ok(Some(match parse(&newest.path, &bytes) {
        Ok(manifest) => compare(manifest, newest.name(), entries),
        Err(error) => {
            let text = error.to_string();
            unreadable(text.lines().next().unwrap_or_default().to_owned())
        }
    }))
}

/// The entries of a directory, and what they should be. A directory that seems to be out of order
/// is looked at twice: another import may have taken its place in between.
pub async fn list_described(
    lake: &Lake,
    directory: &LakePath,
) -> Result<(Vec<Entry>, Option<Described>)> {
    match look(lake, directory).await {
        Ok((entries, described)) if is_in_order(described.as_ref()) => Ok((entries, described)),
        Ok(_) | Err(LakeError::NotFound { .. }) => look(lake, directory).await,
        Err(error) => Err(error),
    }
}

async fn look(lake: &Lake, directory: &LakePath) -> Result<(Vec<Entry>, Option<Described>)> {
    let entries = lake.list(directory).await?;
    let described = describe(lake, &entries).await?;
    Ok((entries, described))
}

fn is_in_order(described: Option<&Described>) -> bool {
    described.is_none_or(|described| described.differences.is_empty())
}

fn compare(manifest: Manifest, name: &str, entries: &[Entry]) -> Described {
    let lengths: HashMap<&str, u64> = (entries.iter())
        .map(|entry| (entry.name(), entry.length))
        .collect();
    let parts = manifest.parts.iter().chain(&manifest.quarantine);
    let parts = parts.map(|part| (&part.name, part.bytes, Some(part.rows)));
    let others = manifest.appended.others.iter();
    let others = others.map(|part| (&part.name, part.bytes, part.rows));
    let mut files = HashMap::new();
    let mut differences = Vec::new();
    for (part, bytes, rows) in parts.chain(others) {
        // A part that was added not long ago may still wait under its hidden name.
        let names = [Some(part), manifest.appended.hidden.get(part)];
        let mut names = names.into_iter().flatten();
        let here = names.find_map(|name| Some((name, *lengths.get(name.as_str())?)));
        let Some((name, found)) = here else {
            differences.push(format!("{part} is missing"));
            continue;
        };
        if found != bytes {
            differences.push(format!(
                "{part} has {found} bytes, the manifest says {bytes}"
            ));
        }
        files.insert(name.clone(), Expected { bytes, rows });
    }
    Described {
        name: name.to_owned(),
        manifest: Some(manifest),
        files,
        differences,
    }
}

/// A closed piece of a log says in its name which bytes it holds, and how many lines:
/// `piece-<life>-<start>-<end>-n<lines>-e<epoch>`. `None` of any other name.
pub fn piece(name: &str) -> Option<Expected> {
    let mut words = name.strip_prefix("piece-")?.split('-').skip(1);
    let mut number = |prefix: &str| words.next()?.strip_prefix(prefix)?.parse::<u64>().ok();
    let (start, end, lines) = (number("")?, number("")?, number("n")?);
    Some(Expected {
        bytes: end.checked_sub(start)?,
        rows: Some(lines),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_piece_says_what_it_holds() {
        let name = "piece-000001-00000000000000008210-00000000000000009000-n61-e00000003";
        let expected = Expected {
            bytes: 790,
            rows: Some(61),
        };
        assert_eq!(piece(name), Some(expected));
        for name in [
            "_piece-000001-00000000000000008210-e00000003",
            "piece-000001-9-8-n1-e1",
            "piece-000001",
            "part-m-00000",
        ] {
            assert_eq!(piece(name), None, "{name}");
        }
    }
}
