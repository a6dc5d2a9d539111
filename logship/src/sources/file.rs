//! `logship.toml`: what is written in it, checked before anything is shipped. An unknown key is
//! refused with its line and the known one that looks most like it.

use super::Source;
use super::error::{Fault, SourcesError};
use super::files::Files;
use super::template::Template;
use comptoir_config::{Origin, nearest};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Open pieces, where nothing is said.
pub const OPEN_PIECES_MAX: usize = 64;

const SOURCE: &str = "source";
const TOP: [&str; 5] = ["host", "target_dir", "poll_ms", "open_pieces_max", SOURCE];
const OF_SOURCE: [&str; 5] = ["name", "paths", "exclude", "target_dir", "poll_ms"];

/// All that it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourcesFile {
    pub sources: Vec<Source>,
    /// Pieces that are written at the same time, of all sources. Default 64.
    pub open_pieces_max: usize,
}

/// Whether a file lists sources, and is no file of settings.
pub fn is_sources_file(contents: &str) -> bool {
    let is_list = |table: Spanned<DeTable<'_>>| matches!(table.get_ref().get(SOURCE), Some(value) if matches!(value.get_ref(), DeValue::Array(_)));
    DeTable::parse(contents).is_ok_and(is_list)
}

impl SourcesFile {
    /// `machine` is the host where the file names none.
    pub fn read(path: &Path, machine: &str) -> Result<Self, SourcesError> {
        let contents = std::fs::read_to_string(path);
        let contents = contents.map_err(|cause| SourcesError::Unreadable {
            path: path.to_owned(),
            cause,
        })?;
        Self::parse(path, &contents, machine)
    }

    pub fn parse(path: &Path, contents: &str, machine: &str) -> Result<Self, SourcesError> {
        let origin = |at: usize| Origin::File {
            path: path.to_owned(),
            line: contents[..at.min(contents.len())].matches('\n').count() + 1,
        };
        let table = DeTable::parse(contents).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            Fault::Syntax(error.message().to_owned()).at(origin(at))
        })?;
        let top = Section::new(table.get_ref(), &TOP, "at the top", 0, &origin)?;
        let host = top
            .text("host")?
            .map_or_else(|| machine.to_owned(), |(host, _)| host);
        let defaults = Defaults {
            host,
            template: top.template()?.unwrap_or(
                Template::parse(Template::DEFAULT).map_err(|fault| fault.at(origin(0)))?,
            ),
            poll: top.poll()?,
        };
        let open_pieces_max = top.number("open_pieces_max", 1..=4096)?;
        let mut sources: Vec<Source> = Vec::new();
        for item in top.tables(SOURCE)? {
            let (table, at) = item?;
            let section = Section::new(table, &OF_SOURCE, "of a source", at, &origin)?;
            let source = defaults.source(&section)?;
            if let Some(fault) = sources.iter().find_map(|other| clash(other, &source)) {
                return Err(fault.at(origin(at)));
            }
            sources.push(source);
        }
        if sources.is_empty() {
            return Err(Fault::NoSource.at(origin(contents.len())));
        }
        Ok(Self {
            sources,
            open_pieces_max: open_pieces_max
                .map_or(Ok(OPEN_PIECES_MAX), usize::try_from)
                .unwrap_or(OPEN_PIECES_MAX),
        })
    }
}

/// What sources take from the top of the file.
struct Defaults {
    host: String,
    template: Template,
    poll: Option<Duration>,
}

impl Defaults {
    fn source<O: Fn(usize) -> Origin>(
        &self,
        section: &Section<'_, O>,
    ) -> Result<Source, SourcesError> {
        let missing = |key| Fault::Missing(key).at((section.origin)(section.at));
        let (name, at) = section.text("name")?.ok_or_else(|| missing("name"))?;
        if name.is_empty() || name.contains(['/', ':', '%']) || name.starts_with(['.', '_']) {
            let fault = Fault::Value {
                key: "name",
                value: format!("{name:?}"),
                reason: "a name is not empty, has none of / : % and does not begin with . or _"
                    .to_owned(),
            };
            return Err(fault.at((section.origin)(at)));
        }
        let (paths, at) = section.texts("paths")?.ok_or_else(|| missing("paths"))?;
        if paths.is_empty() {
            return Err(missing("paths"));
        }
        let exclude = section.texts("exclude")?.map(|(exclude, _)| exclude);
        let files = Files::parse(&paths, &exclude.unwrap_or_default())
            .map_err(|fault| fault.at((section.origin)(at)))?;
        let template = section.template()?;
        let template = template.as_ref().unwrap_or(&self.template);
        let directory = template.resolve(&self.host, &name);
        Ok(Source {
            files,
            directory: directory.map_err(|fault| fault.at((section.origin)(section.at)))?,
            times: template.times().clone(),
            rotation: None,
            poll: section.poll()?.or(self.poll),
            name,
        })
    }
}

