//! What stands at the head of a view's file: the block of `--` comments before its first other
//! line. Pure. batch/VIEWS.md describes it.

mod columns;
mod late;
mod output;
mod source;

pub(super) use columns::DeclaredColumn;
pub(super) use late::Late;
pub(super) use output::{Days, Format, LakeOutput, Layer, Output, Place, Serving};
pub(super) use source::{ArchiveRows, FileKind, Files, Reference, Source, SourceKind};

use super::error::HeaderFault;
use comptoir_config::nearest;
use comptoir_model::view_result::is_identifier;
use output::Lines;

/// What a view says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) description: String,
    /// Of different names.
    pub(super) sources: Vec<Source>,
    pub(super) output: Output,
    /// Of different references.
    pub(super) unknown: Vec<UnknownRule>,
    pub(super) broken: Option<BrokenCount>,
    /// Of an incremental one; `None`: late events of forgotten days can't be added.
    pub(super) late: Option<Late>,
}

/// Which rows of the result have a key that a reference does not know: those where `key` is there
/// and `known` is false.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UnknownRule {
    /// The name of a source.
    pub(super) source: String,
    pub(super) key: String,
    pub(super) known: String,
}

/// Which columns of the result say how many rows break which rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BrokenCount {
    pub(super) count: String,
    pub(super) rule: String,
}

const KEYS: [&str; 9] = [
    "description",
    "source",
    "output",
    "partition by",
    "incremental",
    "served",
    "unknown",
    "broken",
    "late",
];

/// Reads the head; a fault comes with its line, counted from 1.
pub(super) fn parse(text: &str) -> Result<Header, (usize, HeaderFault)> {
    let mut description = None;
    let mut sources: Vec<Source> = Vec::new();
    let mut unknown: Vec<UnknownRule> = Vec::new();
    let (mut broken, mut late) = (None, None);
    let mut lines = Lines::default();
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
        let owned = || value.to_owned();
        let mut words = key.split_whitespace();
        match (words.next().unwrap_or_default(), words.next(), words.next()) {
            ("description", None, None) => once(&mut description, owned(), "description"),
            ("output", None, None) => once(&mut lines.output, owned(), "output"),
            ("partition", Some("by"), None) => {
                once(&mut lines.partition_by, owned(), "partition by")
            }
            ("incremental", None, None) => once(&mut lines.incremental, owned(), "incremental"),
            ("served", None, None) => once(&mut lines.served, owned(), "served"),
            ("source", Some(name), None) => Source::parse(name, value).and_then(|source| {
                if sources.iter().any(|other| other.name == source.name) {
                    return Err(HeaderFault::Twice(format!("source {name}")));
                }
                sources.push(source);
                Ok(())
            }),
            ("unknown", Some(name), None) => UnknownRule::parse(name, value).and_then(|rule| {
                if unknown.iter().any(|other| other.source == rule.source) {
                    return Err(HeaderFault::Twice(format!("unknown {name}")));
                }
                unknown.push(rule);
                Ok(())
            }),
            ("broken", None, None) => {
                BrokenCount::parse(value).and_then(|count| once(&mut broken, count, "broken"))
            }
            ("late", None, None) => Late::parse(value).and_then(|how| once(&mut late, how, "late")),
            ("source", None, None) => Err(HeaderFault::NamelessSource),
            (key, ..) => Err(HeaderFault::UnknownKey {
                key: key.to_owned(),
                nearest: nearest(key, KEYS.iter().map(ToString::to_string)),
            }),
        }
        .map_err(at)?;
    }
    let at_the_end = |fault| (last, fault);
    if sources.is_empty() {
        return Err(at_the_end(HeaderFault::NoSource));
    }
    let header = Header {
        description: description.ok_or(at_the_end(HeaderFault::NoDescription))?,
        sources,
        output: lines.output().map_err(at_the_end)?,
        unknown,
        broken,
        late,
    };
    header.check().map_err(at_the_end)?;
    Ok(header)
}

impl Header {
    /// Holds its lines against each other.
    fn check(&self) -> Result<(), HeaderFault> {
        let source = |name: &str| self.sources.iter().find(|source| source.name == *name);
        if let Some(rule) = (self.unknown.iter()).find(|rule| source(&rule.source).is_none()) {
            return Err(HeaderFault::UnknownSource(rule.source.clone()));
        }
        if let Some(name) = self.incremental() {
            if self.is_served() {
                return Err(HeaderFault::IncrementalServed);
            }
            if !self.rows_of(name).is_some_and(ArchiveRows::come_by_day) {
                return Err(HeaderFault::IncrementalSource(name.to_owned()));
            }
        } else if self.late.is_some() {
            return Err(HeaderFault::LateOfEverything);
        }
        Ok(())
    }

    /// Which rows of the archive a source has, if it is one of it.
    pub(super) fn rows_of(&self, name: &str) -> Option<ArchiveRows> {
        let source = self.sources.iter().find(|source| source.name == name);
        match source.map(|source| &source.kind) {
            Some(SourceKind::Archive(rows)) => Some(*rows),
            _ => None,
        }
    }

    /// Whether the API has the rows.
    pub(super) fn is_served(&self) -> bool {
        match &self.output {
            Output::Warehouse => true,
            Output::Lake(output) => output.serving == Serving::Served,
        }
    }

    /// The source of events by whose days the result may be computed.
    pub(super) fn incremental(&self) -> Option<&str> {
        match self.days()? {
            Days::By { incremental, .. } => incremental.as_deref(),
            Days::Together => None,
        }
    }

