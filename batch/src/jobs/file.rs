//! `jobs.toml`: what is written in it. Pure; files come in as their contents.
//!
//! A job is an import. Its keys are the long flags of `import`, so that a flag that comes into being
//! there is a key here without a word about it; `args` are flags as they stand on a command line.

use super::error::{Fault, JobsError};
use super::flags;
use crate::cli::Cli;
use crate::import::ImportArgs;
use clap::{ArgAction, CommandFactory};
use comptoir_config::{Origin, nearest};
use comptoir_model::ids::JobName;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A job as it was written, each flag checked by itself.
#[derive(Clone, Debug)]
pub struct Job {
    pub name: JobName,
    pub origin: Origin,
    /// What relative paths in it are relative to.
    pub directory: PathBuf,
    /// The jobs that have to be done before.
    pub after: Vec<JobName>,
    /// The flags, as on a command line.
    pub line: Vec<String>,
    pub args: Box<ImportArgs>,
}

const SECTION: &str = "jobs";
const AFTER: &str = "after";
const ARGS: &str = "args";

/// What a job says of its cuts, if anything.
const CUTS: [&str; 4] = ["splits", "split-limit", "boundary-query", "sqoop-compat"];

/// The jobs of a file that lies at `path`, in the order in which they stand in it.
pub fn parse(path: &Path, contents: &str) -> Result<Vec<Job>, JobsError> {
    let origin = |at: usize| Origin::File {
        path: path.to_owned(),
        line: contents[..at.min(contents.len())].matches('\n').count() + 1,
    };
    let table = DeTable::parse(contents).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        Fault::Syntax(error.message().to_owned()).at(origin(at))
    })?;
    let mut jobs = Vec::new();
    for (section, value) in table.get_ref() {
        let unknown = |name: &str, at: usize| Fault::UnknownSection(name.to_owned()).at(origin(at));
        let at = section.span().start;
        let DeValue::Table(found) = value.get_ref() else {
            return Err(unknown(section.get_ref(), at));
        };
        if section.get_ref() != SECTION {
            return Err(unknown(section.get_ref(), at));
        }
        for (name, value) in found {
            let at = name.span().start;
            let DeValue::Table(keys) = value.get_ref() else {
                return Err(unknown(&format!("{SECTION}.{}", name.get_ref()), at));
            };
            jobs.push((at, job(path, name.get_ref(), at, keys, &origin)?));
        }
    }
    jobs.sort_by_key(|(at, _)| *at);
    Ok(jobs.into_iter().map(|(_, job)| job).collect())
}

fn job(
    path: &Path,
    name: &str,
    at: usize,
    keys: &DeTable<'_>,
    origin: &impl Fn(usize) -> Origin,
) -> Result<Job, JobsError> {
    let named =
        |name: &str, origin| JobName::parse(name).map_err(|error| Fault::from(error).at(origin));
    let name = named(name, origin(at))?;
    let (mut after, mut args, mut flags) = (Vec::new(), Vec::new(), Vec::new());
    let mut keys: Vec<_> = keys.iter().collect();
    let has_one_of = |names: &[&str]| {
        keys.iter()
            .any(|(key, _)| names.contains(&&**key.get_ref()))
    };
    // Only a line that was taken over is bound to Sqoop's cuts.
    if has_one_of(&["table", "query"]) && !has_one_of(&[ARGS]) && !has_one_of(&CUTS) {
        flags.push("--splits=balanced".to_owned());
    }
    keys.sort_by_key(|(key, _)| key.span().start);
    for (key, value) in keys {
        let place = Place {
            origin: origin(key.span().start),
            job: &name,
            key: key.get_ref(),
        };
        match &**key.get_ref() {
            AFTER => {
                for needed in place.texts(value.get_ref())? {
                    after.push(named(&needed, place.origin.clone())?);
                }
            }
            ARGS => args = place.texts(value.get_ref())?,
            flag => flags.extend(place.flags(flag, value)?),
        }
    }
    // A key beats the same flag among the arguments.
    args.extend(flags);
    let (line, args) = flags::parse(&name, &origin(at), args)?;
    Ok(Job {
        name,
        origin: origin(at),
        directory: path.parent().unwrap_or(Path::new("")).to_owned(),
        after,
        line,
        args: Box::new(args),
    })
}

/// Where a value stands, for what is wrong with it.
struct Place<'a> {
    origin: Origin,
    job: &'a JobName,
    key: &'a str,
}

