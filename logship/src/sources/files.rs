//! Patterns, and the logs that match them.

use super::error::Fault;
use super::siblings::logs_of;
use glob::{MatchOptions, Pattern};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// `*` stops at `/` and does not match a leading point, as in a shell.
const MATCHING: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};
const WILDCARDS: [char; 3] = ['*', '?', '['];

/// The paths and patterns of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    paths: Vec<PathBuf>,
    patterns: Vec<Pattern>,
    exclude: Vec<Pattern>,
    /// What all paths have in common; the names of their archives begin below it.
    base: PathBuf,
}

/// A log: a path that rotation leaves to a new file each time. There need not be a file yet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    pub path: PathBuf,
    /// The path below what all paths of the source have in common; `None` of the only log.
    pub below: Option<String>,
}

impl Files {
    /// The source of one log.
    pub fn one(path: PathBuf) -> Self {
        Self {
            base: path.parent().unwrap_or(Path::new("")).to_owned(),
            paths: vec![path],
            patterns: Vec::new(),
            exclude: Vec::new(),
        }
    }

    /// `exclude` holds patterns of whole paths, or of names where they have no `/`.
    pub fn parse(paths: &[String], exclude: &[String]) -> Result<Self, Fault> {
        let mut files = Self {
            paths: Vec::new(),
            patterns: Vec::new(),
            exclude: exclude
                .iter()
                .map(|text| pattern(text))
                .collect::<Result<_, _>>()?,
            base: PathBuf::new(),
        };
        let mut bases = Vec::new();
        for text in paths {
            let refused = |reason: &str| Fault::Pattern {
                pattern: text.clone(),
                reason: reason.to_owned(),
            };
            if !text.starts_with('/') {
                return Err(refused("it does not begin with `/`"));
            }
            if text.ends_with('/') {
                return Err(refused("it names a directory, not files"));
            }
            if text.contains(WILDCARDS) {
                files.patterns.push(pattern(text)?);
                bases.push(fixed(text));
            } else {
                let path = PathBuf::from(text);
                bases.push(path.parent().unwrap_or(Path::new("/")).to_owned());
                files.paths.push(path);
            }
        }
        let base = bases.into_iter().reduce(|one, other| common(&one, &other));
        files.base = base.unwrap_or_default();
        Ok(files)
    }

    /// Whether it is one log, whatever files there are.
    pub fn is_one(&self) -> bool {
        self.patterns.is_empty() && self.paths.len() == 1
    }

    /// The logs that are there now, and those that are named without a wildcard, there or not.
    /// What can't be read is passed over: it is looked for again.
    pub fn find(&self) -> BTreeSet<Found> {
        let mut found: BTreeSet<Found> = self.paths.iter().map(|path| self.found(path)).collect();
        for pattern in &self.patterns {
            let Ok(matches) = glob::glob_with(pattern.as_str(), MATCHING) else {
                continue;
            };
            for path in matches.flatten() {
                // A link beside its target would be a second log of the same bytes.
                let is_file = fs::symlink_metadata(&path).is_ok_and(|file| file.is_file());
                if is_file && !self.is_excluded(&path) && path.to_str().is_some() {
                    found.insert(self.found(&self.log_of(&path)));
                }
            }
        }
        found
    }

    /// The directories in which files of it may come and go: those of what it found, and those in
    /// which a first one would appear.
    pub fn directories<'a>(&'a self, found: impl Iterator<Item = &'a Found>) -> BTreeSet<PathBuf> {
        let fixed = (self.patterns.iter()).map(|pattern| fixed(pattern.as_str()));
        let parents = found.filter_map(|found| found.path.parent().map(Path::to_owned));
        fixed.chain(parents).collect()
    }

    /// The log that a file belongs to: the one whose rotated sibling it is, if that matches too.
    fn log_of(&self, path: &Path) -> PathBuf {
        let name = path.file_name().and_then(|name| name.to_str());
        let logs = logs_of(name.unwrap_or_default()).map(|log| path.with_file_name(log));
        let mut matching = logs.filter(|log| {
            !self.is_excluded(log)
                && (self.patterns.iter()).any(|pattern| pattern.matches_path_with(log, MATCHING))
        });
        matching.next().unwrap_or_else(|| path.to_owned())
    }

    fn is_excluded(&self, path: &Path) -> bool {
        self.exclude.iter().any(|pattern| {
            if pattern.as_str().contains('/') {
                pattern.matches_path_with(path, MATCHING)
            } else {
                let name = path.file_name().and_then(|name| name.to_str());
                name.is_some_and(|name| pattern.matches_with(name, MATCHING))
            }
        })
    }

    fn found(&self, path: &Path) -> Found {
        let below = path.strip_prefix(&self.base).unwrap_or(path);
        Found {
            below: (!self.is_one()).then(|| below.to_string_lossy().into_owned()),
            path: path.to_owned(),
        }
    }
}

