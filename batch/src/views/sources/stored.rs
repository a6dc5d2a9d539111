//! How another engine reads what a view reads: which files, and the query that makes of them what
//! the view's SQL sees. Pure.

use super::Opened;
use datafusion::arrow::datatypes::{DataType, Schema};
use serde::Serialize;
use std::collections::BTreeMap;

/// The name of the files' table in [`Stored::query`].
const GIVEN: &str = "given";

/// What an engine opens and calls `table`; over it and what `with` names, `query` has the source's
/// rows and columns.
#[derive(Clone, Debug, Serialize)]
pub(in crate::views) struct Stored {
    #[serde(flatten)]
    files: StoredFiles,
    table: &'static str,
    query: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    with: BTreeMap<String, Stored>,
}

/// Files by their URLs, all those that count and no others.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "format", rename_all = "lowercase")]
pub(in crate::views) enum StoredFiles {
    /// One version of a Delta table.
    Delta {
        url: String,
        version: u64,
    },
    Parquet {
        files: Vec<String>,
    },
    Avro {
        files: Vec<String>,
    },
    /// Of RFC 4180, with a line of names.
    Csv {
        files: Vec<String>,
    },
    /// Records as Sqoop writes them.
    Text {
        files: Vec<String>,
    },
    /// There is none, and no row.
    Nothing,
    /// There is none: it is what this program finds at the moment.
    Computed,
}

impl Stored {
    /// Columns of these names and types.
    pub(in crate::views) fn new(files: StoredFiles, schema: &Schema) -> Self {
        let columns: Vec<_> = (schema.fields().iter())
            .map(|field| {
                let (name, sql_type) = (field.name(), sql_type(field.data_type()));
                let value = match files {
                    StoredFiles::Nothing => "NULL",
                    _ => name,
                };
                format!("CAST({value} AS {sql_type}) AS {name}")
            })
            .collect();
        let mut query = format!("SELECT {}", columns.join(", "));
        match files {
            StoredFiles::Nothing => query.push_str(" WHERE 1 = 0"),
            _ => query.push_str(" FROM given"),
        }
        Self {
            files,
            table: GIVEN,
            query,
            with: BTreeMap::new(),
        }
    }

    /// What no other engine can read.
    pub(super) fn computed() -> Self {
        Self::queried(StoredFiles::Computed, GIVEN, "", &[])
    }

    /// What this query makes of a table that it calls so, and of these.
    pub(super) fn queried(
        files: StoredFiles,
        table: &'static str,
        query: &str,
        others: &[(String, Opened)],
    ) -> Self {
        let with = (others.iter()).map(|(name, other)| (name.clone(), other.stored.clone()));
        Self {
            files,
            table,
            query: query.to_owned(),
            with: with.collect(),
        }
    }

    /// The rows of these columns, an expression each, that have the first one.
    pub(super) fn narrowed(self, columns: &[String], key: &str) -> Self {
        let (columns, query) = (columns.join(", "), &self.query);
        let query = format!("SELECT {columns} FROM ({query}) AS found WHERE {key} IS NOT NULL");
        Self { query, ..self }
    }
}

/// A type as SQL names it.
fn sql_type(data_type: &DataType) -> String {
    match data_type {
        DataType::Boolean => "BOOLEAN".to_owned(),
        DataType::Int8 | DataType::Int16 | DataType::Int32 => "INT".to_owned(),
        DataType::Int64 => "BIGINT".to_owned(),
        DataType::Float32 => "FLOAT".to_owned(),
        DataType::Float64 => "DOUBLE".to_owned(),
        DataType::Decimal128(precision, scale) => format!("DECIMAL({precision}, {scale})"),
        DataType::Date32 => "DATE".to_owned(),
        DataType::Timestamp(_, None) => "TIMESTAMP_NTZ".to_owned(),
        DataType::Timestamp(_, Some(_)) => "TIMESTAMP".to_owned(),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => "BINARY".to_owned(),
        _ => "STRING".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::datatypes::{Field, TimeUnit};

    #[test]
    fn a_query_gives_names_and_types_to_what_files_hold() {
        let schema = Schema::new(vec![
            Field::new("id", DataType::Int64, true),
            Field::new("price", DataType::Decimal128(18, 2), true),
            Field::new("at", DataType::Timestamp(TimeUnit::Microsecond, None), true),
        ]);
        let files = || vec!["hdfs://nn:8020/a.csv".to_owned()];
        let stored = Stored::new(StoredFiles::Csv { files: files() }, &schema);
        let stored = stored.narrowed(&["id".to_owned()], "id");
        assert_eq!(
            serde_json::to_value(&stored).unwrap(),
            serde_json::json!({
                "format": "csv",
                "files": files(),
                "table": "given",
                "query": "SELECT id FROM (SELECT CAST(id AS BIGINT) AS id, \
                          CAST(price AS DECIMAL(18, 2)) AS price, \
                          CAST(at AS TIMESTAMP_NTZ) AS at FROM given) AS found \
                          WHERE id IS NOT NULL",
            })
        );
        let nothing = Stored::new(
            StoredFiles::Nothing,
            &Schema::new(vec![schema.field(0).clone()]),
        );
        assert_eq!(
            nothing.query,
            "SELECT CAST(NULL AS BIGINT) AS id WHERE 1 = 0"
        );
    }
}
