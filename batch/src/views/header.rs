//! What stands at the head of a view's file: the block of `--` comments before its first other
//! line. Pure. batch/VIEWS.md describes it.

use super::error::HeaderFault;
use comptoir_config::nearest;
use comptoir_lake::LakePath;
use comptoir_model::view_result::{ViewName, is_identifier};

/// What a view says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) description: String,
    /// Of different names.
    pub(super) sources: Vec<Source>,
    pub(super) output: Output,
}

/// A table that the view's SQL reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    /// As the SQL calls it.
    pub(super) name: String,
    pub(super) kind: SourceKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SourceKind {
    /// The published import of a table of the ERP.
    Table(String),
    /// What is published in this directory of the lake.
    Directory(LakePath),
    /// The published result of another view.
    View(ViewName),
}

/// Where the result goes besides the warehouse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Output {
    /// A Parquet file, published in the lake.
    #[default]
    Parquet,
    /// Nowhere: no other view can read it.
    Warehouse,
}

const KEYS: [&str; 3] = ["description", "source", "output"];

/// Reads the head; a fault comes with its line, counted from 1.
pub(super) fn parse(text: &str) -> Result<Header, (usize, HeaderFault)> {
    let mut description = None;
    let mut sources: Vec<Source> = Vec::new();
    let mut output = None;
    let mut last = 1;
    for (line, comment) in (1..).zip(text.lines().map_while(comment)) {
        last = line;
        if comment.trim().is_empty() {
            continue;
        }
        let at = |fault| (line, fault);
        // Indented: it goes on with the description.
        if comment.starts_with("  ") {
            let Some(description) = &mut description else {
                return Err(at(HeaderFault::NothingToContinue));
            };
            *description = format!("{description} {}", comment.trim());
            continue;
        }
        let (key, value) = comment
            .split_once(':')
            .ok_or_else(|| at(HeaderFault::NoKey))?;
        let value = value.trim();
        if value.is_empty() {
            return Err(at(HeaderFault::Empty(key.trim().to_owned())));
        }
        let mut words = key.split_whitespace();
        match (words.next().unwrap_or_default(), words.next(), words.next()) {
            ("description", None, None) => once(&mut description, value.to_owned(), "description"),
            ("output", None, None) => {
                Output::parse(value).and_then(|value| once(&mut output, value, "output"))
            }
            ("source", Some(name), None) => Source::parse(name, value).and_then(|source| {
                if sources.iter().any(|other| other.name == source.name) {
                    return Err(HeaderFault::Twice(format!("source {name}")));
                }
                sources.push(source);
                Ok(())
            }),
            ("source", None, None) => Err(HeaderFault::NamelessSource),
            (key, ..) => Err(HeaderFault::UnknownKey {
                key: key.to_owned(),
                nearest: nearest(key, KEYS.iter().map(ToString::to_string)),
            }),
        }
        .map_err(at)?;
    }
    if sources.is_empty() {
        return Err((last, HeaderFault::NoSource));
    }
    Ok(Header {
        description: description.ok_or((last, HeaderFault::NoDescription))?,
        sources,
        output: output.unwrap_or_default(),
    })
}

fn comment(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("--")?;
    Some(rest.strip_prefix(' ').unwrap_or(rest))
}

fn once<T>(place: &mut Option<T>, value: T, key: &str) -> Result<(), HeaderFault> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(HeaderFault::Twice(key.to_owned())),
    }
}

impl Source {
    fn parse(name: &str, value: &str) -> Result<Self, HeaderFault> {
        if !is_identifier(name) {
            return Err(HeaderFault::SourceName(name.to_owned()));
        }
        let (kind, what) = value.split_once(' ').unwrap_or((value, ""));
        let what = what.trim();
        let kind = match kind {
            "import" if what.starts_with('/') => {
                SourceKind::Directory(LakePath::parse(what).map_err(|_| bad_source(value))?)
            }
            "import" if !what.is_empty() && !what.contains('/') => {
                SourceKind::Table(what.to_owned())
            }
            "view" => SourceKind::View(ViewName::parse(what).map_err(|_| bad_source(value))?),
            _ => return Err(bad_source(value)),
        };
        Ok(Self {
            name: name.to_owned(),
            kind,
        })
    }
}

fn bad_source(value: &str) -> HeaderFault {
    HeaderFault::Source(value.to_owned())
}

impl Output {
    fn parse(text: &str) -> Result<Self, HeaderFault> {
        match text {
            "parquet" => Ok(Self::Parquet),
            "warehouse" => Ok(Self::Warehouse),
            other => Err(HeaderFault::Output(other.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "-- description: Sales by month,\n--   whatever the year.\n--\n\
                        -- source sales: import sales\n-- source old: import /user/old/sales\n\
                        -- source value: view customer_value\n-- output: warehouse\n\n\
                        -- anything: here\nSELECT 1";

    #[test]
    fn reads_what_a_view_says_of_itself() {
        let header = parse(GOOD).unwrap();
        assert_eq!(header.description, "Sales by month, whatever the year.");
        assert_eq!(header.output, Output::Warehouse);
        let sources: Vec<_> = header
            .sources
            .into_iter()
            .map(|source| source.kind)
            .collect();
        assert_eq!(
            sources,
            [
                SourceKind::Table("sales".to_owned()),
                SourceKind::Directory(LakePath::parse("/user/old/sales").unwrap()),
                SourceKind::View(ViewName::parse("customer_value").unwrap()),
            ]
        );
    }

    #[test]
    fn a_fault_has_its_line_and_a_cure() {
        for (text, line, expected) in [
            ("SELECT 1", 1, "no source"),
            ("-- source s: import t\nSELECT 1", 1, "no description"),
            (
                "-- description: a\n-- sorce s: import t",
                2,
                "did you mean `source`?",
            ),
            ("-- description: a\n-- source: import t", 2, "needs a name"),
            ("-- description: a\n-- source s: table t", 2, "`table t`"),
            ("-- description: a\n-- source s: import", 2, "`import`"),
            ("-- description: a\n-- source s: view A", 2, "`view A`"),
            ("-- description: a\n-- source s: import /a//b", 2, "/a//b"),
            ("-- description: a\n-- source S: import t", 2, "`S`"),
            ("-- description: a\n-- description: b", 2, "twice"),
            ("-- source s: import a\n-- source s: import b", 2, "twice"),
            ("-- description: a\n-- output: orc", 2, "`orc`"),
            ("-- description:\n", 1, "empty"),
            ("-- hello", 1, "key: value"),
            ("--   hello", 1, "description"),
        ] {
            let (found, fault) = parse(text).unwrap_err();
            let fault = fault.to_string();
            assert!(fault.contains(expected), "{text}: {fault}");
            assert_eq!(found, line, "{text}: {fault}");
        }
    }
}
