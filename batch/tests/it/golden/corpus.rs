//! The cases as they lie on the disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// All cases of a directory, in the order in which stories are told.
pub(crate) struct Corpus {
    pub(crate) schema: String,
    pub(crate) cases: Vec<Case>,
}

pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) args: Vec<String>,
    pub(crate) exit_code: i32,
    /// To be run before it.
    pub(crate) before: Option<String>,
    /// Of tools.
    pub(crate) stdout: Option<String>,
    /// What lay in the target: the parts with their bytes.
    pub(crate) files: BTreeMap<String, Option<Vec<u8>>>,
}

impl Corpus {
    pub(crate) fn read(directory: &Path) -> Self {
        let text = |path: &Path| {
            std::fs::read_to_string(path)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        let mut folders: Vec<PathBuf> = std::fs::read_dir(directory)
            .unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_dir())
            .collect();
        folders.sort();
        Self {
            schema: text(&directory.join("schema.sql")),
            cases: folders.iter().map(|folder| Case::read(folder)).collect(),
        }
    }

    /// The cases that have to run one after the other, as their places in `cases`.
    pub(crate) fn stories(&self) -> Vec<Vec<usize>> {
        let mut stories: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, case) in self.cases.iter().enumerate() {
            let story = if case.changes_tables() {
                "inc"
            } else {
                case.folder()
            };
            stories.entry(story).or_default().push(index);
        }
        stories.into_values().collect()
    }
}

impl Case {
    fn read(folder: &Path) -> Self {
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
        let listing = read("ls.txt").unwrap_or_default();
        let files = listing.lines().filter_map(|line| {
            let (_, name) = line.split_once('\t')?;
            Some((name.to_owned(), std::fs::read(folder.join(name)).ok()))
        });
        let args = read("args").unwrap_or_default();
        Self {
            name: folder.file_name().unwrap().to_str().unwrap().to_owned(),
            args: args
                .strip_suffix('\n')
                .unwrap_or(&args)
                .split('\n')
                .map(str::to_owned)
                .collect(),
            exit_code: read("exit_code")
                .unwrap_or_default()
                .trim()
                .parse()
                .unwrap(),
            before: read("before.sql"),
            stdout: read("stdout.txt"),
            files: files.collect(),
        }
    }

    /// Whether it, or one of its story, does so before it runs.
    pub(crate) fn changes_tables(&self) -> bool {
        self.name.starts_with("inc_")
    }

    /// The folder that the cases of a story share; any other case has its own.
    pub(crate) fn folder(&self) -> &str {
        let stories = [
            "target_exists",
            "inc_append",
            "inc_lastmod_merge",
            "inc_lastmod_append",
            "inc_lastmod_none",
        ];
        let story = stories
            .into_iter()
            .find(|story| self.name.starts_with(story));
        story.unwrap_or(&self.name)
    }
}
