//! What a request asks of a view's result: which rows, in which order, from where. Pure.

use comptoir_model::ids::RunId;
use comptoir_model::view_result::{Cell, ViewColumn};
use sha2::{Digest, Sha256};
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// What is wrong with a parameter, and what cures it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) fault: Fault,
    pub(super) parameter: String,
    pub(super) detail: String,
    pub(super) hint: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Parameter,
    /// A cursor that is none.
    NoCursor,
    /// A cursor of another result or another question.
    StaleCursor,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Question {
    filters: Vec<Filter>,
    sort: Option<Sort>,
    /// As it was asked for.
    pub(super) limit: Option<usize>,
    /// Rows that earlier pages had.
    pub(super) skip: usize,
    pub(super) format: ViewFormat,
    /// Whether CSV begins with a byte order mark.
    pub(super) bom: bool,
    /// Of all that decides which rows there are, and in which order.
    fingerprint: String,
}

/// What the rows are written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ViewFormat {
    #[default]
    Json,
    Csv,
    Parquet,
}

#[derive(Clone, Debug, PartialEq)]
struct Filter {
    column: usize,
    bound: Bound,
    value: Cell,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    Is,
    /// The value itself is included.
    Min,
    Max,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sort {
    column: usize,
    descending: bool,
}

impl Question {
    /// Reads the parameters of a request about the result of `run`: `limit`, `sort`, `cursor`,
    /// `format`, `bom`, and for each column its name, or its name with `.min` or `.max`.
    pub(super) fn read(
        parameters: &[(String, String)],
        columns: &[ViewColumn],
        run: &RunId,
    ) -> Result<Self, Wrong> {
        let mut seen = BTreeSet::new();
        let (mut filters, mut sort, mut limit, mut cursor) = (Vec::new(), None, None, None);
        let (mut format, mut bom) = (ViewFormat::default(), false);
        let mut decisive = Vec::new();
        for (name, value) in parameters {
            if !seen.insert(name) {
                return Err(Wrong::new(name, "it stands there twice".to_owned()));
            }
            match name.as_str() {
                "limit" => {
                    limit = Some(value.parse().map_err(|_| {
                        Wrong::new(name, format!("`{value}` is not a whole number"))
                    })?);
                }
                "cursor" => cursor = Some(value),
                "sort" => sort = Some(Sort::read(value, columns)?),
                "format" => format = ViewFormat::read(name, value)?,
                "bom" => {
                    bom = value.parse().map_err(|_| {
                        Wrong::new(name, format!("`{value}` is neither true nor false"))
                    })?;
                }
                _ => filters.push(Filter::read(name, value, columns)?),
            }
            if !matches!(name.as_str(), "limit" | "cursor" | "format" | "bom") {
                decisive.push((name, value));
            }
        }
        decisive.sort();
        let fingerprint = hex::encode(&Sha256::digest(format!("{decisive:?}"))[..6]);
        let skip = match cursor {
            None => 0,
            Some(cursor) => read_cursor(cursor, run, &fingerprint)?,
        };
        Ok(Self {
            filters,
            sort,
            limit,
            skip,
            format,
            bom,
            fingerprint,
        })
    }

    /// Where the page after `skip` rows of `run` begins.
    pub(super) fn cursor(&self, run: &RunId, skip: usize) -> String {
        format!("{run}.{skip}.{}", self.fingerprint)
    }

