//! All views together: the shipped ones, the operator's own, and the order in which they run.

use super::error::{ViewError, ViewsError};
use super::header::{self, Format, Header, LakeOutput, Layer, Output, Place, SourceKind};
use super::live;
use crate::order;
use comptoir_config::nearest;
use comptoir_model::view_result::{ViewColumn, ViewName, ViewType};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// A view as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct View {
    pub(super) name: ViewName,
    /// For people.
    pub(super) file: String,
    pub(super) origin: Origin,
    pub(super) header: Header,
    /// The whole file: the engine's lines are the file's.
    pub(super) sql: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// In the program; not everybody has what it reads.
    Shipped,
    Own,
}

/// Views of different names, each of whose views to read is one of them, without circles.
#[derive(Debug)]
pub(super) struct Catalog {
    views: BTreeMap<ViewName, View>,
}

const SHIPPED: [(&str, &str); 14] = [
    (
        "silver_transactions",
        include_str!("../../views/silver_transactions.sql"),
    ),
    (
        "silver_customers",
        include_str!("../../views/silver_customers.sql"),
    ),
    (
        "silver_quarantine",
        include_str!("../../views/silver_quarantine.sql"),
    ),
    ("event_checks", include_str!("../../views/event_checks.sql")),
    ("event_rules", include_str!("../../views/event_rules.sql")),
    ("event_alarms", include_str!("../../views/event_alarms.sql")),
    ("history", include_str!("../../views/history.sql")),
    (
        "customer_value",
        include_str!("../../views/customer_value.sql"),
    ),
    (
        "top_customers",
        include_str!("../../views/top_customers.sql"),
    ),
    ("top_products", include_str!("../../views/top_products.sql")),
    ("baskets", include_str!("../../views/baskets.sql")),
    (
        "event_customers",
        include_str!("../../views/event_customers.sql"),
    ),
    ("event_cube", include_str!("../../views/event_cube.sql")),
    (
        "event_quality",
        include_str!("../../views/event_quality.sql"),
    ),
];

impl Catalog {
    /// The shipped views and those of the directory, which take the places of shipped ones of their
    /// names.
    pub(super) fn load(directory: Option<&Path>) -> Result<Self, ViewsError> {
        let mut views = Vec::new();
        for (name, sql) in SHIPPED {
            let file = format!("batch/views/{name}.sql");
            views.push(View::parse(name, &file, Origin::Shipped, sql)?);
        }
        if let Some(directory) = directory {
            let own = own(directory)?;
            if let Some(view) = own.iter().find(|view| view.name.as_str() == live::NAME) {
                return Err(ViewsError::Reserved {
                    file: view.file.clone(),
                    name: view.name.to_string(),
                });
            }
            views.extend(own);
        }
        Self::of(views)
    }

    /// A later view takes the place of an earlier one of its name.
    fn of(views: Vec<View>) -> Result<Self, ViewsError> {
        let views = views.into_iter().map(|view| (view.name.clone(), view));
        let catalog = Self {
            views: views.collect(),
        };
        for view in catalog.views.values() {
            for needed in view.needs() {
                let Some(found) = catalog.views.get(needed) else {
                    let names: Vec<_> = catalog.views.keys().map(ViewName::as_str).collect();
                    return Err(ViewsError::UnknownDependency {
                        file: view.file.clone(),
                        needed: needed.clone(),
                        known: format!("there are {}", names.join(", ")),
                    });
                };
                if !found.can_be_read() {
                    return Err(ViewsError::NotInTheLake {
                        file: view.file.clone(),
                        needed: needed.clone(),
                    });
                }
            }
        }
        catalog.check_places()?;
        catalog.in_order(&[])?;
        Ok(catalog)
    }

    /// Two results in one directory would replace each other.
    fn check_places(&self) -> Result<(), ViewsError> {
        let mut taken: BTreeMap<(Layer, &str), &View> = BTreeMap::new();
        for view in self.views.values() {
            let Some(place) = view.place() else { continue };
            if let Some(other) = taken.insert(place, view) {
                return Err(ViewsError::OnePlace {
                    file: view.file.clone(),
                    other: other.file.clone(),
                });
            }
        }
        Ok(())
    }

