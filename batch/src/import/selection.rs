//! The statements that read the source: its shape, its bounds, its rows.

use super::columns::ReadColumn;
use super::error::ImportError;
use super::request::{CONDITIONS, Selection};
use super::splits::Splitter;
use crate::database::{Database, DatabaseError, Product, Storage, TableInfo, quoted};
use comptoir_model::manifest::SourceRows;

/// What the source looks like.
pub(crate) async fn describe(
    database: &mut Database,
    selection: &Selection,
) -> Result<TableInfo, DatabaseError> {
    Ok(match selection {
        Selection::Table { name, .. } => database.describe(name).await?,
        Selection::Query(sql) => {
            let nothing = with_conditions(sql, "(1 = 0)");
            let columns = database
                .describe_query("describing the query", &nothing)
                .await?;
            TableInfo {
                name: selection.name().to_owned(),
                columns,
                primary_key: Vec::new(),
                engine: None,
            }
        }
    })
}

/// What stands behind FROM to have all rows of an import again.
pub(crate) fn from_clause(table: &str, rows: &SourceRows) -> String {
    match rows {
        SourceRows::All => quoted(table),
        SourceRows::Where(condition) => {
            format!(
                "{}{}",
                quoted(table),
                where_clause(&format!("({condition})"))
            )
        }
        SourceRows::Query(sql) => format!("({}) AS rows_of", with_conditions(sql, "(1 = 1)")),
    }
}

/// The smallest and the largest value of a column, as the server prints them.
pub(super) async fn bounds(
    database: &mut Database,
    selection: &Selection,
    table: &TableInfo,
    (column, splitter): (&str, Splitter),
    boundary_query: Option<&str>,
) -> Result<(Option<String>, Option<String>), ImportError> {
    let what = format!("asking for the bounds of `{column}`");
    let sql = match boundary_query {
        Some(query) => query.to_owned(),
        None => bounds_query(selection, table, column, splitter, database.product()),
    };
    let rows = database.fetch_all(&what, &sql).await?;
    let min = database.text(&what, rows.first(), 0)?;
    let max = database.text(&what, rows.first(), 1)?;
    Ok((min, max))
}

fn bounds_query(
    selection: &Selection,
    table: &TableInfo,
    column: &str,
    splitter: Splitter,
    product: Product,
) -> String {
    match selection {
        Selection::Table { filter, .. } => {
            let column = quoted(column);
            // A column of SQLite holds values of any type, whatever it declares.
            let integers = (product == Product::Sqlite && splitter == Splitter::Integer)
                .then(|| format!("typeof({column}) = 'integer'"));
            let conditions = filter.iter().cloned().chain(integers);
            let conditions = conditions.map(|condition| format!("({condition})"));
            let conditions = conditions.collect::<Vec<_>>().join(" AND ");
            let condition = where_clause(&conditions);
            let table = quoted(&table.name);
            format!("SELECT MIN({column}), MAX({column}) FROM {table}{condition}")
        }
        Selection::Query(sql) => {
            let column = quoted(bare(column));
            let query = with_conditions(sql, "(1 = 1)");
            format!("SELECT MIN(rows_of.{column}), MAX(rows_of.{column}) FROM ({query}) AS rows_of")
        }
    }
}

/// Some values of a column, drawn at random, in the order of the column.
pub(super) fn sample_query(
    selection: &Selection,
    table: &TableInfo,
    (column, splitter): (&str, Splitter),
    product: Product,
    values_max: u64,
) -> String {
    let (source, condition) = match selection {
        Selection::Table { filter, .. } => (
            quoted(&table.name),
            filter.as_ref().map(|filter| format!(" AND ({filter})")),
        ),
        Selection::Query(sql) => (
            format!("({}) AS rows_of", with_conditions(sql, "(1 = 1)")),
            None,
        ),
    };
    let bare = column.rsplit('.').next().unwrap_or(column);
    let column = quoted(bare.trim_matches('`'));
    // A column of SQLite holds values of any type, whatever it declares.
    let wanted = match product {
        Product::Sqlite => format!("typeof({column}) = 'integer'"),
        Product::MySql | Product::MariaDb => format!("{column} IS NOT NULL"),
    };
    let value = match splitter {
        // The start of a long text cuts as well.
        Splitter::Text => format!("LEFT({column}, 64)"),
        _ => column,
    };
    let random = match product {
        Product::Sqlite => "RANDOM()",
        Product::MySql | Product::MariaDb => "RAND()",
    };
    let condition = condition.unwrap_or_default();
    format!(
        "SELECT drawn FROM (SELECT {value} AS drawn FROM {source} WHERE {wanted}{condition} \
         ORDER BY {random} LIMIT {values_max}) AS sample ORDER BY drawn"
    )
}