    /// The numbers of the rows that match, in the order that was asked for; rows that are equal in
    /// it keep the order of the result.
    pub(super) fn matching(&self, rows: usize, cell: impl Fn(usize, usize) -> Cell) -> Vec<usize> {
        let fits = |row: &usize| {
            (self.filters.iter()).all(|filter| filter.takes(&cell(*row, filter.column)))
        };
        let mut found: Vec<usize> = (0..rows).filter(fits).collect();
        if let Some(sort) = self.sort {
            found.sort_by_cached_key(|row| sort.key(cell(*row, sort.column)));
        }
        found
    }
}

impl ViewFormat {
    fn read(name: &str, value: &str) -> Result<Self, Wrong> {
        match value {
            "json" => Ok(Self::Json),
            "csv" => Ok(Self::Csv),
            "parquet" => Ok(Self::Parquet),
            _ => {
                let detail = format!("`{value}` is none of json, csv and parquet");
                Err(Wrong::new(name, detail))
            }
        }
    }
}

impl Wrong {
    fn new(parameter: &str, detail: String) -> Self {
        Self {
            fault: Fault::Parameter,
            parameter: parameter.to_owned(),
            detail,
            hint: None,
        }
    }

    /// `parameter` names it, or is it.
    fn unknown_column(parameter: &str, name: &str, columns: &[ViewColumn]) -> Self {
        let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
        let hint = format!(
            "the columns are {}; besides there are limit, sort, cursor, format and bom",
            names.join(", ")
        );
        Self {
            hint: Some(hint),
            ..Self::new(parameter, format!("the view has no column `{name}`"))
        }
    }

    fn of_cursor(fault: Fault, detail: String) -> Self {
        Self {
            fault,
            ..Self::new("cursor", detail)
        }
    }
}

impl Filter {
    fn read(name: &str, value: &str, columns: &[ViewColumn]) -> Result<Self, Wrong> {
        let (column, bound) = match name.rsplit_once('.') {
            Some((column, "min")) => (column, Bound::Min),
            Some((column, "max")) => (column, Bound::Max),
            _ => (name, Bound::Is),
        };
        let found = columns.iter().position(|known| known.name == column);
        let index = found.ok_or_else(|| Wrong::unknown_column(name, column, columns))?;
        let value = columns[index].kind.read(value);
        Ok(Self {
            column: index,
            bound,
            value: value.map_err(|error| Wrong::new(name, error.to_string()))?,
        })
    }

    /// NULL is never taken.
    fn takes(&self, cell: &Cell) -> bool {
        if *cell == Cell::Null {
            return false;
        }
        let order = cell.compare(&self.value);
        match self.bound {
            Bound::Is => order == Ordering::Equal,
            Bound::Min => order != Ordering::Less,
            Bound::Max => order != Ordering::Greater,
        }
    }
}

/// A cell in the order that was asked for, NULL behind all others.
#[derive(PartialEq)]
struct SortKey {
    cell: Cell,
    descending: bool,
}

impl Sort {
    fn read(value: &str, columns: &[ViewColumn]) -> Result<Self, Wrong> {
        let (name, descending) = match value.strip_prefix('-') {
            Some(name) => (name, true),
            None => (value, false),
        };
        let found = columns.iter().position(|column| column.name == name);
        let column = found.ok_or_else(|| Wrong::unknown_column("sort", name, columns))?;
        Ok(Self { column, descending })
    }