    /// By name.
    pub(super) fn views(&self) -> impl Iterator<Item = &View> {
        self.views.values()
    }

    pub(super) fn view(&self, name: &ViewName) -> Option<&View> {
        self.views.get(name)
    }

    pub(super) fn get(&self, name: &str) -> Result<&View, ViewsError> {
        let found = (self.views.values()).find(|view| view.name.as_str() == name);
        found.ok_or_else(|| ViewsError::Unknown {
            name: name.to_owned(),
            nearest: nearest(name, self.views.keys().map(ToString::to_string)),
        })
    }

    /// The named views, or all where none is named, each after those that it reads. What a named
    /// view reads runs only where it is named as well.
    pub(super) fn in_order(&self, names: &[String]) -> Result<Vec<&View>, ViewsError> {
        let all = order::dependencies_first(
            self.views.values(),
            |view| view.name.as_str(),
            |view| {
                let needs = view.needs().filter_map(|name| self.views.get(name));
                needs.collect()
            },
        )
        .map_err(|circle| {
            ViewsError::Cycle(circle.iter().map(|view| view.name.to_string()).collect())
        })?;
        if names.is_empty() {
            return Ok(all);
        }
        let wanted: Vec<_> = (names.iter().map(|name| self.get(name))).collect::<Result<_, _>>()?;
        Ok((all.into_iter())
            .filter(|view| wanted.iter().any(|wanted| wanted.name == view.name))
            .collect())
    }
}

impl View {
    /// Where a column that the header names stands in the result; `reason` says why it has to be
    /// there, of the type that is `wanted`, if any.
    pub(super) fn place_of(
        &self,
        name: &str,
        wanted: Option<ViewType>,
        columns: &[ViewColumn],
        reason: &'static str,
    ) -> Result<usize, ViewError> {
        let is_it = |column: &ViewColumn| {
            column.name == *name && wanted.is_none_or(|kind| kind == column.kind)
        };
        let place = columns.iter().position(is_it);
        place.ok_or_else(|| ViewError::Column {
            file: self.file.clone(),
            name: format!("`{name}`"),
            reason,
        })
    }

    fn parse(name: &str, file: &str, origin: Origin, sql: &str) -> Result<Self, ViewsError> {
        let header = header::parse(sql).map_err(|(line, fault)| ViewsError::Header {
            file: file.to_owned(),
            line,
            fault,
        })?;
        Ok(Self {
            name: ViewName::parse(name).map_err(|fault| ViewsError::Name {
                file: file.to_owned(),
                fault,
            })?,
            file: file.to_owned(),
            origin,
            header,
            sql: sql.to_owned(),
        })
    }

    /// Whether other views can read its result.
    fn can_be_read(&self) -> bool {
        match &self.header.output {
            Output::Warehouse => false,
            Output::Lake(output) => output.format != Format::Csv,
        }
    }

    /// The layer of its result in the lake, and its directory there.
    fn place(&self) -> Option<(Layer, &str)> {
        match &self.header.output {
            Output::Warehouse => None,
            Output::Lake(LakeOutput { place, .. }) => Some(match place {
                Some(Place { layer, name }) => (*layer, name),
                None => (Layer::Gold, self.name.as_str()),
            }),
        }
    }

    /// Of the whole file, in hexadecimal digits.
    pub(super) fn sha256(&self) -> String {
        hex::encode(Sha256::digest(&self.sql))
    }

    /// The views that it reads.
    pub(super) fn needs(&self) -> impl Iterator<Item = &ViewName> {
        (self.header.sources.iter()).filter_map(|source| match &source.kind {
            SourceKind::View(name) => Some(name),
            SourceKind::Table(_)
            | SourceKind::Directory(_)
            | SourceKind::Archive(_)
            | SourceKind::Files(_)
            | SourceKind::Reference(_) => None,
        })
    }
}

