//! A page of a directory, with what its manifest, or its names, say of the files.

use super::roots::Root;
use comptoir_lake::published::{Described, list_described, piece};
use comptoir_lake::{Entry, EntryKind, Lake, LakeError, LakePath};
use comptoir_model::api::lake::{
    ImportFacts, LakeDirectory, LakeEntry, LakeEntryKind, LakeImport, SizeCheck,
};
use comptoir_model::manifest::Manifest;

/// As many as a person reads.
const DIFFERENCES_MAX: usize = 20;

pub(super) async fn look(
    lake: &Lake,
    root: &Root,
    path: &LakePath,
    limit: usize,
    cursor: Option<&str>,
) -> Result<LakeDirectory, LakeError> {
    let (entries, described) = list_described(lake, path).await?;
    let (page, next_cursor) = page(&entries, limit, cursor);
    Ok(LakeDirectory {
        path: path.to_string(),
        root: root.path.to_string(),
        entries: (page.iter())
            .map(|entry| shown(entry, described.as_ref()))
            .collect(),
        total_entries: entries.len() as u64,
        total_bytes: entries.iter().map(|entry| entry.length).sum(),
        next_cursor,
        import: described.map(import),
    })
}

/// Those whose names come after the cursor, and the cursor behind them.
fn page<'a>(
    entries: &'a [Entry],
    limit: usize,
    cursor: Option<&str>,
) -> (&'a [Entry], Option<String>) {
    let begin = cursor.map_or(0, |cursor| {
        entries.partition_point(|entry| entry.name() <= cursor)
    });
    let end = begin.saturating_add(limit).min(entries.len());
    let next = (end < entries.len()).then(|| entries[end - 1].name().to_owned());
    (&entries[begin..end], next)
}

fn shown(entry: &Entry, described: Option<&Described>) -> LakeEntry {
    let (kind, bytes) = match entry.kind {
        EntryKind::File => (LakeEntryKind::File, Some(entry.length)),
        EntryKind::Directory => (LakeEntryKind::Directory, None),
    };
    let expected = described
        .and_then(|described| described.files.get(entry.name()).copied())
        .or_else(|| piece(entry.name()));
    LakeEntry {
        name: entry.name().to_owned(),
        kind,
        bytes,
        modified: entry.modified,
        owner: entry.owner.clone(),
        rows: expected.and_then(|expected| expected.rows),
        size: (expected.zip(bytes)).map(|(expected, bytes)| size_check(expected.bytes, bytes)),
    }
}

pub(super) fn size_check(expected: u64, found: u64) -> SizeCheck {
    if expected == found {
        SizeCheck::AsExpected
    } else {
        SizeCheck::Differs
    }
}

fn import(described: Described) -> LakeImport {
    let mut differences = described.differences;
    differences.truncate(DIFFERENCES_MAX);
    LakeImport {
        manifest: described.name,
        facts: described.manifest.as_ref().map(facts),
        differences,
    }
}

fn facts(manifest: &Manifest) -> ImportFacts {
    ImportFacts {
        run: manifest.run.clone(),
        table: manifest.source.table.clone(),
        imported_at: manifest.imported_at,
        parts: manifest.parts.len() as u64,
        rows: manifest.rows(),
        bytes: manifest.bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_one_another_and_end() {
        let entries: Vec<_> = ["a", "b", "c", "d", "e"]
            .map(|name| Entry {
                path: LakePath::root().join(name).unwrap(),
                kind: EntryKind::File,
                length: 1,
                modified: jiff::Timestamp::UNIX_EPOCH,
                owner: String::new(),
            })
            .into();
        let names = |limit, cursor| {
            let (page, next) = page(&entries, limit, cursor);
            let names: String = page.iter().map(Entry::name).collect();
            (names, next)
        };
        let pair = |names: &str, next: Option<&str>| (names.to_owned(), next.map(str::to_owned));
        assert_eq!(names(2, None), pair("ab", Some("b")));
        assert_eq!(names(2, Some("b")), pair("cd", Some("d")));
        assert_eq!(names(2, Some("d")), pair("e", None));
        // Who was at `bb`, which has gone since, misses nothing.
        assert_eq!(names(9, Some("bb")), pair("cde", None));
        assert_eq!(names(5, None), pair("abcde", None));
        assert_eq!(names(5, Some("z")), pair("", None));
    }
}
