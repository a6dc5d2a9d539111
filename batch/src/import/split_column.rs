//! Which column cuts a table into parts. Pure.

use super::error::ImportError;
use crate::database::{Storage, TableInfo};
use std::num::NonZeroU32;

/// `None`: the table is imported as one part.
pub(super) fn choose(
    table: &TableInfo,
    mappers: NonZeroU32,
    split_by: Option<&str>,
) -> Result<Option<String>, ImportError> {
    if mappers == NonZeroU32::MIN {
        return Ok(None);
    }
    if let Some(engine) = table
        .engine
        .as_ref()
        .filter(|engine| !has_snapshots(engine))
    {
        return Err(ImportError::NoSnapshots {
            table: table.name.clone(),
            engine: engine.clone(),
        });
    }
    let name = match (split_by, table.primary_key.as_slice()) {
        (Some(name), _) => name,
        (None, [name]) => name,
        (None, []) => {
            return Err(ImportError::NoPrimaryKey {
                table: table.name.clone(),
                mappers,
            });
        }
        (None, columns) => {
            return Err(ImportError::CompositeKey {
                table: table.name.clone(),
                columns: columns.to_vec(),
            });
        }
    };
    let Some(column) = table.column(name) else {
        return Err(ImportError::SplitColumn {
            table: table.name.clone(),
            column: name.to_owned(),
            nearest: table.nearest_columns(name),
        });
    };
    if column.storage != Storage::Integer {
        return Err(ImportError::SplitType {
            table: table.name.clone(),
            column: column.name.clone(),
            sql_type: column.sql_type.clone(),
        });
    }
    Ok(Some(column.name.clone()))
}

fn has_snapshots(engine: &str) -> bool {
    ["InnoDB", "RocksDB"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(engine))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::TableColumn;

    fn table(key: &[&str]) -> TableInfo {
        let column = |name: &str, storage| TableColumn {
            name: name.to_owned(),
            sql_type: format!("{storage:?}").to_lowercase(),
            storage,
            nullable: true,
        };
        TableInfo {
            name: "sales".to_owned(),
            columns: vec![
                column("ID", Storage::Integer),
                column("name", Storage::Text),
            ],
            primary_key: key.iter().map(ToString::to_string).collect(),
            engine: Some("InnoDB".to_owned()),
        }
    }

    fn chosen(
        table: &TableInfo,
        mappers: u32,
        split_by: Option<&str>,
    ) -> Result<Option<String>, String> {
        choose(table, NonZeroU32::new(mappers).unwrap(), split_by)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn takes_the_primary_key_or_the_named_column() {
        assert_eq!(chosen(&table(&["ID"]), 4, None), Ok(Some("ID".to_owned())));
        assert_eq!(
            chosen(&table(&[]), 4, Some("id")),
            Ok(Some("ID".to_owned()))
        );
        assert_eq!(chosen(&table(&["name"]), 1, None), Ok(None));
    }

    #[test]
    fn says_why_a_table_can_not_be_cut() {
        for (key, split_by, part) in [
            (&[][..], None, "has no primary key to cut 4 parts by"),
            (&["ID", "name"], None, "2 columns (ID, name)"),
            (&["name"], None, "is text, not an integer"),
            (&["ID"], Some("nam"), "did you mean `name` or `ID`?"),
        ] {
            let error = chosen(&table(key), 4, split_by).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn an_engine_without_snapshots_is_read_in_one_go() {
        let table = TableInfo {
            engine: Some("MyISAM".to_owned()),
            ..table(&["ID"])
        };
        assert!(chosen(&table, 2, None).unwrap_err().contains("MyISAM"));
        assert_eq!(chosen(&table, 1, None), Ok(None));
    }
}