/// Each `.sql` file of a directory, by name.
fn own(directory: &Path) -> Result<Vec<View>, ViewsError> {
    let unreadable = |path: &Path, source| ViewsError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(|error| unreadable(directory, error))? {
        let path = entry.map_err(|error| unreadable(directory, error))?.path();
        if path.extension().is_some_and(|extension| extension == "sql") {
            paths.push(path);
        }
    }
    paths.sort();
    let mut views = Vec::new();
    for path in paths {
        let sql = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let file = path.display().to_string();
        views.push(View::parse(&name, &file, Origin::Own, &sql)?);
    }
    Ok(views)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::header::Serving;

    fn view(name: &str, sources: &[&str]) -> View {
        use std::fmt::Write as _;
        let mut sql = "-- description: a test\n".to_owned();
        for (number, source) in sources.iter().enumerate() {
            writeln!(sql, "-- source s{number}: {source}").unwrap();
        }
        View::parse(name, &format!("{name}.sql"), Origin::Own, &sql).unwrap()
    }

    fn names(views: &[&View]) -> Vec<String> {
        views.iter().map(|view| view.name.to_string()).collect()
    }

    #[test]
    fn a_view_comes_after_those_it_reads_and_a_named_one_alone() {
        let views = vec![
            view("a", &["view c", "import t"]),
            view("b", &["import t"]),
            view("c", &["view d"]),
            view("d", &["import t"]),
        ];
        let catalog = Catalog::of(views).unwrap();
        assert_eq!(names(&catalog.in_order(&[]).unwrap()), ["d", "c", "a", "b"]);
        let wanted = ["a".to_owned(), "c".to_owned()];
        assert_eq!(names(&catalog.in_order(&wanted).unwrap()), ["c", "a"]);
        let unknown = catalog.in_order(&["bb".to_owned()]).unwrap_err();
        assert!(
            unknown.to_string().contains("did you mean `b`?"),
            "{unknown}"
        );
    }

    #[test]
    fn what_can_not_run_is_refused_by_name() {
        let circle = Catalog::of(vec![view("a", &["view b"]), view("b", &["view a"])]);
        let circle = circle.unwrap_err().to_string();
        assert!(circle.contains("a reads b reads a"), "{circle}");
        let missing = Catalog::of(vec![view("a", &["view b"])]).unwrap_err();
        let missing = missing.to_string();
        assert!(
            missing.starts_with("a.sql: ") && missing.contains("`b`"),
            "{missing}"
        );
        let mut other = view("b", &["import t"]);
        other.header.output = Output::Warehouse;
        let hidden = Catalog::of(vec![view("a", &["view b"]), other]).unwrap_err();
        assert!(hidden.to_string().contains("output: parquet"), "{hidden}");
        let placed = |name: &str| {
            let mut placed = view(name, &["import t"]);
            placed.header.output = Output::Lake(LakeOutput {
                format: Format::Parquet,
                serving: Serving::default(),
                place: Some(Place {
                    layer: Layer::Silver,
                    name: "one".to_owned(),
                }),
            });
            placed
        };
        let twice = Catalog::of(vec![placed("a"), placed("b")]).unwrap_err();
        assert!(twice.to_string().contains("a.sql"), "{twice}");
    }

    #[test]
    fn the_shipped_views_are_sound() {
        assert_eq!(Catalog::load(None).unwrap().views().count(), SHIPPED.len());
    }

    /// What stands before a bracket in SQL that every engine understands: batch/VIEWS.md.
    const PORTABLE: [&str; 22] = [
        "",
        "AND",
        "AS",
        "CAST",
        "COALESCE",
        "COUNT",
        "DATE_TRUNC",
        "DECIMAL",
        "EXTRACT",
        "GROUPING",
        "IN",
        "MAX",
        "MIN",
        "NOT",
        "NTILE",
        "OR",
        "OVER",
        "ROW_NUMBER",
        "SETS",
        "SUBSTRING",
        "SUM",
        "WHERE",
    ];

    #[test]
    fn the_shipped_views_call_nothing_that_only_one_engine_has() {
        for (name, sql) in SHIPPED.into_iter().chain(live::QUERIES) {
            let query = sql.lines().filter(|line| !line.starts_with("--"));
            let query = query.collect::<Vec<_>>().join("\n");
            for (before, _) in query.match_indices('(').map(|(at, _)| query.split_at(at)) {
                let before = before.trim_end();
                let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let word = before
                    .rsplit(|c: char| !is_part(c))
                    .next()
                    .unwrap_or_default();
                assert!(PORTABLE.contains(&word), "{name} calls {word}");
            }
        }
    }
}