/// How many rows there are.
pub(super) async fn count(
    database: &mut Database,
    selection: &Selection,
    table: &TableInfo,
) -> Result<u64, ImportError> {
    let what = "counting the rows";
    let sql = match selection {
        Selection::Table { filter, .. } => {
            let condition = where_clause(filter.as_deref().unwrap_or_default());
            format!("SELECT COUNT(*) FROM {}{condition}", quoted(&table.name))
        }
        Selection::Query(sql) => {
            let query = with_conditions(sql, "(1 = 1)");
            format!("SELECT COUNT(*) FROM ({query}) AS rows_of")
        }
    };
    let rows = database.fetch_all(what, &sql).await?;
    let count = database.text(what, rows.first(), 0)?;
    Ok(count.and_then(|count| count.parse().ok()).unwrap_or(0))
}

impl Selection {
    /// Only those of the rows for which the condition is true.
    pub(super) fn narrowed(&self, condition: &str) -> Self {
        match self {
            Self::Table {
                name,
                columns,
                filter,
            } => Self::Table {
                name: name.clone(),
                columns: columns.clone(),
                filter: Some(match filter {
                    None => condition.to_owned(),
                    Some(filter) => format!("({filter}) AND ({condition})"),
                }),
            },
            Self::Query(sql) => {
                let narrowed = format!("({condition}) AND {CONDITIONS}");
                Self::Query(sql.replace(CONDITIONS, &narrowed))
            }
        }
    }
}

/// The values of a column, the highest first, `limit` at most. A filter of the user's is left
/// aside: a key is taken whether its row is wanted or not.
pub(super) fn keys(
    selection: &Selection,
    table: &TableInfo,
    column: &str,
    condition: &str,
    limit: u64,
) -> String {
    match selection {
        Selection::Table { .. } => {
            let (condition, table) = (where_clause(condition), quoted(&table.name));
            format!("SELECT {column} FROM {table}{condition} ORDER BY {column} DESC LIMIT {limit}")
        }
        Selection::Query(sql) => {
            let condition = if condition.is_empty() {
                "1 = 1"
            } else {
                condition
            };
            let query = with_conditions(sql, &format!("({condition})"));
            let column = quoted(bare(column));
            format!(
                "SELECT rows_of.{column} FROM ({query}) AS rows_of ORDER BY 1 DESC LIMIT {limit}"
            )
        }
    }
}

/// The name of a column without that of its table.
fn bare(column: &str) -> &str {
    (column.rsplit('.').next().unwrap_or(column)).trim_matches('`')
}

/// The statement for one part's rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Select {
    pub(super) sql: String,
    /// At which column of the answer the rows' own begin.
    pub(super) first: usize,
}

/// The rows of one part; `cut` is its range, `None` takes all. `lead` is a column whose value comes
/// before those of the row: a number or a time.
///
/// Where there is none, a constant comes first: the driver takes a row whose first value has 16 MiB or more for the end
/// of the answer, and would silently leave out the rest. A query is wrapped for it only where its
/// first column can be that long, since wrapping loses its order.
pub(super) fn select(
    selection: &Selection,
    columns: &[ReadColumn],
    table: &str,
    cut: Option<&str>,
    lead: Option<&str>,
) -> Select {
    match selection {
        Selection::Table { filter, .. } => {
            let names: Vec<_> = columns
                .iter()
                .map(|column| quoted(&column.source.name))
                .collect();
            let conditions = filter.as_deref().into_iter().chain(cut);
            let conditions: Vec<_> = conditions.map(|text| format!("({text})")).collect();
            let condition = where_clause(&conditions.join(" AND "));
            Select {
                sql: format!(
                    "SELECT {}, {} FROM {}{condition}",
                    lead.unwrap_or("0"),
                    names.join(", "),
                    quoted(table)
                ),
                first: 1,
            }
        }
        Selection::Query(sql) => {
            let query = with_conditions(sql, &format!("({})", cut.unwrap_or("1 = 1")));
            if let Some(lead) = lead {
                let lead = quoted(bare(lead));
                return Select {
                    sql: format!("SELECT rows_of.{lead}, rows_of.* FROM ({query}) AS rows_of"),
                    first: 1,
                };
            }
            match columns.first().map(|column| column.source.storage) {
                Some(Storage::Text | Storage::Binary) => Select {
                    sql: format!("SELECT 0, rows_of.* FROM ({query}) AS rows_of"),
                    first: 1,
                },
                _ => Select {
                    sql: query,
                    first: 0,
                },
            }
        }
    }
}