    fn key(self, cell: Cell) -> SortKey {
        SortKey {
            cell,
            descending: self.descending,
        }
    }
}

impl Eq for SortKey {}

impl PartialOrd for SortKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SortKey {
    fn cmp(&self, other: &Self) -> Ordering {
        let order = self.cell.compare(&other.cell);
        if self.descending && self.cell != Cell::Null && other.cell != Cell::Null {
            order.reverse()
        } else {
            order
        }
    }
}

fn read_cursor(cursor: &str, run: &RunId, fingerprint: &str) -> Result<usize, Wrong> {
    let foreign = || Wrong::of_cursor(Fault::NoCursor, format!("`{cursor}` is none of ours"));
    let mut parts = cursor.split('.');
    let parts = [parts.next(), parts.next(), parts.next(), parts.next()];
    let [Some(of), Some(skip), Some(asked), None] = parts else {
        return Err(foreign());
    };
    if of != run.as_str() {
        let detail = format!("it is of the run {of}, and {run} has taken its place");
        return Err(Wrong::of_cursor(Fault::StaleCursor, detail));
    }
    if asked != fingerprint {
        let detail = "it is of a request with other filters or another order".to_owned();
        return Err(Wrong::of_cursor(Fault::StaleCursor, detail));
    }
    skip.parse().map_err(|_| foreign())
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptoir_model::view_result::ViewType;

    fn columns() -> Vec<ViewColumn> {
        let money = ViewType::Decimal {
            precision: 18,
            scale: 2,
        };
        [("name", ViewType::Text), ("net", money)]
            .map(|(name, kind)| ViewColumn {
                name: name.to_owned(),
                kind,
            })
            .into()
    }

    const ROWS: [(&str, Option<&str>); 4] = [
        ("b", Some("9.50")),
        ("a", None),
        ("a", Some("10.00")),
        ("c", Some("-1.00")),
    ];

    fn question(query: &str) -> Result<Question, Wrong> {
        let parameters = query
            .split('&')
            .filter(|part| !part.is_empty())
            .map(|part| {
                let (name, value) = part.split_once('=').unwrap();
                (name.to_owned(), value.to_owned())
            });
        let parameters: Vec<_> = parameters.collect();
        Question::read(&parameters, &columns(), &RunId::parse("run-1").unwrap())
    }

    fn matching(query: &str) -> Vec<usize> {
        let columns = columns();
        question(query)
            .unwrap()
            .matching(ROWS.len(), |row, column| {
                let (name, net) = ROWS[row];
                let value = [Some(name), net][column];
                value.map_or(Cell::Null, |value| {
                    columns[column].kind.read(value).unwrap()
                })
            })
    }

    #[test]
    fn rows_are_filtered_and_sorted_by_the_type_of_their_column() {
        for (query, expected) in [
            ("", vec![0, 1, 2, 3]),
            ("name=a", vec![1, 2]),
            ("net=10", vec![2]),
            ("net.min=9.5", vec![0, 2]),
            ("net.min=-1&net.max=9.50", vec![0, 3]),
            ("sort=net", vec![3, 0, 2, 1]),
            ("sort=-net", vec![2, 0, 3, 1]),
            ("sort=name", vec![1, 2, 0, 3]),
            ("name=zzz", vec![]),
        ] {
            assert_eq!(matching(query), expected, "{query}");
        }
    }

    #[test]
    fn a_wrong_parameter_is_named() {
        for (query, expected) in [
            ("nam=a", "nam: the view has no column `nam`"),
            ("net.mix=1", "net.mix: the view has no column `net.mix`"),
            ("nam.min=1", "nam.min: the view has no column `nam`"),
            ("net=1.234", "net: `1.234` is not a decimal number"),
            ("net.min=x", "net.min: `x`"),
            ("sort=-size", "sort: the view has no column `size`"),
            ("name=a&name=b", "name: it stands there twice"),
            ("limit=x", "limit: `x` is not a whole number"),
            (
                "format=xml",
                "format: `xml` is none of json, csv and parquet",
            ),
            ("bom=1", "bom: `1` is neither true nor false"),
            ("cursor=x", "cursor: `x` is none of ours"),
            ("cursor=run-0.5.abc", "cursor: it is of the run run-0"),
            (
                "cursor=run-1.5.abc",
                "cursor: it is of a request with other filters",
            ),
        ] {
            let wrong = question(query).unwrap_err();
            let said = format!("{}: {}", wrong.parameter, wrong.detail);
            assert!(said.starts_with(expected), "{query}: {said}");
        }
    }

    #[test]
    fn a_cursor_goes_on_with_the_same_question_only() {
        let run = RunId::parse("run-1").unwrap();
        let cursor = question("name=a&sort=net").unwrap().cursor(&run, 7);
        let next = question(&format!("sort=net&cursor={cursor}&name=a&limit=3")).unwrap();
        assert_eq!(next.skip, 7);
        assert!(question(&format!("name=b&sort=net&cursor={cursor}")).is_err());
    }
}