fn clash(one: &Source, other: &Source) -> Option<Fault> {
    if one.name == other.name {
        return Some(Fault::Twice(one.name.clone()));
    }
    (one.directory == other.directory).then(|| Fault::SamePlace {
        one: one.name.clone(),
        other: other.name.clone(),
        directory: one.directory.to_string(),
    })
}

/// A table whose keys are known.
struct Section<'a, O> {
    values: BTreeMap<&'a str, &'a Spanned<DeValue<'a>>>,
    /// Where it begins.
    at: usize,
    origin: &'a O,
}

impl<'a, O: Fn(usize) -> Origin> Section<'a, O> {
    fn new(
        table: &'a DeTable<'a>,
        known: &[&str],
        place: &'static str,
        at: usize,
        origin: &'a O,
    ) -> Result<Self, SourcesError> {
        let mut values = BTreeMap::new();
        for (key, value) in table {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                let fault = Fault::UnknownKey {
                    name: name.to_owned(),
                    place,
                    nearest: nearest(name, known.iter().map(|known| (*known).to_owned())),
                    known: known.join(", "),
                };
                return Err(fault.at(origin(key.span().start)));
            }
            values.insert(name, value);
        }
        Ok(Self { values, at, origin })
    }

    fn text(&self, key: &str) -> Result<Option<(String, usize)>, SourcesError> {
        let Some(value) = self.values.get(key) else {
            return Ok(None);
        };
        let at = value.span().start;
        match value.get_ref() {
            DeValue::String(text) => Ok(Some((text.to_string(), at))),
            other => Err(self.wrong_type(key, other, "text", at)),
        }
    }

    fn texts(&self, key: &str) -> Result<Option<(Vec<String>, usize)>, SourcesError> {
        let Some(value) = self.values.get(key) else {
            return Ok(None);
        };
        let at = value.span().start;
        let expected = "a list of texts";
        let DeValue::Array(items) = value.get_ref() else {
            return Err(self.wrong_type(key, value.get_ref(), expected, at));
        };
        let texts = items.iter().map(|item| match item.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            other => Err(self.wrong_type(key, other, expected, item.span().start)),
        });
        Ok(Some((texts.collect::<Result<_, _>>()?, at)))
    }

    fn number(
        &self,
        key: &'static str,
        range: RangeInclusive<u64>,
    ) -> Result<Option<u64>, SourcesError> {
        let Some(value) = self.values.get(key) else {
            return Ok(None);
        };
        let at = value.span().start;
        let DeValue::Integer(number) = value.get_ref() else {
            return Err(self.wrong_type(key, value.get_ref(), "a number", at));
        };
        let parsed = u64::from_str_radix(number.as_str(), number.radix());
        match parsed.ok().filter(|number| range.contains(number)) {
            Some(number) => Ok(Some(number)),
            None => Err(Fault::Value {
                key,
                value: number.as_str().to_owned(),
                reason: format!("it is from {} to {}", range.start(), range.end()),
            }
            .at((self.origin)(at))),
        }
    }

    fn poll(&self) -> Result<Option<Duration>, SourcesError> {
        let poll = self.number("poll_ms", 10..=3_600_000)?;
        Ok(poll.map(Duration::from_millis))
    }

    fn template(&self) -> Result<Option<Template>, SourcesError> {
        let text = self.text("target_dir")?;
        text.map(|(text, at)| Template::parse(&text).map_err(|fault| fault.at((self.origin)(at))))
            .transpose()
    }

    fn tables(
        &self,
        key: &'a str,
    ) -> Result<
        impl Iterator<Item = Result<(&'a DeTable<'a>, usize), SourcesError>> + use<'_, 'a, O>,
        SourcesError,
    > {
        let expected = "a list of tables, [[source]],";
        let items = match self
            .values
            .get(key)
            .map(|value| (value.get_ref(), value.span()))
        {
            None => None,
            Some((DeValue::Array(items), _)) => Some(items),
            Some((other, span)) => return Err(self.wrong_type(key, other, expected, span.start)),
        };
        Ok(items
            .into_iter()
            .flat_map(|items| items.iter())
            .map(move |item| match item.get_ref() {
                DeValue::Table(table) => Ok((table, item.span().start)),
                other => Err(self.wrong_type(key, other, expected, item.span().start)),
            }))
    }

    fn wrong_type(
        &self,
        key: &str,
        found: &DeValue<'_>,
        expected: &'static str,
        at: usize,
    ) -> SourcesError {
        let fault = Fault::Type {
            key: key.to_owned(),
            found: found.type_str(),
            expected,
        };
        fault.at((self.origin)(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::Times;

    fn parse(contents: &str) -> Result<SourcesFile, String> {
        let file = SourcesFile::parse(Path::new("logship.toml"), contents, "till");
        file.map_err(|error| error.to_string())
    }

    #[test]
    fn says_what_is_shipped_and_where_to() {
        let file = parse(
            "poll_ms = 1000\n\
             [[source]]\nname = 'shop'\npaths = ['/var/log/shop/app.log']\n\
             [[source]]\nname = 'nginx'\npaths = ['/var/log/nginx/*.log']\n\
             target_dir = '/logs/%{source}/%Y'\npoll_ms = 500\n",
        )
        .unwrap();
        let [shop, nginx] = &file.sources[..] else {
            panic!("{file:?}")
        };
        assert_eq!(shop.directory.as_str(), "/user/flume/logs/till/shop");
        assert_eq!(nginx.directory.as_str(), "/logs/nginx");
        assert_eq!(shop.times, Times::default());
        assert_ne!(nginx.times, Times::default());
        assert_eq!(
            [shop.poll, nginx.poll],
            [1000, 500].map(|ms| Some(Duration::from_millis(ms)))
        );
        assert_eq!(file.open_pieces_max, OPEN_PIECES_MAX);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let source = "[[source]]\nname = 'a'\npaths = ['/a/*']\n";
        for (contents, said) in [
            (
                "[[source]]\nname = 'a'\npath = ['/a']\n".to_owned(),
                "logship.toml:3: there is no key `path` of a source\nhint: did you mean `paths`?",
            ),
            (
                "hots = 'x'\n".to_owned() + source,
                "logship.toml:1: there is no key `hots` at the top\nhint: did you mean `host`?",
            ),
            (
                source.to_owned() + source,
                "logship.toml:4: source `a` is there twice",
            ),
            (
                format!(
                    "target_dir = '/logs'\n{source}{}",
                    source.replace("'a'", "'b'")
                ),
                "logship.toml:5: sources `a` and `b` would be archived in one place, /logs",
            ),
            (
                source.replace("['/a/*']", "['a/*']"),
                "logship.toml:3: pattern `a/*`: it does not begin with `/`",
            ),
            (
                source.replace("['/a/*']", "'/a/*'"),
                "logship.toml:3: `paths` is of type string; a list of texts is expected",
            ),
            (
                source.to_owned() + "poll_ms = 0\n",
                "logship.toml:4: poll_ms = 0: it is from 10 to 3600000",
            ),
            (
                source.to_owned() + "target_dir = '/logs/%{source}/%Y/%M'\n",
                "logship.toml:4: `%M` in `/logs/%{source}/%Y/%M` stands for nothing here",
            ),
            (
                source.to_owned() + "target_dir = '/logs/%Y/%{source}'\n",
                "logship.toml:4: `/logs/%Y/%{source}` has a time before what says whose log it is",
            ),
            (String::new(), "logship.toml:1: there is no source"),
            ("[[source]\n".to_owned(), "logship.toml:1: "),
            (
                "[[source]]\nname = 'a'\n".to_owned(),
                "logship.toml:1: the source lacks `paths`",
            ),
        ] {
            let error = parse(&contents).unwrap_err();
            assert!(error.starts_with(said), "{error}\nis not\n{said}");
        }
    }

    #[test]
    fn is_told_from_a_file_of_settings() {
        assert!(is_sources_file("[[source]]\nname = 1\n"));
        assert!(!is_sources_file("[logship]\nsource = '/a'\n"));
    }
}
