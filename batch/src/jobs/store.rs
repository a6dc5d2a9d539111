//! Where the jobs lie: `jobs.toml`, which people write, and one file for each job that
//! `comptoir-batch job` saved in the directory `jobs.d` beside it. What people wrote is never
//! changed by a program, so their comments stay.

use super::book::JobBook;
use super::error::{Fault, JobsError};
use super::file::{self, ImportJob, Job, Work};
use super::flags;
use comptoir_config::Origin;
use comptoir_model::ids::JobName;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The jobs of a file and of the directory beside it.
#[derive(Clone, Debug)]
pub struct JobStore {
    file: PathBuf,
}

impl JobStore {
    pub fn at(file: &Path) -> Self {
        let file = file.to_owned();
        Self { file }
    }

    /// All jobs; an error where there are none.
    pub fn load(&self) -> Result<JobBook, JobsError> {
        let book = self.load_if_any()?;
        if book.jobs().is_empty() && !self.file.exists() {
            let file = self.file.clone();
            return Err(JobsError::NoJobs { file });
        }
        Ok(book)
    }

    pub(super) fn load_if_any(&self) -> Result<JobBook, JobsError> {
        let mut jobs = Vec::new();
        if let Some(contents) = read_if_there(&self.file)? {
            jobs.extend(file::parse(&self.file, &contents)?);
        }
        for path in self.saved()? {
            if let Some(contents) = read_if_there(&path)? {
                jobs.extend(file::parse(&path, &contents)?);
            }
        }
        JobBook::new(&self.file, jobs)
    }

    /// A job that is not saved yet, and its flags; one of that name must not be there.
    pub(super) fn draft(
        &self,
        name: &JobName,
        flags: Vec<String>,
    ) -> Result<(Job, Vec<String>), JobsError> {
        let origin = Origin::File {
            path: self.path_of(name),
            line: 1,
        };
        if let Ok(other) = self.load_if_any()?.get(name.as_str()) {
            let fault = Fault::Twice {
                job: name.clone(),
                other: other.origin.clone(),
            };
            return Err(fault.at(origin));
        }
        let (line, args) = flags::parse(name, &origin, flags)?;
        let import = ImportJob {
            line: line.clone(),
            args: Box::new(args),
        };
        let job = Job {
            name: name.clone(),
            origin,
            directory: self.directory(),
            after: Vec::new(),
            work: Work::Import(import),
        };
        Ok((job, line))
    }

    /// Saves an import with these flags.
    pub(super) fn save(&self, name: &JobName, line: &[String]) -> Result<(), JobsError> {
        self.write(&self.path_of(name), &text_of(name, line))
    }

    pub(super) fn delete(&self, name: &str) -> Result<(), JobsError> {
        let book = self.load()?;
        let job = book.get(name)?;
        let path = self.path_of(&job.name);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Err(JobsError::NotSaved {
                job: job.name.clone(),
                origin: job.origin.clone(),
            }),
            done => done.map_err(|source| JobsError::Unwritable { path, source }),
        }
    }

    /// `jobs.d` of `jobs.toml`.
    fn directory(&self) -> PathBuf {
        self.file.with_extension("d")
    }

    fn path_of(&self, name: &JobName) -> PathBuf {
        self.directory().join(format!("{name}.toml"))
    }

    /// The files of saved jobs, by name.
    fn saved(&self) -> Result<Vec<PathBuf>, JobsError> {
        let directory = self.directory();
        let unreadable = |source| JobsError::Unreadable {
            path: directory.clone(),
            source,
        };
        let entries = match std::fs::read_dir(&directory) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(unreadable)?,
        };
        let paths = entries.map(|entry| entry.map(|entry| entry.path()));
        let mut paths: Vec<_> = paths.collect::<Result<_, _>>().map_err(unreadable)?;
        paths.retain(|path| path.extension().is_some_and(|end| end == "toml"));
        paths.sort();
        Ok(paths)
    }

    /// Whole or not at all, and never over another one.
    fn write(&self, path: &Path, text: &str) -> Result<(), JobsError> {
        let unwritable = |source| JobsError::Unwritable {
            path: path.to_owned(),
            source,
        };
        let unfinished = path.with_extension(format!("{}.unfinished", std::process::id()));
        let write = || {
            std::fs::create_dir_all(self.directory())?;
            let mut file = std::fs::File::create(&unfinished)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            std::fs::hard_link(&unfinished, path)
        };
        let written = write();
        // Nobody reads a file of that name.
        drop(std::fs::remove_file(&unfinished));
        written.map_err(unwritable)
    }
}

fn text_of(name: &JobName, line: &[String]) -> String {
    let args = line
        .iter()
        .map(|argument| toml::Value::from(argument.as_str()));
    let args: Vec<_> = args.map(|argument| format!("    {argument},\n")).collect();
    format!(
        "# Saved by `comptoir-batch job --create {name}`; `job --delete {name}` takes it away.\n\
         [jobs.\"{name}\"]\nargs = [\n{}]\n",
        args.concat(),
    )
}

fn read_if_there(path: &Path) -> Result<Option<String>, JobsError> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        contents => contents.map(Some).map_err(|source| JobsError::Unreadable {
            path: path.to_owned(),
            source,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> JobName {
        JobName::parse(text).unwrap()
    }

    fn line(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_saved_job_reads_as_it_was_given_and_what_people_wrote_stays() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("jobs.toml");
        let written = "# by night\n[jobs.customers]\ntable = \"c\" # all\n";
        std::fs::write(&file, written).unwrap();
        let store = JobStore::at(&file);
        let words = [
            "--table",
            "t",
            "--where",
            "a = 'x' \\ \"y\"\n",
            "--null-string",
            "\\N",
        ];
        let (_, drafted) = store.draft(&name("a.b"), line(&words)).unwrap();
        store.save(&name("a.b"), &drafted).unwrap();
        let book = store.load().unwrap();
        let Work::Import(saved) = &book.get("a.b").unwrap().work else {
            panic!("an import was saved")
        };
        assert_eq!(saved.line, words);
        let again = store.draft(&name("a.b"), line(&words)).unwrap_err();
        assert!(again.to_string().contains("already"), "{again}");
        let hand_written = store.delete("customers").unwrap_err();
        assert!(
            hand_written.to_string().contains("jobs.toml:2"),
            "{hand_written}"
        );
        store.delete("a.b").unwrap();
        assert_eq!(store.load().unwrap().jobs().len(), 1);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), written);
    }

    #[test]
    fn a_job_that_is_refused_leaves_no_file() {
        let directory = tempfile::tempdir().unwrap();
        let store = JobStore::at(&directory.path().join("jobs.toml"));
        let words = line(&["--table", "t", "--password", "hunter2"]);
        let error = store.draft(&name("a"), words).unwrap_err().to_string();
        assert!(
            error.contains("password-file") && !error.contains("hunter2"),
            "{error}"
        );
        assert!(!directory.path().join("jobs.d").exists());
        let nothing = store.load().unwrap_err().to_string();
        assert!(nothing.contains("there are no jobs"), "{nothing}");
    }
}