/// Changes since the scan before, by log: which have other files, or files of another size.
#[derive(Debug, Default)]
pub(crate) struct Stamps(BTreeMap<PathBuf, Stamp>);

/// What `stat` says of a log's file; `None` where there is none.
type Stamp = Option<(u64, u64, u64, i64, i64)>;

impl Stamps {
    /// Whether the file at `path` is another one, or another size or age, than it was.
    pub(crate) fn changed(&mut self, path: &Path) -> bool {
        use std::os::unix::fs::MetadataExt;
        let stamp = fs::metadata(path).ok().map(|file| {
            (
                file.dev(),
                file.ino(),
                file.len(),
                file.mtime(),
                file.mtime_nsec(),
            )
        });
        self.0.insert(path.to_owned(), stamp) != Some(stamp)
    }

    pub(crate) fn keep(&mut self, is_there: impl Fn(&Path) -> bool) {
        self.0.retain(|path, _| is_there(path));
    }
}

fn pattern(text: &str) -> Result<Pattern, Fault> {
    Pattern::new(text).map_err(|error| Fault::Pattern {
        pattern: text.to_owned(),
        reason: error.to_string(),
    })
}

/// The directory above the first wildcard.
fn fixed(pattern: &str) -> PathBuf {
    let wild = pattern.find(WILDCARDS).unwrap_or(pattern.len());
    let end = pattern[..wild].rfind('/').unwrap_or_default();
    PathBuf::from(if end == 0 { "/" } else { &pattern[..end] })
}

fn common(one: &Path, other: &Path) -> PathBuf {
    let parts = one.components().zip(other.components());
    parts
        .take_while(|(one, other)| one == other)
        .map(|(part, _)| part)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn finds_what_matches_without_what_is_excluded_and_groups_rotated_siblings() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        fs::create_dir(root.join("shop")).unwrap();
        for name in [
            "a.log",
            "a.log.1",
            "b.log.2.gz",
            "c.txt",
            ".hidden.log",
            "debug.log",
            "shop/d.log",
        ] {
            fs::write(root.join(name), "x").unwrap();
        }
        std::os::unix::fs::symlink(root.join("a.log"), root.join("link.log")).unwrap();
        let root = root.display();
        let files = Files::parse(
            &[
                format!("{root}/*.log*"),
                format!("{root}/shop/*.log"),
                format!("{root}/none"),
            ],
            &texts(&["debug*"]),
        )
        .unwrap();
        let below: Vec<_> = files
            .find()
            .into_iter()
            .filter_map(|found| found.below)
            .collect();
        assert_eq!(below, ["a.log", "b.log", "none", "shop/d.log"]);
        assert!(!files.is_one());
    }

    #[test]
    fn a_path_is_one_log_whether_it_is_there_or_not() {
        let files = Files::parse(&texts(&["/nowhere/app.log"]), &[]).unwrap();
        let found: Vec<_> = files.find().into_iter().collect();
        assert_eq!(
            found,
            [Found {
                path: "/nowhere/app.log".into(),
                below: None
            }]
        );
        for wrong in ["app.log", "/var/log/", "/var/log/[a.log"] {
            assert!(Files::parse(&texts(&[wrong]), &[]).is_err(), "{wrong}");
        }
    }
}