impl Place<'_> {
    fn wrong(&self, found: &DeValue<'_>, expected: &'static str) -> JobsError {
        let fault = Fault::WrongType {
            job: self.job.clone(),
            key: self.key.to_owned(),
            found: found.type_str(),
            expected,
        };
        fault.at(self.origin.clone())
    }

    fn texts(&self, value: &DeValue<'_>) -> Result<Vec<String>, JobsError> {
        let wrong = |found: &DeValue<'_>| self.wrong(found, "a list of texts");
        let DeValue::Array(items) = value else {
            return Err(wrong(value));
        };
        let text = |item: &Spanned<DeValue<'_>>| match item.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            other => Err(wrong(other)),
        };
        items.iter().map(text).collect()
    }

    /// The flag `--key` as the command line has it.
    fn flags(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Result<Vec<String>, JobsError> {
        let command = Cli::command();
        let import = command.find_subcommand("import");
        let known = || import.iter().flat_map(|import| import.get_arguments());
        let is_named = |arg: &&clap::Arg| {
            arg.get_long() == Some(key)
                || arg.get_all_aliases().is_some_and(|all| all.contains(&key))
        };
        let Some(arg) = known().find(is_named) else {
            let shown = known().filter(|arg| !arg.is_hide_set());
            let names = shown.filter_map(|arg| arg.get_long().map(str::to_owned));
            let ours = [AFTER, ARGS].map(str::to_owned);
            let fault = Fault::UnknownKey {
                job: self.job.clone(),
                key: key.to_owned(),
                nearest: nearest(&key.replace('_', "-"), names.chain(ours)),
            };
            return Err(fault.at(self.origin.clone()));
        };
        let value = value.get_ref();
        if matches!(arg.get_action(), ArgAction::SetTrue) {
            return match value {
                DeValue::Boolean(true) => Ok(vec![format!("--{key}")]),
                DeValue::Boolean(false) => Ok(Vec::new()),
                other => Err(self.wrong(other, "true or false")),
            };
        }
        let text = match value {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().to_owned(),
            DeValue::Float(number) => number.as_str().to_owned(),
            other => return Err(self.wrong(other, "a text or a number")),
        };
        Ok(vec![format!("--{key}={text}")])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::SplitMethod;

    fn jobs(contents: &str) -> Vec<Job> {
        parse(Path::new("/etc/jobs.toml"), contents).unwrap()
    }

    fn message(contents: &str) -> String {
        let jobs = parse(Path::new("/etc/jobs.toml"), contents);
        jobs.map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn keys_are_flags_and_arguments_stand_before_them() {
        let jobs = jobs(
            "# by night\n[jobs.sales]\nafter = [\"customers\"]\ntable = \"sales\"\nnum-mappers = 2\n\
             delete-target-dir = true\nvalidate = false\nwhere = \"-1 < id\"\n\
             args = [\"-table\", \"x\", \"-m\", \"4\", \"-D\", \"a.b=c\"]\n[jobs.customers]\ntable = \"c\"\n",
        );
        assert_eq!(
            jobs.iter().map(|job| job.name.as_str()).collect::<Vec<_>>(),
            ["sales", "customers"]
        );
        let sales = &jobs[0];
        assert_eq!(sales.after, [JobName::parse("customers").unwrap()]);
        assert_eq!(sales.origin.to_string(), "/etc/jobs.toml:2");
        assert_eq!(
            sales.line,
            [
                "--table",
                "x",
                "-m",
                "4",
                "-D",
                "a.b=c",
                "--table=sales",
                "--num-mappers=2",
                "--delete-target-dir",
                "--where=-1 < id"
            ]
        );
        assert_eq!(sales.args.source.table.as_deref(), Some("sales"));
        assert_eq!(sales.args.split.num_mappers, Some(2));
        assert_eq!(sales.args.sqoop.property, ["a.b=c"]);
        assert!(!sales.args.source.validate);
    }

    #[test]
    fn cuts_are_balanced_unless_the_job_says_otherwise_or_was_taken_over() {
        let method = |keys: &str| jobs(&format!("[jobs.a]\n{keys}"))[0].args.split.splits;
        assert_eq!(method("table = \"t\""), SplitMethod::Balanced);
        for keys in [
            "",
            "table = \"t\"\nsplits = \"sqoop\"",
            "table = \"t\"\nsplit-limit = 9",
            "table = \"t\"\nsqoop-compat = true",
            "table = \"t\"\nargs = [\"-m\", \"4\"]",
        ] {
            assert_eq!(method(keys), SplitMethod::Sqoop, "{keys}");
        }
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line_and_the_nearest_one() {
        assert_eq!(
            message("[jobs.sales]\n\ntabel = \"sales\""),
            "/etc/jobs.toml:3: the job `sales` has no key `tabel`: a key is a long flag of import, \
             `after` or `args`\nhint: did you mean `table`?"
        );
        assert!(message("[jobs.a]\ntarget_dir = \"x\"").contains("`target-dir`"));
        assert!(message("[jobs.a]\nafer = []").contains("`after`"));
        for (contents, part) in [
            ("[job.a]\ntable = \"t\"", "jobs.toml:1: there is no `job`"),
            ("[jobs]\na = 1", "jobs.toml:2: there is no `jobs.a`"),
            ("[jobs.\"a/b\"]", "`a/b` can't be the name of a job"),
            ("[jobs.a]\ntable = ", "jobs.toml:2: "),
            ("[jobs.a]\nvalidate = \"yes\"", "true or false"),
            ("[jobs.a]\ntable = true", "a text or a number"),
            ("[jobs.a]\nargs = \"-m 4\"", "a list of texts"),
            (
                "[jobs.a]\ntable = \"t\"\nnum-mappers = \"x\"",
                "jobs.toml:1: the job `a`: invalid value 'x'",
            ),
            ("[jobs.a]\nquiet = true", "run a --quiet"),
            ("[jobs.a]\nargs = [\"--config\", \"x\"]", "--config"),
            ("[jobs.a]\nhbase-table = [1]", "a text or a number"),
        ] {
            let message = message(contents);
            assert!(message.contains(part), "{contents}: {message}");
        }
    }

    #[test]
    fn a_password_is_refused_and_not_repeated() {
        for contents in [
            "[jobs.a]\ntable = \"t\"\npassword = \"hunter2\"",
            "[jobs.a]\nargs = [\"--password\", \"hunter2\"]",
            "[jobs.a]\nargs = [\"-password=hunter2\"]",
            "[jobs.a]\nargs = [\"-P\"]",
        ] {
            let message = message(contents);
            assert!(message.contains("password-file"), "{message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }
}
