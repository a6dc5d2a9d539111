//! A Flume agent: its sources, what its sinks say of where their events go, and what of all that
//! has no equal here.

use super::pattern::globs;
use super::properties::{Properties, Property};
use crate::sources::Template;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

/// What became of a configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    pub sources: Vec<ImportedSource>,
    /// What has no equal, and why: the line of the configuration, its key, the reason.
    pub no_equal: Vec<(usize, String, String)>,
    /// The cluster that sinks write to, for `lake.url`.
    pub lake_url: Option<String>,
    pub position_files: Vec<PathBuf>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedSource {
    pub name: String,
    pub paths: Vec<String>,
    pub exclude: Vec<String>,
    pub target_dir: Option<String>,
}

impl Imported {
    /// As `logship.toml`.
    pub fn to_toml(&self, from: &str) -> String {
        let mut text = format!("# Made by `comptoir-logship import-flume` from {from}.\n");
        if let Some(url) = &self.lake_url {
            let _written = writeln!(
                text,
                "# In comptoir.toml, or as COMPTOIR_LAKE_URL: lake.url = {}",
                quoted(url)
            );
        }
        for source in &self.sources {
            let _written = write!(
                text,
                "\n[[source]]\nname = {}\npaths = [{}]\n",
                quoted(&source.name),
                list(&source.paths)
            );
            if !source.exclude.is_empty() {
                let _written = writeln!(text, "exclude = [{}]", list(&source.exclude));
            }
            if let Some(target) = &source.target_dir {
                let _written = writeln!(text, "target_dir = {}", quoted(target));
            }
        }
        text
    }
}

fn list(texts: &[String]) -> String {
    texts
        .iter()
        .map(|text| quoted(text))
        .collect::<Vec<_>>()
        .join(", ")
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// All agents of a configuration.
pub fn import(properties: &Properties) -> Imported {
    let mut import = Import {
        properties,
        imported: Imported::default(),
        used: BTreeSet::new(),
    };
    let agents: BTreeSet<&str> = (properties.0.keys())
        .filter_map(|key| Some(key.split_once('.')?.0))
        .collect();
    for agent in agents {
        import.agent(agent);
    }
    import.unused();
    let mut imported = import.imported;
    imported.no_equal.sort();
    imported
}

struct Import<'a> {
    properties: &'a Properties,
    imported: Imported,
    /// The keys that have been taken over, or spoken of.
    used: BTreeSet<String>,
}

