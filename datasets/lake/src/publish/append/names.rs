//! The names in a target that parts are added to.

use super::super::layout::Layout;
use crate::decisive::{is_temporary, temporary_name};
use crate::entry::{Entry, EntryKind};
use crate::path::LakePath;
use comptoir_model::ids::RunId;
use comptoir_model::manifest::Manifest;
use std::collections::{BTreeMap, BTreeSet};

/// What lies in a target, by what its names say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing {
    pub(crate) manifests: BTreeSet<u64>,
    /// Parts that wait for their names, and files of rows that were set aside, with the run that
    /// wrote them.
    pub(crate) hidden: BTreeMap<String, RunId>,
    /// Manifests that were not decided, with the run that wrote them.
    pub(crate) undecided: BTreeMap<String, RunId>,
    /// The files that Hadoop's tools see.
    pub(crate) visible: BTreeSet<String>,
}

impl Listing {
    pub(crate) fn of(entries: &[Entry]) -> Self {
        let mut listing = Self::default();
        for entry in entries.iter().filter(|entry| entry.kind == EntryKind::File) {
            listing.add(entry.name());
        }
        listing
    }

    pub(crate) fn add(&mut self, name: &str) {
        if let Some(number) = Manifest::number_of(name) {
            self.manifests.insert(number);
        } else if let Some(run) = run_of_hidden(name) {
            self.hidden.insert(name.to_owned(), run);
        } else if let Some(run) = run_of_undecided(name) {
            self.undecided.insert(name.to_owned(), run);
        } else if !name.starts_with(['_', '.']) {
            self.visible.insert(name.to_owned());
        }
    }

    /// Whether nothing in it was ever published, by anybody.
    pub(crate) fn is_unpublished(&self) -> bool {
        self.manifests.is_empty() && self.visible.is_empty()
    }
}

/// The name under which a part of a run waits in the target. Hadoop's tools take no notice of it.
pub(crate) fn hidden(part: &str, run: &RunId) -> String {
    format!("_{part}.{run}")
}

/// The name of a run's file of rows that were set aside, where those of several runs lie beside one
/// another. It stays for good: who looks for the file reads the manifest. One that has its run's
/// name already keeps it.
pub fn set_aside_name(file: &str, run: &RunId) -> String {
    if file.contains('.') {
        return file.to_owned();
    }
    format!("{file}.{run}")
}

fn run_of_hidden(name: &str) -> Option<RunId> {
    let (file, run) = name.strip_prefix('_')?.rsplit_once('.')?;
    let run = RunId::parse(run).ok()?;
    (file.starts_with("part-") || file.starts_with("quarantine-")).then_some(run)
}

/// The name of a manifest before it is decided.
pub(crate) fn undecided(number: u64, run: &RunId) -> String {
    temporary_name(&Manifest::file_name(number), run.as_str())
}

fn run_of_undecided(name: &str) -> Option<RunId> {
    if !is_temporary(name) {
        return None;
    }
    let (manifest, run) = name[1..].rsplit_once(".tmp")?.0.rsplit_once('.')?;
    Manifest::number_of(manifest)?;
    RunId::parse(run).ok()
}

/// The number behind the last hyphen of a part's name: 7 of `part-m-00007.avro`.
pub(crate) fn number_of(part: &str) -> Option<u64> {
    let rest = part.strip_prefix("part-")?;
    let (_, digits) = rest.rsplit_once('-')?;
    let end = digits
        .find(|char: char| !char.is_ascii_digit())
        .unwrap_or(digits.len());
    digits[..end].parse().ok()
}

/// `part-m-00000.avro` with another number.
pub(crate) fn renumbered(part: &str, number: u64) -> String {
    let extension = part.find('.').map_or("", |at| &part[at..]);
    format!("part-m-{number:05}{extension}")
}

impl Layout {
    pub(crate) fn in_target(&self, name: &str) -> LakePath {
        self.target.child(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_number_of_a_part_is_found_as_sqoop_finds_it() {
        for (name, number) in [
            ("part-m-00007", Some(7)),
            ("part-r-00012.avro", Some(12)),
            ("part-m-123456.gz", Some(123_456)),
            ("part-m-", None),
            ("5e9a.parquet", None),
        ] {
            assert_eq!(number_of(name), number, "{name}");
        }
        assert_eq!(
            renumbered("part-m-00000.snappy.parquet", 3),
            "part-m-00003.snappy.parquet"
        );
    }

    #[test]
    fn sqoops_and_our_other_files_are_no_hidden_parts() {
        let mut listing = Listing::default();
        for name in [
            "_SUCCESS",
            "_manifest-2",
            "_logs.x",
            "part-m-00000",
            ".part.crc",
        ] {
            listing.add(name);
        }
        assert_eq!(listing.manifests, BTreeSet::from([2]));
        assert_eq!(listing.visible, BTreeSet::from(["part-m-00000".to_owned()]));
        assert!(listing.hidden.is_empty() && listing.undecided.is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_waiting_name_names_its_run(run in "[0-9A-Za-z-]{1,64}", number: u64) {
            let run = RunId::parse(&run).unwrap();
            let mut listing = Listing::default();
            let (part, manifest) = (hidden("part-m-00003.avro", &run), undecided(number, &run));
            let aside = set_aside_name("_quarantine-m-00003", &run);
            for name in [&part, &manifest, &aside] {
                listing.add(name);
            }
            prop_assert_eq!(listing.hidden.get(&part), Some(&run));
            prop_assert_eq!(listing.hidden.get(&aside), Some(&run));
            prop_assert_eq!(listing.undecided.get(&manifest), Some(&run));
            prop_assert!(listing.is_unpublished());
        }
    }
}