fn with_conditions(sql: &str, conditions: &str) -> String {
    sql.trim_end()
        .trim_end_matches(';')
        .replace(CONDITIONS, conditions)
}

fn where_clause(conditions: &str) -> String {
    if conditions.is_empty() {
        String::new()
    } else {
        format!(" WHERE {conditions}")
    }
}

#[cfg(test)]
mod tests {
    use super::super::values::Printer;
    use super::*;
    use crate::database::TableColumn;
    use comptoir_model::text_format::ColumnKind;

    fn column(name: &str, storage: Storage) -> ReadColumn {
        ReadColumn {
            source: TableColumn {
                name: name.to_owned(),
                sql_type: String::new(),
                storage,
                nullable: true,
            },
            printer: Printer::AsIs,
            kind: ColumnKind::Other,
            java: None,
        }
    }

    #[test]
    fn a_filter_with_or_does_not_swallow_the_range() {
        let selection = Selection::Table {
            name: "t".to_owned(),
            columns: None,
            filter: Some("a = 1 OR b = 2".to_owned()),
        };
        let columns = [
            column("a b", Storage::Integer),
            column("$CONDITIONS", Storage::Integer),
        ];
        assert_eq!(
            select(
                &selection,
                &columns,
                "t",
                Some("`a b` < 5 OR `a b` IS NULL"),
                None
            )
            .sql,
            "SELECT 0, `a b`, `$CONDITIONS` FROM `t` WHERE (a = 1 OR b = 2) AND (`a b` < 5 OR `a b` IS NULL)"
        );
    }

    #[test]
    fn what_is_new_is_asked_for_beside_the_filter_and_the_range() {
        let table = Selection::Table {
            name: "t".to_owned(),
            columns: None,
            filter: Some("a = 1 OR b = 2".to_owned()),
        };
        let columns = [column("a", Storage::Integer)];
        let narrowed = table.narrowed("`c` > 10");
        assert_eq!(
            select(&narrowed, &columns, "t", Some("`a` < 5"), Some("`c`")).sql,
            "SELECT `c`, `a` FROM `t` WHERE ((a = 1 OR b = 2) AND (`c` > 10)) AND (`a` < 5)"
        );
        let query = Selection::Query("SELECT a, c FROM t WHERE $CONDITIONS".to_owned());
        assert_eq!(
            select(
                &query.narrowed("t.c > 10"),
                &columns,
                "the query",
                None,
                Some("t.c")
            )
            .sql,
            "SELECT rows_of.`c`, rows_of.* FROM (SELECT a, c FROM t WHERE (t.c > 10) AND (1 = 1)) AS rows_of"
        );
    }

    #[test]
    fn a_query_gets_the_range_where_it_says() {
        let selection =
            Selection::Query("SELECT a FROM t WHERE x AND $CONDITIONS ORDER BY a;".to_owned());
        let numbers = select(
            &selection,
            &[column("a", Storage::Integer)],
            "the query",
            Some("a < 5"),
            None,
        );
        assert_eq!(
            numbers.sql,
            "SELECT a FROM t WHERE x AND (a < 5) ORDER BY a"
        );
        assert_eq!(numbers.first, 0);
        let texts = select(
            &selection,
            &[column("a", Storage::Text)],
            "the query",
            None,
            None,
        );
        assert!(
            texts
                .sql
                .starts_with("SELECT 0, rows_of.* FROM (SELECT a FROM t WHERE x AND (1 = 1)")
        );
        assert_eq!(texts.first, 1);
    }
}