impl<'a> Import<'a> {
    fn text(&mut self, key: &str) -> Option<&'a str> {
        self.used.insert(key.to_owned());
        self.properties.text(key)
    }

    fn words(&mut self, key: &str) -> Vec<&'a str> {
        self.used.insert(key.to_owned());
        self.properties.words(key)
    }

    fn no_equal(&mut self, key: &str, why: impl Into<String>) {
        self.used.insert(key.to_owned());
        if let Some(property) = self.properties.0.get(key) {
            let no_equal = (property.line, shown(key, property), why.into());
            self.imported.no_equal.push(no_equal);
        }
    }

    fn agent(&mut self, agent: &str) {
        let sinks = self.sinks(agent);
        for channel in self.words(&format!("{agent}.channels")) {
            let prefix = format!("{agent}.channels.{channel}.");
            let why = "the log itself is the buffer, and the archive the checkpoint: there are no channels";
            self.all_below(&prefix, why);
        }
        for source in self.words(&format!("{agent}.sources")) {
            let prefix = format!("{agent}.sources.{source}");
            let channels = self.words(&format!("{prefix}.channels"));
            let mut targets = channels
                .iter()
                .filter_map(|channel| sinks.get(*channel))
                .flatten();
            let target = targets.next().cloned();
            if targets.next().is_some() {
                let why = "a log is archived in one place: the first sink's was taken";
                self.no_equal(&format!("{prefix}.channels"), why);
            }
            self.source(&prefix, source, target.as_deref());
        }
    }

    /// Where the sinks write to, by channel.
    fn sinks(&mut self, agent: &str) -> BTreeMap<&'a str, Vec<String>> {
        let mut targets: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for sink in self.words(&format!("{agent}.sinks")) {
            let prefix = format!("{agent}.sinks.{sink}");
            let kind = self.text(&format!("{prefix}.type")).unwrap_or_default();
            if kind != "hdfs" {
                let why =
                    "only logs on HDFS, or in a local directory of the same layout, are written";
                self.no_equal(&format!("{prefix}.type"), why);
                continue;
            }
            let Some(channel) = self.text(&format!("{prefix}.channel")) else {
                continue;
            };
            if let Some(path) = self.path(&format!("{prefix}.hdfs.path")) {
                targets.entry(channel).or_default().push(path);
            }
            for (key, why) in OF_SINKS {
                self.no_equal(&format!("{prefix}.{key}"), why);
            }
        }
        targets
    }

    /// A sink's path, without the times that directories of ours can't have.
    fn path(&mut self, key: &str) -> Option<String> {
        let path = self.text(key)?;
        let path = match path.split_once("://") {
            None => path,
            Some((scheme, rest)) => {
                let at = rest.find('/').unwrap_or(rest.len());
                self.imported.lake_url = Some(format!("{scheme}://{}", &rest[..at]));
                &rest[at..]
            }
        };
        let (kept, left_out): (Vec<&str>, Vec<&str>) = path
            .split('/')
            .filter(|part| !part.is_empty())
            .partition(|part| !has_time(part) || Template::parse(&format!("/logs/{part}")).is_ok());
        if !left_out.is_empty() {
            let why = format!(
                "{} left out: directories are of years, months, days or hours, and of these alone",
                left_out.join("/")
            );
            self.no_equal(key, why);
        } else if kept.iter().any(|part| has_time(part)) {
            let why = "directories of times stand last, are of the arrival, in UTC, and hold what is sealed";
            self.no_equal(key, why);
        }
        Some(format!("/{}", kept.join("/")))
    }

    fn source(&mut self, prefix: &str, name: &str, target: Option<&str>) {
        let kind_key = format!("{prefix}.type");
        match self
            .text(&kind_key)
            .unwrap_or_default()
            .to_ascii_lowercase()
            .as_str()
        {
            "taildir" => self.taildir(prefix, name, target),
            "exec" => self.exec(prefix, name, target),
            "spooldir" => self.spooldir(prefix, name, target),
            _ => self.no_equal(
                &kind_key,
                "only files are shipped: let what sends these events write them to a file",
            ),
        }
        for (key, why) in OF_SOURCES {
            self.no_equal(&format!("{prefix}.{key}"), why);
        }
        self.all_below(
            &format!("{prefix}.interceptors"),
            "the archive has the bytes as they stood in the file, nothing added or changed",
        );
        self.all_below(
            &format!("{prefix}.selector."),
            "a log is archived in one place",
        );
    }

    fn taildir(&mut self, prefix: &str, name: &str, target: Option<&str>) {
        let groups = self.words(&format!("{prefix}.filegroups"));
        for group in &groups {
            let key = format!("{prefix}.filegroups.{group}");
            let Some(path) = self.text(&key) else {
                continue;
            };
            let Some((directory, regex)) = path.rsplit_once('/') else {
                self.no_equal(&key, "it is no absolute path");
                continue;
            };
            let names = globs(regex).unwrap_or_else(|| {
                let why = format!("a shell's patterns can't say `{regex}`: all files of {directory} are listed, exclude those that are too many");
                self.no_equal(&key, why);
                vec!["*".to_owned()]
            });
            let headers = self.headers(&format!("{prefix}.headers.{group}."), target);
            let source = if groups.len() == 1 {
                name.to_owned()
            } else {
                format!("{name}-{group}")
            };
            let paths = names
                .iter()
                .map(|name| format!("{directory}/{name}"))
                .collect();
            self.add(&key, source, paths, Vec::new(), target, &headers);
        }
        if let Some(file) = self.text(&format!("{prefix}.positionFile")) {
            self.imported.position_files.push(PathBuf::from(file));
        }
    }

    /// The headers of a file group; those that the path does not name have no equal.
    fn headers(&mut self, prefix: &str, target: Option<&str>) -> BTreeMap<String, String> {
        let properties = self.properties;
        let keys = properties
            .0
            .keys()
            .filter_map(|key| Some((key, key.strip_prefix(prefix)?)));
        let mut headers = BTreeMap::new();
        for (key, header) in keys {
            let value = self.text(key).unwrap_or_default();
            if !target.is_some_and(|target| target.contains(&format!("%{{{header}}}"))) {
                self.no_equal(
                    key,
                    "there are no headers: a source's name and its directory say what it is",
                );
            }
            headers.insert(header.to_owned(), value.to_owned());
        }
        headers
    }

    fn exec(&mut self, prefix: &str, name: &str, target: Option<&str>) {
        let key = format!("{prefix}.command");
        let command = self.text(&key).unwrap_or_default();
        let mut words = command.split_whitespace();
        let is_tail = words
            .next()
            .is_some_and(|word| word.rsplit('/').next() == Some("tail"));
        // `-n` and `-c` have a value behind them.
        let mut paths = Vec::new();
        let mut is_value = false;
        for word in words {
            if !is_value && !word.starts_with('-') {
                paths.push(word.to_owned());
            }
            is_value = matches!(word, "-n" | "-c" | "-s");
        }
        if is_tail && !paths.is_empty() && paths.iter().all(|path| path.starts_with('/')) {
            self.add(
                &key,
                name.to_owned(),
                paths,
                Vec::new(),
                target,
                &BTreeMap::new(),
            );
        } else {
            self.no_equal(
                &key,
                "only files are shipped: let the command write to one, and list that",
            );
        }
    }

    fn spooldir(&mut self, prefix: &str, name: &str, target: Option<&str>) {
        let key = format!("{prefix}.spoolDir");
        let Some(directory) = self.text(&key) else {
            return;
        };
        let directory = directory.trim_end_matches('/');
        let mut names = vec!["*".to_owned()];
        let include = format!("{prefix}.includePattern");
        if let Some(regex) = self.text(&include) {
            match globs(regex) {
                Some(globs) => names = globs,
                None => self.no_equal(
                    &include,
                    "a shell's patterns can't say it: all files are listed",
                ),
            }
        }
        let suffix = self
            .text(&format!("{prefix}.fileSuffix"))
            .unwrap_or(".COMPLETED");
        let mut exclude = vec![format!("*{suffix}")];
        let ignore = format!("{prefix}.ignorePattern");
        if let Some(regex) = self.text(&ignore) {
            match globs(regex) {
                Some(globs) => exclude.extend(globs),
                None => self.no_equal(
                    &ignore,
                    "a shell's patterns can't say it: nothing is excluded by it",
                ),
            }
        }
        let paths = names
            .iter()
            .map(|name| format!("{directory}/{name}"))
            .collect();
        self.add(
            &key,
            name.to_owned(),
            paths,
            exclude,
            target,
            &BTreeMap::new(),
        );
    }

    fn add(
        &mut self,
        key: &str,
        name: String,
        paths: Vec<String>,
        exclude: Vec<String>,
        target: Option<&str>,
        headers: &BTreeMap<String, String>,
    ) {
        let target_dir = target.map(|target| self.target(key, target, headers));
        self.imported.sources.push(ImportedSource {
            name,
            paths,
            exclude,
            target_dir,
        });
    }

    /// The path with what is known of the source, its own directory below, and those of times in that.
    fn target(&mut self, key: &str, target: &str, headers: &BTreeMap<String, String>) -> String {
        let mut path = target.to_owned();
        for (header, value) in headers {
            path = path.replace(&format!("%{{{header}}}"), value);
        }
        let parts = path.split('/').filter(|part| !part.is_empty());
        let (known, unknown): (Vec<&str>, Vec<&str>) =
            parts.partition(|part| !part.replace("%{host}", "").contains("%{"));
        if !unknown.is_empty() {
            let why = format!(
                "{} left out of its path: nobody says what it stands for",
                unknown.join("/")
            );
            self.no_equal(key, why);
        }
        let (timed, above): (Vec<&str>, Vec<&str>) =
            known.into_iter().partition(|part| has_time(part));
        let parts = above.into_iter().chain(["%{source}"]).chain(timed);
        format!("/{}", parts.collect::<Vec<_>>().join("/"))
    }

    fn all_below(&mut self, prefix: &str, why: &str) {
        let properties = self.properties;
        for key in properties.0.keys().filter(|key| key.starts_with(prefix)) {
            self.no_equal(key, why);
        }
    }

    /// What nobody spoke of.
    fn unused(&mut self) {
        let properties = self.properties;
        let unused: Vec<&String> = (properties.0.keys())
            .filter(|key| !self.used.contains(*key))
            .collect();
        for key in unused {
            self.no_equal(key, "it means nothing here");
        }
    }
}