    /// The column of dates that the files of the result lie by.
    pub(super) fn partition_by(&self) -> Option<&str> {
        match self.days()? {
            Days::By { column, .. } => Some(column),
            Days::Together => None,
        }
    }

    fn days(&self) -> Option<&Days> {
        match &self.output {
            Output::Lake(LakeOutput {
                format: Format::Delta(days),
                ..
            }) => Some(days),
            _ => None,
        }
    }
}

impl UnknownRule {
    /// `KEY unless KNOWN`.
    fn parse(source: &str, value: &str) -> Result<Self, HeaderFault> {
        let words: Vec<_> = value.split_whitespace().collect();
        match words[..] {
            [key, "unless", known] if is_identifier(key) && is_identifier(known) => Ok(Self {
                source: source.to_owned(),
                key: key.to_owned(),
                known: known.to_owned(),
            }),
            _ => Err(HeaderFault::Unknown(value.to_owned())),
        }
    }
}

impl BrokenCount {
    /// `COUNT by RULE`.
    fn parse(value: &str) -> Result<Self, HeaderFault> {
        let words: Vec<_> = value.split_whitespace().collect();
        match words[..] {
            [count, "by", rule] if is_identifier(count) && is_identifier(rule) => Ok(Self {
                count: count.to_owned(),
                rule: rule.to_owned(),
            }),
            _ => Err(HeaderFault::Broken(value.to_owned())),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use comptoir_lake::LakePath;
    use comptoir_model::view_result::ViewName;

    const GOOD: &str = "-- description: Sales by month,\n--   whatever the year.\n--\n\
                        -- source sales: import sales\n-- source old: import /user/old/sales\n\
                        -- source value: view customer_value\n-- source e: archive events\n\
                        -- source r: archive records\n-- output: warehouse\n\n\
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
                SourceKind::Archive(ArchiveRows::Events),
                SourceKind::Archive(ArchiveRows::Records),
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
            (
                "-- description: a\n-- source s: archive all",
                2,
                "`archive all`",
            ),
            ("-- description: a\n-- source s: view A", 2, "`view A`"),
            ("-- description: a\n-- source s: import /a//b", 2, "/a//b"),
            ("-- description: a\n-- source S: import t", 2, "`S`"),
            ("-- description: a\n-- description: b", 2, "twice"),
            ("-- source s: import a\n-- source s: import b", 2, "twice"),
            (
                "-- description: a\n-- source s: import t\n-- output: orc",
                3,
                "`orc`",
            ),
            (
                "-- description: a\n-- source s: import t\n-- output: csv\n-- partition by: day",
                4,
                "only of `delta`",
            ),
            (
                "-- description: a\n-- source s: import t\n-- output: delta\n-- incremental: s",
                4,
                "partition by",
            ),
            (
                "-- description: a\n-- source s: import t\n-- output: delta\n-- partition by: day\n\
                 -- incremental: s\n-- served: no",
                6,
                "archive events",
            ),
            (
                "-- description: a\n-- source s: import t\n-- output: warehouse\n-- served: no",
                4,
                "nowhere",
            ),
            (
                "-- description: a\n-- source s: import t\n-- unknown r: a unless b",
                3,
                "`r`",
            ),
            (
                "-- description: a\n-- source s: archive events\n-- output: delta\n\
                 -- partition by: day\n-- incremental: s",
                5,
                "served: no",
            ),
            ("-- description: a\n-- unknown s: a b", 2, "unless"),
            ("-- description: a\n-- late: sum a,, b", 2, "`sum a,, b`"),
            (
                "-- description: a\n-- source s: archive events\n-- late: rows",
                3,
                "incremental views",
            ),
            (
                "-- description: a\n-- source s: csv prices.csv",
                2,
                "`csv prices.csv`",
            ),
            (
                "-- description: a\n-- source s: csv /a/*.csv (b money)",
                2,
                "`b money`",
            ),
            (
                "-- description: a\n-- source s: reference stores",
                2,
                "`reference stores`",
            ),
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

    #[test]
    fn where_a_result_goes_and_what_is_counted_is_said_in_lines_of_their_own() {
        let header = parse(
            "-- description: a\n-- source e: archive events\n\
             -- source p: reference products (product_id, weight DECIMAL(9, 3))\n\
             -- source c: csv /prices/2026-*.csv\n-- source q: parquet /a/*/b.parquet\n\
             -- output: delta silver/sales\n-- partition by: day\n-- incremental: e\n\
             -- served: no\n-- unknown p: product_id unless product_known\n\
             -- late: sum pieces, net",
        )
        .unwrap();
        let sums = ["pieces", "net"].map(str::to_owned).to_vec();
        assert_eq!(header.late, Some(Late::Sum(sums)));
        assert_eq!(header.incremental(), Some("e"));
        assert_eq!(header.partition_by(), Some("day"));
        let Output::Lake(output) = &header.output else {
            panic!("{header:?}");
        };
        assert_eq!(output.serving, Serving::InTheLakeOnly);
        let place = Place {
            layer: Layer::Silver,
            name: "sales".to_owned(),
        };
        assert_eq!(output.place, Some(place));
        assert_eq!(header.unknown[0].known, "product_known");
        let SourceKind::Reference(reference) = &header.sources[1].kind else {
            panic!("{header:?}");
        };
        assert_eq!(reference.columns[1].sql_type, "DECIMAL(9, 3)");
    }
}