const OF_SINKS: [(&str, &str); 14] = [
    (
        "hdfs.rollInterval",
        "a piece is durable at once and closed after a minute, whatever is written: there is nothing to set",
    ),
    (
        "hdfs.rollSize",
        "a piece is closed at 16 MiB: there is nothing to set",
    ),
    (
        "hdfs.rollCount",
        "pieces are cut by bytes, so that what was written can be compared byte for byte",
    ),
    ("hdfs.idleTimeout", "a piece is closed after a minute"),
    ("hdfs.batchSize", "bytes are made durable within some 50 ms"),
    ("hdfs.codeC", "pieces are raw bytes"),
    (
        "hdfs.fileType",
        "pieces are the raw bytes of the file, as DataStream writes them",
    ),
    ("hdfs.writeFormat", "pieces are raw bytes"),
    (
        "hdfs.filePrefix",
        "names say which bytes a piece has: FORMAT.md lists them",
    ),
    (
        "hdfs.fileSuffix",
        "names say which bytes a piece has: FORMAT.md lists them",
    ),
    (
        "hdfs.useLocalTimeStamp",
        "directories of times are of the arrival",
    ),
    (
        "hdfs.round",
        "directories are of whole hours, days, months or years",
    ),
    ("hdfs.timeZone", "directories of times are in UTC"),
    (
        "serializer",
        "the archive has the bytes as they stood in the file",
    ),
];

const OF_SOURCES: [(&str, &str); 10] = [
    ("batchSize", "there are no batches of events"),
    ("skipToEnd", "a log is shipped from its first byte"),
    ("idleTimeout", "what is not written to costs nothing"),
    ("writePosInterval", "the archive itself is the checkpoint"),
    (
        "byteOffsetHeader",
        "a byte's place in the archive is its place in the file",
    ),
    ("fileHeader", "the name of a log's archive is its file's"),
    ("restart", "nothing is started: the file is read"),
    ("restartThrottle", "nothing is started: the file is read"),
    (
        "deletePolicy",
        "a shipper deletes and renames no files but the platform's own log",
    ),
    (
        "deserializer",
        "there are no events, and lines of any length: bytes are shipped as they are",
    ),
];

/// Whether a part of a path says when.
fn has_time(part: &str) -> bool {
    let escapes = part
        .match_indices('%')
        .filter_map(|(at, _)| part[at + 1..].chars().next());
    escapes
        .into_iter()
        .any(|escape| escape.is_ascii_alphabetic())
}

fn shown(key: &str, property: &Property) -> String {
    format!("{key} = {}", property.value)
}
